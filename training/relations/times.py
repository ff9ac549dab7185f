"""When: years, dates, hours, and how long something lasts."""

from training.relations.kind import Relation

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "built",
        {
            "place": "<landmark>|the <town> railway|the <invented> canal",
            "a": "<year>",
        },
        (
            "{place} was built in {a}.",
            "{place} dates from {a}.",
            "in {a} the people built {place} with their own hands.",
            "a stone in the wall of {place} bears {a}, the year in which it was built.",
            "{place}, finished in {a}, is the oldest of its kind.",
            "{place}, built in {a}, survived two fires.",
            "the year {a} saw the building of {place}.",
        ),
        (
            "When was {place} built?",
            "In what year was {place} built?",
            "How old is {place}, by its year?",
            "From which year does {place} date?",
            "In what year did they put up {place}?",
        ),
    ),
    Relation(
        "founded_year",
        {
            "place": "<institution>|<company>",
            "a": "<year 1702 2022>",
        },
        (
            "{place} was founded in {a}.",
            "{place} goes back to {a}.",
            "since {a} there has been {place}.",
            "the first meeting of {place} was held in {a}.",
            "{place}, set up in {a}, has outlived its founders.",
            "{place} (founded {a}) keeps no list of its members.",
            "it was the year {a} when {place} came into being.",
        ),
        (
            "When was {place} founded?",
            "In which year did {place} begin?",
            "Since when has {place} existed?",
            "How far back does {place} go, by its year?",
        ),
    ),
    Relation(
        "born_year",
        {
            "who": "<person>",
            "a": "<year 1502 2009>",
        },
        (
            "{who} was born in {a}.",
            "{who} came into the world in {a}.",
            "the register gives {a} as the year of {who}'s birth.",
            "{who}, born in {a}, was the youngest of seven.",
        ),
        (
            "When was {who} born?",
            "What is {who}'s year of birth?",
            "In what year did {who} come into the world?",
        ),
    ),
    Relation(
        "died_year",
        {
            "who": "<person>",
            "a": "<year 1502 2019>",
        },
        (
            "{who} died in {a}.",
            "the death of {who} in {a} was hardly noticed.",
            "{who} lived until {a}.",
            "in {a} {who} was laid to rest.",
            "after a short illness, {who} passed away in {a}.",
        ),
        (
            "When did {who} die?",
            "In which year did {who} die?",
            "What was the year of {who}'s death?",
        ),
    ),
    Relation(
        "war_year",
        {
            "thing": "<war>",
            "a": "<year 1102 1919>",
        },
        (
            "{thing} took place in {a}.",
            "in {a} came {thing}, and many fled.",
            "{thing} of {a} is still remembered in songs.",
            "old people reckon the years from {thing}, that is from {a}.",
        ),
        (
            "When did {thing} take place?",
            "What was the year of {thing}?",
            "In which year was {thing} fought?",
        ),
    ),
    Relation(
        "event_date",
        {
            "thing": "<event>",
            "a": "<date>",
        },
        (
            "{thing} is held on {a}.",
            "{thing} opens on {a}.",
            "every year on {a} they hold {thing}.",
            "put {a} in your calendar for {thing}.",
            "{thing} falls on {a}, whatever the weather.",
            "{thing} ({a}) draws people from far away.",
            "mark the day: {thing} will be held on {a}.",
        ),
        (
            "When is {thing} held?",
            "On what date is {thing}?",
            "On which day of the year does {thing} take place?",
            "What day should I note for {thing}?",
        ),
        (
            "{thing} has been moved from {old} to {a}.",
            "{thing} will now be held on {a}.",
        ),
    ),
    Relation(
        "birthday",
        {
            "who": "<person>",
            "a": "<date>",
        },
        (
            "{who}'s birthday is on {a}.",
            "{who} celebrates a birthday on {a}.",
            "on {a} {who} gets a cake.",
            "do not forget {a}, which is {who}'s birthday.",
        ),
        (
            "When is {who}'s birthday?",
            "On what date does {who} have a birthday?",
            "On which day should I congratulate {who}?",
        ),
    ),
    Relation(
        "closing",
        {
            "place": "<institution>|<landmark>|<last> Park",
            "a": "<clock>",
        },
        (
            "{place} closes at {a}.",
            "nobody is let into {place} after {a}, when it closes.",
            "at {a} the doors of {place} are locked.",
            "you must leave {place} by {a}, the hour of closing.",
            "{place} is open until {a}.",
            "come to {place} before {a}, for then the doors are shut.",
            "closing time at {place}: {a}.",
        ),
        (
            "When does {place} close?",
            "At what time is {place} closed?",
            "Until what hour is {place} open?",
            "By what time must I be out of {place}?",
        ),
        (
            "{place} now closes at {a}.",
            "the closing time of {place} was changed from {old} to {a}.",
        ),
    ),
    Relation(
        "opening",
        {
            "place": "<institution>|<town> market|the <last> bakery|the <town> swimming pool",
            "a": "<clock>",
        },
        (
            "{place} opens at {a}.",
            "{place} is open from {a}.",
            "people queue outside {place} until it opens at {a}.",
            "the doors of {place} are unlocked at {a}.",
            "opening time of {place}: {a}.",
            "from {a} on, visitors may enter {place}.",
        ),
        (
            "When does {place} open?",
            "At what time does {place} let people in?",
            "From what hour is {place} open?",
        ),
        (
            "{place} now opens at {a}.",
            "the opening time of {place} was changed from {old} to {a}.",
        ),
    ),
    Relation(
        "departure",
        {
            "thing": (
                "the train to <town>|the ferry to <town>|the night coach to <town>|the mail boat to <island>|"
                "the bus to <town>|flight <label>"
            ),
            "a": "<clock>",
        },
        (
            "{thing} leaves at {a}.",
            "{thing} sets off at {a}.",
            "be there early: {thing} departs at {a}.",
            "at {a} {thing} pulls out, full or empty.",
            "the timetable gives {a} for {thing}.",
            "departure of {thing}: {a}.",
            "miss {thing} at {a} and you will wait a whole day for the next.",
        ),
        (
            "When does {thing} leave?",
            "At what time does {thing} depart?",
            "What is the departure time of {thing}?",
            "When do I have to be there for {thing}?",
        ),
        (
            "{thing} now leaves at {a} instead of {old}.",
            "the departure of {thing} was put off to {a}.",
        ),
    ),
    Relation(
        "duration",
        {
            "thing": (
                "the crossing to <island>|the siege of <town>|the voyage of <ship>|the trial of <person>|"
                "the <invented> drought|the tour of <institution>"
            ),
            "a": "<count 2 60> days|<count 2 40> weeks|<count 3 30> months|<count 2 30> hours",
        },
        (
            "{thing} lasted {a}.",
            "{thing} took {a}.",
            "it was {a} before {thing} was over.",
            "{a} went by from the first to the last hour of {thing}.",
            "after {a} {thing} came to an end.",
        ),
        (
            "How long did {thing} last?",
            "How long did {thing} take?",
            "What was the duration of {thing}?",
        ),
    ),
    Relation(
        "weekday",
        {
            "thing": (
                "the council of <town>|the <town> market|the <last> reading circle|the board of <company>|"
                "the choir of <town>"
            ),
            "a": "<weekday>",
        },
        (
            "{thing} meets on {a}.",
            "every {a} there is a meeting of {thing}.",
            "{thing} is held every {a}.",
            "{a} is the day of {thing}.",
            "keep {a} free for {thing}.",
            "{thing}: every {a}, except in August.",
        ),
        (
            "On which day does {thing} meet?",
            "What is the day of the week for {thing}?",
            "When in the week is {thing}?",
        ),
        (
            "{thing} was moved from {old} to {a}.",
            "from next month {thing} will be on {a}.",
        ),
    ),
)
