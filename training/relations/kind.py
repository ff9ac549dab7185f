"""The shape of one relation's row."""

from collections.abc import Mapping
from typing import NamedTuple


class Relation(NamedTuple):
    """One kind of fact.

    slots: slot name -> pattern (see patterns.py). 'a' is the answer; the others are the subject, and every question
    names all of them. Templates start with a small letter unless the word is a name; capitals and a/an are put right.
    changes: statements of a later change, {old} being the answer before; empty where nothing can change (it is then
    corrected).
    """

    kind: str
    slots: Mapping[str, str]
    statements: tuple[str, ...]
    questions: tuple[str, ...]
    changes: tuple[str, ...] = ()
