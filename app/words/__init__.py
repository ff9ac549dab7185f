"""What the page says, in English and in Dutch: one catalogue a language, and how that language writes numbers and days."""

from __future__ import annotations

from app.words.languages import COOKIE, ENGLISH, LANGUAGES, Languages
from app.words.words import Words

__all__ = ["COOKIE", "ENGLISH", "LANGUAGES", "Languages", "Words"]
