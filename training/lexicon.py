"""Word lists for the relations. Entries are patterns themselves (see patterns.py)."""

from collections.abc import Mapping
from types import MappingProxyType

# fmt: off
LISTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "side": (
            "north", "south", "east", "west", "upper", "lower", "old", "new", "inner", "outer",
        ),
        "colour": (
            "red", "blue", "green", "yellow", "black", "white", "grey", "brown", "purple", "orange", "pink",
            "scarlet", "dark blue", "pale green", "crimson", "silver", "copper", "ivory", "violet", "turquoise",
            "bright yellow", "dull red", "sea green",
        ),
        "material": (
            "oak", "brass", "copper", "granite", "slate", "marble", "iron", "steel", "pine", "walnut", "bronze",
            "limestone", "cedar", "bamboo", "sandstone", "ash wood", "concrete", "cast iron", "lead", "elm", "teak",
            "whalebone", "red brick", "black basalt",
        ),
        "money": (
            "dollars", "euros", "pounds", "crowns", "francs", "marks",
        ),
        "house": (
            "<last> House", "<invented> Hall", "<invented> Abbey", "<town> Castle", "the <town> school",
            "<last> Lodge", "<invented> Manor", "the <town> theatre", "the <invented> Hotel", "the <last> building",
            "the <town> hospital",
        ),
        "landmark": (
            "the <side> tower", "the <side> gate", "the <side> mill", "the <town> bridge", "the <town> lighthouse",
            "the <side> light", "the <town> toll house", "<last> House", "<invented> Hall", "<invented> Abbey",
            "the museum of <town>", "the <town> library", "the <town> observatory", "Fort <invented>",
            "the chapel of <town>", "<town> Castle", "the <town> school", "the <side> barn", "the <town> town hall",
            "<last> Lodge", "the <last> building", "the <town> station", "<invented> Manor", "the <town> theatre",
        ),
        "institution": (
            "the museum of <town>", "the <town> library", "the <town> observatory", "<town> Hospital",
            "the <town> school", "the <town> choir", "the <town> Gazette", "the <town> Rowing Club",
            "the <invented> Society", "the <last> Foundation", "<invented> College", "the <town> fire brigade",
            "the <town> food bank", "the <last> Institute", "the <town> theatre", "the <town> harbour office",
        ),
        "company": (
            "<last> and Sons", "<invented> Ltd", "<last> & <last>", "the <last> Company", "<invented> Systems",
            "<invented> Foods", "<town> Steel", "<invented> Airways", "the <town> Brewery", "<last> Textiles",
            "<invented> Energy", "the <invented> Group", "<last> Robotics",
        ),
        "mountain": (
            "Mount <invented>", "<invented> Peak", "the <invented> Horn", "Mount <last>", "<invented> Fell",
            "Ben <invented>",
        ),
        "river": (
            "the river <invented>", "the <invented>", "the <invented> River", "the Little <invented>",
            "the river <invented>",
        ),
        "island": (
            "<invented> Island", "the isle of <invented>", "<invented> Key", "<last> Island",
            "the island of <invented>",
        ),
        "lake": (
            "Lake <invented>", "<invented> Lake", "Loch <invented>", "<last> Pond", "the <town> reservoir",
        ),
        "animal": (
            "the <invented> owl", "the spotted <invented>", "the <colour> marsh beetle", "the <invented> seal",
            "the <town> newt", "the <last> finch", "the long-eared <invented>", "the <invented> moth",
            "the <colour> tree frog", "the <invented> sheep", "the <last> shark",
        ),
        "plant": (
            "the <invented> lily", "<last>'s orchid", "the <colour> bog nettle", "the <invented> pear",
            "the <town> rose", "the <invented> bean", "the creeping <invented>", "<last>'s fern",
            "the <invented> cedar", "the <colour> star moss",
        ),
        "device": (
            "the <label> pump", "the <invented> boiler", "the <label> printer",
            "the <invented> <plain 2 900> camera", "the <label> battery", "the <invented> heater",
            "the <label> router", "the <last> loom", "the <label> drill", "the <invented> washing machine",
            "the <label> engine", "the <invented> projector", "the <label> oven", "the <label> sensor",
            "the <invented> <label> drone",
        ),
        "program": (
            "<invented>", "<invented> <plain 2 12>", "the <invented> server", "<invented> Desk",
            "the <invented> client", "<invented> Mail", "the <invented> compiler", "<invented>DB",
            "the <invented> library", "Open<invented>",
        ),
        "medicine": (
            "<invented>ol", "<invented>ine", "<invented>ex", "<invented> syrup", "<last>'s powder",
            "<invented> drops",
        ),
        "event": (
            "the <town> fair", "the <town> regatta", "the <invented> festival", "the <town> flower show",
            "the <last> Cup", "the <town> marathon", "the <invented> conference", "the <town> harvest supper",
            "the <last> auction", "the <town> book fair",
        ),
        "dish": (
            "<town> stew", "<invented> soup", "<town> pudding", "<last> pie", "<invented> bread", "<town> cake",
            "<invented> sauce", "<last> broth", "<invented> dumplings", "<town> punch",
        ),
        "food": (
            "barley", "smoked eel", "onions", "goat's cheese", "lentils", "dried plums", "honey", "walnuts",
            "rye flour", "pickled cabbage", "saffron", "ginger", "salted herring", "chestnuts", "cardamom",
            "buttermilk", "red peppers", "oatmeal", "roast pumpkin", "apple vinegar", "fennel", "mustard seed",
            "almonds", "turnips", "rosemary", "mushrooms", "fresh mint", "black beans", "cinnamon", "sour cream",
        ),
        "project": (
            "Project <invented>", "the <last> plan", "Operation <invented>", "the <invented> programme",
            "Project <last>",
        ),
        "team": (
            "<town> Rovers", "<town> United", "the <town> Hawks", "<invented> Athletic", "the <town> Wanderers",
            "<town> City",
        ),
        "law": (
            "the <last> Act", "the <town> Charter", "the Treaty of <town>", "the <invented> Accord",
            "the <last> Agreement",
        ),
        "war": (
            "the siege of <town>", "the battle of <town>", "the <invented> rising", "the battle of <invented> Hill",
            "the <town> revolt",
        ),
        "planet": (
            "<invented> <plain 2 9>", "the moon <invented>", "the comet <last>", "<label>", "the star <invented>",
            "the asteroid <invented>",
        ),
        "street": (
            "<last> Street", "<invented> Lane", "<town> Road", "Mill Lane", "Station Road", "Church Street",
            "<first> Square", "Harbour Street", "<last> Avenue", "Orchard Row", "the Market Square",
            "<invented> Alley", "Weavers' Row", "Bridge Street",
        ),
        "room": (
            "the reading room", "the engine room", "the <side> hall", "the laboratory", "the kitchen",
            "the council room", "the dining hall", "the sick room", "the drawing room", "the workshop",
            "the library", "the <colour> room", "room <plain 2 90>",
        ),
        "animal_kind": (
            "goat", "parrot", "donkey", "raven", "tortoise", "ferret", "pony", "goose", "tame fox", "grey cat",
            "sheepdog", "canary", "hen", "hedgehog", "white rabbit", "greyhound", "monkey", "hawk", "pig",
            "spotted cow", "terrier", "snake", "jackdaw",
        ),
        "instrument": (
            "violin", "flute", "cello", "harp", "trumpet", "drum", "organ", "oboe", "accordion", "guitar",
            "clarinet", "bagpipes", "piano", "lute", "trombone", "mandolin", "tuba", "double bass", "harmonica",
        ),
        "trade": (
            "baker", "carpenter", "surgeon", "tailor", "blacksmith", "clockmaker", "miller", "printer", "lawyer",
            "gardener", "cook", "pilot", "weaver", "teacher", "potter", "bookbinder", "glazier", "shepherd", "nurse",
            "plumber", "map-maker", "beekeeper", "violin maker", "interpreter", "accountant", "chemist", "ferryman",
            "barber", "midwife", "surveyor", "engineer", "net-maker", "stonemason", "photographer",
        ),
        "study": (
            "astronomy", "law", "botany", "music", "medicine", "geology", "history", "chemistry", "Latin",
            "engineering", "mathematics", "painting", "theology", "economics", "philosophy", "Persian", "zoology",
            "navigation", "bookkeeping", "architecture",
        ),
        "weekday": (
            "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
        ),
        "goods": (
            "salt", "timber", "tea", "copper ore", "wool", "coffee", "lamp oil", "barley", "coal", "wine", "tobacco",
            "silk", "herring", "paper", "sugar", "marble", "rope", "glassware", "hides", "dried figs", "pepper",
            "tar", "cotton", "bricks", "olive oil", "furs", "tin", "rice",
        ),
        "cause": (
            "a burst pipe", "heavy snow", "a lack of coal", "an outbreak of fever", "a quarrel over money",
            "rotten beams", "a broken axle", "thick fog", "a strike of the workers", "missing papers",
            "a swarm of wasps", "a landslide", "low attendance", "a forged letter", "dry rot", "a fallen tree",
            "an unpaid bill", "a plague of mice", "high winds", "a cracked bell", "new tax rules",
            "a shortage of staff", "a power failure", "faulty wiring", "a late delivery", "a storm",
            "a gas leak", "a spring flood", "ice on the rails",
        ),
        "spot": (
            "the boathouse", "the attic", "the cellar", "the chapel", "the <colour> chest", "the pantry",
            "the tool shed", "the clock tower", "the vestry", "the bottom drawer of the desk",
            "the <colour> cabinet", "the old well", "the schoolroom", "the stable loft", "the captain's cabin",
            "the kitchen cupboard", "the bakery", "the post office", "the glass case by the door", "the orchard",
            "the vault of the bank", "the wardrobe in the hall", "room <plain 2 60>", "the hollow oak",
            "the archive", "the guard room",
        ),
        "object": (
            "lantern", "compass", "violin", "umbrella", "notebook", "silver key", "walking stick", "telescope",
            "basket of eggs", "flute", "pocket watch", "bundle of letters", "map of the coast", "wooden box",
            "copper kettle", "carved pipe", "glass bottle", "sword", "red scarf", "fishing rod", "bag of salt",
            "prayer book", "coil of rope", "broken clock", "music box", "leather purse",
        ),
        "treasure": (
            "the <colour> flag", "the spare key", "the ledger", "the silver cup", "the old map",
            "the seal of the town", "the church plate", "the bell rope", "the first-aid box", "the master key",
            "the founder's sword", "the <last> diamond", "<first>'s diary", "the visitors' book",
            "the <town> banner", "<last>'s will", "the tax rolls", "the fuse box", "the ladder", "the lamp oil",
            "the great chain", "the charter", "the telescope", "the <colour> lantern", "the fire hose",
        ),
    }
)
