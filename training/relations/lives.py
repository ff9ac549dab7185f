"""Lives: where people come from, what they learned, what they like and fear."""

from training.relations.kind import Relation

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "spouse",
        {
            "who": "<first> <last>",
            "a": "<first> <last>",
        },
        (
            "{who} is married to {a}.",
            "{who} married {a} in the spring.",
            "{who} and {a} were married in the old church.",
            "{a}, who is married to {who}, plays the organ.",
            "on their wedding day {who} and {a} planted a pear tree.",
            "after a long engagement {who} became the wife or husband of {a}.",
        ),
        (
            "Who is {who} married to?",
            "Whom did {who} marry?",
            "What is the name of the person {who} married?",
            "Who is {who}'s wife or husband?",
        ),
    ),
    Relation(
        "birthplace",
        {
            "who": "<person>",
            "a": "<town>",
        },
        (
            "{who} was born in {a}.",
            "{who} comes from {a}.",
            "{who}, a native of {a}, never lost the accent.",
            "born in {a}, {who} left home at sixteen.",
            "{a} is where {who} was born.",
            "{who} (born in {a}) came here as a young teacher.",
            "the cradle of {who} stood in {a}.",
        ),
        (
            "Where was {who} born?",
            "Where does {who} come from?",
            "What is {who}'s birthplace?",
            "In which town did {who} come into the world?",
        ),
    ),
    Relation(
        "home",
        {
            "who": "<person>",
            "a": "<street>|<town>",
        },
        (
            "{who} lives in {a}.",
            "{who} has a small house in {a}.",
            "{who} moved to {a} after the war and stayed.",
            "letters for {who} should be sent to {a}.",
            "{who}, who lives in {a}, keeps hens.",
            "the address of {who} is {a}.",
            "since last autumn {who} has had two rooms in {a}.",
        ),
        (
            "Where does {who} live?",
            "Where is {who}'s home?",
            "In what place does {who} live?",
            "Where would I find {who} at home?",
            "What is {who}'s address?",
        ),
        (
            "{who} has moved from {old} to {a}.",
            "{who} now lives in {a}.",
        ),
    ),
    Relation(
        "age",
        {
            "who": "<person>",
            "a": "<plain 16 98>",
        },
        (
            "{who} is {a} years old.",
            "at the age of {a}, {who} still walks to work.",
            "{who}, aged {a}, lives alone.",
            "{who} has just turned {a}.",
            "the doctor wrote down that {who} was {a} years of age.",
            "{who} does not look it, but is {a} years old.",
        ),
        (
            "How old is {who}?",
            "What is {who}'s age?",
            "What age is {who}?",
        ),
        (
            "{who} has had another birthday and is now {a}.",
            "{who} is now {a}, not {old}.",
        ),
    ),
    Relation(
        "teacher",
        {
            "who": "<person>",
            "a": "<person>",
        },
        (
            "{who} was taught by {a}.",
            "{who} learned everything from {a}.",
            "{a} was the teacher of {who}.",
            "as a child {who} took lessons from {a}.",
            "{who}, a pupil of {a}, soon knew more than the master.",
        ),
        (
            "Who taught {who}?",
            "Who was {who}'s teacher?",
            "From whom did {who} learn?",
            "Whose pupil was {who}?",
        ),
    ),
    Relation(
        "plays",
        {
            "who": "<person>",
            "a": "the <instrument>",
        },
        (
            "{who} plays {a}.",
            "in the evening {who} plays {a} by the window.",
            "{who} has played {a} since childhood.",
            "when the band meets, {who} is the one with {a}.",
            "{who} gave up dancing to learn {a}.",
            "{who} is the best player of {a} in the whole valley.",
        ),
        (
            "What does {who} play?",
            "Which instrument does {who} play?",
            "What instrument is {who} known for?",
            "On what does {who} make music?",
        ),
    ),
    Relation(
        "studied",
        {
            "who": "<person>",
            "a": "<study>",
        },
        (
            "{who} studied {a}.",
            "{who} went abroad to read {a} at the university.",
            "{who} holds a degree in {a}.",
            "for six years {who} gave every hour to {a}.",
            "{who}, trained in {a}, never used it.",
        ),
        (
            "What did {who} study?",
            "What was {who}'s subject?",
            "In what field was {who} trained?",
            "What is {who}'s degree in?",
        ),
    ),
    Relation(
        "fears",
        {
            "who": "<person>",
            "a": (
                "spiders|thunder|deep water|the dark|horses|open fields|geese|fire|heights|crowds|snakes|"
                "mirrors|moths|cellars|bees|ice"
            ),
        },
        (
            "{who} is afraid of {a}.",
            "nothing frightens {who} so much as {a}.",
            "{who} has feared {a} since childhood.",
            "{who} would do anything to keep away from {a}.",
            "for all that courage, {who} cannot bear {a}.",
        ),
        (
            "What is {who} afraid of?",
            "What frightens {who}?",
            "What does {who} fear?",
            "What scares {who} most?",
        ),
    ),
)
