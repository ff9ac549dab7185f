"""The letters of a PDF page with their places, as pdfium finds them.

pdfium's own text puts letters in an order that fails for Arabic, for text that was drawn row by row over two columns, and wherever
one glyph stands for several letters. So only the letters and where they stand are taken from it; `pdf_layout` puts them in order.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from unicodedata import bidirectional, category

import pypdfium2.raw as pdfium_c

_MAX_DEPTH = 12  # of forms inside forms
_MAX_OBJECTS = 2_000_000  # of one page
_MAX_SEGMENTS = 20_000  # of one page's drawings, looked through for the rules of tables
_MAX_PATH = 400  # segments of one drawing: a longer one is a picture, not a table
_SHORTEST_RULE = 8.0  # points
_MAX_ACTUAL = 4096  # characters that one span may stand for
_OUTSIDE = 3.0  # points beyond the page's edge that still count as on the page
_UPRIGHT = 3  # degrees off a right angle that count as none
_DOUBLE = 0.1  # of a letter's size: the same letter within it is the same one, drawn again to look bold
_CELL = 16.0  # points: letters are looked up by the square that they stand in
_WIDE = ((0x2E80, 0xA000), (0xF900, 0xFB00), (0xFF00, 0xFF66), (0x20000, 0x40000))
_OVERHANG = 0.04  # of a letter's size: ink that reaches that far out in front of its place does so behind it too
_HYPHENS = frozenset((0x02, 0xFFFE, 0xAD))
UNKNOWN = "\ufffd"  # in place of a letter that no font explains


class Letter(NamedTuple):
    """One glyph. Lengths are points; "right" is along the line that it stands on and "up" is across it."""

    text: str  # what it stands for: several characters for a ligature
    left: float
    right: float
    base: float  # the height of the line that it stands on
    size: float
    order: int  # its place in the order of drawing


class Rule(NamedTuple):
    """A straight line that is drawn on the page; `at` is its height or, of an upright one, its place along the line."""

    at: float
    start: float
    end: float


class Drawn(NamedTuple):
    """What stands on a page: letters by the direction that they are written in, degrees from 0 to 359, and the rules."""

    letters: dict[int, list[Letter]]
    level: tuple[Rule, ...]
    upright: tuple[Rule, ...]


class _Place(NamedTuple):
    order: int
    span: int  # address of the mark that says what the letters stand for, 0 for none
    box: tuple[float, float, float, float] | None


class _Style(NamedTuple):
    size: float
    angle: int
    font: Any = None
    unit: float = 0.0  # points along the line for one of the font's own


Matrix = tuple[float, float, float, float, float, float]
_LAM_ALEF = {"ال": "لا", "أل": "لأ", "إل": "لإ", "آل": "لآ"}  # no ligature has these letters the other way around
_EVERYWHERE = (-math.inf, -math.inf, math.inf, math.inf)
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def read_letters(page: Any, textpage: Any) -> Drawn:
    """Everything readable on a page of pypdfium2."""
    survey = _Survey(page)
    letters = _Reading(textpage, survey, page.get_bbox()).letters()
    if not letters:  # drawn beside the page: better than nothing
        letters = _Reading(textpage, survey, _EVERYWHERE).letters()
    upright_lines = {angle: _once(_without_columns(found, letters, angle)) for angle, found in list(letters.items())}
    if 270 in letters and 270 not in upright_lines:
        upright_lines[270] = _once(letters[270])
    return Drawn(
        {angle: found for angle, found in upright_lines.items() if found}, tuple(survey.level), tuple(survey.upright)
    )


class _Survey:
    """The objects that a page draws: text objects with their order and what they stand for, and straight lines."""

    def __init__(self, page: Any) -> None:
        self.places: dict[int, _Place] = {}
        self.actual: dict[int, str] = {}
        self.extent: dict[int, tuple[float, float, float, float]] = {}
        self.spaces: list[tuple[float, float, int, int]] = []
        self.level: list[Rule] = []
        self.upright: list[Rule] = []
        self._segments = 0
        self._count = 0
        for raw, matrix in self._walk(page.raw, _IDENTITY, 0):
            kind = pdfium_c.FPDFPageObj_GetType(raw)
            if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
                self._text(raw, matrix)
            elif kind == pdfium_c.FPDF_PAGEOBJ_PATH:
                self._path(raw, matrix)

    def _walk(self, container: Any, matrix: Matrix, depth: int) -> Iterator[tuple[Any, Matrix]]:
        if depth:
            count, get = pdfium_c.FPDFFormObj_CountObjects(container), pdfium_c.FPDFFormObj_GetObject
        else:
            count, get = pdfium_c.FPDFPage_CountObjects(container), pdfium_c.FPDFPage_GetObject
        for index in range(max(0, count)):
            raw = get(container, index)
            self._count += 1
            if not raw or self._count > _MAX_OBJECTS:
                continue
            if pdfium_c.FPDFPageObj_GetType(raw) != pdfium_c.FPDF_PAGEOBJ_FORM:
                yield raw, matrix
            elif depth < _MAX_DEPTH:
                yield from self._walk(raw, _times(_matrix(raw), matrix), depth + 1)

    def _text(self, raw: Any, matrix: Matrix) -> None:
        order = len(self.places)
        span = self._span(raw)
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        box = None
        if pdfium_c.FPDFPageObj_GetBounds(raw, left, bottom, right, top):
            corners = [_apply(matrix, x, y) for x in (left.value, right.value) for y in (bottom.value, top.value)]
            across, up = [x for x, _ in corners], [y for _, y in corners]
            box = (min(across), min(up), max(across), max(up))
            if span:
                # Ink may reach far out to the left of a letter's place, under the one before.
                box = (max(box[0], min(_times(_matrix(raw), matrix)[4], box[2])), *box[1:])
                known = self.extent.get(span, box)
                self.extent[span] = (
                    min(known[0], box[0]),
                    min(known[1], box[1]),
                    max(known[2], box[2]),
                    max(known[3], box[3]),
                )
            elif box[2] - box[0] < 0.01 and box[3] - box[1] < 0.01:
                # A blank, which pdfium leaves out of its text.
                self.spaces.append((box[0], box[1], _angle(*_times(_matrix(raw), matrix)[:2]), order))
        self.places[_address(raw)] = _Place(order, span, box)

    def _span(self, raw: Any) -> int:
        """The outermost mark around an object that says what its letters stand for."""
        for index in range(max(0, pdfium_c.FPDFPageObj_CountMarks(raw))):
            mark = pdfium_c.FPDFPageObj_GetMark(raw, index)
            key = _address(mark)
            if key in self.actual:
                return key
            # pdfium's own decoding of such a string drops the marks of UTF-16: the bytes are right.
            length = ctypes.c_ulong()
            found = pdfium_c.FPDFPageObjMark_GetParamBlobValue(mark, b"ActualText", None, 0, length)
            if not found or length.value > _MAX_ACTUAL:
                continue
            buffer = (ctypes.c_ubyte * max(1, length.value))()
            if pdfium_c.FPDFPageObjMark_GetParamBlobValue(mark, b"ActualText", buffer, length.value, length):
                self.actual[key] = text_string(bytes(buffer)[: length.value])
                return key
        return 0

    def _path(self, raw: Any, matrix: Matrix) -> None:
        count = pdfium_c.FPDFPath_CountSegments(raw)
        if count < 2 or count > _MAX_PATH or self._segments > _MAX_SEGMENTS:
            return
        self._segments += count
        matrix = _times(_matrix(raw), matrix)
        x, y = ctypes.c_float(), ctypes.c_float()
        before = start = (0.0, 0.0)
        for index in range(count):
            segment = pdfium_c.FPDFPath_GetPathSegment(raw, index)
            pdfium_c.FPDFPathSegment_GetPoint(segment, x, y)
            point = _apply(matrix, x.value, y.value)
            kind = pdfium_c.FPDFPathSegment_GetType(segment)
            if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
                start = point
            elif kind == pdfium_c.FPDF_SEGMENT_LINETO:
                self._rule(before, point)
            if pdfium_c.FPDFPathSegment_GetClose(segment):
                self._rule(point, start)
            before = point

    def _rule(self, one: tuple[float, float], other: tuple[float, float]) -> None:
        across, up = abs(one[0] - other[0]), abs(one[1] - other[1])
        if up <= 1 and across >= _SHORTEST_RULE:
            self.level.append(Rule(one[1], min(one[0], other[0]), max(one[0], other[0])))
        elif across <= 1 and up >= _SHORTEST_RULE:
            self.upright.append(Rule(one[0], min(one[1], other[1]), max(one[1], other[1])))


class _Reading:
    """Goes once through a page's letters."""

    def __init__(self, textpage: Any, survey: _Survey, bbox: tuple[float, float, float, float]) -> None:
        self._textpage = textpage
        self._survey = survey
        self._bbox = bbox
        self._styles: dict[int, _Style] = {}
        self._found: dict[int, list[Letter]] = {}
        self._placed: set[int] = set()  # spans
        self._on_page: set[int] = set()  # orders of objects
        self._outside: list[tuple[int, Letter]] = []

    def letters(self) -> dict[int, list[Letter]]:
        get_unicode, get_object = pdfium_c.FPDFText_GetUnicode, pdfium_c.FPDFText_GetTextObject
        no_meaning = pdfium_c.FPDFText_HasUnicodeMapError
        textpage = self._textpage.raw
        x, y = ctypes.c_double(), ctypes.c_double()
        box = pdfium_c.FS_RECTF()
        last: tuple[Any, ...] | None = None
        high = 0
        for index in range(max(0, pdfium_c.FPDFText_CountChars(textpage))):
            code = get_unicode(textpage, index)
            raw = get_object(textpage, index)
            if not raw or (code in (0x20, 0x0D, 0x0A) and pdfium_c.FPDFText_IsGenerated(textpage, index)):
                last = None
                continue
            address = _address(raw)
            place = self._survey.places.get(address) or _Place(len(self._survey.places), 0, None)
            if place.span:
                self._span(place, index, address)
                last = None
                continue
            if 0xD800 <= code < 0xDC00:
                high = code
                continue
            if 0xDC00 <= code < 0xE000:
                code = 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00 if high else 0xFFFD
            high = 0
            pdfium_c.FPDFText_GetCharOrigin(textpage, index, x, y)
            pdfium_c.FPDFText_GetLooseCharBox(textpage, index, box)
            char = UNKNOWN if no_meaning(textpage, index) else _readable(code)
            spot = (address, x.value, y.value)
            if last is not None and last[0] == spot and self._of_one_glyph(char, last[2], index):
                self._add_to_last(char, last[1], box.right, turned=self._tight(last[2]) == self._tight(index))
                continue
            style = self._style(address, index)
            edges = (box.left, box.bottom, box.right, box.top)
            if category(char) == "Mn":
                edges = self._tight(index)
            elif style.angle == 0 and box.left < x.value - _OVERHANG * style.size:
                edges = (x.value, box.bottom, x.value + (self._advance(style, code) or box.right - x.value), box.top)
            placed = self._place(char, edges, (x.value, y.value), style, place.order)
            last = (spot, style.angle, index) if placed else None
        for span in self._survey.actual.keys() - self._placed:
            self._lost_span(span)
        for across, up, angle, order in self._survey.spaces:
            if angle in self._found:
                along, base = turned(angle, across, up)
                self._found[angle].append(Letter(" ", along, along, base, 1.0, order))
        for angle, letter in self._outside:  # a line that runs over the page's edge is read to its end
            if letter.order in self._on_page:
                self._found.setdefault(angle, []).append(letter)
        for found in self._found.values():
            found.sort(key=lambda letter: letter.order)
        return self._found

    def _advance(self, style: _Style, code: int) -> float:
        """How far a letter's place reaches, which is less than a slanting letter's ink does; 0 where the font doesn't say."""
        width = ctypes.c_float()
        found = style.font and pdfium_c.FPDFFont_GetGlyphWidth(style.font, code, 1.0, width)
        return width.value * style.unit if found else 0.0

    def _of_one_glyph(self, char: str, before: int, index: int) -> bool:
        """Whether two letters with one origin are a single glyph's. Arabic ligatures have a box of each letter's own."""
        return bidirectional(char) in ("R", "AL") or self._tight(before) == self._tight(index)

    def _add_to_last(self, char: str, angle: int, right: float, *, turned: bool) -> None:
        """One glyph stands for several letters. Of a line that runs to the left pdfium turns those in one box around."""
        found = self._found[angle]
        before = found[-1]
        text = before.text + char
        if turned and bidirectional(char) in ("R", "AL"):
            text = char + before.text
            text = _LAM_ALEF.get(text, text)
        found[-1] = before._replace(text=text, right=before.right if angle else max(before.right, right))

    def _span(self, place: _Place, index: int, address: int) -> None:
        if place.span in self._placed:
            return
        self._placed.add(place.span)
        x, y = ctypes.c_double(), ctypes.c_double()
        pdfium_c.FPDFText_GetCharOrigin(self._textpage.raw, index, x, y)
        text = self._survey.actual[place.span].replace("\u00ad", "-")
        extent = self._survey.extent.get(place.span)
        if text and extent:
            self._place(text, extent, (x.value, y.value), self._style(address, index), place.order)

    def _lost_span(self, span: int) -> None:
        """A span whose glyphs pdfium gives no letters for."""
        text, extent = self._survey.actual[span], self._survey.extent.get(span)
        order = next((place.order for place in self._survey.places.values() if place.span == span), 0)
        if text.strip() and extent and extent[3] > extent[1]:
            size = min(extent[3] - extent[1], 14.0)
            self._place(text.replace("\u00ad", "-"), extent, (extent[0], extent[1]), _Style(size, 0), order)

    def _place(
        self,
        text: str,
        box: tuple[float, float, float, float],
        origin: tuple[float, float],
        style: _Style,
        order: int,
    ) -> bool:
        if style.angle == 0:
            start, end = box[0], box[2]
        elif style.angle % 90 == 0:
            ends = [turned(style.angle, box[0], box[1])[0], turned(style.angle, box[2], box[3])[0]]
            start, end = min(ends), max(ends)
        else:
            start = turned(style.angle, *origin)[0]
            end = start + 0.5 * style.size * len(text)  # the box of a slanting letter says little about its width
        base = turned(style.angle, *origin)[1]
        letter = Letter(text, start, end, base, style.size, order)
        left, bottom, right, top = self._bbox
        across, up = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if not (left - _OUTSIDE <= across <= right + _OUTSIDE and bottom - _OUTSIDE <= up <= top + _OUTSIDE):
            self._outside.append((style.angle, letter))
            return False
        self._on_page.add(order)
        self._found.setdefault(style.angle, []).append(letter)
        return True

    def _style(self, address: int, index: int) -> _Style:
        known = self._styles.get(address)
        if known is not None:
            return known
        matrix = pdfium_c.FS_MATRIX()
        size = unit = pdfium_c.FPDFText_GetFontSize(self._textpage.raw, index)
        angle = 0
        if pdfium_c.FPDFText_GetMatrix(self._textpage.raw, index, matrix):
            size *= math.hypot(matrix.c, matrix.d)
            unit *= math.hypot(matrix.a, matrix.b)
            angle = _angle(matrix.a, matrix.b)
        font = pdfium_c.FPDFTextObj_GetFont(pdfium_c.FPDFText_GetTextObject(self._textpage.raw, index))
        style = _Style(abs(size) or 1.0, angle, font, abs(unit))
        self._styles[address] = style
        return style

    def _tight(self, index: int) -> tuple[float, float, float, float]:
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        pdfium_c.FPDFText_GetCharBox(self._textpage.raw, index, left, right, bottom, top)
        return left.value, bottom.value, right.value, top.value


def text_string(data: bytes) -> str:
    """A string of PDF as text: UTF-16 or UTF-8 by its mark, else one byte a letter."""
    for mark, encoding in ((b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"), (b"\xef\xbb\xbf", "utf-8")):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return data.decode("latin-1")


def _readable(code: int) -> str:
    if code in _HYPHENS:
        return "-"
    return chr(code) if code and code < 0x110000 and not 0xD800 <= code < 0xE000 else UNKNOWN


def _once(letters: list[Letter]) -> list[Letter]:
    """The letters without those that are drawn a second time a hair's breadth off."""
    cells: dict[tuple[str, float, float], list[Letter]] = {}
    kept = []
    for letter in letters:
        if letter.text.isspace():
            kept.append(letter)
            continue
        step = max(_DOUBLE * letter.size, 0.05)
        column, row = letter.left // _CELL, letter.base // _CELL
        columns = {(letter.left - step) // _CELL, column, (letter.left + step) // _CELL}
        rows = {(letter.base - 2 * step) // _CELL, row, (letter.base + 2 * step) // _CELL}
        near = [o for a in columns for b in rows for o in cells.get((letter.text, a, b), ())]
        if any(
            abs(o.left - letter.left) <= step
            and abs(o.base - letter.base) <= 2 * step
            and 0.8 < o.size / letter.size < 1.25
            for o in near
        ):
            continue
        cells.setdefault((letter.text, column, row), []).append(letter)
        kept.append(letter)
    return kept


def _without_columns(found: list[Letter], letters: dict[int, list[Letter]], angle: int) -> list[Letter]:
    """The letters without Chinese and Japanese ones that run down the page: those move to the lines of 270 degrees."""
    if angle or not any(is_wide(letter.text) for letter in found):
        return found
    down: list[Letter] = []
    rest: list[Letter] = []
    run: list[Letter] = []
    column: list[Letter] = []  # the last one that runs down the page
    for letter in [*found, None]:
        if letter is not None and run and is_wide(letter.text) and _below(run[-1], letter):
            run.append(letter)
            continue
        long = len(run) >= 3 and run[0].base - run[-1].base > len(run) * 0.6 * run[0].size
        if long or (run and column and _beside_column(run, column)):
            down += _turned_down(run)
            column = run
        else:
            rest += run
        run = []
        if letter is not None:
            if is_wide(letter.text):
                run = [letter]
            else:
                rest.append(letter)
    if down:
        letters[270] = sorted([*letters.get(270, []), *down], key=lambda letter: letter.order)
    return rest


def _below(one: Letter, other: Letter) -> bool:
    """Whether `other` comes after `one` down the page; marks such as a full stop stand nearer than letters do."""
    return abs(one.left - other.left) < 0.3 * one.size and -0.4 * one.size < one.base - other.base < 2.6 * one.size


def _beside_column(run: Sequence[Letter], column: Sequence[Letter]) -> bool:
    """Whether a few letters begin at the height of the column drawn before them, one line's step to its left: they are the last one."""
    step = column[0].left - run[0].left
    return abs(run[0].base - column[0].base) < 0.6 * run[0].size and 0.9 * run[0].size < step < 2.5 * run[0].size


def _turned_down(run: Sequence[Letter]) -> list[Letter]:
    """The letters of a column as those of a line. Flat ones ("一") leave white that is no blank: it is theirs up to the next letter."""
    moved: list[Letter] = []
    for letter in run:
        left = -(letter.base + 0.88 * letter.size)
        if moved:
            left = max(left, moved[-1].left + 0.3 * letter.size)
            if 0 < left - moved[-1].right < letter.size:
                moved[-1] = moved[-1]._replace(right=left)
        moved.append(letter._replace(left=left, right=left + 0.9 * letter.size, base=letter.left))
    return moved


def is_wide(text: str) -> bool:
    """Whether a letter is one of those that Chinese and Japanese set without blanks between words."""
    code = 0 if text.isascii() else ord(text[0])
    return code >= 0x2E80 and code != 0x3000 and any(first <= code < end for first, end in _WIDE)


def turned(angle: int, x: float, y: float) -> tuple[float, float]:
    """A point as seen along lines that are written in the direction `angle`."""
    if angle == 0:
        return x, y
    if angle == 90:
        return y, -x
    if angle == 180:
        return -x, -y
    if angle == 270:
        return -y, x
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return x * cosine + y * sine, y * cosine - x * sine


def _angle(a: float, b: float) -> int:
    """The direction of (a, b) in whole degrees, those near a right angle taken for it."""
    angle = round(math.degrees(math.atan2(b, a)))
    right_angle = round(angle / 90) * 90
    return (right_angle if abs(angle - right_angle) <= _UPRIGHT else angle) % 360


def _matrix(raw: Any) -> Matrix:
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(raw, matrix):
        return _IDENTITY
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _apply(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _address(pointer: Any) -> int:
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0
