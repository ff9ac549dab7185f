"""Names that nobody has heard: people, towns, ships, houses, made from syllables or from common names.

Pure, seeded by the caller.
"""

import random

_ONSETS = (
    "b", "b", "br", "c", "d", "d", "dr", "f", "f", "g", "gr", "h", "h", "j", "k", "l", "l", "m", "m", "n", "n",
    "p", "p", "r", "r", "s", "s", "st", "t", "t", "tr", "v", "v", "w", "y", "z",
)  # fmt: skip
_VOWELS = (
    "a", "a", "a", "a", "e", "e", "e", "e", "i", "i", "i", "o", "o", "o", "u", "u", "ai", "ea", "ei", "ia", "io",
)  # fmt: skip
_CODAS = (
    "l", "l", "m", "n", "n", "n", "r", "r", "r", "s", "s", "t", "nd", "nt", "rn", "rd", "st", "ld",
)  # fmt: skip
_ENDINGS = (
    "a", "a", "a", "e", "en", "er", "i", "ia", "in", "is", "o", "o", "on", "or", "us", "an", "el", "et", "ick",
    "ow", "ey", "eth", "as", "und",
)  # fmt: skip
_TOWN_ENDINGS = (
    "ham", "wick", "by", "holm", "stead", "ford", "mere", "port", "ville", "grad", "burg", "ton", "haven", "mouth",
    "field", "worth", "ness", "dale", "fell", "bridge", "brook", "stow", "well", "cliffe", "minster", "moor",
    "wood", "gate", "ra", "na", "nia",
)  # fmt: skip
_FIRST = (
    "Alice", "Arthur", "Anna", "Agnes", "Ahmed", "Amara", "Bela", "Ben", "Beatrix", "Boris", "Bruno", "Carla",
    "Carlos", "Cecil", "Chen", "Clara", "Conrad", "Dahlia", "Daniel", "Daphne", "Diego", "Dora", "Edgar", "Edith",
    "Elena", "Elias", "Emil", "Emma", "Erik", "Esther", "Farid", "Fatima", "Felix", "Fiona", "Flora", "Frank",
    "George", "Gerda", "Gita", "Grace", "Greta", "Gustav", "Hannah", "Harold", "Hassan", "Hector", "Helga",
    "Henry", "Hilda", "Hugo", "Ibrahim", "Ida", "Igor", "Ines", "Ingrid", "Irene", "Isaac", "Ivan", "Jack",
    "James", "Jane", "Jasper", "Joan", "Jonas", "Josef", "Julia", "Kamal", "Karin", "Kenji", "Klara", "Kofi",
    "Lars", "Laura", "Lena", "Leo", "Lina", "Louis", "Lucia", "Mabel", "Magnus", "Marco", "Maria", "Marta",
    "Matteo", "Maud", "Mei", "Mina", "Miriam", "Nadia", "Nathan", "Nell", "Nina", "Noor", "Nora", "Olaf", "Olga",
    "Oscar", "Otto", "Pablo", "Paul", "Pavel", "Petra", "Philip", "Priya", "Rafael", "Ravi", "Rita", "Robert",
    "Rosa", "Ruth", "Sam", "Samir", "Sara", "Selma", "Silas", "Simon", "Sofia", "Sven", "Tariq", "Tessa", "Theo",
    "Thomas", "Tilda", "Tomas", "Ursula", "Vera", "Victor", "Walter", "Wanda", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
_LAST = (
    "Abbott", "Achebe", "Adler", "Alvarez", "Anand", "Archer", "Bakker", "Barlow", "Becker", "Bell", "Bergman",
    "Blake", "Bose", "Brandt", "Brook", "Burke", "Carver", "Castillo", "Chandra", "Chu", "Clarke", "Cole",
    "Cooper", "Costa", "Crane", "Dalton", "Darwish", "Diaz", "Dixon", "Doyle", "Drake", "Dunn", "Eklund", "Ellis",
    "Farrow", "Ferreira", "Finch", "Fischer", "Fletcher", "Ford", "Foster", "Fraser", "Garcia", "Gibbs", "Grant",
    "Gray", "Haddad", "Hale", "Hansen", "Harper", "Hart", "Hayashi", "Hayes", "Holt", "Hopkins", "Horvat", "Hume",
    "Ibsen", "Ito", "Jansen", "Jarvis", "Jensen", "Kane", "Kaplan", "Keller", "Khan", "Klein", "Koch", "Kumar",
    "Lane", "Larsen", "Lindqvist", "Lowe", "Mackay", "Mahler", "Malik", "Marsh", "Mason", "Mbeki", "Mendez",
    "Moran", "Nakamura", "Nash", "Novak", "Nwosu", "Okafor", "Olsen", "Osei", "Page", "Park", "Parker", "Patel",
    "Pereira", "Petrov", "Pike", "Price", "Quinn", "Rao", "Reed", "Reyes", "Rossi", "Rowe", "Saito", "Santos",
    "Schmidt", "Sharp", "Shaw", "Silva", "Singh", "Sokolov", "Stone", "Tanaka", "Taylor", "Torres", "Turner",
    "Underwood", "Vance", "Vega", "Wagner", "Walsh", "Ward", "Weber", "Weiss", "West", "Winter", "Wood", "Yang",
    "York", "Young", "Zhang", "Zimmer",
)  # fmt: skip
_TITLES = (
    "Captain", "Dr", "Mr", "Mrs", "Miss", "Professor", "Sister", "Father", "Judge", "Colonel", "Inspector", "Lady",
    "Sir", "Master", "Brother", "Nurse", "Bishop",
)  # fmt: skip
_QUALITIES = (
    "Blue", "Red", "White", "Black", "Grey", "Golden", "Silver", "Green", "Old", "Little", "Great", "Happy",
    "Proud", "Silent", "Brave", "Merry", "Broken", "Hidden", "Lucky", "Patient", "Crooked", "Morning", "Evening",
    "Northern", "Southern", "Winter", "Summer", "Distant", "Copper", "Amber", "Crimson", "Iron", "Velvet",
    "Restless", "Sleeping", "Second", "Last",
)  # fmt: skip
_EMBLEMS = (
    "Heron", "Fox", "Star", "Anchor", "Lantern", "Boar", "Swan", "Crown", "Rose", "Thistle", "Falcon", "Otter",
    "Hare", "Bell", "Harp", "Oak", "Sparrow", "Whale", "Compass", "Stag", "Wheel", "Plough", "Mermaid", "Raven",
    "Lion", "Dolphin", "Candle", "Key", "Feather", "Horizon", "Tide", "Pilgrim", "Sailor", "Shepherd", "Badger",
    "Cormorant", "Kestrel", "Willow", "Petrel", "Gull",
)  # fmt: skip


def invented(rng: random.Random, syllables: int | None = None) -> str:
    """A pronounceable invented word with a capital letter, two or three syllables unless told."""
    n = syllables or rng.choice((2, 2, 3))
    parts = []
    for _ in range(n - 1):
        coda = rng.choice(_CODAS) if rng.random() < 0.25 else ""
        parts.append(rng.choice(_ONSETS) + rng.choice(_VOWELS) + coda)
    parts.append(rng.choice(["d", "k", "l", "m", "n", "r", "t", "v", "s"]) + rng.choice(_ENDINGS))
    return "".join(parts).capitalize()


def first_name(rng: random.Random) -> str:
    """A given name, common or invented."""
    return rng.choice(_FIRST) if rng.random() < 0.6 else invented(rng, 2)


def last_name(rng: random.Random) -> str:
    """A family name, common or invented."""
    return rng.choice(_LAST) if rng.random() < 0.5 else invented(rng)


def person(rng: random.Random) -> str:
    """A person's name: mostly given and family name, sometimes a title, an initial or one name alone."""
    roll = rng.random()
    if roll < 0.13:
        return f"{rng.choice(_TITLES)} {last_name(rng)}"
    if roll < 0.18:
        return f"{first_name(rng)} {rng.choice('ABCDEFGHJKLMNPRSTVW')}. {last_name(rng)}"
    if roll < 0.24:
        return first_name(rng)
    return f"{first_name(rng)} {last_name(rng)}"


def town(rng: random.Random) -> str:
    """A town's or village's name."""
    roll = rng.random()
    stem = rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(["l", "m", "n", "r", "s", "t", "rn", "rd", "ld"])
    name = (stem + rng.choice(_TOWN_ENDINGS)).capitalize()
    if roll < 0.08:
        side = rng.choice(("Port", "New", "Upper", "Lower", "Great", "Little", "East", "West", "Saint"))
        return f"{side} {invented(rng, 2)}"
    if roll < 0.16:
        return f"{invented(rng, 2)} {rng.choice(('Bay', 'Hill', 'Cross', 'Falls', 'Springs', 'Point', 'Green', 'End'))}"
    return name if roll < 0.6 else invented(rng)


def ship(rng: random.Random) -> str:
    """A ship's or an inn's name with its article: 'the Grey Heron'."""
    roll = rng.random()
    if roll < 0.2:
        return f"the {invented(rng)}"
    if roll < 0.3:
        return f"the {rng.choice(_EMBLEMS)}"
    return f"the {rng.choice(_QUALITIES)} {rng.choice(_EMBLEMS)}"


def title(rng: random.Random) -> str:
    """The title of a book, song or play."""
    roll = rng.random()
    quality, (emblem, other) = rng.choice(_QUALITIES), rng.sample(_EMBLEMS, 2)
    if roll < 0.3:
        return f"The {quality} {emblem}"
    if roll < 0.5:
        opening = rng.choice(("A History of", "Letters from", "The Road to", "Nights in", "Farewell to", "Return to"))
        return f"{opening} {town(rng)}"
    if roll < 0.75:
        return f"The {emblem} and the {other}"
    return f"{rng.choice(('Song', 'Book', 'Year', 'House', 'Children', 'Garden', 'Shadow'))} of the {emblem}"


def code(rng: random.Random, low: int = 2, high: int = 7) -> str:
    """Digits, low to high of them, the first not zero."""
    n = rng.randint(low, high)
    return str(rng.randint(10 ** (n - 1), 10**n - 1))


def label(rng: random.Random) -> str:
    """A mark of letters and digits, as on a part, a room or a file: 'K7-214'."""
    letters = "ABCDEFGHJKLMNPRSTVWXZ"
    first = "".join(rng.choice(letters) for _ in range(rng.randint(1, 3)))
    joint = rng.choice(("-", "-", "", " "))
    return f"{first}{joint}{rng.randint(2, 9999)}"
