"""The relations facts are made from: tables only, one module a field of life."""

from training.relations import codes, lives, manuals, numbers, people, places, reasons, rules, things, times, works
from training.relations.kind import Relation

__all__ = ["Relation", "all_relations", "themes"]

_THEMES = (codes, people, lives, places, numbers, times, things, reasons, rules, manuals, works)


def all_relations() -> tuple[Relation, ...]:
    """Every relation, in a fixed order."""
    return tuple(relation for theme in _THEMES for relation in theme.RELATIONS)


def themes() -> dict[str, tuple[str, ...]]:
    """The kinds of every theme, by the theme's name."""
    return {theme.__name__.rsplit(".", 1)[-1]: tuple(r.kind for r in theme.RELATIONS) for theme in _THEMES}
