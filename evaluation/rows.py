"""Rows of answers, written down as they come, so that a run that was broken off goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluation.errors import RowsInvalid

Row = dict[str, Any]


class Rows:
    """A file of JSON lines, one an answer; without a path nothing is kept.

    A row is found again by `run` (what gave the answer, see `Way.mark`), `text` and `question`. Raises RowsInvalid for a file that
    holds something else.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._found: dict[tuple[str, str, str], list[Row]] = {}
        for row in self._read():
            self._found.setdefault(_key(row), []).append(row)

    def done(self, run: str, text: str, question: str, sources: Sequence[str]) -> list[Row] | None:
        """The rows of a question that was answered before, one a source; None unless all are there."""
        rows = {row["source"]: row for row in self._found.get((run, text, question), ())}
        return [rows[source] for source in sources] if all(source in rows for source in sources) else None

    def add(self, rows: Sequence[Row]) -> None:
        """Keep some more."""
        for row in rows:
            self._found.setdefault(_key(row), []).append(row)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))

    def _read(self) -> list[Row]:
        if self._path is None or not self._path.exists():
            return []
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            self._path.write_bytes(whole)  # the line that was being written when the run ended
        try:
            return read_rows(whole)
        except (ValueError, KeyError, TypeError) as error:
            raise RowsInvalid(
                f"{self._path} cannot be gone on with: it does not hold the rows of an earlier run."
            ) from error


def read_rows(data: bytes) -> list[Row]:
    """The rows in JSON lines. Raises ValueError, KeyError or TypeError for lines that are none."""
    rows = [json.loads(line) for line in data.decode().splitlines()]
    for row in rows:
        _key(row)
        row["source"]
    return rows


def _key(row: Row) -> tuple[str, str, str]:
    return row["run"], row["text"], row["question"]
