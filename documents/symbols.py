"""Letters of fonts that hold signs: what number 97 of Symbol or 254 of Wingdings looks like, as a letter of Unicode."""

from __future__ import annotations

_GREEK = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ",
        strict=True,
    )
)
_SYMBOL: dict[int, str] = {
    **{ord(letter): greek for letter, greek in _GREEK.items()},
    **{ord(letter): letter for letter in " !#%&()+,./0123456789:;<=>?[]_{|}"},
    **dict(zip(range(0xA1, 0xB0), "ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓", strict=True)),
    **dict(zip(range(0xB0, 0xC0), "°±″≥×∝∂•÷≠≡≈…│─↵", strict=True)),
    **dict(zip(range(0xC0, 0xD0), "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉", strict=True)),
    **dict(zip(range(0xD0, 0xE0), "∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓", strict=True)),

        0x22: "∀", 0x24: "∃", 0x27: "∋", 0x2A: "∗", 0x2D: "−", 0x40: "≅", 0x5C: "∴", 0x5E: "⊥", 0x7E: "∼", 0xA0: "€", 0xE0: "◊",
        0xE1: "〈", 0xE5: "∑", 0xF1: "〉", 0xF2: "∫"
    ,
}  # fmt: skip
# Boxes, ticks and arrows; its many bullets are all one.
_WINGDINGS: dict[int, str] = {
    0x20: " ", 0x28: "☎", 0x2A: "✉", 0x4A: "☺", 0x4B: "😐", 0x4C: "☹", 0x6F: "☐", 0xA8: "☐", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓",
    0xE7: "←", 0xE8: "→", 0xEF: "⇦", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_UNKNOWN = "\ufffd"
_BULLET = "•"


def symbol(font: str, code: int) -> str:
    """The sign that a letter of such a font shows. `code` may be one of Unicode's private letters from U+F000 on, as Word writes it."""
    code &= 0xFF
    if font.strip().casefold().startswith("symbol"):
        return _SYMBOL.get(code, _UNKNOWN)
    return _WINGDINGS.get(code, _BULLET)
