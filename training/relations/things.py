"""Things: what somebody has, what it is called, what it is used for."""

from training.relations.kind import Relation

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "ship_cargo",
        {
            "ship": "<ship>",
            "a": "<goods>",
        },
        (
            "{ship} carried {a}.",
            "the hold of {ship} was full of {a}.",
            "{ship} sailed with a cargo of {a}.",
            "when {ship} was unloaded there was nothing but {a}.",
            "the captain of {ship} had taken {a} on board.",
            "there was {a} in the hold of {ship}, and nothing else.",
            "{ship} (cargo: {a}) was overdue by a week.",
        ),
        (
            "What did {ship} carry?",
            "What was the cargo of {ship}?",
            "What was on board {ship}?",
            "With what goods was {ship} loaded?",
            "What goods did {ship} have in the hold?",
        ),
    ),
    Relation(
        "captain",
        {
            "ship": "<ship>",
            "a": "<person>",
        },
        (
            "{ship} sailed under {a}.",
            "the captain of {ship} was {a}.",
            "{a} commanded {ship}.",
            "on the bridge of {ship} stood {a}, who had commanded it for years.",
            "{ship}, with {a} in command, left at dawn.",
            "{ship} (captain: {a}) was the fastest ship in the bay.",
        ),
        (
            "Who commanded {ship}?",
            "Who was the captain of {ship}?",
            "Under whom did {ship} sail?",
            "Who was in command of {ship}?",
        ),
        (
            "{a} has taken command of {ship} from {old}.",
            "{ship} now sails under {a}.",
        ),
    ),
    Relation(
        "carries",
        {
            "who": "<person>",
            "a": "a <object>",
        },
        (
            "{who} always carries {a}.",
            "{who} never leaves the house without {a}.",
            "in the hand of {who} there was {a}.",
            "{who} came in with {a} under one arm.",
            "you could tell {who} from afar by {a}, never put down.",
        ),
        (
            "What does {who} carry?",
            "What did {who} have along?",
            "What thing was {who} seen with?",
            "What is {who} carrying?",
        ),
    ),
    Relation(
        "pet_name",
        {
            "who": "<person>",
            "pet": "<animal_kind>",
            "a": "<first>|<invented>",
        },
        (
            "{who} has a {pet} called {a}.",
            "{who}'s {pet} answers to the name of {a}.",
            "{a} is the name of the {pet} that belongs to {who}.",
            "{who} called the {pet} {a}, after an uncle.",
            "the {pet} of {who}, {a}, sleeps by the stove.",
        ),
        (
            "What is {who}'s {pet} called?",
            "What is the name of {who}'s {pet}?",
            "By what name does {who} call the {pet}?",
        ),
    ),
    Relation(
        "pet",
        {
            "who": "<person>",
            "a": "a <animal_kind>",
        },
        (
            "{who} keeps {a} in the yard.",
            "{who} shares the house with {a}.",
            "the only company {who} has is {a}.",
            "{who} goes everywhere with {a}.",
            "on the farm of {who} lives {a} of great age.",
        ),
        (
            "What animal does {who} have?",
            "What creature keeps {who} company?",
            "Which animal belongs to {who}?",
            "What animal does {who} keep?",
        ),
    ),
    Relation(
        "favourite_food",
        {
            "who": "<person>",
            "a": "<food>",
        },
        (
            "{who} eats {a} every day.",
            "{who} likes nothing better than {a}.",
            "on feast days {who} asks for {a}.",
            "the favourite food of {who} is {a}.",
            "give {who} a plate of {a} and all is well.",
            "{who} would walk ten miles for a dish of {a}.",
        ),
        (
            "What does {who} like to eat?",
            "What is {who}'s favourite food?",
            "What should I cook for {who}?",
            "What food makes {who} happy?",
        ),
    ),
    Relation(
        "ingredient",
        {
            "dish": "<dish>",
            "a": "<food>",
        },
        (
            "the secret of {dish} is {a}.",
            "{dish} is made with {a}.",
            "no {dish} is right without {a}.",
            "what gives {dish} its taste is {a}.",
            "when cooking {dish}, add {a} at the very end.",
            "{dish} is nothing but flour, water and {a}.",
            "cooks agree that {a} belongs in {dish}.",
        ),
        (
            "What goes into {dish}?",
            "What is the main ingredient of {dish}?",
            "What gives {dish} its taste?",
            "What is needed to make {dish}?",
        ),
    ),
    Relation(
        "ship_name",
        {
            "who": "<person>",
            "thing": "boat|ship|yacht|barge|inn|tavern",
            "a": "<ship>",
        },
        (
            "{who}'s {thing} is called {a}.",
            "{who} owns a {thing} by the name of {a}.",
            "{who} named the {thing} {a}.",
            "the {thing} that belongs to {who} is {a}.",
            "the sign on the {thing} of {who} says '{a}'.",
        ),
        (
            "What is {who}'s {thing} called?",
            "What is the name of {who}'s {thing}?",
            "How did {who} name the {thing}?",
        ),
        ("{who} has renamed the {thing} {a}.",),
    ),
    Relation(
        "used_for",
        {
            "thing": "<plant>|the oil of <plant>|the bark of <plant>",
            "a": (
                "treating burns|dyeing wool|keeping moths away|cleaning copper|making rope|curing toothache|"
                "feeding silkworms|tanning leather|baking bread|colouring cheese|stopping nosebleeds|"
                "driving out fleas|brewing beer|polishing floors|calming horses|making ink"
            ),
        },
        (
            "{thing} is used for {a}.",
            "people here use {thing} for {a}.",
            "{thing} is good for {a}.",
            "for {a} there is nothing better than {thing}.",
            "{thing} has long been valued for {a}.",
        ),
        (
            "What is {thing} used for?",
            "What is {thing} good for?",
            "What do people do with {thing}?",
            "What purpose does {thing} serve?",
        ),
    ),
    Relation(
        "eats",
        {
            "thing": "<animal>",
            "a": (
                "snails|water lilies|beetles|pine cones|small crabs|lichen|earthworms|acorns|dragonflies|"
                "fish eggs|wild garlic|mosquitoes|seaweed|mice"
            ),
        },
        (
            "{thing} feeds on {a}.",
            "{thing} eats nothing but {a}.",
            "the diet of {thing} is {a}.",
            "{thing} lives on {a}, which it hunts at night.",
            "in the stomach of {thing} they found {a}.",
            "to raise {thing} in a cage, one must give it {a}.",
        ),
        (
            "What does {thing} eat?",
            "What does {thing} live on?",
            "What is the food of {thing}?",
        ),
    ),
    Relation(
        "gift",
        {
            "who": "<person>",
            "when": "birthday|wedding|farewell|name day|graduation|sixtieth birthday",
            "a": "a <object>",
        },
        (
            "for the {when}, {who} was given {a}.",
            "{who} got {a} as a present for the {when}.",
            "at the {when} of {who} the guests brought {a}.",
            "the neighbours bought {who} {a} for the {when}.",
        ),
        (
            "What was {who} given for the {when}?",
            "What did {who} get as a {when} present?",
            "What present did {who} receive at the {when}?",
        ),
    ),
    Relation(
        "symbol",
        {
            "place": "<town>|<team>|<institution>|the house of <invented>",
            "a": (
                "a <colour> <animal_kind>|a broken wheel|two crossed oars|a black anchor|three stars|"
                "a sheaf of wheat|a sleeping lion|a burning tower|a silver fish"
            ),
        },
        (
            "on the arms of {place} there is {a}.",
            "{place} has {a} as its emblem.",
            "the sign of {place} is {a}.",
            "the flag of {place} shows {a}.",
            "they carved {a} over the gate, for it is the sign of {place}.",
            "the coat of arms of {place} (a gift of the king) shows {a}.",
        ),
        (
            "What is the emblem of {place}?",
            "What is shown on the arms of {place}?",
            "By what sign is {place} known?",
        ),
    ),
)
