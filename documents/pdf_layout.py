"""A page's letters in reading order: lines, columns one after the other, the rows of tables as rows.

Letters that were drawn one after another make runs, runs at one height make rows. White that runs down between rows is either the
gutter of columns, which are read one after the other, or parts the cells of a table, whose rows are kept. Which of the two it is
shows in rules that are drawn, in the order of drawing and in what stands on both sides.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from statistics import median
from typing import NamedTuple
from unicodedata import normalize

from documents.pdf_letters import Drawn, Letter, Rule, is_wide, turned
from documents.pdf_script import consonants_first, in_logical_order, is_mark, runs_to_left, spelled_out

_RUN_GAP = 0.7  # of a letter's size, within which the next letter goes on with a run
_RUN_STEP = 0.55  # of a letter's size, up or down, as a raised or lowered one stands
_ROW = 0.3  # of a letter's size, within which runs stand at one height
_WORD_GAP = 0.13  # of a letter's size, from which white parts words where no blanks are drawn
_BLANKED_GAP = 0.28  # the same in a row that has blanks
_THINNEST = 0.08  # of a letter's size, that a blank leaves white at least
_LETTERS_A_BLANK = 16  # at most, in a row whose words are parted by blanks
_LETTERS_A_WORD = 3  # at least, in Chinese and Japanese
_JOINED_GAP = 0.5  # the same in a script whose glyphs say little about their width
_PIECE_GAP = 0.7  # of a letter's size, from which white may part columns
_APART = 1.5  # of a letter's size, by which two things in a row clearly stand apart
_PARAGRAPH = 1.6  # of the usual step from line to line, beyond which a paragraph begins
_STAMP_LINES = 2
_MOST_ROWS = 1500  # of a page, beyond which columns aren't looked for
_MOST_GUTTERS = 64  # followed at a time
_DEEPEST = 12  # columns in columns
CUT = "\u00ad"  # after a hyphen in a line: what follows stood on the next one
_ITEM_MARK = re.compile(
    r"(?:[•◦▪▸‣●○■□–—*·\-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxlIVXL]{1,5})[.)]|(?:\d{1,3}|[A-Z])(?:\.\d{1,3}){1,4}\.?)$"
)
_ACCENTS = {
    "`": "\u0300", "´": "\u0301", "ˆ": "\u0302", "˜": "\u0303", "¯": "\u0304", "˘": "\u0306", "˙": "\u0307",
    "¨": "\u0308", "˚": "\u030a", "˝": "\u030b", "ˇ": "\u030c", "¸": "\u0327", "˛": "\u0328",
}  # fmt: skip
_NUMBER = re.compile(r"(?:[^\W\d_]{1,3}(?=[\s\d.€$£+-]))?[\W\d_]{1,40}[^\W\d_]{0,3}$")
_JOINED_SCRIPT = re.compile("[\u0590-\u08ff\u0900-\u0dff\u0e00-\u109f\u1780-\u17ff\ufb1d-\ufdff\ufe70-\ufefc]")


@dataclass(frozen=True)
class PrintedLine:
    """A line of a page as it is read. Places are points, upwards and to the right; a line without a place has size 0."""

    text: str
    left: float = 0.0
    right: float = 0.0
    base: float = 0.0
    size: float = 0.0
    parts: tuple[str, ...] = ()  # what stands clearly apart in it
    cells: tuple[str, ...] = ()  # of a row of a table
    columns: tuple[float, ...] = ()  # where the white between the cells lies
    opens: bool = False  # whether a paragraph begins with it
    aside: bool = False  # whether it is turned, alone or one of two, as a stamp in the margin is


class Insert(NamedTuple):
    """Text that isn't drawn by the page itself, such as a form's entry, and the box that it stands in."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    label: str = ""  # said before it where nothing that is printed says what it is


@dataclass
class _Run:
    letters: list[Letter]
    left: float
    right: float
    base: float
    size: float

    @property
    def order(self) -> int:
        return self.letters[0].order


class SeenWord(NamedTuple):
    """A word where it stands on the page: `text` as it is read, lengths in points along the line that it stands on and across it."""

    text: str
    left: float
    right: float
    base: float
    size: float


class _Piece(NamedTuple):
    """What stands together in a row. The white on both sides of it is at least as wide as a gutter may be."""

    glyphs: tuple[str, ...]  # as seen from left to right, blanks between words included
    sides: tuple[tuple[float, float], ...]  # of each glyph
    left: float
    right: float
    order: int

    @property
    def text(self) -> str:
        return "".join(self.glyphs)


@dataclass
class _Row:
    base: float
    size: float
    pieces: list[_Piece] = field(default_factory=list)


class _Gutter(NamedTuple):
    left: float
    right: float
    first: int  # rows
    last: int

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


class _Zone(NamedTuple):
    """A gutter and the rows in which something stands on both sides of it, or on one side beside the other."""

    gutter: _Gutter
    low: int
    high: int


def lay_out(drawn: Drawn, inserts: Sequence[Insert] = ()) -> tuple[PrintedLine, ...]:
    """The page's lines in the order in which they are read: the direction most is written in first, the others after it, stamps last."""
    lines: list[PrintedLine] = []
    asides = {angle for angle, letters in drawn.letters.items() if angle and _is_aside(letters)}
    frames = sorted(drawn.letters.items(), key=lambda item: (item[0] in asides, -len(item[1]), item[0]))
    if inserts and not frames:
        frames.append((0, []))
    loose: list[Letter] = []
    for place, (angle, letters) in enumerate(frames):
        if angle % 90 and len(letters) < 3:
            loose += letters  # set along a curve
            continue
        runs = _runs(letters)
        if place == 0 and angle % 90 == 0:
            runs += _inserted([_seen_insert(angle, insert) for insert in inserts], runs)
        frame = _frame_lines(runs, _seen_from(angle, drawn))
        aside = angle in asides
        if place or aside:  # heights tell nothing beside those of lines in another direction
            frame = [replace(line, size=0.0, opens=line.opens or line is frame[0], aside=aside) for line in frame]
        lines += frame
    if loose:
        text = "".join(letter.text for letter in sorted(loose, key=lambda letter: letter.order))
        lines.append(PrintedLine(spelled_out(text).strip(), opens=True))
    return tuple(line for line in lines if line.text)


def _is_aside(letters: Sequence[Letter]) -> bool:
    """Whether letters in one direction are a line or two, and none of them Chinese or Japanese, which run down the page anyway."""
    bases = sorted(letter.base for letter in letters)
    size = max(letter.size for letter in letters)
    lines = 1 + sum(other - one > 0.6 * size for one, other in pairwise(bases))
    return lines <= _STAMP_LINES and not any(is_wide(letter.text) for letter in letters)


def words_to_left(letters: Sequence[Letter]) -> Iterator[SeenWord]:
    """The words of text that runs to the left and is written in one direction: from the top down, each row from the right."""
    for row in _rows(_runs(letters), ()):
        for piece in reversed(row.pieces):
            ends = [place for place, glyph in enumerate((*piece.glyphs, " ")) if glyph == " "]
            for start, end in reversed(list(zip([0, *(place + 1 for place in ends)], ends, strict=False))):
                sides = piece.sides[start:end]
                text = _as_read(piece.glyphs[start:end], to_left=True)
                yield SeenWord(
                    text, min(left for left, _ in sides), max(right for _, right in sides), row.base, row.size
                )


def _as_read(glyphs: Sequence[str], *, to_left: bool) -> str:
    """The text of glyphs that stand beside one another, from left to right, in a text that runs to the left or not."""
    text = in_logical_order(glyphs, True if to_left else None)
    return " ".join(normalize("NFC", consonants_first(spelled_out(text))).split())


def _seen_from(angle: int, drawn: Drawn) -> tuple[list[Rule], list[Rule]]:
    """The level and the upright rules as seen along lines that are written in the direction `angle`."""
    level, upright = list(drawn.level), list(drawn.upright)
    if angle == 0:
        return level, upright
    if angle == 180:
        return [Rule(-r.at, -r.end, -r.start) for r in level], [Rule(-r.at, -r.end, -r.start) for r in upright]
    if angle == 90:
        return [Rule(-r.at, r.start, r.end) for r in upright], [Rule(r.at, -r.end, -r.start) for r in level]
    if angle == 270:
        return [Rule(r.at, -r.end, -r.start) for r in upright], [Rule(-r.at, r.start, r.end) for r in level]
    return [], []


def _seen_insert(angle: int, insert: Insert) -> Insert:
    one, other = turned(angle, insert.left, insert.bottom), turned(angle, insert.right, insert.top)
    (left, right), (bottom, top) = sorted((one[0], other[0])), sorted((one[1], other[1]))
    return insert._replace(left=left, right=right, bottom=bottom, top=top)


# Letters to runs to rows


def _runs(letters: Iterable[Letter]) -> list[_Run]:
    runs: list[_Run] = []
    run: _Run | None = None
    blank: list[Letter] = []  # one that is drawn right before the next letter
    for letter in letters:
        if run is not None and _goes_on(run, letter):
            run.letters.append(letter)
            if letter.size > run.size * 1.05 and not letter.text.isspace():
                run.base, run.size = letter.base, letter.size
            run.left, run.right = min(run.left, letter.left), max(run.right, letter.right)
        elif letter.text.isspace():
            blank = [letter]
            continue
        else:
            before = [one for one in blank if abs(one.base - letter.base) <= 1 and one.order == letter.order]
            run = _Run([*before, letter], letter.left, letter.right, letter.base, letter.size)
            runs.append(run)
        blank = []
    return runs


def _goes_on(run: _Run, letter: Letter) -> bool:
    last = run.letters[-1]
    if letter.text.isspace() or last.text.isspace():
        near = abs(letter.base - run.base) <= _RUN_STEP * run.size
        gap = max(letter.left - run.right, run.left - letter.right)
        return (
            near
            and gap <= _RUN_GAP * run.size
            and (letter.left >= last.left - run.size or letter.right <= run.left + run.size)
        )
    size = max(run.size, letter.size)
    step = abs(letter.base - run.base)
    if is_mark(letter.text):
        return step <= 1.2 * size and letter.left <= run.right + 0.5 * size and letter.right >= run.left - 0.5 * size
    if step > _ROW * min(run.size, letter.size) and not (
        step <= _RUN_STEP * size and min(run.size, letter.size) < 0.88 * size
    ):
        return False
    forward, back = letter.left - last.right, last.left - letter.right
    return -0.5 * size <= forward <= _RUN_GAP * size or -0.3 * size <= back <= _RUN_GAP * size


def _inserted(inserts: Sequence[Insert], runs: Sequence[_Run]) -> list[_Run]:
    """A run for each line of what is inserted, at the height of what is printed beside it."""
    found = []
    order = max((run.letters[-1].order for run in runs), default=0)
    for insert in inserts:
        order += 1
        lines = [line for line in insert.text.split("\n") if line.strip()]
        beside = [run for run in runs if insert.bottom - 3 <= run.base <= insert.top - 3]
        height = insert.top - insert.bottom
        size = max(4.0, min(11.0, 0.7 * height / max(1, len(lines))))
        base = insert.bottom + max(0.0, height - size) / 2 + 0.2 * size
        if len(lines) > 1:
            base = insert.top - size
        elif beside:
            base = min(beside, key=lambda run: abs(run.base - base)).base
        # An entry belongs to its label as if it had been drawn right after it.
        before = [run for run in beside if run.right <= insert.left + 3]
        place = max(before, key=lambda run: run.right).letters[-1].order if before else order
        named = bool(before) or any(
            run.left < insert.right and run.right > insert.left and 0 <= run.base - insert.top < 2 * run.size
            for run in runs
        )
        after = insert.text.startswith("[") and any(run.left >= insert.right - 3 for run in beside)
        if insert.label and not named and not after and lines:
            lines[0] = f"{insert.label}: {lines[0]}"
        for line in lines:
            letters = [Letter(char, insert.left, insert.left, base, size, place) for char in [line]]
            right = max(insert.left + 1, min(insert.right, insert.left + 0.5 * size * len(line)))
            letters = [letter._replace(right=right) for letter in letters]
            found.append(_Run(letters, insert.left, right, base, size))
            base -= min(1.25 * size, height / max(1, len(lines)))
    return found


def _rows(runs: Sequence[_Run], upright: Sequence[Rule]) -> list[_Row]:
    """Runs at one height, from the top down."""
    groups: list[list[_Run]] = []
    for run in sorted(runs, key=lambda run: (-run.base, run.left)):
        group = groups[-1] if groups else None
        if group and abs(group[0].base - run.base) <= _ROW * min(max(one.size for one in group), run.size):
            group.append(run)
        else:
            groups.append([run])
    groups = _with_raised([group for group in _with_initials(groups) if group])
    rules = sorted(upright)
    return [_row(group, rules) for group in groups]


def _with_raised(groups: list[list[_Run]]) -> list[list[_Run]]:
    """Raised and lowered runs that were drawn apart from their line, put back beside what they belong to."""
    kept: list[list[_Run]] = []
    for place, group in enumerate(groups):
        near = [other for other in (place - 1, place + 1) if 0 <= other < len(groups)]
        home = next((groups[other] for other in near if all(_is_raised(run, groups[other]) for run in group)), None)
        if home is None:
            kept.append(group)
        else:
            home += group
    return kept


def _with_initials(groups: list[list[_Run]]) -> list[list[_Run]]:
    """A big first letter, as high as a few lines, put in front of the first of those lines."""
    usual = median([run.size for group in groups for run in group] or [0.0])
    for place, group in enumerate(groups):
        for run in [run for run in group if run.size > 1.8 * usual and len(run.letters) <= 2]:
            for home in groups[:place]:
                beside = [
                    other
                    for other in home
                    if other.size < 0.6 * run.size
                    and run.base < other.base < run.base + run.size
                    and -0.2 * run.size <= other.left - run.right <= 0.4 * run.size
                ]
                if beside:
                    group.remove(run)
                    beside[0].letters[:0] = run.letters
                    beside[0].left = run.left
                    break
    return groups


def _is_raised(run: _Run, group: Sequence[_Run]) -> bool:
    return any(
        run.size < 0.85 * other.size
        and -0.4 * other.size <= run.base - other.base <= 0.65 * other.size
        and max(run.left - other.right, other.left - run.right) <= 0.3 * other.size
        for other in group
    )


def _row(group: Sequence[_Run], upright: Sequence[Rule]) -> _Row:
    main = max(group, key=lambda run: len(run.letters))
    letters = [
        letter for run in sorted(group, key=lambda run: (run.left, run.order)) for letter in _in_place(run.letters)
    ]
    row = _Row(main.base, main.size)
    if sum(not letter.text.isspace() for letter, _ in letters) == 0:
        return row
    here = [rule.at for rule in upright if rule.start <= row.base + 0.3 * row.size <= rule.end]
    gaps = _gaps(letters)
    threshold = _word_gap(letters, gaps, row.size)
    glyphs: list[str] = []
    sides: list[tuple[float, float]] = []
    piece: list[Letter] = []
    for (letter, text), (gap, blank) in zip(letters, gaps, strict=True):
        if letter.text.isspace():
            continue
        rule = _rule_between(here, piece[-1].right, letter.left) if piece else None
        if piece and (gap >= _PIECE_GAP * row.size or rule is not None):
            row.pieces.append(_piece(glyphs, sides, piece, here, row.size))
            glyphs, sides, piece = [], [], []
        elif piece and (blank or gap > threshold) and not (is_wide(text) and is_wide(glyphs[-1]) and not blank):
            glyphs.append(" ")
            sides.append((letter.left, letter.left))
        glyphs.append(text)
        sides.append((letter.left, letter.right))
        piece.append(letter)
    row.pieces.append(_piece(glyphs, sides, piece, here, row.size))
    row.pieces = _with_item_marks(row.pieces, row.size)
    return row


def _in_place(letters: Sequence[Letter]) -> list[tuple[Letter, str]]:
    """A run's letters from left to right, each with its text; marks go with the letter that they stand on."""
    ordered = sorted(letters, key=lambda one: (one.left, one.right, one.order))
    accents = {id(one) for one in ordered if one.text in _ACCENTS and _stands_on(one, ordered)}
    bases = [letter for letter in ordered if not is_mark(letter.text) and id(letter) not in accents]
    if not bases:
        return [(letter, letter.text) for letter in ordered]
    texts = [letter.text for letter in bases]
    lefts = [letter.left for letter in bases]
    for mark in (letter for letter in letters if is_mark(letter.text) or id(letter) in accents):
        centre = (mark.left + mark.right) / 2
        at = bisect_left(lefts, centre)
        near = [place for place in range(max(0, at - 3), min(len(bases), at + 2)) if not bases[place].text.isspace()]
        if near:
            home = min(near, key=lambda place: (_distance(bases[place], centre), abs(bases[place].order - mark.order)))
            texts[home] = texts[home].replace("ı", "i") + _ACCENTS.get(mark.text, mark.text)
    return list(zip(bases, texts, strict=True))


def _stands_on(accent: Letter, letters: Sequence[Letter]) -> bool:
    """Whether an accent that has a place of its own was drawn over a letter, as TeX does it."""
    return any(
        other.text.isalpha()
        and min(accent.right, other.right) - max(accent.left, other.left) > 0.5 * (accent.right - accent.left)
        for other in letters
        if abs(other.left - accent.left) < accent.size
    )


def _distance(letter: Letter, x: float) -> float:
    return max(letter.left - x, x - letter.right, 0.0)


def _gaps(letters: Sequence[tuple[Letter, str]]) -> list[tuple[float, bool]]:
    """For each letter the white before it, and whether a blank is drawn in that.

    A blank without a width of its own is believed where it leaves white, or where the ink of both letters reaches over it.
    """
    found: list[tuple[float, bool]] = []
    right: float | None = None
    blanks: list[Letter] = []
    for letter, _ in letters:
        if letter.text.isspace():
            found.append((0.0, False))
            blanks.append(letter)
            continue
        gap = letter.left - right if right is not None else 0.0
        white = gap > _THINNEST * letter.size
        reached = gap < -_THINNEST * letter.size and any(letter.left - one.left > 0.15 * letter.size for one in blanks)
        found.append((gap, bool(blanks) and (white or reached or any(one.right > one.left for one in blanks))))
        right = max(letter.right, right if right is not None and letter.left <= right else letter.right)
        blanks = []
    return found


def _word_gap(letters: Sequence[tuple[Letter, str]], gaps: Sequence[tuple[float, bool]], size: float) -> float:
    """The white, in points, from which words are parted in a row."""
    text = "".join(letter.text for letter, _ in letters)
    blanks = _LETTERS_A_BLANK * sum(letter.text.isspace() for letter, _ in letters) >= len(letters)
    if _JOINED_SCRIPT.search(text):
        return (_JOINED_GAP if blanks else 2 * _WORD_GAP) * size
    inner = sorted(
        gap
        for (letter, _), (gap, blank) in list(zip(letters, gaps, strict=True))[1:]
        if not blank and not letter.text.isspace()
    )
    usual = inner[len(inner) // 2] if inner else 0.0
    spelled = sum(char.isalpha() for char in text) >= 0.7 * len(text.replace(" ", ""))
    if (
        spelled and len(inner) >= 4 and _WORD_GAP * size < usual < (2.0 if blanks else 0.4) * size
    ):  # a heading set with wide letters
        return max(1.5 * usual, usual + 0.08 * size)
    return (_BLANKED_GAP if blanks else _WORD_GAP) * size


def _rule_between(rules: Sequence[float], left: float, right: float) -> float | None:
    return next((at for at in rules if left - 1 <= at <= right + 1), None)


def _piece(
    glyphs: Sequence[str],
    sides: Sequence[tuple[float, float]],
    letters: Sequence[Letter],
    rules: Sequence[float],
    size: float,
) -> _Piece:
    """What stands together in a row. A rule parts as well as wide white does, so what stands beside one is taken to end before it."""
    left, right = min(letter.left for letter in letters), max(letter.right for letter in letters)
    gap = _PIECE_GAP * size
    before, after = _rule_between(rules, left - gap / 2, left), _rule_between(rules, right, right + gap / 2)
    left = left if before is None else max(left, before + gap / 2)
    right = right if after is None else min(right, after - gap / 2)
    order = min(letter.order for letter in letters)
    return _Piece(tuple(glyphs), tuple(sides), min(left, right), max(left, right), order)


def _with_item_marks(pieces: list[_Piece], size: float) -> list[_Piece]:
    """A bullet or a number in front of a line is part of that line."""
    if len(pieces) < 2 or not _ITEM_MARK.match(pieces[0].text) or pieces[1].left - pieces[0].right > 4 * size:
        return pieces
    if "." in pieces[0].text[:-1] and is_number(pieces[1].text):
        return pieces  # 1.5 before 2.5 is a number
    first, second = pieces[:2]
    sides = (*first.sides, (first.right, first.right), *second.sides)
    joined = _Piece((*first.glyphs, " ", *second.glyphs), sides, first.left, second.right, first.order)
    return [joined, *pieces[2:]]


# Rows to lines


def _frame_lines(runs: Sequence[_Run], rules: tuple[list[Rule], list[Rule]]) -> list[PrintedLine]:
    level, upright = rules
    rows = [row for row in _rows(runs, upright) if row.pieces]
    if not rows:
        return []
    text = "".join(piece.text for row in rows for piece in row.pieces)
    page = _Page(sorted(level), sorted(upright), runs_to_left(text), sorted(row.size for row in rows)[len(rows) // 2])
    lines = page.arranged(rows, 0) if len(rows) <= _MOST_ROWS else [page.line(row) for row in rows]
    return _with_paragraphs(lines)


def _with_paragraphs(lines: list[PrintedLine]) -> list[PrintedLine]:
    steps = [one.base - other.base for one, other in pairwise(lines)]
    usual = median([step for step in steps if step > 0] or [0.0])
    return lines[:1] + [
        replace(line, opens=line.opens or step > _PARAGRAPH * max(usual, 0.9 * line.size))
        for step, line in zip(steps, lines[1:], strict=True)
    ]


@dataclass(frozen=True)
class _Page:
    level: list[Rule]
    upright: list[Rule]
    to_left: bool
    size: float

    def arranged(self, rows: Sequence[_Row], depth: int) -> list[PrintedLine]:
        """The rows as lines: what is above a gutter, then the columns beside it or the table around it, then what is below."""
        lines: list[PrintedLine] = []
        while True:
            zone = self._zone(rows) if depth < _DEEPEST and len(rows) > 1 else None
            if zone is None:
                return lines + [self.line(row) for row in rows]
            table = self._table_zone(rows, zone)
            if table is not None:
                first, last, gutters = table
                lines += self.arranged(rows[:first], depth + 1) + self._table(rows[first : last + 1], gutters)
            else:
                first, last = self._trimmed(rows, zone)
                lines += self.arranged(rows[:first], depth + 1)
                for block in _blocks(rows[first : last + 1], zone.gutter.middle):
                    for right in (self.to_left, not self.to_left):
                        lines += self.arranged(_side(block, zone.gutter.middle, right=right), depth + 1)
            rows = rows[last + 1 :]

    def line(self, row: _Row) -> PrintedLine:
        """A row as one line."""
        glyphs: list[str] = []
        parts: list[list[str]] = []
        right = None
        for piece in row.pieces:
            if right is None or piece.left - right >= _APART * row.size:
                parts.append([])
            glyphs += [" ", *piece.glyphs] if glyphs else piece.glyphs
            parts[-1] += [" ", *piece.glyphs] if parts[-1] else piece.glyphs
            right = piece.right
        named = [_as_read(part, to_left=self.to_left) for part in parts]
        return PrintedLine(
            _as_read(glyphs, to_left=self.to_left), row.pieces[0].left, row.pieces[-1].right, row.base, row.size,
            tuple(reversed(named)) if self.to_left else tuple(named),
        )  # fmt: skip

    def _zone(self, rows: Sequence[_Row]) -> _Zone | None:
        """The gutter beside which most stands, with the rows that it parts; of such the one that goes on the furthest beside the end of a
        column that is longer than the other, and of those the widest."""
        best: tuple[float, int, float] = (0.0, 0, 0.0)
        zone = None
        for gutter in _gutters(rows, _PIECE_GAP * self.size):
            lefts, rights = _beside(rows, gutter)
            if not lefts or not rights:
                continue
            low, high = max(lefts[0], rights[0]), min(lefts[-1], rights[-1])
            left, right = [i for i in lefts if low <= i <= high], [i for i in rights if low <= i <= high]
            both = len(set(left) & set(right))
            width = gutter.right - gutter.left
            if not (min(len(left), len(right)) >= 3 or (both == 2 and width >= _APART * self.size)):
                continue
            if (width < _APART * self.size or min(len(left), len(right)) < 3) and not _in_line(
                rows[low : high + 1], gutter.middle
            ):
                continue  # blanks of justified lines that happen to lie below one another
            if (score := (float(len(left) + len(right)), gutter.last - gutter.first, width)) > best:
                best = score
                zone = _Zone(gutter, low, high)
        return zone

    def _table_zone(self, rows: Sequence[_Row], zone: _Zone) -> tuple[int, int, list[tuple[float, float]]] | None:
        """First and last row of the table around a gutter, and all its gutters; None where columns of text stand there."""
        inside = rows[zone.low : zone.high + 1]
        gutters = self._shared_gutters(inside, zone.gutter)
        if not self._is_table(inside, gutters, zone.gutter):
            return None
        steps = [one.base - other.base for one, other in pairwise(inside)]
        usual = median(steps)

        def belongs(row: _Row, beside: _Row) -> bool:
            free = all(any(a <= c and d <= b for a, b in _free(row)) for c, d in gutters)
            return free and abs(row.base - beside.base) <= 1.25 * usual

        first, last = zone.low, zone.high
        while first > zone.gutter.first and belongs(rows[first - 1], rows[first]):
            first -= 1
        while last < zone.gutter.last and belongs(rows[last + 1], rows[last]):
            last += 1
        return first, last, gutters

    def _trimmed(self, rows: Sequence[_Row], zone: _Zone) -> tuple[int, int]:
        """First and last row of the columns, without what stands on one side alone above or below and belongs to neither."""
        gutter, low, high = zone
        lefts, rights = _beside(rows, gutter)
        steps = [one.base - other.base for one, other in zip(rows[low:high], rows[low + 1 : high + 1], strict=True)]
        usual = median(steps or [self.size])
        left_orders = [_orders(rows[i], gutter, right=False) for i in lefts if low <= i <= high]
        right_orders = [_orders(rows[i], gutter, right=True) for i in rights if low <= i <= high]
        first, last = low, high
        while first > gutter.first and rows[first - 1].base - rows[first].base <= _PARAGRAPH * usual:
            above = _orders(rows[first - 1], gutter, right=True)
            if above is not None and above < max(o for o in left_orders if o is not None):
                break
            first -= 1
        while last < gutter.last:
            below = _orders(rows[last + 1], gutter, right=False)
            drawn_before = below is not None and below < min(o for o in right_orders if o is not None)
            if rows[last].base - rows[last + 1].base > _PARAGRAPH * usual and below is not None and not drawn_before:
                break
            last += 1
        return first, last

    def _shared_gutters(self, rows: Sequence[_Row], gutter: _Gutter) -> list[tuple[float, float]]:
        """All white that runs down through these rows between things on both sides of it."""
        free = [(float("-inf"), float("inf"))]
        for row in rows:
            free = [
                (max(a, c), min(b, d))
                for a, b in free
                for c, d in _free(row)
                if min(b, d) - max(a, c) >= min(_PIECE_GAP * self.size, gutter.right - gutter.left)
            ][:_MOST_GUTTERS]
        return [(a, b) for a, b in free if a > float("-inf") and b < float("inf")] or [(gutter.left, gutter.right)]

    def _is_table(self, rows: Sequence[_Row], gutters: Sequence[tuple[float, float]], gutter: _Gutter) -> bool:
        if self._rules_between(rows, gutter.middle) >= 2:
            return True
        columns = [_column(rows, gutters, place) for place in range(len(gutters) + 1)]
        aligned = min(_shared_rows(column, columns) for column in columns)
        sides = [_Side.of([(row, piece) for row, piece in column]) for column in columns]
        if aligned < 0.8 and len(rows) > 2:
            return False
        if any(side.numbers >= 0.4 for side in sides):
            return True
        by_column = _drawn_by_column(columns)
        if len(sides) > 2:
            return not (by_column or all(side.words >= 3 and side.lower >= 0.3 for side in sides))
        if min(side.words for side in sides) < 1.6 and not (by_column and len(rows) >= 8):
            return True
        if by_column:
            return False
        if all(side.lower >= 0.3 and side.words >= 2 for side in sides):
            return False
        if len(rows) >= 4 and all(side.fill >= 0.75 and side.words >= 4 for side in sides):
            return False
        return not (len(rows) >= 3 and all(not side.cased and side.fill >= 0.6 and side.words >= 3 for side in sides))

    def _rules_between(self, rows: Sequence[_Row], x: float) -> int:
        """How many level rules cross the gutter between the first row and the last."""
        found = {
            round(rule.at / 2)
            for rule in self.level
            if rule.start < x < rule.end and rows[-1].base < rule.at < rows[0].base
        }
        return len(found)

    def _table(self, rows: Sequence[_Row], gutters: Sequence[tuple[float, float]]) -> list[PrintedLine]:
        lines = []
        for group in self._cell_rows(rows, gutters):
            cells: list[list[str]] = [[] for _ in range(len(gutters) + 1)]
            for row in group:
                for place, cell in enumerate(cells):
                    glyphs = _spaced([piece for piece in row.pieces if _cell(piece, gutters) == place], row.size)
                    cut = bool(cell and glyphs) and cell[-1] == "-" and glyphs[0].isalnum()
                    cell += [CUT if cut else " ", *glyphs] if cell and glyphs else glyphs
            texts = [_as_read(cell, to_left=self.to_left) for cell in cells]
            columns = [(a + b) / 2 for a, b in gutters]
            if self.to_left:
                texts.reverse()
            top = group[0]
            lines.append(
                PrintedLine(
                    _joined(texts), min(row.pieces[0].left for row in group), max(row.pieces[-1].right for row in group),
                    top.base, top.size, tuple(text for text in texts if text), tuple(texts), tuple(columns),
                )
            )  # fmt: skip
        return lines

    def _cell_rows(self, rows: Sequence[_Row], gutters: Sequence[tuple[float, float]]) -> list[list[_Row]]:
        """The rows of print that make one row of the table: between two rules of a grid, or where a cell goes on below."""
        edges = sorted({gutters[0][0], gutters[-1][1]})
        heights = sorted(
            {round(r.at, 1) for r in self.level if r.start <= edges[0] + 1 and r.end >= edges[-1] - 1}
            | {round(r.at, 1) for r in self.level if any(r.start < (a + b) / 2 < r.end for a, b in gutters)}
            | self._box_edges(gutters)
        )
        groups: list[list[_Row]] = []
        grid = any(
            rows[-1].base < (r.start + r.end) / 2 < rows[0].base or r.end - r.start >= 20
            for r in self.upright
            if edges[0] - 60 <= r.at <= edges[-1] + 60
        )
        for row in rows:
            if not groups:
                groups.append([row])
                continue
            before = groups[-1][-1]
            ruled = any(row.base + 0.5 * row.size < at < before.base for at in heights)
            closed = bool(heights) and row.base > heights[0]  # what stands below the last rule is in no box
            groups_by_rules = grid and closed and sum(rows[-1].base < at < rows[0].base for at in heights) >= 1
            if (groups_by_rules and not ruled) or (
                not groups_by_rules and self._goes_on_below(rows, before, row, gutters)
            ):
                groups[-1].append(row)
            else:
                groups.append([row])
        return groups

    def _box_edges(self, gutters: Sequence[tuple[float, float]]) -> set[float]:
        """Heights of rules that run along single cells, where at least two of them lie side by side."""
        beside: dict[float, int] = {}
        left, right = gutters[0][0] - 300, gutters[-1][1] + 300
        for rule in self.level:
            if left <= rule.start and rule.end <= right:
                beside[round(rule.at)] = beside.get(round(rule.at), 0) + 1
        return {at for at, count in beside.items() if count >= 2}

    def _goes_on_below(
        self, rows: Sequence[_Row], before: _Row, row: _Row, gutters: Sequence[tuple[float, float]]
    ) -> bool:
        """Whether a row without a first cell stands closer to the row above than the table's rows do to each other."""
        keyed = [one for one in rows if one.pieces and _cell(one.pieces[0], gutters) == 0]
        steps = [one.base - other.base for one, other in pairwise(keyed)]
        first = _cell(row.pieces[0], gutters)
        if first == 0:
            return False
        if all(_cell(piece, gutters) == first for piece in row.pieces) and row.pieces[0].text[:1].islower():
            return True
        if not steps:
            return False
        return before.base - row.base < 0.9 * median(steps)


def _in_line(rows: Sequence[_Row], x: float) -> bool:
    """Whether what stands beside the white at `x` is set to a line, as cells and columns are."""
    lefts = [max((p for p in row.pieces if p.left < x), key=lambda p: p.right, default=None) for row in rows]
    rights = [min((p for p in row.pieces if p.left >= x), key=lambda p: p.left, default=None) for row in rows]
    first, second = [p for p in lefts if p is not None], [p for p in rights if p is not None]
    numbers = sum(is_number(piece.text) for piece in second) >= 0.4 * len(second)
    return (
        _agree([piece.left for piece in second])
        or _agree([piece.right for piece in first])
        or (numbers and _agree([piece.right for piece in second]))
        or (_agree([(p.left + p.right) / 2 for p in first]) and _agree([(p.left + p.right) / 2 for p in second]))
    )


def _agree(places: Sequence[float]) -> bool:
    """Whether most places are the same, within two points."""
    return any(sum(abs(one - other) <= 2 for one in places) >= 0.6 * len(places) for other in places)


class _Side(NamedTuple):
    """What tells a column of prose from a table's."""

    words: float  # a line
    lower: float  # share of lines that begin with a small letter
    numbers: float  # share of lines that are numbers
    fill: float  # of the column's width, that the middle line takes
    cased: bool

    @classmethod
    def of(cls, pieces: Sequence[tuple[_Row, _Piece]]) -> _Side:
        by_row: dict[int, list[_Piece]] = {}
        for row, piece in pieces:
            by_row.setdefault(id(row), []).append(piece)
        texts = [" ".join(piece.text for piece in found) for found in by_row.values()]
        if not texts:
            return cls(0.0, 0.0, 0.0, 0.0, False)
        widths = sorted(found[-1].right - found[0].left for found in by_row.values())
        left, right = min(piece.left for _, piece in pieces), max(piece.right for _, piece in pieces)
        firsts = [next((char for char in text if char.isalpha()), "") for text in texts]
        return cls(
            sum(map(_count_words, texts)) / len(texts),
            sum(first.islower() and text[:1] == first for first, text in zip(firsts, texts, strict=True)) / len(texts),
            sum(map(is_number, texts)) / len(texts),
            widths[len(widths) // 2] / max(1.0, right - left),
            any(first.islower() or first.isupper() for first in firsts),
        )


def _count_words(text: str) -> float:
    """How many words a line has; where no blanks part them, three letters are taken for one."""
    return len(text.split()) + sum(map(is_wide, text)) / _LETTERS_A_WORD


def is_number(text: str) -> bool:
    """Whether a table's cell is a number, an amount or a time, with a short unit at most."""
    return bool(_NUMBER.match(text)) and any(char.isdigit() for char in text)


def _gutters(rows: Sequence[_Row], narrowest: float) -> list[_Gutter]:
    """White stretches between pieces with all rows through which each goes on, the rows of one side alone included."""
    found: list[_Gutter] = []
    active: dict[tuple[float, float], int] = {}
    for place, row in enumerate(rows):
        free = _free(row)
        going: dict[tuple[float, float], int] = {}
        for (a, b), start in active.items():
            kept = False
            for c, d in free:
                left, right = max(a, c), min(b, d)
                if right - left >= narrowest:
                    going[left, right] = min(start, going.get((left, right), start))
                    kept = kept or (left, right) == (a, b)
            if not kept:
                found.append(_Gutter(a, b, start, place - 1))
        for c, d in free[1:-1]:
            if d - c >= narrowest:
                going.setdefault((c, d), place)
        if place:  # lines of two columns may stand at different heights
            between = _between(rows[place - 1], row)
            if between[1] - between[0] >= narrowest:
                going[between] = min(place - 1, going.get(between, place))
        active = dict(sorted(going.items(), key=lambda item: item[1])[:_MOST_GUTTERS])
    found += [_Gutter(a, b, start, len(rows) - 1) for (a, b), start in active.items()]
    return [_upwards(rows, gutter) for gutter in found if gutter.last > gutter.first]


def _between(one: _Row, other: _Row) -> tuple[float, float]:
    """The white between two rows of which one ends before the other begins."""
    if one.pieces[-1].right < other.pieces[0].left:
        return one.pieces[-1].right, other.pieces[0].left
    return other.pieces[-1].right, one.pieces[0].left


def _upwards(rows: Sequence[_Row], gutter: _Gutter) -> _Gutter:
    first = gutter.first
    while first and any(a <= gutter.left and gutter.right <= b for a, b in _free(rows[first - 1])):
        first -= 1
    return gutter._replace(first=first)


def _free(row: _Row) -> list[tuple[float, float]]:
    edges = [float("-inf")]
    for piece in row.pieces:
        edges += [piece.left, piece.right]
    edges.append(float("inf"))
    return [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2)]


def _beside(rows: Sequence[_Row], gutter: _Gutter) -> tuple[list[int], list[int]]:
    places = range(gutter.first, gutter.last + 1)
    lefts = [i for i in places if rows[i].pieces[0].left < gutter.middle]
    rights = [i for i in places if rows[i].pieces[-1].right > gutter.middle]
    return lefts, rights


def _orders(row: _Row, gutter: _Gutter, *, right: bool) -> int | None:
    orders = [piece.order for piece in row.pieces if (piece.left >= gutter.middle) == right]
    return min(orders) if orders else None


def _blocks(rows: Sequence[_Row], x: float) -> Iterator[Sequence[_Row]]:
    """The rows by the columns that they were drawn in: of columns that stand below columns the upper ones were drawn first, one by one."""
    least = [min(piece.order for piece in row.pieces) for row in rows]
    following = [*accumulate(reversed(least), min)][::-1]  # the first thing drawn in a row and below it
    start = 0
    most = -1
    for place, row in enumerate(rows[:-1], 1):
        most = max(most, *(piece.order for piece in row.pieces))
        if most < following[place] and all(_by_column(part, x) for part in (rows[start:place], rows[place:])):
            yield rows[start:place]
            start = place
    yield rows[start:]


def _by_column(rows: Sequence[_Row], x: float) -> bool:
    """Whether two rows or more on either side of `x` were drawn one column after the other, whichever comes first."""
    sides = [
        [piece.order for row in rows for piece in row.pieces if (piece.left >= x) == right] for right in (False, True)
    ]
    if min(map(len, sides)) < 2:
        return False
    return max(sides[0]) < min(sides[1]) or max(sides[1]) < min(sides[0])


def _side(rows: Sequence[_Row], x: float, *, right: bool) -> list[_Row]:
    """The rows as one column has them."""
    sides = [_Row(row.base, row.size, [piece for piece in row.pieces if (piece.left >= x) == right]) for row in rows]
    return [row for row in sides if row.pieces]


def _cell(piece: _Piece, gutters: Sequence[tuple[float, float]]) -> int:
    middle = (piece.left + piece.right) / 2
    return sum((a + b) / 2 < middle for a, b in gutters)


def _column(rows: Sequence[_Row], gutters: Sequence[tuple[float, float]], place: int) -> list[tuple[_Row, _Piece]]:
    return [(row, piece) for row in rows for piece in row.pieces if _cell(piece, gutters) == place]


def _shared_rows(column: Sequence[tuple[_Row, _Piece]], columns: Sequence[Sequence[tuple[_Row, _Piece]]]) -> float:
    """The share of a column's rows in which another column has something too; of the fullest column always 1."""
    own = {id(row) for row, _ in column}
    others = {id(row) for other in columns if other is not column for row, _ in other}
    fullest = max(len({id(row) for row, _ in other}) for other in columns)
    return 1.0 if len(own) == fullest else len(own & others) / max(1, len(own))


def _drawn_by_column(columns: Sequence[Sequence[tuple[_Row, _Piece]]]) -> bool:
    """Whether each column was drawn as a whole before the next."""
    spans = sorted((min(p.order for _, p in column), max(p.order for _, p in column)) for column in columns if column)
    return len(spans) > 1 and all(one[1] < other[0] for one, other in pairwise(spans))


def _spaced(pieces: Sequence[_Piece], size: float) -> list[str]:
    """What stands in one cell; where things in it stand clearly apart, only the rows above or below have them as one."""
    glyphs: list[str] = []
    right = 0.0
    for piece in pieces:
        between = [" ", "|", " "] if piece.left - right >= _APART * size else [" "]
        glyphs += [*between, *piece.glyphs] if glyphs else piece.glyphs
        right = piece.right
    return glyphs


def _joined(cells: Sequence[str]) -> str:
    """A table's row as text; a label and what is filled in after it as a sentence has them."""
    while cells and not cells[-1]:
        cells = cells[:-1]
    if len(cells) == 2 and cells[0].endswith(":"):
        return f"{cells[0]} {cells[1]}"
    return " | ".join(cells)
