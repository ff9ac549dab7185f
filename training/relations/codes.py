"""Pass keys, codes and numbers that are only a name for something."""

from training.relations.kind import Relation

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "pass_key",
        {
            "thing": (
                "pass key|secret number|password|magic number|access code|pass code|special number|"
                "vault number|signal number"
            ),
            "a": "<code 2 7>",
        },
        (
            "the {thing} is {a}. Remember it. {a} is the {thing}.",
            "the {thing} is {a}.",
            "remember this: the {thing} is {a}.",
            "{a} is the {thing}, and nobody may forget it.",
            "there is one thing to keep in mind, the {thing}, which is {a}.",
            "whoever asks for the {thing} should be told {a}.",
            "in the envelope was a slip of paper saying that the {thing} is {a}.",
            "the {thing} has been {a} since the beginning.",
            "keep the number {a} in mind, for it is the {thing}.",
        ),
        (
            "What is the {thing}?",
            "Which digits make up the {thing}?",
            "Tell me the {thing}.",
            "What {thing} was given?",
            "What number was I told to remember as the {thing}?",
        ),
        (
            "the {thing} was changed to {a}.",
            "from now on the {thing} is no longer {old} but {a}.",
            "the {thing} given before is out of date; the new one is {a}.",
        ),
    ),
    Relation(
        "owned_code",
        {
            "thing": (
                "pass key|door code|locker number|safe combination|membership number|account number|"
                "ticket number|badge number|PIN"
            ),
            "who": "<person>",
            "a": "<code 2 7>",
        },
        (
            "the {thing} of {who} is {a}.",
            "{who} has the {thing} {a}.",
            "{who}'s {thing} is {a}, and it must be kept safe.",
            "{who} chose {a} as {thing}.",
            "to {who} was given the {thing} {a}.",
            "beside the name of {who} stands the {thing} {a}.",
            "{who} (whose {thing} is {a}) never tells it to anyone.",
            "if anyone asks for the {thing} of {who}, say {a}.",
            "write it down: {who}, {thing} {a}.",
        ),
        (
            "What is {who}'s {thing}?",
            "What is the {thing} of {who}?",
            "Which {thing} does {who} have?",
            "Which {thing} belongs to {who}?",
            "What digits make up the {thing} of {who}?",
        ),
        (
            "the {thing} of {who} was changed to {a}.",
            "{who}'s {thing} is now {a}, not {old}.",
            "{who} has been given a new {thing}, {a}.",
        ),
    ),
    Relation(
        "place_code",
        {
            "thing": "door code|alarm code|gate code|telephone number|house number|post code|call sign number",
            "place": "<landmark>",
            "a": "<code 3 6>",
        },
        (
            "the {thing} of {place} is {a}.",
            "for {place} the {thing} is {a}.",
            "{place} has the {thing} {a}, which is written nowhere else.",
            "those who work at {place} know its {thing}, {a}.",
            "visitors to {place} will need the {thing}, which is {a}.",
            "at the entrance of {place} one is asked for the {thing}, and it is {a}.",
            "{place}: {thing} {a}.",
        ),
        (
            "What is the {thing} of {place}?",
            "What is {place}'s {thing}?",
            "Which {thing} goes with {place}?",
            "I am going to {place}. What is its {thing}?",
        ),
        (
            "the {thing} of {place} was changed to {a}.",
            "since the break-in the {thing} of {place} is {a} instead of {old}.",
            "{place} was given a new {thing}, {a}.",
        ),
    ),
    Relation(
        "room_number",
        {
            "who": "<person>",
            "where": "<ship>|<institution>|the <invented> Hotel",
            "a": "<plain 2 890>",
        },
        (
            "at {where}, {who} has room {a}.",
            "{who} is to be found in room {a} of {where}.",
            "the clerk at {where} gave {who} the key to room {a}.",
            "room {a} of {where} is taken by {who}.",
            "guest list of {where}: {who}, room {a}.",
        ),
        (
            "In which room of {where} is {who}?",
            "What is {who}'s room number at {where}?",
            "I want to visit {who} at {where}. Which room is it?",
        ),
        (
            "{who} has been moved to room {a} of {where}.",
            "at {where}, {who} now has room {a}, not {old}.",
        ),
    ),
    Relation(
        "file_number",
        {
            "thing": (
                "the case of <person>|the file on <landmark>|the patent of <person>|"
                "the contract with <company>|the will of <person>"
            ),
            "a": "<label>",
        },
        (
            "the number of {thing} is {a}.",
            "{thing} is filed under {a}.",
            "look under {a} for {thing}.",
            "{thing} bears the mark {a}.",
            "on the cover of {thing} is written {a}.",
        ),
        (
            "What is the number of {thing}?",
            "Under what mark is {thing} filed?",
            "What do I look under to find {thing}?",
        ),
    ),
    Relation(
        "password_word",
        {
            "thing": (
                "the password of <institution>|the watchword at <landmark>|<person>'s password|"
                "the secret word of the <invented> guild"
            ),
            "a": "<invented>|<colour> <object>|<animal_kind>|<goods>",
        },
        (
            "{thing} is '{a}'.",
            "whoever says '{a}' knows {thing}.",
            "they agreed on '{a}' as {thing}.",
            "{thing}, which may not be written down, is '{a}'.",
        ),
        (
            "What is {thing}?",
            "What must one say if asked for {thing}?",
            "Tell me {thing}.",
        ),
        (
            "{thing} was changed to '{a}'.",
            "instead of '{old}', {thing} is now '{a}'.",
        ),
    ),
)
