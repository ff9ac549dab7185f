"""Formulas of word processors (OMML) on one line of plain text: (a+b)/c, x^2, x_1, √(x), ∑_(i=1)^n."""

from __future__ import annotations

from typing import Any

from documents.xml import attribute, children, local

_DEEPEST = 60  # formulas within formulas; what is deeper is written without its structure


def formula(element: Any, depth: int = 0) -> str:
    """The formula as text."""
    if depth > _DEEPEST:
        return "".join(element.itertext())
    inside = lambda name: "".join(formula(child, depth + 1) for child in children(element, name))  # noqa: E731
    match local(element):
        case "t":
            return element.text or ""
        case "f":
            return f"{_grouped(inside('num'))}/{_grouped(inside('den'))}"
        case "sSup":
            return f"{inside('e')}^{_grouped(inside('sup'))}"
        case "sSub":
            return f"{inside('e')}_{_grouped(inside('sub'))}"
        case "sSubSup":
            return f"{inside('e')}_{_grouped(inside('sub'))}^{_grouped(inside('sup'))}"
        case "rad":
            degree = inside("deg").strip()
            return f"{degree}√({inside('e')})"
        case "nary":
            limits = "".join(
                f"{mark}{_grouped(part)}" for mark, part in (("_", inside("sub")), ("^", inside("sup"))) if part
            )
            return f"{_sign(element, 'chr', '∫')}{limits} {inside('e')}"
        case "d":
            parts = [formula(child, depth + 1) for child in children(element, "e")]
            between = _sign(element, "sepChr", "|").join(parts)
            return f"{_sign(element, 'begChr', '(')}{between}{_sign(element, 'endChr', ')')}"
        case "func":
            return f"{inside('fName')} {inside('e')}"
        case "limLow":
            return f"{inside('e')}_{_grouped(inside('lim'))}"
        case "limUpp":
            return f"{inside('e')}^{_grouped(inside('lim'))}"
        case "m":
            rows = [[formula(cell, depth + 1) for cell in children(row, "e")] for row in children(element, "mr")]
            return "[" + "; ".join(", ".join(row) for row in rows) + "]"
        case "eqArr":
            return "; ".join(formula(child, depth + 1) for child in children(element, "e"))
        case name if name.endswith("Pr"):
            return ""
        case _:
            return "".join(formula(child, depth + 1) for child in element)


def _grouped(part: str) -> str:
    part = part.strip()
    return part if len(part) <= 1 or part.isalnum() else f"({part})"


def _sign(element: Any, name: str, usual: str) -> str:
    for properties in element:
        if local(properties).endswith("Pr"):
            for sign in children(properties, name):
                return attribute(sign, "val")
    return usual
