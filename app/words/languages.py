"""The languages that there are, and which of them a visitor reads."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.visitors import cookie
from app.words.sentences import Sentences
from app.words.words import Words

ENGLISH = "en"
LANGUAGES = (ENGLISH, "nl")
COOKIE = "palimpsest-language"


@dataclass(frozen=True)
class Languages:
    """The words of every language; loaded once, when the program starts."""

    known: Mapping[str, Words]

    @classmethod
    def load(cls) -> Languages:
        """Read the catalogues that lie beside this file."""
        texts = {language: catalogue(language) for language in LANGUAGES}
        english = texts[ENGLISH]
        return cls(
            {
                language: Words(language, said, None if said is english else Sentences.between(english, said))
                for language, said in texts.items()
            }
        )

    @property
    def english(self) -> Words:
        """The words that are there for whoever reads none of the other languages."""
        return self.known[ENGLISH]

    def words(self, language: str) -> Words:
        """The words of a language, or English ones."""
        return self.known.get(language, self.english)

    def of(self, headers: Mapping[str, str]) -> Words:
        """The words for a request with those headers, their names in small letters: the language that was chosen on the page,
        else the first of those that the browser asks for, else English."""
        return self.words(chosen(headers.get("cookie", "")) or wanted(headers.get("accept-language", "")))


def catalogue(language: str) -> dict[str, str]:
    """The texts of a language by key: "shelf.empty" is `empty` in the table `shelf`."""
    return dict(_flat(tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text(encoding="utf-8"))))


def chosen(cookies: str) -> str:
    """The language in a header `Cookie`, or an empty string."""
    kept = cookie(cookies, COOKIE)
    return kept if kept in LANGUAGES else ""


def wanted(accepted: str) -> str:
    """The best of our languages in a header `Accept-Language`, such as "nl-BE, en;q=0.7", or an empty string."""
    ours = [
        (_weight(rest), tag.strip().lower().split("-")[0])
        for tag, _, rest in (p.partition(";") for p in accepted.split(","))
    ]
    best = max((weight for weight, tag in ours if tag in LANGUAGES and weight > 0), default=0.0)
    return next((tag for weight, tag in ours if tag in LANGUAGES and 0 < weight == best), "")


def _weight(parameter: str) -> float:
    """The number in "q=0.7"; 1 where none is given, 0 for what is no number."""
    name, _, amount = parameter.strip().partition("=")
    try:
        return float(amount) if name else 1.0
    except ValueError:
        return 0.0


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        yield from _flat(value, f"{before}{name}.") if isinstance(value, dict) else [(before + name, value)]
