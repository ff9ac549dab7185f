"""Rich text (RTF): the words in reading order, headings by style, tables by row, footnotes where they are called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from documents.errors import DamagedFile
from documents.model import Note, Parsed, note
from documents.styles import CONTENTS, level_of, says_something
from documents.symbols import symbol
from documents.writer import TextWriter

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\"
)
_CHARSETS = {
    0: 0,
    1: 0,
    77: 10000,
    128: 932,
    129: 949,
    130: 1361,
    134: 936,
    136: 950,
    161: 1253,
    162: 1254,
    163: 1258,
    177: 1255,
    178: 1256,
    186: 1257,
    204: 1251,
    222: 874,
    238: 1250,
    254: 437,
    255: 850,
}
_CODECS = {
    10000: "mac-roman",
    10001: "cp932",
    10007: "mac-cyrillic",
    10029: "mac-latin2",
    1361: "johab",
    936: "gb18030",
    65001: "utf-8",
    708: "iso8859-6",
    709: "iso8859-6",
    710: "iso8859-6",
    819: "cp1252",
    20127: "cp1252",
}
_SIGNS = {
    "tab": "\t", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•",
    "emspace": " ", "enspace": " ", "qmspace": " ", "cell": "", "zwnj": "\u200c", "zwj": "\u200d",
}  # fmt: skip
_PASSED = frozenset(
    "colortbl pict objdata themedata colorschememapping datastore latentstyles listtable listoverridetable revtbl rsidtbl generator "
    "xmlnstbl filetbl fldinst bkmkstart bkmkend datafield nonshppict sp sn sv shpinst objclass objname template passwordhash wgrffmtfilter "
    "atnid atnauthor atnref atndate atntime atrfstart atrfend atnparent pgptbl mmathPr ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn "
    "xe tc rxe txe".split()
)
_KEPT_THOUGH_STARRED = frozenset(
    {"shptxt", "shpinst", "footnote", "annotation", "pntext", "listtext", "fldrslt", "shp", "pntxtb", "cs"}
)
_SYMBOLS = 2  # the charset of fonts whose letters are signs
_MOST_GROUPS = 10_000  # open at once


@dataclass(frozen=True)
class _State:
    """What the open group is and how its letters are meant."""

    into: str = "body"  # body, header, note, fonts, styles, title, author, or "" for what is passed over
    codec: str = "cp1252"
    skip: int = 1  # letters after \\u that stand in for it
    hidden: bool = False
    deleted: bool = False
    symbols: str | None = None  # the name of the open font, where its letters are signs


@dataclass
class _Reading:
    writer: TextWriter = field(default_factory=TextWriter)
    state: _State = field(default_factory=_State)
    stack: list[_State] = field(default_factory=list)
    default: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    font_names: dict[int, str] = field(default_factory=dict)
    font: int = 0
    styles: dict[int, int | None] = field(default_factory=dict)
    style: int = 0
    level: int | None = None  # of the paragraph, by its own outline level
    in_table: bool = False
    table_open: bool = False
    row: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # of the paragraph so far
    raw: bytearray = field(default_factory=bytearray)  # bytes that are letters together with those after them
    sides: dict[str, str] = field(default_factory=dict)  # other texts by what they are
    to_skip: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)
    starred: bool = False  # the next word names a kind of group that may be passed over


def parse_rtf(data: bytes, name: str) -> Parsed:
    """The text with its headings. Raises DamagedFile."""
    reading = _Reading()
    place = 0
    while place < len(data):
        token = _TOKEN.match(data, place)
        if token is None:
            break
        place = token.end()
        word, amount, code, sign, brace, letters = token.groups()
        if word == b"bin":
            place += max(0, int(amount or 0))
        elif word is not None:
            _word(reading, word.decode("ascii"), int(amount) if amount else None)
        elif code is not None:
            _bytes(reading, bytes([int(code, 16)]))
        elif letters is not None:
            _bytes(reading, letters)
        elif brace is not None:
            _brace(reading, brace, name)
        elif sign is not None:
            _sign(reading, sign)
        if len(reading.stack) == 0 and brace == b"}":
            break
    closed = not reading.stack
    _end_paragraph(reading)
    _end_table(reading)
    text = reading.writer.text
    top = [heading for heading in reading.writer.headings if heading.level == 1]
    notes: list[Note] = [] if closed else [note("cut_off")]
    notes += [note("hidden_left_out", n=reading.left_out["hidden"])] if reading.left_out.get("hidden") else []
    notes += [note("comments_left_out", n=reading.left_out["comments"])] if reading.left_out.get("comments") else []
    return Parsed(
        pages=(text,),
        headings=tuple(heading for heading in reading.writer.headings if heading.start < len(text)),
        title=_line(reading.sides.get("title", "")) or None,
        heading_title=top[0].title if top else None,
        author=_line(reading.sides.get("author", "")) or None,
        notes=tuple(notes),
    )


def _brace(reading: _Reading, brace: bytes, name: str) -> None:
    _letters(reading)
    reading.to_skip = 0
    if brace == b"{":
        if len(reading.stack) >= _MOST_GROUPS:
            raise DamagedFile(name, "a rich text (RTF) file", "its groups have no end")
        reading.stack.append(reading.state)
        return
    if not reading.stack:
        return
    ended, reading.state = reading.state, reading.stack.pop()
    if ended.into == "note" and reading.state.into != "note":
        said = _line(reading.sides.pop("note", ""))
        if said:
            reading.words.append(f" [{said}]")
    elif ended.into == "header" and reading.state.into != "header":
        said = _line(reading.sides.pop("header", ""))
        if says_something(said) and said not in reading.heads:
            reading.heads.append(said)
            reading.writer.paragraph(said)


def _word(reading: _Reading, word: str, amount: int | None) -> None:
    if word == "u" and amount is not None:
        _letters(reading)
        code = amount % 0x10000
        private = 0xF000 <= code <= 0xF0FF
        _add(reading, symbol(reading.state.symbols or "", code) if private else chr(code))
        reading.to_skip = reading.state.skip
        return
    if reading.to_skip:
        reading.to_skip -= 1
        if word in _SIGNS:
            return
    _letters(reading)
    state, on = reading.state, amount != 0
    if reading.starred:
        reading.starred = False
        if word not in _KEPT_THOUGH_STARRED:
            reading.state = replace(state, into="")
            return
    if word in _PASSED:
        reading.state = replace(state, into="" if word != "shpinst" else state.into)
    elif word in ("fonttbl", "stylesheet", "title", "author", "info"):
        reading.state = replace(state, into={"fonttbl": "fonts", "stylesheet": "styles", "info": ""}.get(word, word))
    elif word == "annotation":
        reading.left_out["comments"] = reading.left_out.get("comments", 0) + 1
        reading.state = replace(state, into="")
    elif word == "footnote" and state.into == "body":
        reading.state = replace(state, into="note")
    elif (
        word in ("header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf")
        and state.into == "body"
    ):
        reading.state = replace(state, into="header")
    elif word == "f" and amount is not None:
        reading.font = amount
        if state.into == "fonts":
            reading.font_names[amount] = ""
        codec = reading.fonts.get(amount, reading.default)
        reading.state = replace(
            state, codec=codec or reading.default, symbols=reading.font_names.get(amount, "") if codec == "" else None
        )
    elif word == "fcharset" and state.into == "fonts":
        page = _CHARSETS.get(amount or 0, 0)
        reading.fonts[reading.font] = "" if amount == _SYMBOLS else _codec(page) if page else reading.default
    elif word == "ansicpg" and amount:
        reading.default = _codec(amount)
        reading.state = replace(state, codec=reading.default)
    elif word in ("mac", "pc", "pca"):
        reading.default = {"mac": "mac-roman", "pc": "cp437", "pca": "cp850"}[word]
        reading.state = replace(state, codec=reading.default)
    elif word == "uc":
        reading.state = replace(state, skip=min(max(amount or 0, 0), 10))
    elif word == "v":
        if on and not state.hidden and state.into == "body":
            reading.left_out["hidden"] = reading.left_out.get("hidden", 0) + 1
        reading.state = replace(state, hidden=on)
    elif word == "deleted":
        reading.state = replace(state, deleted=on)
    elif word == "plain":
        reading.state = replace(state, hidden=False, deleted=False)
    else:
        _layout(reading, word, amount)


def _layout(reading: _Reading, word: str, amount: int | None) -> None:
    into = reading.state.into
    if word == "s" and amount is not None:
        reading.style = amount
    elif into == "note" or into == "header":
        _add(reading, "\n" if word in ("par", "line", "sect", "page") else _SIGNS.get(word, ""))
    elif into != "body":
        return
    elif word == "pard":
        reading.style, reading.level, reading.in_table = 0, None, False
    elif word in ("intbl", "itap"):
        reading.in_table = amount != 0
    elif word == "outlinelevel":
        reading.level = amount + 1 if amount is not None and 0 <= amount < 9 else None
    elif word in ("par", "sect", "page"):
        _end_paragraph(reading)
    elif word in ("line", "softline"):
        _add(reading, "\n")
    elif word in ("cell", "nestcell"):
        reading.row.append(_line("".join(reading.words)))
        reading.words.clear()
    elif word in ("row", "nestrow"):
        if not reading.table_open:
            reading.writer.start_table()
            reading.table_open = True
        reading.writer.cells(reading.row)
        reading.row = []
    elif word in _SIGNS:
        _add(reading, _SIGNS[word])


def _sign(reading: _Reading, sign: bytes) -> None:
    if reading.to_skip:
        reading.to_skip -= 1
        return
    _letters(reading)
    if sign == b"*":
        reading.starred = True
        return
    said = {b"~": "\u00a0", b"_": "-", b"-": "", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n"}.get(
        sign, ""
    )
    if sign in (b"\n", b"\r"):
        _layout(reading, "par", None)
    else:
        _add(reading, said)


def _bytes(reading: _Reading, letters: bytes) -> None:
    if reading.to_skip:
        skipped = min(reading.to_skip, len(letters))
        reading.to_skip -= skipped
        letters = letters[skipped:]
    reading.raw += letters


def _letters(reading: _Reading) -> None:
    """Turns the bytes that came so far into letters."""
    if not reading.raw:
        return
    raw, state = bytes(reading.raw), reading.state
    reading.raw.clear()
    if state.symbols is not None:
        _add(reading, "".join(symbol(state.symbols, byte) for byte in raw))
    else:
        _add(reading, raw.decode(state.codec, "replace"))


def _add(reading: _Reading, text: str) -> None:
    state = reading.state
    if state.hidden or state.deleted or not text:
        return
    if state.into == "body":
        reading.words.append(text)
    elif state.into == "fonts":
        reading.font_names[reading.font] = (reading.font_names.get(reading.font, "") + text)[:100]
    elif state.into == "styles":
        said = reading.sides.get("styles", "") + text
        if ";" in said:
            reading.styles[reading.style] = level_of(said.split(";")[0].strip())
            said = ""
        reading.sides["styles"] = said[-200:]
    elif state.into in ("note", "header", "title", "author"):
        reading.sides[state.into] = reading.sides.get(state.into, "") + text


def _end_paragraph(reading: _Reading) -> None:
    _letters(reading)
    if reading.in_table or reading.row:
        reading.words.append(" ")
        return
    text = _whole("".join(reading.words))
    reading.words.clear()
    if not text.strip():
        return
    _end_table(reading)
    level = reading.level if reading.level is not None else reading.styles.get(reading.style)
    if level == CONTENTS:
        return
    writer = reading.writer
    writer.break_line(2)
    if level:
        writer.start_heading()
    for number, line in enumerate(text.split("\n")):
        if number:
            writer.break_line(1)
        writer.write(line)
    if level:
        writer.end_heading(level)
    writer.break_line(2)


def _end_table(reading: _Reading) -> None:
    if reading.row:
        reading.words.clear()
        reading.writer.start_table()
        reading.table_open = True
        reading.writer.cells(reading.row)
        reading.row = []
    if reading.table_open:
        reading.writer.end_table()
        reading.table_open = False


def _whole(text: str) -> str:
    """The text with letters that were written in two halves put together."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _line(text: str) -> str:
    return " ".join(_whole(text).split())


def _codec(page: int) -> str:
    name = _CODECS.get(page, f"cp{page}")
    try:
        "".encode(name)
    except LookupError:
        return "cp1252"
    return name
