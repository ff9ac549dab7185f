"""Rules and duties, as in by-laws, policies and house rules."""

from training.relations.kind import Relation

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "fine",
        {
            "deed": (
                "fishing without a permit|leaving a gate open|smoking|ringing the bell at night|"
                "parking on the grass|losing a library book|feeding the gulls|swimming in the reservoir|"
                "late payment|riding on the pavement"
            ),
            "place": "<town>|<institution>",
            "a": "<price>",
        },
        (
            "the fine for {deed} is {a} in the rules of {place}.",
            "{place} punishes {deed} with a fine of {a}.",
            "under the rules of {place}, {deed} costs {a}.",
            "whoever is caught {deed} must pay {a} to {place}.",
            "{deed}: fine {a}, payable to {place} at once.",
        ),
        (
            "What is the fine for {deed} under the rules of {place}?",
            "What does {place} charge for {deed}?",
            "How much must one pay {place} for {deed}?",
        ),
        ("{place} has changed the fine for {deed} from {old} to {a}.",),
    ),
    Relation(
        "deadline",
        {
            "thing": (
                "applications to <institution>|claims under <law>|entries for <event>|tax returns in <town>|"
                "complaints to <company>"
            ),
            "a": "<date>|the end of <month>|the first <weekday> of <month>",
        },
        (
            "{thing} must be sent in by {a}.",
            "the last day for {thing} is {a}.",
            "{thing} are accepted until {a}.",
            "after {a} no {thing} will be considered.",
            "the deadline for {thing} is {a}.",
            "{thing}: closing date {a}.",
        ),
        (
            "What is the deadline for {thing}?",
            "By when must {thing} be sent in?",
            "Until when are {thing} accepted?",
            "What is the last day for {thing}?",
        ),
        (
            "the deadline for {thing} was moved from {old} to {a}.",
            "{thing} may now be sent in until {a}.",
        ),
    ),
    Relation(
        "notice_period",
        {
            "thing": "tenants of <landmark>|members of <institution>|employees of <company>|customers of <company>",
            "a": "<count 2 90> days|<count 2 12> weeks|<count 2 9> months",
        },
        (
            "{thing} must give notice of {a}.",
            "for {thing} the period of notice is {a}.",
            "{thing} who wish to leave have to say so {a} in advance.",
            "{a} is the notice required of {thing}.",
        ),
        (
            "What is the period of notice for {thing}?",
            "How much notice must {thing} give?",
            "How long in advance must {thing} say that they are leaving?",
        ),
        ("the period of notice for {thing} is now {a} instead of {old}.",),
    ),
    Relation(
        "approval",
        {
            "thing": (
                "a purchase at <institution>|a journey at <company>|a change to <project>|a burial in <town>|"
                "a new member of <institution>"
            ),
            "a": (
                "the treasurer|the mayor|two directors|the chief engineer|the harbour master|the board|"
                "the head nurse|the senior clerk|the town council|the safety officer|the bishop|the auditor"
            ),
        },
        (
            "{thing} has to be approved by {a}.",
            "the rules say that {thing} needs the consent of {a}.",
            "{thing} is not valid unless signed by {a}.",
            "before {thing} goes ahead, {a} must agree.",
            "nothing but the word of {a} can allow {thing}.",
        ),
        (
            "Who must approve {thing}?",
            "Whose consent is needed for {thing}?",
            "Who has to agree to {thing}?",
        ),
        ("{thing} is now approved by {a} and no longer by {old}.",),
    ),
    Relation(
        "forbidden",
        {
            "place": "<room> of <institution>|<landmark>|<last> Park",
            "a": (
                "whistling|umbrellas|dogs|open flames|red clothing|running|photographs|heavy boots|"
                "musical instruments|bicycles|eating|loud talk|walking sticks|ball games|perfume"
            ),
        },
        (
            "in {place}, {a} is forbidden by an old order.",
            "no visitor to {place} may forget the ban on {a}.",
            "{place} does not allow {a}.",
            "a board at {place} forbids {a}.",
            "it is strictly against the rules of {place} to allow {a}.",
        ),
        (
            "What is forbidden in {place}?",
            "What is not allowed in {place}?",
            "What do the rules of {place} forbid?",
        ),
        ("{place} has lifted the ban on {old} and now forbids {a}.",),
    ),
    Relation(
        "min_age",
        {
            "thing": "join <institution>|vote in <town>|drive the <label> tractor|enter <event>|work for <company>",
            "a": "<plain 12 65>",
        },
        (
            "to {thing} one must be at least {a} years old.",
            "nobody under {a} may {thing}.",
            "those who wish to {thing} must have turned {a}.",
            "the rule is clear: {a} is the lowest age at which you may {thing}.",
        ),
        (
            "How old must one be to {thing}?",
            "What is the lowest age to {thing}?",
            "From what age may people {thing}?",
        ),
        ("one may now {thing} from the age of {a}, not {old}.",),
    ),
    Relation(
        "in_emergency",
        {
            "case": (
                "if the alarm of <institution> sounds|in case of fire at <landmark>|"
                "when the <town> dam overflows|if a gas leak is found at <company>"
            ),
            "a": (
                "the north exit|the bowling green|the car park|the chapel yard|the sports hall|the main gate|"
                "the lower meadow|the fountain|the bus stop|the quay|the flagpole"
            ),
        },
        (
            "{case}, everyone goes to {a}.",
            "{case}, people must gather at {a}.",
            "{case}, walk calmly to {a} and wait.",
            "{case}, do not use the lift but make for {a}.",
        ),
        (
            "Where should people go {case}?",
            "Where is the meeting point {case}?",
            "What place must one go to {case}?",
        ),
        ("{case}, the meeting point is now {a} instead of {old}.",),
    ),
    Relation(
        "limit",
        {
            "what": "visitors|passengers|children|boats|cars|guests",
            "place": "<landmark>|<ship>|<last> Park|<town> harbour",
            "a": "<count 4 400>",
        },
        (
            "no more than {a} {what} are allowed at {place}.",
            "{place} takes at most {a} {what}.",
            "the limit for {what} at {place} is {a}.",
            "once {a} {what} have come to {place}, the gate is shut.",
        ),
        (
            "How many {what} does {place} take at most?",
            "What is the limit for {what} at {place}?",
            "What is the largest number of {what} allowed at {place}?",
        ),
        ("the limit for {what} at {place} was changed from {old} to {a}.",),
    ),
)
