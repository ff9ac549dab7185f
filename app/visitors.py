"""Whose a conversation is. The app knows no names: a visitor is a browser, by a long random number that it keeps in a cookie.

The number is never shown, and the library has only its hash, so that neither the page nor a copy of the library lets anybody in the
place of somebody else. A browser that keeps no cookies is another visitor with every tab.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

COOKIE = "palimpsest-visitor"
YEAR = 365 * 24 * 3600  # seconds, since the page was opened last
N_BYTES, LENGTH = 32, 43  # in base 64


def cookie(sent: str, name: str) -> str:
    """The value in a header `Cookie`, or an empty string. What other programs on this machine keep there may be of any form."""
    for part in sent.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return ""


def visitor_number(sent: str) -> str:
    """The number in a header `Cookie`, or a new one where there is none."""
    kept = cookie(sent, COOKIE)
    known = len(kept) == LENGTH and kept.isascii() and kept.replace("-", "").replace("_", "").isalnum()
    return kept if known else secrets.token_urlsafe(N_BYTES)


def owner_of(headers: Mapping[str, str], tab: str | None) -> str:
    """The owner of the conversations of whoever sent a request with those headers, their names in small letters, from that tab."""
    sent = headers.get("cookie", "")
    number = visitor_number(sent)
    if number != cookie(sent, COOKIE) and tab:
        number = f"tab {tab}"
    return hashlib.sha256(number.encode()).hexdigest()
