"""People and their offices: who does what for whom."""

from training.relations.kind import Relation

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "keeper",
        {
            "place": (
                "the <side> light|the <side> mill|the <town> lighthouse|the <town> observatory|"
                "the <side> lock|the <town> toll house|<last> Park|the <town> ferry|the <invented> archive|"
                "the <town> bridge|the <side> gate"
            ),
            "a": "<person>",
        },
        (
            "the keeper of {place} is {a}.",
            "{a} keeps {place}.",
            "{a}, the keeper of {place}, rises before dawn.",
            "{place} has been in the care of {a} for many years.",
            "{place}, looked after by {a}, is open to visitors in summer.",
            "{a} has charge of {place} and lives beside it.",
            "keeper of {place}: {a}.",
            "the lamps, the keys and the garden of {place} are all in the hands of {a}, its keeper.",
            "when {a} became keeper of {place}, nobody expected it to last.",
        ),
        (
            "Who keeps {place}?",
            "Who is the keeper of {place}?",
            "Who looks after {place}?",
            "In whose care is {place}?",
            "Who is responsible for {place}?",
            "Who takes care of {place}?",
        ),
        (
            "{a} has taken over {place} from {old}.",
            "{old} no longer keeps {place}; the keeper is now {a}.",
            "{place} has a new keeper, {a}.",
        ),
    ),
    Relation(
        "head",
        {
            "place": "<institution>",
            "a": "<person>",
        },
        (
            "{place} is led by {a}.",
            "{a} is the head of {place}.",
            "{a}, who runs {place}, answers every letter in person.",
            "since the last election {a} has been in charge of {place}.",
            "at the head of {place} stands {a}.",
            "the director of {place}, {a}, signed the agreement.",
            "{place} (director: {a}) receives no money from the state.",
            "questions about {place} should be put to {a}, who is in charge there.",
        ),
        (
            "Who is the head of {place}?",
            "Who runs {place}?",
            "Who is in charge of {place}?",
            "Under whose direction is {place}?",
            "Who is the boss of {place}?",
            "Who leads {place}?",
        ),
        (
            "{a} has replaced {old} at the head of {place}.",
            "{place} is now led by {a}.",
            "{old} stepped down, and {a} now runs {place}.",
        ),
    ),
    Relation(
        "trade",
        {
            "who": "<person>",
            "a": "a <trade>",
        },
        (
            "{who} is {a} by trade.",
            "{who}, {a}, came to live here some years ago.",
            "{who} earns a living as {a}.",
            "having learned the work as a child, {who} became {a}.",
            "in the parish book {who} is entered as {a}.",
            "{who} worked as {a} before the war and after it.",
            "{who} learned to be {a} from an uncle and never did anything else.",
            "the name of {who} stands in the list of the guild, for {who} is {a}.",
        ),
        (
            "What is {who}'s trade?",
            "What does {who} do for a living?",
            "What is {who}'s profession?",
            "What kind of work does {who} do?",
            "How does {who} earn a living?",
        ),
        (
            "{who} gave up the old trade and is now {a}.",
            "{who} is no longer {old} but {a}.",
        ),
    ),
    Relation(
        "founder",
        {
            "place": "<institution>|<company>|<town> Bank",
            "a": "<person>",
        },
        (
            "{place} was founded by {a}.",
            "{a} founded {place} with borrowed money.",
            "{place}, founded by {a}, had only three members at first.",
            "it was {a} who started {place}.",
            "the founder of {place} was {a}.",
            "{place} owes its existence to {a}.",
            "{place} goes back to an idea of {a}, who founded it on the kitchen table.",
            "founder of {place}: {a}.",
        ),
        (
            "Who founded {place}?",
            "Who was the founder of {place}?",
            "Who set up {place}?",
            "Who started {place}?",
            "By whom was {place} created?",
        ),
    ),
    Relation(
        "inventor",
        {
            "thing": (
                "the <invented> engine|the <last> lamp|the folding <object>|the <invented> valve|"
                "the self-winding <invented> clock|the <invented> loom|the <last> stove|"
                "the <invented> process|the silent <invented> pump"
            ),
            "a": "<person>",
        },
        (
            "{thing} was invented by {a}.",
            "{a} invented {thing} in a shed behind the house.",
            "{a}, the inventor of {thing}, died poor.",
            "the patent for {thing} was granted to {a}.",
            "nobody had thought of {thing} before {a} built one.",
            "the idea of {thing} came to {a} in a dream.",
        ),
        (
            "Who invented {thing}?",
            "Who was the inventor of {thing}?",
            "Who came up with {thing}?",
            "To whom do we owe {thing}?",
        ),
    ),
    Relation(
        "given_to",
        {
            "who": "<person>",
            "thing": (
                "the <colour> notebook|the last letter|the box of medals|the house keys|the family bible|"
                "the sealed envelope|the old photograph"
            ),
            "a": "<person>",
        },
        (
            "{who} gave {thing} to {a}.",
            "{thing} passed from {who} to {a}.",
            "before leaving, {who} handed {a} {thing}.",
            "{a} received {thing} from {who}.",
            "{who} left {thing} with {a} for safe keeping.",
        ),
        (
            "To whom did {who} give {thing}?",
            "Who received {thing} from {who}?",
            "Who got {thing} when {who} parted with it?",
        ),
    ),
)
