"""The one question about a password, asked so that the time of the answer tells nothing."""

from __future__ import annotations

import hmac
from collections.abc import Callable


def same_words(sent: str, password: str) -> bool:
    """Whether somebody sent just the words of the password."""
    return hmac.compare_digest(sent.encode(), password.encode())


def doorkeeper(password: str | None) -> Callable[[str, str], bool] | None:
    """What the page asks whether somebody with a name and those words may come in; None where everybody may."""
    if password is None:
        return None
    return lambda name, words: same_words(words, password)
