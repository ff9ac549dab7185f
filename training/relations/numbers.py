"""How many, how much, how far, how heavy."""

from training.relations.kind import Relation

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "height",
        {
            "place": "<mountain>",
            "a": "<int 310 4900> metres|<int 900 16000> feet",
        },
        (
            "{place} is {a} high.",
            "{place} rises to {a}.",
            "with a height of {a}, {place} can be seen from the sea.",
            "the height of {place} was measured at {a}.",
            "whoever climbs {place} stands at {a}.",
            "{place} (height: {a}) is climbed by few.",
        ),
        (
            "How high is {place}?",
            "What is the height of {place}?",
            "How tall is {place}?",
        ),
    ),
    Relation(
        "length",
        {
            "place": "<river>|the <invented> canal|the <town> railway|the <town> coast path",
            "a": "<int 2 900> miles|<int 2 900> kilometres|<int 200 9000> yards",
        },
        (
            "{place} is {a} long.",
            "{place} runs for {a}.",
            "from end to end {place} measures {a}.",
            "the length of {place} is given as {a}.",
            "it took a week to walk the {a} of {place}.",
            "{place} (length: {a}) was surveyed twice.",
        ),
        (
            "How long is {place}?",
            "What is the length of {place}?",
            "How far does {place} run from one end to the other?",
        ),
    ),
    Relation(
        "distance",
        {
            "one": "<town>",
            "two": "<town>",
            "a": "<count 3 90> miles|<int 3 800> kilometres|<count 2 9> leagues",
        },
        (
            "from {one} to {two} it is {a}.",
            "{one} lies {a} from {two}.",
            "the road between {one} and {two} is {a} long.",
            "{a} separate {one} and {two}.",
            "a traveller from {one} must go {a} to reach {two}.",
        ),
        (
            "How far is it from {one} to {two}?",
            "What is the distance between {one} and {two}?",
            "How far apart are {one} and {two}?",
        ),
    ),
    Relation(
        "population",
        {
            "place": "<town>|<island>",
            "a": "<int 40 90000>",
        },
        (
            "{place} has {a} inhabitants.",
            "{a} people live in {place}.",
            "the last census counted {a} souls in {place}.",
            "the population of {place} is {a}.",
            "with its {a} inhabitants, {place} is smaller than it looks.",
            "{place} (population {a}) has its own newspaper.",
            "at the last count there were {a} people in {place}.",
        ),
        (
            "How many people live in {place}?",
            "What is the population of {place}?",
            "How many inhabitants does {place} have?",
            "How big is {place}, counting its people?",
        ),
        (
            "the population of {place} has changed from {old} to {a}.",
            "{place} now has {a} inhabitants.",
        ),
    ),
    Relation(
        "price",
        {
            "thing": (
                "a ticket to <event>|a night at <ship>|a pair of <colour> boots|a sack of <food>|"
                "a year's membership of <institution>|the <town> ferry crossing"
            ),
            "a": "<price>",
        },
        (
            "the price of {thing} is {a}.",
            "{thing} costs {a}.",
            "they ask {a} for {thing}.",
            "for {thing} one pays {a}.",
            "{a} is what you will be charged for {thing}.",
            "{thing}: {a}, to be paid in advance.",
            "nobody likes to pay {a} for {thing}, but that is the price.",
        ),
        (
            "How much does {thing} cost?",
            "What is the price of {thing}?",
            "What must I pay for {thing}?",
            "How much money is needed for {thing}?",
            "What do they ask for {thing}?",
        ),
        (
            "the price of {thing} has gone from {old} to {a}.",
            "{thing} now costs {a}.",
        ),
    ),
    Relation(
        "sold_for",
        {
            "thing": (
                "the <last> diamond|<last> House|the painting '<title>'|the ship <invented>|<first>'s farm|"
                "the <invented> mine"
            ),
            "a": "<price>",
        },
        (
            "{thing} was sold for {a}.",
            "{thing} fetched {a} at the auction.",
            "a stranger paid {a} for {thing}.",
            "{a} changed hands when {thing} was sold.",
            "nobody had believed that {thing} would bring {a}.",
        ),
        (
            "For how much was {thing} sold?",
            "What did {thing} fetch?",
            "What sum was paid for {thing}?",
        ),
    ),
    Relation(
        "count_of",
        {
            "thing": "windows|steps|rooms|doors|beds|chimneys|seats|mirrors",
            "place": "<house>",
            "a": "<count 3 400>",
        },
        (
            "{place} has {a} {thing}.",
            "there are {a} {thing} in {place}.",
            "the {thing} of {place} number {a}.",
            "whoever counts the {thing} of {place} comes to {a}.",
            "{place}, with its {a} {thing}, took nine years to finish.",
            "there are {a} {thing} in {place}, if one does not count the broken ones.",
            "the architect gave {place} {a} {thing}.",
        ),
        (
            "How many {thing} does {place} have?",
            "How many {thing} are there in {place}?",
            "What is the number of {thing} in {place}?",
        ),
    ),
    Relation(
        "members",
        {
            "place": "<institution>|<company>",
            "a": "<count 6 900>",
        },
        (
            "{place} employs {a} people.",
            "{a} people work for {place}.",
            "the staff of {place} numbers {a}.",
            "on the payroll of {place} are {a} men and women.",
            "with a staff of {a}, {place} is the largest employer in the valley.",
            "{place} (staff: {a}) is looking for new people.",
        ),
        (
            "How many people work for {place}?",
            "How many employees does {place} have?",
            "How large is the staff of {place}?",
            "What is the number of people employed by {place}?",
        ),
        (
            "the staff of {place} has gone from {old} to {a}.",
            "{place} now employs {a} people.",
        ),
    ),
    Relation(
        "weight",
        {
            "thing": (
                "the great bell of <town>|the <invented> meteorite|the anchor of <ship>|"
                "<first>'s prize pumpkin|the <last> safe|the statue of <person>"
            ),
            "a": "<int 31 900> pounds|<int 41 3000> kilos|<decimal 2 40> tons",
        },
        (
            "{thing} weighs {a}.",
            "{thing} was put on the scales and came to {a}.",
            "the weight of {thing} is {a}.",
            "it takes strong men to lift {thing}, which weighs {a}.",
            "at {a}, {thing} is the heaviest of its kind.",
            "{thing} (weight: {a}) was moved only once.",
        ),
        (
            "How much does {thing} weigh?",
            "What is the weight of {thing}?",
            "How heavy is {thing}?",
            "What do the scales show for {thing}?",
        ),
    ),
    Relation(
        "score",
        {
            "one": "<team>",
            "two": "<team>",
            "a": (
                "3 to 1|2 to 0|4 to 1|5 to 2|1 to 0|6 to 3|4 to 2|7 to 1|5 to 0|3 to 2|<plain 40 60> to <plain 10 39>"
            ),
        },
        (
            "{one} beat {two} by {a}.",
            "the match between {one} and {two} ended {a}.",
            "the final score was {a} when {one} met {two}.",
            "{a} was the result of {one} against {two}.",
            "when {one} played {two}, the board showed {a} at the end.",
        ),
        (
            "What was the score between {one} and {two}?",
            "How did the match of {one} against {two} end?",
            "What was the result when {one} played {two}?",
        ),
    ),
    Relation(
        "share",
        {
            "thing": (
                "the voters of <town>|the members of <institution>|the farmers of <island>|"
                "the staff of <company>|the households of <town>"
            ),
            "what": (
                "oppose the new road|pay no tax|own a bicycle|have no telephone|grow their own food|"
                "speak two languages|use the night bus"
            ),
            "a": "<plain 3 97> per cent|<plain 3 97>%",
        },
        (
            "of {thing}, {a} {what}.",
            "the survey looked at {thing}: {a} {what}.",
            "{a} of {thing} {what}.",
            "according to the report, {a} of {thing} {what}.",
        ),
        (
            "What share of {thing} {what}?",
            "How many in a hundred of {thing} {what}?",
            "What percentage of {thing} {what}?",
        ),
    ),
    Relation(
        "depth",
        {
            "place": "<lake>|the <town> well|the <invented> mine|the <invented> trench|the <town> harbour",
            "a": "<int 21 900> metres|<int 31 2000> feet|<int 6 90> fathoms",
        },
        (
            "{place} is {a} deep.",
            "at its deepest {place} measures {a}.",
            "a line let down into {place} touched the bottom at {a}.",
            "the depth of {place} is {a}.",
            "they say that {place} has no bottom, but it was sounded at {a}.",
        ),
        (
            "How deep is {place}?",
            "What is the depth of {place}?",
            "How far down does {place} go?",
        ),
    ),
)
