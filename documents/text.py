"""Plain text: chapters are found by the way their headings look."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise

from documents.decode import decode
from documents.model import Heading, Parsed

_NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty "
    "thirty forty fifty first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth last "
    "een één twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien "
    "twintig eerste tweede derde vierde vijfde zesde zevende achtste negende tiende elfde twaalfde laatste "
    "eins zwei drei vier fünf sechs sieben neun zehn zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig "
    "erster erstes zweite zweiter zweites dritte dritter drittes vierter viertes fünfte fünfter fünftes sechste sechster sechstes "
    "siebte siebter siebtes siebente achte achter achtes neunte neunter neuntes zehnte zehnter zehntes elftes zwölfte letzte letztes "
    "un une deux trois quatre cinq sept huit neuf dix onze douze treize quatorze quinze seize vingt premier première deuxième seconde "
    "troisième quatrième cinquième sixième septième huitième neuvième dixième onzième douzième dernier "
    "uno dos tres cuatro cinco seis siete ocho nueve diez doce trece catorce quince veinte primero primer primera segundo segunda tercero "
    "tercer tercera cuarto quinto sexto séptimo octavo noveno décimo último "
    "due tre quattro cinque sei sette otto nove dieci undici dodici primo prima secondo terzo quarto sesto settimo ottavo nono decimo "
    "um dois três quatro sete oito dez primeiro segundo terceiro oitavo "
    "pierwszy drugi trzeci czwarty piąty szósty siódmy ósmy dziewiąty dziesiąty ett två tre fyra fem första andra tredje fjärde femte "
    "první druhá třetí čtvrtá pátá šestá sedmá osmá devátá desátá első második harmadik negyedik ötödik hatodik hetedik "
    "первая вторая третья четвёртая четвертая пятая шестая седьмая восьмая девятая десятая одиннадцатая двенадцатая последняя"
)
_NUMBER = (
    rf"(?:\d{{1,4}}|[IVXLCDM]{{1,9}}|the\s{{1,3}}\w{{1,20}}|{'|'.join(sorted(set(_NUMBERS.split()), key=len, reverse=True))})"
    r"(?:[\s-](?:one|two|three|four|five|six|seven|eight|nine))?"
)
_PARTS = (
    "part|book|volume|act|deel|boek|bedrijf|akte|teil|buch|band|aufzug|partie|livre|tome|acte|parte|libro|tomo|acto|atto|ato|livro|del|bok"
    "|bind|osa|kirja|część|księga|tom|часть|книга|том|díl|kniha|rész|könyv|kötet"
)
_CHAPTERS = (
    "chapter|chap\\.|canto|scene|letter|stave|section|hoofdstuk|hfst\\.|brief|kapitel|kap\\.|abschnitt|szene|gesang|chapitre|scène|lettre"
    "|chant|capítulo|capitulo|cap\\.|escena|carta|capitolo|scena|lettera|cena|kapittel|luku|rozdział|глава|сцена|розділ|kapitola|fejezet"
    "|poglavlje|capitolul|bölüm|κεφάλαιο|פרק|الفصل"
)
# Languages whose number words are not listed: any word counts, where nothing else is on the line.
_ANY_NUMBER = re.compile(r"(?:κεφάλαιο|פרק|الفصل)\s{1,3}\w{1,20}$", re.I)
_PART = re.compile(
    rf"(?:(?:{_PARTS})\s{{1,9}}{_NUMBER}|{_NUMBER}(?:\.|e|er|ème|º|ª)?\s{{1,9}}(?:{_PARTS}))\b(?P<rest>.*)$", re.I
)
_CHAPTER = re.compile(
    rf"(?:(?:{_CHAPTERS})\s{{1,9}}{_NUMBER}|{_NUMBER}(?:\.|e|er|ème|º|ª)?\s{{1,9}}(?:{_CHAPTERS}))\b(?P<rest>.*)$", re.I
)
_EASTERN = re.compile(
    r"(?:第\s?[〇零一二三四五六七八九十百千两兩\d]{1,8}\s?(?P<kind>[章回節节話话部卷篇編幕])|제\s?\d{1,4}\s?[장부편화권])(?P<rest>.*)$"
)
_ALONE = re.compile(
    r"(?:prologue|epilogue|preface|foreword|introduction|afterword|conclusion|appendix(?:\s\w{1,5})?|etymology|contents|table of contents"
    r"|acknowledge?ments|glossary|bibliography|index|proloog|epiloog|voorwoord|nawoord|inleiding|inhoud|inhoudsopgave|dankwoord|slotwoord"
    r"|bijlage(?:\s\w{1,5})?|verantwoording|register|prolog|epilog|vorwort|nachwort|einleitung|inhalt|inhaltsverzeichnis|danksagung"
    r"|anhang(?:\s\w{1,5})?|prologue|épilogue|préface|avant-propos|postface|sommaire|table des matières|remerciements|annexe(?:\s\w{1,5})?"
    r"|prólogo|epílogo|prefacio|introducción|conclusión|índice|apéndice|agradecimientos|prologo|epilogo|prefazione|introduzione"
    r"|conclusione|indice|appendice|ringraziamenti|prefácio|introdução|conclusão|wstęp|przedmowa|posłowie|förord|forord|efterord"
    r"|пролог|эпилог|предисловие|введение|заключение|послесловие|оглавление|содержание|приложение"
    r"|序章|終章|终章|序言|前言|后记|後記|プロローグ|エピローグ|まえがき|あとがき|はじめに|おわりに)\s?[.:]?$",
    re.I,
)
_BARE_NUMBER = re.compile(r"(?:[IVXLCDM]{1,9}|\d{1,3})\.?$")
_NUMBERED = re.compile(r"(\d{1,3})[.)]?\s{1,9}(\S.*)$")
_MARKED = re.compile(r"(#{1,6})\s{1,9}(\S.*?)\s{0,9}#{0,6}$")
_REST = re.compile(r"\s{0,9}(?:[.:,)\]—–-]{1,9}\s{0,9}(?P<after>.*)|(?P<spaced>\s.*))?$")
_LICENCE = re.compile(r"\*{3}\s{0,9}END OF (?:THE|THIS) PROJECT GUTENBERG", re.I)
_GUTENBERG = re.compile(r"\*{3}\s{0,9}START OF (?:THE|THIS) PROJECT GUTENBERG", re.I)
_FIELD = re.compile(r"^(Title|Author):[ \t]{0,99}(\S.*)$", re.M)
_WORD = re.compile(rf"(?:{_PARTS}|{_CHAPTERS})$", re.I)
_MAX_LINE = 100
PART_CHARACTERS = 6000  # of a chapter, above which it is read in several parts
_TITLE_WORDS = 5  # of a title that ends with a full stop, at most
_LISTED = 200  # a heading that comes again later, with less than this below it, stood in a table of contents


def parse_text(data: bytes, name: str) -> Parsed:
    """The text, with the chapters that its headings mark."""
    text, notes = decode(data)
    text = text.replace("\f", "\n")
    start = _GUTENBERG.search(text[:100_000])
    fields = {key.lower(): value.strip() for key, value in _FIELD.findall(text[: start.start()])} if start else {}
    headings = find_headings(text)
    return Parsed(
        pages=(text,),
        headings=headings,
        title=fields.get("title"),
        heading_title=_first_line(text, headings) if start is None else None,
        author=fields.get("author"),
        part_characters=PART_CHARACTERS,
        notes=notes,
    )


def is_chapter(title: str) -> bool:
    """Whether a heading is a chapter's or another part's of a book, and so not the book's title."""
    title = " ".join(title.split())[:_MAX_LINE]
    return any(pattern.match(title) for pattern in (_PART, _CHAPTER, _EASTERN, _ANY_NUMBER, _ALONE, _BARE_NUMBER))


def find_headings(text: str, page_starts: Collection[int] = ()) -> tuple[Heading, ...]:
    """Headings such as ``CHAPTER I`` or ``Chapter 12. Title``, each on a line of its own after a blank line.

    The first line of a page counts as one after a blank line: `page_starts` are the pages' offsets.
    """
    lines = _lines(text)
    tops = frozenset(page_starts)
    found: list[Heading] = []
    close: list[tuple[int, Heading]] = []  # with no blank line before them: the number, and the heading
    for index, (start, line) in enumerate(lines):
        on_top = start in tops
        if not line or len(line) > _MAX_LINE:
            continue
        apart = not index or not lines[index - 1][1] or on_top
        kind, title = (
            _split_heading(lines, index) if _WORD.match(line) and apart else _heading(line, lines, index, on_top)
        )
        heading = Heading(title, {"part": 1, "licence": 1}.get(kind, 2), start)
        under = found[-1] if found else None
        if (
            under
            and kind == "alone"
            and under.title.endswith(f". {title}")
            and "\n" not in text[under.start : start].strip()
        ):
            continue  # the title of the chapter whose number stands above it
        if kind and apart:
            found.append(heading)
        elif kind in ("part", "chapter"):
            close.append((_number_in(line), heading))
    found = sorted(found + _counting_up(close), key=lambda heading: heading.start)
    headings = _without_contents(found, text)
    if len(headings) < 2:
        headings = headings + _numbered(lines)
    if len(headings) < 2:
        headings = headings + _marked(lines)
    has_parts = any(_PART.match(h.title) for h in headings)
    level = {1: 1, 2: 2 if has_parts else 1}
    return tuple(
        Heading(h.title, 1 if _ALONE.match(h.title) else level.get(h.level, h.level), h.start)
        for h in sorted(headings, key=lambda h: h.start)
    )


def _number_in(line: str) -> int:
    """The number of a heading in digits or Roman ones; 0 where it has none."""
    for word in re.findall(r"\w+", line)[:2]:
        if word.isdecimal():
            return int(word)
        if re.fullmatch("[IVXLCDM]{1,9}", word):
            return _value(word)
    return 0


def _counting_up(close: list[tuple[int, Heading]]) -> list[Heading]:
    """Headings right under other text are headings where they count up from one."""
    counted = [(number, heading) for number, heading in close if number]
    numbers = [number for number, _ in counted]
    follows = len(numbers) >= 2 and numbers[0] <= 2 and all(b in (a + 1, 1) for a, b in pairwise(numbers))
    return [heading for _, heading in counted] if follows else []


def _lines(text: str) -> list[tuple[int, str]]:
    lines, start = [], 0
    for line in text.split("\n"):
        lines.append((start + len(line) - len(line.lstrip()), line.strip()))
        start += len(line) + 1
    return lines


def _split_heading(lines: list[tuple[int, str]], index: int) -> tuple[str, str]:
    """A heading set on three lines, as in ``CHAPTER``, ``TWO``, ``The Lamp``."""
    following = [line for _, line in lines[index + 1 : index + 5] if line]
    if not following or not re.fullmatch(_NUMBER, following[0], re.I):
        return "", ""
    word = f"{lines[index][1]} {following[0]}"
    kind = "part" if _PART.match(word) else "chapter"
    return kind, f"{word}. {following[1]}" if len(following) > 1 and _like_title(following[1]) else word


def _heading(line: str, lines: list[tuple[int, str]], index: int, on_top: bool) -> tuple[str, str]:
    """The kind of heading that `line` is ("" for none), and its whole title."""
    if _LICENCE.match(line):
        return "licence", "About this e-book"
    if _ALONE.match(line):
        return "alone", line.rstrip(".:")
    eastern = _EASTERN.match(line)
    if eastern:
        kind = "part" if (eastern["kind"] or "") in "部卷篇編" and eastern["kind"] else "chapter"
        return (kind, line) if len(line) <= 40 and not line.endswith(("。", "，", "、")) else ("", "")
    if _ANY_NUMBER.match(line):
        return "chapter", line
    for kind, pattern in (("part", _PART), ("chapter", _CHAPTER)):
        match = pattern.match(line)
        rest = _REST.match(match["rest"]) if match else None
        if match is None or rest is None:
            continue
        title = (rest["after"] or rest["spaced"] or "").strip()
        if not title:
            following = _title_below(lines, index, on_top)
            return kind, f"{line.rstrip('.:')}. {following}" if following else line.rstrip(".:")
        named = not title[0].islower() and (rest["after"] is not None or not title[0].isdigit())
        if named and not title.endswith((",", ";")):
            return kind, line
    return "", ""


def _title_below(lines: list[tuple[int, str]], index: int, on_top: bool) -> str:
    """The title under a bare ``CHAPTER I``: a short line directly below or after one blank line.

    It stands alone, but for the top of a page, where the text may follow without a blank line.
    """
    for place in (index + 1, index + 2):
        if place >= len(lines) or not lines[place][1]:
            continue
        line = lines[place][1]
        alone = place + 1 >= len(lines) or not lines[place + 1][1]
        sentence = line.endswith(".") and (on_top or len(line.split()) > _TITLE_WORDS)
        fits = _like_title(line) and not (sentence if alone else sentence or not on_top)
        return line.rstrip(".") if fits else ""
    return ""


def _like_title(line: str) -> bool:
    short = len(line) <= 70 and len(line.split()) <= 10
    prose = line[0] in "“\"'‘—" or line[0].islower() or line.endswith((",", ";", "?”", ".”"))
    return short and not prose and not any(p.match(line) for p in (_CHAPTER, _PART, _BARE_NUMBER))


def _without_contents(headings: list[Heading], text: str) -> list[Heading]:
    """Drops the entries of a table of contents: they come again later and have next to nothing below them."""
    last = {_key(h): h.start for h in headings}
    ends = [*(h.start for h in headings), len(text)][1:]
    return [
        heading
        for heading, end in zip(headings, ends, strict=True)
        if last[_key(heading)] == heading.start or end - heading.start - len(heading.title) > _LISTED
    ]


def _key(heading: Heading) -> str:
    return " ".join(re.findall(r"\w+", heading.title.casefold())[:2])


def _numbered(lines: list[tuple[int, str]]) -> list[Heading]:
    """Bare ``I``, ``II``, ``III`` … or ``1``, ``2``, ``3`` …, or titles behind such a number, between blank lines, when they count
    up from one."""
    bare: list[Heading] = []
    titled: list[Heading] = []
    for index, (start, line) in enumerate(lines):
        alone = (index == 0 or not lines[index - 1][1]) and (index + 1 >= len(lines) or not lines[index + 1][1])
        if not alone or len(line) > _MAX_LINE:
            continue
        if _BARE_NUMBER.match(line):
            if _value(line.rstrip(".")) == len(bare) + 1:
                bare.append(Heading(line.rstrip("."), 2, start))
            continue
        named = _NUMBERED.match(line)
        if (
            named
            and int(named[1]) == len(titled) + 1
            and _like_title(named[2])
            and not line.endswith((".", "!", "?", ":"))
        ):
            titled.append(Heading(line, 2, start))
    return next((found for found in (bare, titled) if len(found) >= 3), [])


def _marked(lines: list[tuple[int, str]]) -> list[Heading]:
    """Headings marked as Markdown marks them, ``## Title``, where there are at least two."""
    found = [
        Heading(mark[2], len(mark[1]), start)
        for index, (start, line) in enumerate(lines)
        if len(line) <= _MAX_LINE and (index == 0 or not lines[index - 1][1]) and (mark := _MARKED.match(line))
    ]
    return found if len(found) >= 2 else []


def _value(numeral: str) -> int:
    if numeral.isdigit():
        return int(numeral)
    digits = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}[char] for char in numeral]
    pairs = zip(digits, [*digits[1:], 0], strict=True)
    return sum(-digit if digit < following else digit for digit, following in pairs)


def _first_line(text: str, headings: Collection[Heading]) -> str | None:
    """The first line, if it stands alone like a title and is no chapter's; a text of one line has none."""
    start = len(text) - len(text.lstrip())
    lines = [line.strip() for line in text.lstrip().split("\n", 2)[:3]]
    is_chapter = any(heading.start == start for heading in headings)
    if is_chapter or len(lines) < 3 or not lines[2].strip() or len(lines[0]) > 80 or lines[1]:
        return None
    return lines[0] if not lines[0].endswith((".", ",", ";", ":", "。", "।", "?", "!")) else None
