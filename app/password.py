"""The one question about a password, asked so that the time of the answer tells nothing."""

from __future__ import annotations

import hmac


def same_words(sent: str, password: str) -> bool:
    """Whether somebody sent just the words of the password."""
    return hmac.compare_digest(sent.encode(), password.encode())
