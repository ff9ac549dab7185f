"""What word processors and pages have in common: names of paragraph styles in many languages, numerals of lists, running headers."""

from __future__ import annotations

import re

# The word for "heading" that the built-in styles have in each language.
_HEADING_WORDS = (
    "heading|überschrift|berschrift|kop|titre|título|titulo|ttulo|titolo|rubrik|overskrift|otsikko|nagłówek|naglowek|nadpis|címsor|cmsor"
    "|cimsor|naslov|titlu|başlık|balk|заголовок|заглавие|επικεφαλίδα|encabezado|cabeçalho|標題|标题|見出し|제목|כותרת|عنوان|หัวเรื่อง|judul"
)
_LEVEL = re.compile(rf"(?:{_HEADING_WORDS})[\s_]{{0,3}}([1-9])(?!\d)(?:\s.*)?", re.I | re.S)
_TITLES = frozenset(
    "title titel titre título titulo titolo tytuł tytul název nadpis otsikko rubrik tittel cím naslov titlu başlık название заголовок "
    "τίτλος 표제 表題 标题 標題".split()
)
_CONTENTS = re.compile(r"(?:toc|inhopg|verzeichnis|tm|índice|sommario|tdc|contents)[\s_]{0,3}(?:\d|heading)", re.I)

TITLE, CONTENTS = 0, -1
_MOST_LETTERS = 10  # of a list's number after "z": "aa", "aaa"
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def level_of(style: str) -> int | None:
    """1 to 9 for a heading, TITLE, CONTENTS for a line of the table of contents, None for anything else."""
    name = " ".join(style.replace("_20_", " ").split())[:200]
    if name.casefold() in _TITLES:
        return TITLE
    if _CONTENTS.match(name):
        return CONTENTS
    found = _LEVEL.fullmatch(name)
    return int(found[1]) if found else None


_FOLIO = frozenset(
    "page pages pagina paginas seite seiten von van of de sur p pag pág página páginas str strona stránka z ze di av side".split()
)


def numeral(number: int, kind: str) -> str:
    """A list's number as it is shown; `kind` is as HTML has it: "a", "A", "i", "I", anything else for digits."""
    if kind in ("a", "A") and number > 0:
        letters = chr(ord(kind) + (number - 1) % 26)
        return letters * min((number - 1) // 26 + 1, _MOST_LETTERS)
    if kind in ("i", "I") and 0 < number < 4000:
        written = ""
        for value, letters in _ROMAN:
            written += letters * (number // value)
            number %= value
        return written.upper() if kind == "I" else written
    return str(number)


def says_something(header: str) -> bool:
    """Whether a running header or footer is more than a page number."""
    words = re.findall(r"[^\W\d_]+", header)
    return any(word.casefold() not in _FOLIO and not re.fullmatch("[ivxlcdm]+", word, re.I) for word in words)
