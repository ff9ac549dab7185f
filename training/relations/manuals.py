"""Machines, programs and medicines, as in manuals and leaflets."""

from training.relations.kind import Relation

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "service_interval",
        {
            "thing": "<device>",
            "a": (
                "every <count 2 20> weeks|every <count 2 20> months|every <int 40 5000> hours|twice a year|"
                "once a month|every spring"
            ),
        },
        (
            "{thing} must be serviced {a}.",
            "have {thing} checked {a}.",
            "the maker advises a service of {thing} {a}.",
            "{thing} needs cleaning and oiling {a}.",
            "service {thing} {a}, or the guarantee is lost.",
            "maintenance of {thing} is due {a}.",
        ),
        (
            "How often must {thing} be serviced?",
            "How often does {thing} need maintenance?",
            "At what interval should I have {thing} looked at?",
            "How often should {thing} be looked after?",
        ),
        ("the service interval of {thing} was changed; it is now done {a}.",),
    ),
    Relation(
        "voltage",
        {
            "thing": "<device>",
            "a": "<plain 3 480> volts",
        },
        (
            "{thing} runs on {a}.",
            "{thing} is rated at {a}.",
            "connect {thing} only to a supply of {a}.",
            "the plate on the back of {thing} says {a}.",
            "power supply of {thing}: {a}.",
        ),
        (
            "What is {thing} rated at?",
            "What supply does {thing} need?",
            "On what voltage does {thing} run?",
        ),
    ),
    Relation(
        "lamp_meaning",
        {
            "colour": "red|green|blue|amber|white|yellow",
            "thing": "<device>",
            "a": (
                "the tank is empty|the filter is blocked|the battery is low|the lid is open|"
                "the motor is too hot|a new message has come|the paper has run out|the test has passed|"
                "the fan has stopped|the line is busy|the water is too hard|the belt is loose|"
                "the disk is full"
            ),
        },
        (
            "when the {colour} lamp of {thing} lights up, {a}.",
            "the {colour} light on {thing} means that {a}.",
            "a {colour} light on {thing} is a sign that {a}.",
            "if {thing} shows a {colour} light, {a}.",
            "{thing} warns you with a {colour} lamp: {a}.",
        ),
        (
            "What does the {colour} light on {thing} mean?",
            "The {colour} lamp of {thing} is on. What is wrong?",
            "What is it a sign of when {thing} shows a {colour} light?",
        ),
    ),
    Relation(
        "default_setting",
        {
            "what": "port|timeout|cache size|page limit|password length|retry count|screen brightness",
            "thing": "<program>",
            "a": "<plain 12 9999>",
        },
        (
            "the default {what} of {thing} is {a}.",
            "unless told otherwise, {thing} uses a {what} of {a}.",
            "{thing} starts with its {what} set to {a}.",
            "in {thing}, the {what} is {a} if nothing is configured.",
            "set the {what} of {thing} to whatever you like; it is {a} by default.",
        ),
        (
            "What is the default {what} of {thing}?",
            "Which {what} does {thing} use if I set nothing?",
            "What {what} does {thing} start with?",
        ),
        ("in the new version of {thing} the default {what} was changed from {old} to {a}.",),
    ),
    Relation(
        "config_file",
        {
            "thing": "<program>",
            "what": "settings|logs|user data|templates|backups",
            "a": (
                "/etc/<side>.conf|config.toml|/var/lib/data|settings.json|~/.local/share|"
                "/opt/<plain 2 9>/etc|main.ini|/srv/backup|options.yaml|the home folder|/usr/share/misc"
            ),
        },
        (
            "{thing} keeps its {what} in {a}.",
            "the {what} of {thing} are stored in {a}.",
            "look in {a} for the {what} of {thing}.",
            "{thing} reads and writes its {what} in {a}.",
            "to change the {what} of {thing}, open {a}.",
        ),
        (
            "Where does {thing} keep its {what}?",
            "Where are the {what} of {thing} stored?",
            "In which file or folder are the {what} of {thing}?",
        ),
        ("{thing} now keeps its {what} in {a} and no longer in {old}.",),
    ),
    Relation(
        "written_in",
        {
            "thing": "<program>",
            "a": "Rust|Python|Fortran|Haskell|Java|C++|Pascal|Lisp|Erlang|Ada|Go|Perl|OCaml|Kotlin|Scheme|Swift",
        },
        (
            "{thing} is written in {a}.",
            "the authors wrote {thing} in {a}.",
            "{thing}, a program in {a}, has no other dependencies.",
            "the source of {thing} is all {a}.",
        ),
        (
            "What is {thing} written in?",
            "In which language was {thing} made?",
            "Which programming language is used for {thing}?",
        ),
        ("{thing} has been rewritten from {old} in {a}.",),
    ),
    Relation(
        "dose",
        {
            "thing": "<medicine>",
            "a": (
                "<count 2 9> drops|<plain 5 900> milligrams|<count 2 6> tablets|half a spoonful|"
                "two spoonfuls|<plain 2 40> millilitres"
            ),
        },
        (
            "the daily dose of {thing} is {a}.",
            "take {a} of {thing} with water every day.",
            "of {thing} the doctor prescribes {a} a day.",
            "adults are given {a} of {thing} daily.",
            "never take more than {a} of {thing} in one day.",
            "{thing}: {a} a day, after meals.",
        ),
        (
            "What is the daily dose of {thing}?",
            "How much {thing} should be taken?",
            "How much {thing} may one take in a day?",
            "How much {thing} do I take?",
        ),
        ("the daily dose of {thing} was changed from {old} to {a}.",),
    ),
    Relation(
        "side_effect",
        {
            "thing": "<medicine>",
            "a": (
                "headaches|a dry mouth|sleeplessness|itching hands|blurred sight|strange dreams|"
                "loss of appetite|hiccups|a ringing in the ears|cold feet|nosebleeds|sneezing|stiff fingers"
            ),
        },
        (
            "{thing} may cause {a}.",
            "a common side effect of {thing} is {a}.",
            "some patients who took {thing} complained of {a}.",
            "stop taking {thing} if you notice {a}.",
        ),
        (
            "What side effect does {thing} have?",
            "What trouble may {thing} cause?",
            "What did patients taking {thing} complain of?",
        ),
    ),
    Relation(
        "temperature",
        {
            "thing": "<device>|the <invented> alloy|<invented> acid|the <colour> paint",
            "do": "stored|kept|heated|tested",
            "a": "<plain 3 290> degrees",
        },
        (
            "{thing} must be {do} at {a}.",
            "{thing} should be {do} at a temperature of {a}.",
            "the right temperature is {a} when {thing} is {do}.",
            "at {a}, and no other temperature, {thing} is {do}.",
        ),
        (
            "At what temperature must {thing} be {do}?",
            "How hot or cold should it be when {thing} is {do}?",
            "What is the right temperature when {thing} is {do}?",
        ),
    ),
    Relation(
        "part_number",
        {
            "part": "filter|belt|fuse|seal|blade|cartridge|valve|lamp",
            "thing": "<device>",
            "a": "<label>",
        },
        (
            "the {part} for {thing} has the part number {a}.",
            "order {part} {a} for {thing}.",
            "{thing} takes a {part} marked {a}.",
            "spare {part} of {thing}: {a}.",
        ),
        (
            "What is the part number of the {part} for {thing}?",
            "Which {part} fits {thing}?",
            "What mark must a {part} for {thing} bear?",
        ),
        ("the {part} for {thing} is now {a}; {old} is no longer made.",),
    ),
)
