"""The settings of a memory, which check themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.errors import ConfigInvalid
from engine.ops.naive import RULES

BITS = (4, 8, 16)
SIZES = {"small": (1024, 16384), "standard": (2048, 49152), "large": (4096, 131072)}  # slots and pointing keys


@dataclass(frozen=True)
class MemoryConfig:
    """What a document's memory is made of.

    window          S, tokens a window; a token sees its own window and the one before
    slots           C, tokens that each key/value head keeps
    pointing_slots  how many keys each head that points keeps; more than C, since they come without values
    sinks           the first tokens of a text, which always stay
    bits            of kept keys and values: 4, 8, or 16 for as they are
    slots_in_view   whether slots are attended to while reading, or only while answering
    rule            how what leaves the slots is written to the compressive matrix: "linear", "delta", "gated_delta"; "none": not at all
    Raises ConfigInvalid, naming the setting and its value.
    """

    window: int = 1024
    slots: int = SIZES["standard"][0]
    pointing_slots: int = SIZES["standard"][1]
    sinks: int = 4
    bits: int = 4
    slots_in_view: bool = False
    rule: str = "none"

    def __post_init__(self) -> None:
        for name, least in (("window", 1), ("slots", 1), ("pointing_slots", 1), ("sinks", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ConfigInvalid(f"{name} is {value!r}; it must be a whole number of at least {least}.")
        if self.bits not in BITS:
            raise ConfigInvalid(f"bits is {self.bits!r}; it must be one of {', '.join(map(str, BITS))}.")
        if self.rule not in (*RULES, "none"):
            raise ConfigInvalid(f"rule is {self.rule!r}; it must be one of {', '.join(RULES)}, none.")
        if self.sinks > self.slots:
            raise ConfigInvalid(f"sinks is {self.sinks}; that is more than the {self.slots} slots.")

    def to_dict(self) -> dict[str, Any]:
        """The settings by name."""
        return asdict(self)

    @staticmethod
    def from_dict(settings: Mapping[str, Any]) -> MemoryConfig:
        """The settings in a manifest. Raises ConfigInvalid for a name that is not known."""
        known = {field.name for field in fields(MemoryConfig)}
        for name in settings:
            if name not in known:
                raise ConfigInvalid(f"{name!r} is no setting of a memory; known are {', '.join(sorted(known))}.")
        return MemoryConfig(**settings)
