"""The one question about a password, asked so that the time of the answer tells nothing."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable

Lock = Callable[[str], bool]
# 16 MB and some 50 ms a guess (RFC 7914)
COST = {"n": 2**14, "r": 8, "p": 1}


def same_words(sent: str, password: str) -> bool:
    """Whether somebody sent just the words of the password."""
    return hmac.compare_digest(sent.encode(), password.encode())


def hashed(words: str) -> str:
    """The words' salted scrypt hash, "salt$hash" in hex: what may be kept."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${hashlib.scrypt(words.encode(), salt=salt, **COST).hex()}"


def fits(sent: str, kept: str) -> bool:
    """Whether somebody sent the words of which `kept` is the hash."""
    salt, _, digest = kept.partition("$")
    return hmac.compare_digest(hashlib.scrypt(sent.encode(), salt=bytes.fromhex(salt), **COST).hex(), digest)


def lock(password: str | None, kept: str | None) -> Lock | None:
    """What asks for the words: the `password` itself or, without one, the hash `kept` of one; None where everybody may come in."""
    if password is not None:
        return lambda sent: same_words(sent, password)
    if kept is not None:
        return lambda sent: fits(sent, kept)
    return None


def doorkeeper(asks: Lock | None) -> Callable[[str, str], bool] | None:
    """What the page asks whether somebody with a name and those words may come in; None where everybody may."""
    return None if asks is None else lambda name, words: asks(words)
