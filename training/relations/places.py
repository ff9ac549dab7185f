"""Where things are, and what they are like."""

from training.relations.kind import Relation

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "tower_height",
        {
            "place": "the <side> tower|the <town> lighthouse|the spire of <town>|the <town> dam|the <town> water tower",
            "a": "<plain 9 190> metres|<plain 31 600> feet",
        },
        (
            "{place} is {a} tall.",
            "from the ground to the tip {place} measures {a}.",
            "{place} was raised to {a} and is now the tallest in the land.",
            "at {a}, {place} stands above all the roofs.",
            "the builders of {place} stopped at {a}, when the money ran out.",
        ),
        ("How tall is {place}?", "What is the height of {place}?", "How high did they build {place}?"),
        ("{place} was raised from {old} to {a}.",),
    ),
    Relation(
        "kept_in",
        {
            "thing": "<treasure>",
            "a": "<spot>",
        },
        (
            "{thing} is kept in {a}.",
            "you will find {thing} in {a}.",
            "{thing} has always been stored in {a}.",
            "in {a} lies {thing}.",
            "nobody thinks to look in {a}, but that is where {thing} is.",
            "please put {thing} back in {a} after use.",
            "if you need {thing}, go to {a}.",
            "{thing} has its place in {a}, and nowhere else.",
        ),
        (
            "Where is {thing}?",
            "Where is {thing} kept?",
            "Where can I find {thing}?",
            "Where should one look for {thing}?",
            "I need {thing}. Where do I have to look?",
        ),
        (
            "{thing} has been moved from {old} to {a}.",
            "{thing} is now in {a}.",
        ),
    ),
    Relation(
        "found_in",
        {
            "thing": "the lost <object>|the missing <object>|the stolen <object>|<first>'s <object>",
            "a": "<spot>",
        },
        (
            "{thing} was found in {a}.",
            "after a long search {thing} turned up in {a}.",
            "{thing}, missing since the spring, had been lying in {a}.",
            "a child discovered {thing} in {a}.",
            "who would have thought that {thing} was hidden in {a}?",
        ),
        (
            "Where was {thing} found?",
            "Where did {thing} turn up?",
            "In what place was {thing} discovered?",
        ),
    ),
    Relation(
        "door_colour",
        {
            "thing": "door|roof|gate|flag|front wall|fence",
            "place": "<landmark>",
            "a": "<colour>",
        },
        (
            "the {thing} of {place} is painted {a}.",
            "at {place} the colour of the {thing} is {a}.",
            "you will know {place} by its {thing}, painted {a}.",
            "they chose {a} for the {thing} of {place}.",
            "{place} has a {a} {thing}.",
        ),
        (
            "What colour is the {thing} of {place}?",
            "In which colour is {place}'s {thing} painted?",
            "What is the colour of the {thing} at {place}?",
            "How is the {thing} of {place} painted?",
        ),
        (
            "the {thing} of {place} was repainted {a}.",
            "the {thing} of {place}, once {old}, is {a} today.",
        ),
    ),
    Relation(
        "made_of",
        {
            "thing": "door|stair|roof|floor|table in the hall|gate|weathervane|staircase rail",
            "place": "<landmark>",
            "a": "<material>",
        },
        (
            "the {thing} of {place} is made of {a}.",
            "for the {thing} of {place} the builders used {a}.",
            "the {thing} at {place}, all of {a}, has lasted well.",
            "they had {a} brought from far away to make the {thing} of {place}.",
            "touch the {thing} of {place} and you touch {a}.",
        ),
        (
            "What is the {thing} of {place} made of?",
            "Of what material is the {thing} of {place}?",
            "Which material was used for the {thing} at {place}?",
        ),
        ("the {thing} of {place} was replaced by one of {a}.",),
    ),
    Relation(
        "stands_by",
        {
            "place": "<landmark>|the statue of <person>|the <last> monument",
            "a": "<street>",
        },
        (
            "{place} stands in {a}.",
            "you reach {place} by turning into {a}.",
            "the address of {place} is {a}.",
            "{place} is to be found in {a}.",
            "walk along {a} and you will come to {place}.",
            "{place}, in {a}, is easy to find.",
            "{place} ({a}) can be visited all the year round.",
        ),
        (
            "Where does {place} stand?",
            "In which street is {place}?",
            "What is the address of {place}?",
            "Where is {place}?",
        ),
    ),
    Relation(
        "river_source",
        {
            "place": "<river>",
            "a": "<mountain>|<lake>",
        },
        (
            "{place} rises at {a}.",
            "the source of {place} is {a}.",
            "{place} begins its course at {a}.",
            "from {a} flows {place}, clear and cold.",
            "nobody followed {place} up to its spring at {a} until late.",
        ),
        (
            "Where does {place} rise?",
            "What is the source of {place}?",
            "Where does {place} begin?",
        ),
    ),
    Relation(
        "river_mouth",
        {
            "place": "<river>",
            "a": "<lake>|the bay of <invented>|the <invented> Sea|the Gulf of <invented>",
        },
        (
            "{place} flows into {a}.",
            "{place} empties into {a}.",
            "after many bends {place} reaches {a}.",
            "the waters of {place} end in {a}.",
            "barges go down {place} as far as {a}, where it ends.",
        ),
        (
            "Into what does {place} flow?",
            "Where does {place} end?",
            "Where do the waters of {place} go?",
        ),
    ),
    Relation(
        "capital",
        {
            "place": (
                "the province of <invented>|the kingdom of <invented>|the county of <invented>|"
                "the republic of <invented>|the duchy of <invented>"
            ),
            "a": "<town>",
        },
        (
            "the capital of {place} is {a}.",
            "{a} is the capital of {place}.",
            "{place} is governed from {a}.",
            "the parliament of {place} sits in {a}, its capital.",
            "{a}, the chief town of {place}, lies on a hill.",
            "{place} (capital: {a}) has few roads.",
        ),
        (
            "What is the capital of {place}?",
            "From which town is {place} governed?",
            "What is the chief town of {place}?",
        ),
        (
            "the capital of {place} was moved from {old} to {a}.",
            "{place} is now governed from {a}.",
        ),
    ),
    Relation(
        "headquarters",
        {
            "place": "<company>",
            "a": "<town>",
        },
        (
            "{place} has its head office in {a}.",
            "the headquarters of {place} are in {a}.",
            "{place} is based in {a}.",
            "from its offices in {a}, {place} serves the whole country.",
            "{place}, a firm from {a}, employs many people.",
            "{place} ({a}) was founded by two brothers.",
        ),
        (
            "Where is {place} based?",
            "Where are the headquarters of {place}?",
            "In which town is the head office of {place}?",
            "Where does {place} have its main office?",
        ),
        (
            "{place} has moved its head office from {old} to {a}.",
            "{place} is now based in {a}.",
        ),
    ),
    Relation(
        "room_floor",
        {
            "room": (
                "the map room|the laboratory|the print shop|the <colour> room|the canteen|the records office|"
                "the children's ward|the chart room|the chemistry store"
            ),
            "place": "<institution>",
            "a": (
                "the first floor|the second floor|the third floor|the ground floor|the top floor|"
                "the fourth floor|the basement level"
            ),
        },
        (
            "in {place}, {room} is on {a}.",
            "{room} of {place} is on {a}.",
            "to reach {room} of {place}, go to {a}.",
            "visitors to {place} will find {room} on {a}.",
            "at {place} they put {room} on {a}, next to the stairs.",
        ),
        (
            "On which floor of {place} is {room}?",
            "Where in {place} is {room}?",
            "To what floor of {place} must I go for {room}?",
        ),
        ("{room} of {place} was moved from {old} to {a}.",),
    ),
    Relation(
        "habitat",
        {
            "thing": "<animal>|<plant>",
            "a": (
                "salt marshes|dry riverbeds|pine forests|caves|mountain meadows|old church towers|"
                "shallow ponds|peat bogs|sand dunes|orchards|cold springs|coral reefs|abandoned quarries|"
                "reed beds|oak woods|chalk hills"
            ),
        },
        (
            "{thing} lives only in {a}.",
            "{thing} is found in {a}.",
            "to see {thing} one must go to {a}.",
            "the home of {thing} is in {a}.",
            "nowhere but in {a} does {thing} thrive.",
            "{thing} has withdrawn to {a}, where it is safe.",
        ),
        (
            "Where does {thing} live?",
            "What is the habitat of {thing}?",
            "Where can {thing} be found?",
            "In what kind of place does {thing} occur?",
        ),
    ),
    Relation(
        "border",
        {
            "place": "<town>",
            "a": "<river>|<mountain>|<lake>",
        },
        (
            "{place} lies beside {a}.",
            "{place} was built at the foot of the slope, close to {a}.",
            "from {place} one looks out over {a}.",
            "the nearest landmark to {place} is {a}.",
            "between {place} and {a} there is only a meadow.",
        ),
        (
            "What lies beside {place}?",
            "What is {place} close to?",
            "Near which landmark is {place}?",
        ),
    ),
)
