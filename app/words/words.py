"""Sentences, numbers, sizes, times and days as one language has them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from app.words.sentences import Sentences

FORMATS = frozenset({"promised", "found"})  # blanks of a note that hold the key of a format
SURE, FAIRLY_SURE = 0.85, 0.6


def degree(confidence: float) -> str:
    """Return "sure", "fairly" or "unsure" for a confidence of 0 to 1."""
    return "sure" if confidence >= SURE else "fairly" if confidence >= FAIRLY_SURE else "unsure"


@dataclass(frozen=True)
class Words:
    """One language: `words("shelf.empty")` is what its catalogue has under that key, plain text with nothing escaped.

    `texts` are the catalogue's by key; `sentences` are those that other parts say in English, None for English itself. Words `about` a
    document know what its pages are, and the numbers printed on them.
    """

    language: str
    texts: Mapping[str, str]
    sentences: Sentences | None = None
    unit: str = "page"
    page_labels: tuple[str, ...] = ()

    def about(self, unit: str, page_labels: tuple[str, ...] = ()) -> Words:
        """Return these words for a document whose pages are each a `unit`, "page", "section" or "part", with the numbers printed on
        them, where these are others than 1, 2, 3."""
        return replace(self, unit=unit, page_labels=page_labels)

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of a key with its values put in; whole numbers are written as the language does. Raises KeyError."""
        return self._filled(key, values)

    def count(self, key: str, number: int, **values: object) -> str:
        """Return the text of a key for that number of things: "1 page", "12,345 pages"; {n} is the number."""
        return self(f"{key}.one" if number == 1 else f"{key}.other", n=number, **values)

    def number(self, amount: float, decimals: int = 0) -> str:
        """Return an amount with so many decimals: 12,345.6 in English, 12.345,6 in Dutch."""
        marks = {",": self("numbers.thousands"), ".": self("numbers.decimal")}
        return "".join(marks.get(mark, mark) for mark in f"{amount:,.{decimals}f}")

    def size(self, n_bytes: int) -> str:
        """Return a size in bytes as people read it, in steps of 1,000: "812 B", "2.1 MB"."""
        amount = float(n_bytes)
        for unit in ("B", "kB", "MB", "GB"):
            if amount < 1000 or unit == "GB":
                break
            amount /= 1000
        whole = unit == "B" or amount >= 100
        return f"{amount:.0f} {unit}" if whole else f"{self.number(amount, 1)} {unit}"

    def rate(self, tokens_per_second: float | None) -> str:
        """Return a reading speed, or an empty string before it is known."""
        if tokens_per_second is None or not math.isfinite(tokens_per_second) or tokens_per_second <= 0:
            return ""
        return self("time.rate", n=self.number(tokens_per_second))

    def time_left(self, seconds: float | None) -> str:
        """Return an estimate that doesn't pretend to precision, or an empty string before one is known."""
        if seconds is None or not math.isfinite(seconds) or seconds < 0:
            return ""
        if seconds < 5:
            return self("time.moments")
        if seconds < 55:
            return self("time.seconds", n=5 * math.ceil(seconds / 5))
        minutes = math.ceil(seconds / 60 - 0.1)
        if minutes < 60:
            return self.count("time.minutes", max(minutes, 1))
        hours, rest = divmod(minutes, 60)
        return self("time.hours", hours=hours, minutes=f"{rest:02d}")

    def confidence(self, sure: float) -> str:
        """Return in words how sure an answer is, from its confidence of 0 to 1."""
        return self(f"confidence.{degree(sure)}")

    def day(self, moment: str) -> str:
        """Return the day of a time in ISO 8601, as the clock on this machine has it: "5 March 2031"."""
        here = datetime.fromisoformat(moment).astimezone()
        month = self("dates.months").split(" ")[here.month - 1]
        return self("dates.day", day=here.day, month=month, year=str(here.year))

    def label(self, page: int) -> str:
        """Return the number printed on a page, else its own: "iv", "4"."""
        return (self.page_labels[page - 1] if 0 < page <= len(self.page_labels) else "") or str(page)

    def page(self, page: int) -> str:
        """Return "page 3", "page iv", "section 3"."""
        return self.pages(page, page)

    def page_short(self, page: int) -> str:
        """Return "p. 3", "p. iv", "section 3"."""
        return self(f"pages.{self.unit}", page=self._named(page))

    def pages(self, first: int, last: int) -> str:
        """Return "page 3" or "pages 3 to 5", "pages iv to vii", "sections 3 to 5"."""
        if first == last:
            return self(f"stretch.{self.unit}.one", page=self._named(first))
        return self(f"stretch.{self.unit}.range", first=self._named(first), last=self._named(last))

    def pages_of(self, first: int, last: int, all_pages: int) -> str:
        """Return "pages 3 to 5 of 120", or "pages i to iv (4 of 120)": the place of the last one, where another number is printed on it."""
        labelled = self.label(last) != str(last)
        key = "stretch.labelled" if labelled else "stretch.of"
        return self(key, pages=self.pages(first, last), n=last, all=all_pages)

    def at(self, first: int, last: int | None = None) -> str:
        """Return where on or in a document something is: "on page 3", "on pages 3 to 5", "in section 3"."""
        return self(f"stretch.at.{self.unit}", pages=self.pages(first, first if last is None else last))

    def _named(self, page: int) -> str | int:
        label = self.label(page)
        return page if label == str(page) else label

    def told(self, sentence: str) -> str:
        """Return in this language what another part of the program said in English: an error; as it is where the
        catalogue doesn't know it."""
        return sentence if self.sentences is None else self.sentences.told(sentence, self.number)

    def note(self, key: str, values: Mapping[str, str | int]) -> str:
        """Return a note on how a file was read: the sentence of its key in [note], or the key itself where a newer program made it or
        values are missing. One with a blank {n} has a form for one and a form for more; `promised` and `found` are formats."""
        said = {
            name: self.texts.get(f"said.{value}", value) if name in FORMATS else value for name, value in values.items()
        }
        forms = (f"note.{key}", f"note.{key}.one" if values.get("n") == 1 else f"note.{key}.other")
        sentence = next((form for form in forms if form in self.texts), None)
        if sentence is not None:
            try:
                return self._filled(sentence, said)
            except KeyError:  # a note may come from a file that was made to lack what its sentence needs
                pass
        return ", ".join([key, *(f"{name} {value}" for name, value in said.items())])

    def error(self, error: Exception) -> str:
        """Return the sentence of a named error. One whose words differ from case to case stands in English after a Dutch lead."""
        sentence = str(error)
        said, lead = self.told(sentence), self.texts.get(f"errors.{type(error).__name__}", "")
        return lead.format(said=sentence) if said == sentence and lead.endswith("{said}") else said

    def _filled(self, key: str, values: Mapping[str, object]) -> str:
        return self.texts[key].format_map({name: self._value(value) for name, value in values.items()})

    def _value(self, value: object) -> object:
        return self.number(value) if isinstance(value, int) and not isinstance(value, bool) else value
