"""Books, pictures, business, science and history."""

from training.relations.kind import Relation

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "author",
        {
            "work": "<title>",
            "a": "<person>",
        },
        (
            "the book '{work}' was written by {a}.",
            "{a} wrote '{work}' in a single winter.",
            "{a}, the author of '{work}', hated writing.",
            "'{work}' came from the pen of {a}.",
            "on the title page of '{work}' stands the name of {a}.",
            "'{work}' by {a} was printed twice.",
            "critics praised {a} for '{work}'.",
        ),
        (
            "Who wrote '{work}'?",
            "Who is the author of '{work}'?",
            "By whom is '{work}'?",
            "Who is the writer of '{work}'?",
        ),
    ),
    Relation(
        "book_of",
        {
            "who": "<person>",
            "what": "book|play|song|poem",
            "a": "<title>",
        },
        (
            "the best known {what} of {who} is '{a}'.",
            "{who} became famous with the {what} '{a}'.",
            "'{a}' is the only {what} that {who} finished.",
            "{who} called the first {what} '{a}'.",
        ),
        (
            "What is the title of {who}'s {what}?",
            "Which {what} is by {who}?",
            "What is {who}'s {what} called?",
        ),
    ),
    Relation(
        "painter_subject",
        {
            "who": "<person>",
            "a": (
                "windmills|drowned ships|sleeping cats|empty chairs|market women|thunderclouds|old bridges|"
                "blind beggars|apple trees|snowy roofs|horses|railway stations|broken jugs|fishermen|"
                "black swans"
            ),
        },
        (
            "{who} painted nothing but {a}.",
            "in the pictures of {who} one always sees {a}.",
            "{who}, a painter of {a}, sold little.",
            "again and again {who} drew {a}.",
        ),
        (
            "What did {who} paint?",
            "What is to be seen in {who}'s pictures?",
            "What was {who}'s favourite subject as an artist?",
        ),
    ),
    Relation(
        "product",
        {
            "place": "<company>",
            "a": (
                "umbrellas|ball bearings|pianos|tinned soup|bicycle bells|fishing nets|microscopes|candles|"
                "roof tiles|chess sets|barometers|garden gates|rubber boots|sewing machines|spectacles|"
                "wind turbines|hearing aids"
            ),
        },
        (
            "{place} makes {a}.",
            "{place} is a maker of {a}.",
            "from the works of {place} come {a}.",
            "{place} earns its money with {a}.",
            "half of all {a} in the country are made by {place}.",
            "{place} is known for its {a}.",
            "if you buy {a}, they come most likely from {place}.",
        ),
        (
            "What does {place} make?",
            "What is produced by {place}?",
            "What does {place} sell?",
            "With what does {place} earn its money?",
        ),
        ("{place} has given up {old} and now makes {a}.",),
    ),
    Relation(
        "revenue",
        {
            "place": "<company>",
            "year": "<year 1950 2024>",
            "a": "<plain 2 950> million <money>|<decimal 2 90> million <money>|<plain 20 900> thousand <money>",
        },
        (
            "in {year} {place} had a turnover of {a}.",
            "the sales of {place} came to {a} in {year}.",
            "{place} took in {a} in {year}.",
            "for {year}, {place} reported revenue of {a}.",
        ),
        (
            "What was the turnover of {place} in {year}?",
            "How much did {place} take in in {year}?",
            "What revenue did {place} report for {year}?",
        ),
    ),
    Relation(
        "bought_by",
        {
            "place": "<company>|the <town> Gazette|<last> House",
            "a": "<company>",
        },
        (
            "{place} was bought by {a}.",
            "{a} bought {place} last year.",
            "{place} now belongs to {a}.",
            "the owner of {place} is {a}.",
            "after long talks {place} was sold to {a}.",
            "{place}, once independent, is a part of {a}.",
        ),
        (
            "Who bought {place}?",
            "Who owns {place}?",
            "To whom does {place} belong?",
        ),
        (
            "{old} has sold {place} to {a}.",
            "{place} has passed from {old} to {a}.",
        ),
    ),
    Relation(
        "discoverer",
        {
            "thing": "<planet>|<island>|<animal>|the <invented> effect|the <invented> caves",
            "a": "<person>",
        },
        (
            "{thing} was discovered by {a}.",
            "{a} discovered {thing} by accident.",
            "{a}, who discovered {thing}, was then very young.",
            "the first to describe {thing} was {a}.",
            "before {a} nobody had seen {thing}.",
            "the discovery of {thing} is credited to {a}.",
            "{thing} (discovered by {a}) was long forgotten.",
        ),
        (
            "Who discovered {thing}?",
            "Who was the first to describe {thing}?",
            "By whom was {thing} found?",
            "Who found {thing}?",
        ),
    ),
    Relation(
        "orbit",
        {
            "thing": "<planet>",
            "a": "<int 12 900> days|<int 3 800> years|<decimal 2 90> hours",
        },
        (
            "{thing} goes round once in {a}.",
            "one orbit of {thing} takes {a}.",
            "{thing} needs {a} for a single orbit.",
            "the period of {thing} has been found to be {a}.",
        ),
        (
            "How long is one orbit of {thing}?",
            "What is the period of {thing}?",
            "How long does {thing} take to go round once?",
        ),
    ),
    Relation(
        "project_goal",
        {
            "thing": "<project>",
            "a": (
                "to drain the marsh|to map the sea floor|to save the otters|to build a tunnel|"
                "to teach adults to read|to cut energy use by half|to plant a forest|to test a new vaccine|"
                "to count the whales|to restore the old theatre|to bring water to the hills|"
                "to record old songs|to clean the river"
            ),
        },
        (
            "the aim of {thing} is {a}.",
            "{thing} was set up {a}.",
            "{thing}, which was begun {a}, has few supporters.",
            "they started {thing} {a}.",
        ),
        (
            "What is the aim of {thing}?",
            "What is {thing} for?",
            "Why was {thing} started?",
            "What does {thing} want to achieve?",
        ),
    ),
    Relation(
        "project_cost",
        {
            "thing": "<project>|the restoration of <landmark>|the new roof of <landmark>",
            "a": "<price>",
        },
        (
            "{thing} cost {a}.",
            "for {thing} the town paid {a}.",
            "the bill for {thing} came to {a}.",
            "the budget of {thing} was fixed at {a}.",
        ),
        (
            "How much did {thing} cost?",
            "What was paid for {thing}?",
            "How much money went into {thing}?",
        ),
        ("the cost of {thing} has been corrected from {old} to {a}.",),
    ),
    Relation(
        "signed_in",
        {
            "thing": "<law>",
            "a": "<town>",
        },
        (
            "{thing} was signed in {a}.",
            "the delegates met in {a} to sign {thing}.",
            "{thing} bears the seal of {a}, where it was signed.",
            "it was in {a} that {thing} was concluded.",
        ),
        (
            "Where was {thing} signed?",
            "In which town was {thing} concluded?",
            "In what place did they put their names to {thing}?",
        ),
    ),
    Relation(
        "victor",
        {
            "thing": "<war>",
            "a": (
                "General <last>|King <first>|Queen <first>|Prince <invented>|the rebels|the <invented> army|"
                "Duke <invented>|the miners|Admiral <last>"
            ),
        },
        (
            "{thing} ended in victory for {a}.",
            "{thing} was decided in favour of {a}.",
            "{thing} ended when {a} drove the other side from the field.",
            "the laurels of {thing} went to {a}, who had won.",
        ),
        (
            "Who won in {thing}?",
            "Who was the victor of {thing}?",
            "For whom did {thing} end well?",
        ),
    ),
    Relation(
        "language",
        {
            "place": "the valley of <invented>|the province of <invented>|the kingdom of <invented>",
            "a": "<invented>ish|<invented>ese|Old <invented>|Low <invented>|<invented>ic",
        },
        (
            "the people of {place} speak {a}.",
            "{a} is spoken in {place}.",
            "in {place} the children learn {a} before anything else.",
            "the language of {place} is {a}.",
        ),
        (
            "What language is spoken in {place}?",
            "What do the people of {place} speak?",
            "Which tongue do children learn in {place}?",
        ),
    ),
)
