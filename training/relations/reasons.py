"""Why something happened, and what follows from what."""

from training.relations.kind import Relation

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "closed_why",
        {
            "place": "<institution>|<landmark>",
            "a": "<cause>",
        },
        (
            "{place} was closed because of {a}.",
            "owing to {a}, {place} had to shut its doors.",
            "it was {a} that closed {place}.",
            "{place} has been shut since the autumn on account of {a}.",
            "the notice on the door of {place} gave {a} as the reason for closing.",
            "the reason why {place} stands empty and closed is {a}.",
            "visitors found {place} closed, and {a} was to blame.",
        ),
        (
            "Why was {place} closed?",
            "What caused {place} to close?",
            "For what reason did {place} shut?",
            "What is the reason that {place} is not open?",
        ),
    ),
    Relation(
        "late_why",
        {
            "thing": (
                "the train from <town>|the mail from <town>|the work on <landmark>|the voyage of <ship>|"
                "the opening of <institution>|<project>"
            ),
            "a": "<cause>",
        },
        (
            "{thing} was delayed by {a}.",
            "because of {a}, {thing} was late.",
            "{thing} suffered a delay, for there was {a}.",
            "the delay of {thing} was put down to {a}.",
            "{thing} would have been in time but for {a}.",
            "what held up {thing} was {a}.",
        ),
        (
            "Why was {thing} delayed?",
            "What held up {thing}?",
            "What was the reason for the delay of {thing}?",
        ),
    ),
    Relation(
        "left_why",
        {
            "who": "<person>",
            "place": "<town>",
            "a": (
                "to look for work|to escape a debt|to marry a sailor|to study music|to find a lost brother|"
                "to see the sea|to avoid the army|to nurse a sick aunt|to open a bakery|"
                "to claim an inheritance|to forget an old love|to learn to fly|to join a circus|"
                "to write a book|to hide from the police"
            ),
        },
        (
            "{who} left {place} {a}.",
            "{who} went away from {place} {a}, and told nobody.",
            "it was {a} that {who} left {place}.",
            "{who} had only one reason for leaving {place}: {a}.",
        ),
        (
            "Why did {who} leave {place}?",
            "What was {who}'s reason for leaving {place}?",
            "For what purpose did {who} go away from {place}?",
        ),
    ),
    Relation(
        "dismissed_why",
        {
            "who": "<person>",
            "a": (
                "sleeping on duty|stealing candles|losing the ledger|reading other people's letters|"
                "being late three times|selling the lamp oil|forging a signature|breaking a window|"
                "insulting the mayor|leaving the gate open|feeding the rats|refusing to sign|"
                "hiding a stray dog|telling the truth"
            ),
        },
        (
            "{who} was dismissed for {a}.",
            "{who} lost the post for {a}.",
            "for {a}, {who} was sent away without pay.",
            "the court found {who} guilty of {a}, and that was the end of the post.",
            "they punished {who} for {a}.",
        ),
        (
            "Why was {who} dismissed?",
            "What had {who} done to lose the post?",
            "For what was {who} punished?",
        ),
    ),
    Relation(
        "named_after",
        {
            "place": "<town>|<island>|<mountain>|<street>",
            "a": "<person>",
        },
        (
            "{place} is named after {a}.",
            "{place} got its name from {a}.",
            "it was in honour of {a} that {place} was so called.",
            "the name of {place} recalls {a}.",
            "{a}, who first came here, gave {place} its name.",
            "{place} bears the name of {a}, though few remember why.",
        ),
        (
            "After whom is {place} named?",
            "Where does {place} get its name from?",
            "Whose memory lives on in the name of {place}?",
        ),
    ),
    Relation(
        "famous_for",
        {
            "place": "<town>",
            "a": (
                "its glass bells|its bitter cheese|its crooked tower|its blind organist|its hot springs|"
                "its wooden clocks|its horse fair|its lace|its silent monks|its black honey|its kite makers|"
                "its salt mines|its floating market|its giant onions|its paper dolls|its wild ponies"
            ),
        },
        (
            "{place} is famous for {a}.",
            "{place} is known far and wide for {a}.",
            "people come to {place} for {a}.",
            "what made {place} famous was {a}.",
            "ask anyone about {place} and you will hear of {a}.",
        ),
        (
            "What is {place} famous for?",
            "What is {place} known for?",
            "Why do people come to {place}?",
        ),
    ),
    Relation(
        "fire_cause",
        {
            "place": "<landmark>|<ship>|the <last> factory",
            "a": (
                "an overturned lamp|a spark from the kitchen|a stroke of lightning|a forgotten candle|"
                "a cigarette|a faulty cable|an exploding boiler|damp hay|a child with matches|"
                "a blocked chimney|a short circuit|hot ashes"
            ),
        },
        (
            "the fire at {place} was started by {a}.",
            "{place} burned down because of {a}.",
            "what set {place} on fire was {a}.",
            "the inquiry into the burning of {place} blamed {a}.",
            "it only took {a} to burn {place} to the ground.",
        ),
        (
            "What started the fire at {place}?",
            "What caused the burning of {place}?",
            "Why did {place} burn?",
        ),
    ),
    Relation(
        "winner",
        {
            "thing": "<event>|the <year 1902 2022> <town> election|the <last> Prize|the race to <town>",
            "a": "<person>",
        },
        (
            "{thing} was won by {a}.",
            "{a} won {thing}.",
            "in {thing} {a} came first.",
            "{a}, the winner of {thing}, made no speech.",
            "to everyone's surprise, {thing} went to {a}.",
            "the jury of {thing} gave the first place to {a}.",
        ),
        (
            "Who won {thing}?",
            "Who was the winner of {thing}?",
            "Who came first in {thing}?",
        ),
    ),
)
