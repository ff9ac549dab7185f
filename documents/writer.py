"""Where format readers write the text they find: it keeps blocks on lines of their own, table rows as rows, and headings' places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from documents.decode import visible
from documents.model import Heading

CELLS = " | "  # between the cells of a row
_SPAN_ROWS = 1000  # that a cell is repeated in at most
_SPANS = 30  # such cells in a row, at most; a real table has one or two
_SPAN_CHARACTERS = 200  # of a cell that is repeated in each row that it reaches over


@dataclass
class _Row:
    column: int = 0
    pending: int = 0  # cells that have begun since the last word
    spans: dict[int, tuple[int, str]] = field(
        default_factory=dict
    )  # by column: rows still to come, and the cell's text
    begun: bool = False  # whether the row has a word


@dataclass
class _Cell:
    column: int
    rows: int
    part: int  # of the writer's parts, the first that is the cell's
    flat: bool


class TextWriter:
    """Text in the making. `text` is what was written, `headings` are the headings in it, `anchors` offsets by name."""

    def __init__(self) -> None:
        self.headings: list[Heading] = []
        self.anchors: dict[str, int] = {}
        self.length = 0
        self._parts: list[str] = []
        self._newlines = 2  # how many the text ends with; 2 at the very start, so that none is written there
        self._space = False
        self._mark = ""  # of a list item that has begun and has no words yet
        self._preformatted = 0
        self._flat = 0  # cells open in which blocks are parted by blanks
        self._fresh = False  # whether a cell has just begun
        self._heading: int | None = None
        self._rows: list[_Row] = []
        self._cells: list[_Cell] = []

    @property
    def text(self) -> str:
        """All that was written, with one newline at its end; empty where there is nothing."""
        text = "".join(self._parts).rstrip()
        return text + "\n" if text else ""

    def tail(self, characters: int) -> str:
        """The last characters of the line so far; empty where a blank or a new line comes next."""
        if self._space or self._newlines:
            return ""
        tail: list[str] = []
        while characters > sum(map(len, tail)) and len(tail) < len(self._parts):
            tail.append(self._parts[-1 - len(tail)])
        return "".join(reversed(tail))[-characters:]

    def break_line(self, count: int = 1) -> None:
        """Ends the line; with 2, leaves a blank one, but for tables. Within a plain cell it is a blank, at its start nothing."""
        if self._fresh:
            return
        if self._flat:
            self._space = True
            return
        count = 1 if self._rows else count
        if self._newlines < count and not self._mark:
            self._put("\n" * (count - self._newlines))
            self._newlines = count
        self._space = False

    def paragraph(self, text: str) -> None:
        """A paragraph of its own."""
        self.break_line(2)
        self.write(text)
        self.break_line(2)

    def write(self, text: str) -> None:
        """Words, their white space drawn together, but for preformatted text."""
        text = visible(text)
        if self._preformatted and not self._flat:
            self._write_raw(text)
            return
        words = text.split()
        if not words:
            self._space = self._space or bool(text)
            return
        self._begin(text[0].isspace())
        self._put(" ".join(words))
        self._newlines, self._space = 0, text[-1].isspace()

    def glue(self, text: str) -> None:
        """Letters as they are, close to what stands before and after them."""
        if text:
            self._begin(False)
            self._put(text)
            self._newlines, self._space = 0, False

    def start_item(self, mark: str) -> None:
        """A list item, with what is to stand before its first word."""
        self._mark = mark

    def end_item(self) -> None:
        """The item ends; one without words leaves nothing."""
        self._mark = ""

    def start_preformatted(self) -> None:
        """From here on white space stays as it is."""
        self._preformatted += 1

    def end_preformatted(self) -> None:
        """White space is drawn together again."""
        self._preformatted = max(0, self._preformatted - 1)

    def start_heading(self) -> None:
        """A heading begins here."""
        self._heading = self.length

    def end_heading(self, level: int) -> None:
        """The heading that began last ends here."""
        start, self._heading = self._heading, None
        if start is None:
            return
        title = " ".join(self._since(start).split())
        if title:
            self.headings.append(
                Heading(title, level, start + len(self._since(start)) - len(self._since(start).lstrip()))
            )

    def start_table(self) -> None:
        """A table begins, on a line of its own."""
        self.break_line(2)
        self._rows.append(_Row())

    def end_table(self) -> None:
        """The table ends."""
        if self._rows:
            self._rows.pop()
        if self._rows:  # a table within a cell: what follows in its row begins a new line
            self._rows[-1].pending, self._rows[-1].begun = 0, True
        self._fresh = False
        self.break_line(2)

    def start_row(self) -> None:
        """A row begins."""
        self._fresh = False
        self.break_line(1)
        if self._rows:
            row = self._rows[-1]
            row.column, row.pending, row.begun = 0, 0, False

    def end_row(self) -> None:
        """The row ends, with the cells that reach down into it."""
        if self._rows:
            self._reach_down()
            self._rows[-1].pending = 0
        self.break_line(1)

    def start_cell(self, *, rows: int = 1, columns: int = 1, flat: bool = True) -> None:
        """A cell over so many rows and columns; in a `flat` one blocks are parted by blanks, in others they keep their lines."""
        if not self._rows:
            self._rows.append(_Row())
        self._reach_down()
        row = self._rows[-1]
        row.pending += row.column > 0
        self._cells.append(_Cell(row.column, min(rows, _SPAN_ROWS), len(self._parts), flat))
        row.column += max(1, min(columns, _SPAN_ROWS))
        self._flat += flat
        self._space, self._fresh = False, True

    def end_cell(self) -> None:
        """The cell ends; one over several rows is said again in each of them."""
        if not self._cells:
            return
        cell = self._cells.pop()
        self._flat -= cell.flat
        self._space = self._fresh = False
        if cell.rows > 1 and self._rows:
            text = " ".join("".join(self._parts[cell.part :]).split()).strip("| ")
            if text and len(text) <= _SPAN_CHARACTERS and len(self._rows[-1].spans) < _SPANS:
                self._rows[-1].spans[cell.column] = (cell.rows - 1, text)

    def cells(self, texts: Iterable[str]) -> None:
        """A whole row."""
        self.start_row()
        for text in texts:
            self.start_cell()
            self.write(text)
            self.end_cell()
        self.end_row()

    def _reach_down(self) -> None:
        row = self._rows[-1]
        while row.column in row.spans:
            left, text = row.spans.pop(row.column)
            row.pending += row.column > 0
            self.glue(text)
            if left > 1:
                row.spans[row.column] = (left - 1, text)
            row.column += 1

    def _begin(self, spaced: bool) -> None:
        """What comes before the next word: bars between cells, the mark of a list item, or a blank."""
        row = self._rows[-1] if self._rows else None
        if row is not None:
            if row.pending and not (row.begun and self._newlines):
                bars = CELLS * row.pending
                self._put(bars.lstrip() if self._newlines else bars)
                self._newlines = 0
            row.pending, row.begun = 0, True
        self._fresh = False
        if self._mark:
            mark, self._mark = self._mark, ""
            self._put(mark if self._newlines or self._ends_with_bar() else f" {mark}")
        elif (self._space or spaced) and not self._newlines and not self._ends_with_bar():
            self._put(" ")
        self._newlines, self._space = 0, False

    def _ends_with_bar(self) -> bool:
        return bool(self._parts) and self._parts[-1].endswith(CELLS[1:])

    def _write_raw(self, text: str) -> None:
        if text:
            if self._mark or (self._space and not self._newlines) or (self._rows and self._rows[-1].pending):
                self._begin(False)
            self._put(text)
            stripped = text.rstrip("\n")
            self._newlines = min(2, len(text) - len(stripped)) if stripped else min(2, self._newlines + len(text))

    def _since(self, start: int) -> str:
        tail: list[str] = []
        length = self.length
        while length > start:
            tail.append(self._parts[-1 - len(tail)])
            length -= len(tail[-1])
        return "".join(reversed(tail))

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self.length += len(text)
