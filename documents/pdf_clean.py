"""Page text made fit for reading: running headers, page numbers, words cut at line ends, tables that go on over a page.

A header is left out only where it is proven to be one: it stands at one position on most pages of a long document, and apart from
the text or in a document whose pages are numbered. The first time that it is seen it stays. Whatever would empty a page stays.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from documents.pdf_layout import CUT, PrintedLine, is_number
from documents.pdf_script import spelled_out

_SPACES = {
    "\u00a0": " ",
    "\u2007": " ",
    "\u202f": " ",
    "\u2009": " ",
    "\u200a": " ",
    "\t": " ",
    "\u200b": "",
    "\ufeff": "",
    "\ufffe": "-",
}
_UNWANTED = dict.fromkeys((*range(9), *range(11, 32), 127))
_TRANSLATION = str.maketrans(_SPACES) | _UNWANTED
_LEADERS = re.compile(r"(?:(?: ?[.·…]){5,}|(?: [.·…]){3,}) *")
_ROMAN = re.compile(r"[ivxlc]{1,7}$", re.I)
_FOLIO = re.compile(
    r"[\W_]*(?:(?:page|pages|pg|p|seite|s|pagina|página|pag|blz|bladzijde|страница|стр)\b\.?\s*)?"
    r"(?P<number>\d{1,5}|[ivxlc]{1,7})(?:\s*(?:of|van|von|de|di|sur|из|/)\s*\d{1,5})?[\W_]*$",
    re.I,
)
_MIN_REPEATS = 3
_MIN_NUMBERED = 10  # lines of a page, from which their numbers may be those of the lines
_WORDS_A_LINE = 5  # on average, of prose
_LONG = 6  # pages, from which a document may have running headers; one less where its pages are numbered
_MOST = 0.5  # of the pages
_MAX_RUNNING = 120  # characters; a longer line is text
_POSITION = 4.0  # points, within which lines stand at one position
_APART = 1.35  # of the usual step from line to line, beyond which a header stands apart from the text
_COLUMN_SHIFT = 24.0  # points that the white between columns may move from page to page
_SENTENCE_END = (".", "!", "?", "。", "؟", "।")
_LONGEST_WORD = 100
_SHORTEST_HEAD = (
    3  # letters of a word's first part, from which other words that begin with it tell whether a hyphen stays
)
# English words that make compounds with a hyphen, and endings that they take without one.
_HYPHENED = {
    "well",
    "self",
    "ill",
    "half",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
}
_ENDINGS = {
    "ish", "ishly", "ishness", "ness", "less", "lessly", "lessness", "ing", "ed", "er", "ers", "est", "ly", "ment", "ments",
    "ful", "hood", "ship", "ies", "y", "able", "ion", "ions", "al", "ally", "en", "ende", "lijk", "heid", "loos",
}  # fmt: skip


# Where these vowels meet in Dutch, a hyphen or a trema parts them; at a line's end the trema is not written.
_COLLIDING = frozenset("aa ae ai au ee ei eu ie ii ij oe oi oo ou ui uu".split())
_TREMA = str.maketrans("aeiou", "äëïöü")
_DUTCH_PREFIXES = frozenset("ge be re co".split())
_DUTCH_SUFFIXES = frozenset("en er ers end ende ig ige isch ische".split())


class CleanPages(NamedTuple):
    """The pages' text; each ends with a newline."""

    texts: tuple[str, ...]
    bare: frozenset[int]  # pages, from 0, that hold nothing but a page number or a running header
    left_out: tuple[str, ...]  # headers that were left out though they don't stand apart from the text
    numbered: tuple[int, ...] = ()  # pages, from 1, of which the numbers of the lines were left out


class _Folio(NamedTuple):
    roman: bool
    number: int
    part: int  # of the line, -1 for the whole


def plain_page(text: str) -> tuple[PrintedLine, ...]:
    """Lines without places: of a page whose text came from elsewhere than its layout."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    found: list[PrintedLine] = []
    opens = False
    for line in lines:
        said = (line[:-1] + "-" if line.endswith("\u00ad") else line).replace("\u00ad", "")
        said = " ".join(spelled_out(said).translate(_TRANSLATION).split())
        if said:
            found.append(PrintedLine(said, opens=opens and bool(found)))
        opens = not said
    return tuple(found)


def is_readable(text: str) -> bool:
    """Whether `text` holds words: at least one letter or digit, and not mostly characters that no font explains."""
    visible = [char for char in text if not char.isspace()]
    unknown = sum(char == "\ufffd" or "\ue000" <= char <= "\uf8ff" for char in visible)
    return any(char.isalnum() for char in visible) and 2 * unknown <= len(visible)


def clean_pages(pages: Sequence[Sequence[PrintedLine]]) -> CleanPages:
    """The pages' text without running headers and page numbers, words whole again."""
    tidy, numbered = _without_line_numbers([[_tidy(line) for line in page] for page in pages])
    kept, bare, left_out = _without_running(tidy)
    kept = _with_table_heads(kept)
    words = _Words(kept)
    texts = [_page_text(page, words) for page in kept]
    return CleanPages(tuple(_across_pages(texts, words)), frozenset(bare), left_out, numbered)


def _tidy(line: PrintedLine) -> PrintedLine:
    text = " ".join(line.text.translate(_TRANSLATION).split())
    return replace(
        line, text=_LEADERS.sub(" ... ", text).strip() if "." in text or "·" in text or "…" in text else text
    )


# Numbers of lines


def _without_line_numbers(pages: list[list[PrintedLine]]) -> tuple[list[list[PrintedLine]], tuple[int, ...]]:
    """The pages without the numbers that stand before each line of a draft or a manuscript, and which pages had such."""
    found = [_line_numbers(page) for page in pages]
    numbered = tuple(place for place, lines in enumerate(found, 1) if lines)
    if len(numbered) < 2 or 2 * len(numbered) < sum(map(bool, pages)):
        return pages, ()
    return [
        [
            replace(line, text=lines[place], parts=(), cells=(), columns=()) if place in lines else line
            for place, line in enumerate(page)
        ]
        for page, lines in zip(pages, found, strict=True)
    ], numbered


def _line_numbers(page: Sequence[PrintedLine]) -> dict[int, str]:
    """What stands behind its number in each numbered line, where nearly all lines of a page are, one by one, and hold prose."""
    found: dict[int, str] = {}
    last = None
    for place, line in enumerate(page):
        number, _, rest = (
            (line.cells[0], "", line.cells[-1]) if len(line.cells) == 2 else (line.parts or ("",))[0].partition(" ")
        )
        if not number.isdigit() or len(number) > 5 or not rest or (last is not None and int(number) != last + 1):
            continue
        last = int(number)
        found[place] = rest
    words = sum(len(text.split()) for text in found.values())
    prose = len(found) >= _MIN_NUMBERED and 10 * len(found) >= 9 * len(page) and words >= _WORDS_A_LINE * len(found)
    return found if prose else {}


# Running headers and page numbers


def _without_running(pages: list[list[PrintedLine]]) -> tuple[list[list[PrintedLine]], set[int], tuple[str, ...]]:
    folios = [_folios(page) for page in pages]
    counted = _counted(pages, folios)
    drop: list[set[int]] = [set() for _ in pages]  # lines
    bare = set()
    for index, page in enumerate(pages):
        drop[index] = {line for line, folio in folios[index].items() if folio.part < 0 and (index, line) in counted}
        if page and len(drop[index]) == len(page):
            bare.add(index)
    texts = [
        {
            place: _without_folio(line, folios[index].get(place), (index, place) in counted)
            for place, line in enumerate(page)
        }
        for index, page in enumerate(pages)
    ]
    seen: set[str] = set()
    weak: list[str] = []
    shortened: dict[tuple[int, int], str] = {}
    for _ in range(2):
        running = _running(pages, texts, drop, bool(counted))
        for index, page in enumerate(pages):
            for place, (key, apart) in sorted(running.get(index, {}).items()):
                if key in seen:
                    drop[index].add(place)
                    if not apart and texts[index][place] not in weak:
                        weak.append(texts[index][place])
                elif texts[index][place] != page[place].text:
                    shortened[index, place] = texts[index][place]
                seen.add(key)
    stamps = Counter(line.text.casefold() for page in pages for line in page if line.aside)
    for index, page in enumerate(pages if len(pages) >= _LONG else ()):
        for place, line in enumerate(page):
            key = line.text.casefold()
            if line.aside and stamps[key] >= _MIN_REPEATS:
                drop[index] |= {place} if key in seen else set()
                seen.add(key)
    kept = []
    for index, page in enumerate(pages):
        if page and len(drop[index]) == len(page):
            bare.add(index)
            drop[index] = set()
        kept.append(
            [
                replace(line, text=shortened.get((index, place), line.text))
                for place, line in enumerate(page)
                if place not in drop[index]
            ]
        )
    return kept, bare, tuple(weak)


def _edges(page: Sequence[PrintedLine], without: set[int] = frozenset()) -> list[tuple[int, bool]]:  # type: ignore[assignment]
    """The outermost lines of a page that aren't left out yet: (line, whether at the top)."""
    places = [place for place in range(len(page)) if place not in without]
    placed = [place for place in places if page[place].size]
    if placed:
        top, bottom = max(placed, key=lambda p: page[p].base), min(placed, key=lambda p: page[p].base)
    elif places:
        top, bottom = places[0], places[-1]
    else:
        return []
    return [(top, True)] if top == bottom else [(top, True), (bottom, False)]


def _folios(page: Sequence[PrintedLine]) -> dict[int, _Folio]:
    """What may be a page number, by line: an outermost line that is one, or that has one clearly apart."""
    found: dict[int, _Folio] = {}
    for place, _ in _edges(page):
        line = page[place]
        if len(line.text) > _MAX_RUNNING or _LEADERS.search(line.text):
            continue
        parts = line.parts if len(line.parts) > 1 else ()
        for part, text in [(-1, line.text), *((n, parts[n]) for n in (0, len(parts) - 1) if parts)]:
            match = _FOLIO.match(text) if len(text) <= 40 else None
            if match is None:
                continue
            number = match["number"]
            roman = not number.isdigit()
            found[place] = _Folio(roman, _roman_value(number.lower()) if roman else int(number), part)
            break
    return found


def _counted(pages: Sequence[Sequence[PrintedLine]], folios: Sequence[dict[int, _Folio]]) -> set[tuple[int, int]]:
    """(page, line) of the page numbers that count up with the pages, at one position."""
    votes: dict[tuple[bool, int], list[tuple[int, int]]] = {}
    for index, found in enumerate(folios):
        for place, folio in found.items():
            votes.setdefault((folio.roman, index - folio.number), []).append((index, place))
    most = max((len(places) for (roman, _), places in votes.items() if not roman), default=0)
    counted: set[tuple[int, int]] = set()
    for (roman, _), places in votes.items():
        span = places[-1][0] - places[0][0] + 1
        if len(places) < _MIN_REPEATS or len(places) < _MOST * span or (not roman and len(places) * 4 < most):
            continue
        counted |= {place for place in places if _at_one_position(pages, places, place)}
    return counted


def _at_one_position(
    pages: Sequence[Sequence[PrintedLine]], places: Sequence[tuple[int, int]], place: tuple[int, int]
) -> bool:
    """Whether at least two other lines, and one in three of all, stand at the height of this one."""
    base = pages[place[0]][place[1]].base
    same = sum(abs(pages[index][line].base - base) <= _POSITION for index, line in places)
    return same >= _MIN_REPEATS and 3 * same >= len(places)


def _without_folio(line: PrintedLine, folio: _Folio | None, counted: bool) -> str:
    if folio is None or not counted or folio.part < 0:
        return line.text
    return " ".join(part for place, part in enumerate(line.parts) if place != folio.part)


def _running(
    pages: Sequence[Sequence[PrintedLine]],
    texts: Sequence[dict[int, str]],
    drop: Sequence[set[int]],
    numbered: bool,
) -> dict[int, dict[int, tuple[str, bool]]]:
    """By page and line: the running header's key, and whether it stands apart from the text."""
    filled = [index for index, page in enumerate(pages) if page]
    if len(filled) < (_LONG - 1 if numbered else _LONG):
        return {}
    found: dict[int, dict[int, tuple[str, bool]]] = {}
    all_lines = Counter(line.text.casefold() for page in pages for line in page)
    for at_top in (True, False):
        outer = [
            (index, place)
            for index in filled
            for place, top in _edges(pages[index], drop[index])
            if top == at_top and len(pages[index]) > 1 and not pages[index][place].cells
            and len(texts[index][place]) <= _MAX_RUNNING
        ]  # fmt: skip
        keys = {spot: texts[spot[0]][spot[1]].casefold() for spot in outer}
        numbers = {spot for spot in outer if texts[spot[0]][spot[1]] != pages[spot[0]][spot[1]].text}
        repeats = {
            key: [spot for spot in outer if keys[spot] == key and sum(char.isalpha() for char in key) >= 4]
            for key in set(keys.values())
        }
        recurring = {spot for spots in repeats.values() if len(spots) >= _MIN_REPEATS for spot in spots}
        for spot in outer:
            slot = [o for o in outer if abs(_base(pages, o) - _base(pages, spot)) <= _POSITION]
            proven = [other for other in slot if other in recurring or other in numbers]
            if len(proven) < _MOST * len(filled):
                continue
            key = keys[spot]
            if spot in recurring:
                same = [other for other in repeats[key] if other in slot]
                apart = spot in numbers or 2 * sum(_stands_apart(pages[i], p, at_top) for i, p in same) > len(same)
                if len(same) >= _MIN_REPEATS and (apart or (at_top and numbered and not key.endswith(_SENTENCE_END))):
                    found.setdefault(spot[0], {})[spot[1]] = key, apart
            elif spot in numbers and all_lines[key] and key:
                found.setdefault(spot[0], {})[spot[1]] = key, True
    return found


def _base(pages: Sequence[Sequence[PrintedLine]], spot: tuple[int, int]) -> float:
    return pages[spot[0]][spot[1]].base


def _stands_apart(page: Sequence[PrintedLine], place: int, at_top: bool) -> bool:
    """Whether white, or the size of its letters, sets a line off from the text."""
    line = page[place]
    placed = sorted((other for other in page if other.size and other is not line), key=lambda other: -other.base)
    if not line.size or len(placed) < 2:
        return False
    steps = [one.base - other.base for one, other in pairwise(placed) if one.base - other.base > 1]
    nearest = placed[0] if at_top else placed[-1]
    usual = median(steps) if steps else 1.3 * nearest.size
    sizes = sorted(other.size for other in placed)
    smaller = line.size < 0.93 * sizes[len(sizes) // 2]
    return abs(line.base - nearest.base) > _APART * usual or smaller


# Tables over several pages


def _with_table_heads(pages: list[list[PrintedLine]]) -> list[list[PrintedLine]]:
    """A table that goes on at the top of a page has its first row there again."""
    result = [list(page) for page in pages]
    head: PrintedLine | None = None
    for index, page in enumerate(pages):
        first = page[0] if page else None
        if head is not None and first is not None and _same_table(head, first):
            if first.text.casefold() != head.text.casefold():
                result[index].insert(0, replace(head, opens=False))
        else:
            head = None
        rows = _last_table(page)
        if not rows:
            head = None
        elif len(rows) < len(page) or head is None:
            head = _head(rows)
    return result


def _last_table(page: Sequence[PrintedLine]) -> list[PrintedLine]:
    """The rows of the table that a page ends with."""
    rows: list[PrintedLine] = []
    for line in reversed(page):
        if not line.cells or (rows and not _same_table(rows[-1], line)):
            break
        rows.append(line)
    return rows[::-1]


def _same_table(one: PrintedLine, other: PrintedLine) -> bool:
    return (
        bool(other.cells)
        and len(one.cells) == len(other.cells)
        and all(abs(a - b) <= _COLUMN_SHIFT for a, b in zip(one.columns, other.columns, strict=True))
    )


def _head(rows: Sequence[PrintedLine]) -> PrintedLine | None:
    """The first row, where it names columns of numbers."""
    if len(rows) < 2 or not all(cell and not is_number(cell) for cell in rows[0].cells):
        return None
    return rows[0] if any(is_number(cell) for row in rows[1:] for cell in row.cells) else None


# Words cut at line ends


class _Words:
    """How often each word stands in the document, without the pieces of those that are cut at line ends."""

    def __init__(self, pages: Sequence[Sequence[PrintedLine]]) -> None:
        self._counted: Counter[str] = Counter()
        cut = False
        for page in pages:
            for line in page:
                found = re.findall(r"\w+(?:-\w+)*", line.text.casefold())
                if cut:
                    found = found[1:]
                cut = line.text.endswith("-")
                self._counted.update(found[:-1] if cut else found)
        self._sorted = sorted(self._counted)

    def __getitem__(self, word: str) -> int:
        return self._counted[word.casefold().strip("-")]

    def hyphen_after(self, head: str) -> int:
        """How many more words the document writes with a hyphen behind `head` than without one; forms of `head` itself don't count."""
        more = 0
        head = head.casefold()
        start, stop = bisect_left(self._sorted, head), bisect_left(self._sorted, f"{head}\U0010ffff")
        for word in self._sorted[start:stop]:
            tail = word[len(head) :]
            if tail.startswith("-"):
                more += 1
            elif len(tail) > 2 and tail not in _ENDINGS:
                more -= 1
        return more


def _page_text(page: Sequence[PrintedLine], words: _Words) -> str:
    text: list[str] = []
    for line in page:
        pieces = line.text.split(CUT)
        said = pieces[0]
        for piece in pieces[1:]:
            said = _whole(said, piece, words) or said + piece
        if text and not line.opens and (whole := _whole(text[-1], said, words)):
            text[-1] = whole
        else:
            text += ["", said] if line.opens and text else [said]
    return "\n".join(text).strip()


def _whole(line: str, following: str, words: _Words) -> str:
    """Both lines as one where a word is cut at the end of the first, else an empty string."""
    cut = _cut(line, following)
    if cut is None:
        return ""
    first, second = cut
    return line[: len(line) - len(first) - 1] + _joined(first, second, words) + following[len(second) :]


def _cut(line: str, following: str) -> tuple[str, str] | None:
    """The pieces of a word that is cut at the end of a line."""
    if not line.endswith("-") or not following[:1].isalnum():
        return None
    start = len(line) - 1
    while start and len(line) - start <= _LONGEST_WORD and (line[start - 1].isalnum() or line[start - 1] in "-_'’"):
        start -= 1
    first = line[start:-1]
    end = 0
    while end < min(len(following), _LONGEST_WORD) and (following[end].isalnum() or following[end] in "-_"):
        end += 1
    return (first, following[:end]) if first and first[-1].isalnum() else None


def _joined(first: str, second: str, words: _Words) -> str:
    """A word that is cut at a line's end, with its hyphen where that belongs to the word."""
    hyphened, whole = f"{first}-{second}", first + second
    tail = second.rstrip("-").casefold()
    head = first.casefold().rsplit("-", 1)[-1]
    if first[-1].isdigit() or second[0].isdigit() or words[hyphened] > words[whole]:
        return hyphened
    if words[whole]:
        return whole
    if len(first) == 1:
        return hyphened  # "e-mail": no syllable of one letter is set alone
    dutch = words["de"] + words["het"] + words["een"] > max(words["the"], words["der"])
    if dutch and first[-1].casefold() + second[0] in _COLLIDING:
        parted = first + second[0].translate(_TREMA) + second[1:]
        derived = first.casefold() in _DUTCH_PREFIXES or second in _DUTCH_SUFFIXES
        return parted if derived or words[parted] else hyphened
    if not second[0].islower() and (second[0].isupper() and not first.isupper()):
        return hyphened
    if "-" in first or "-" in second.strip("-"):
        return hyphened
    if len(first) > 1 and first[-1].isupper() and second[0].islower():
        return hyphened  # "MySQL-compatible": no syllable ends in a capital
    if len(head) >= _SHORTEST_HEAD and (more := words.hyphen_after(head)):
        return hyphened if more > 0 else whole
    english = words["the"] > words["de"] + words["der"] + words["het"]
    if english and head in _HYPHENED and tail not in _ENDINGS:
        return hyphened
    if min(len(head), len(tail)) >= 4 and words[head] > 1 and words[tail] > 1:
        return hyphened
    return whole


def _across_pages(pages: Sequence[str], words: _Words) -> list[str]:
    """Ends every page: with a blank line after a full stop, else with one newline; a word cut in two is made whole."""
    ended = [page.strip() for page in pages]
    for index in range(len(ended) - 1):
        cut = _cut(ended[index], ended[index + 1])
        if cut is not None and cut[1][0].islower():
            first, second = cut
            ended[index] = ended[index][: len(ended[index]) - len(first) - 1] + _joined(first, second, words)
            ended[index + 1] = ended[index + 1][len(second) :].lstrip(" ")
    return [
        page + ("\n\n" if page.endswith((".", "!", "?", ":", "”", '"')) else "\n") if page else "" for page in ended
    ]


def _roman_value(numeral: str) -> int:
    digits = [{"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}[char] for char in numeral]
    pairs = zip(digits, [*digits[1:], 0], strict=True)
    return sum(-digit if digit < following else digit for digit, following in pairs)
