"""The password and who has given it: sessions that end, and guesses that have to wait longer and longer.

Of the words only a salted hash is kept; the time that an answer takes tells nothing. A guess is counted before it is looked at, by the
address that the connection comes from and never by what a request says of itself, so that neither many at once nor a forged header are
worth anything. Whoever waits is let in again in a minute at most.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import secrets
import threading
import time
from argparse import Namespace
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from getpass import getpass
from pathlib import Path

from app.errors import FileUnreadable, PasswordFixed, PasswordMissing, PasswordShort, PasswordWrong, TooManyGuesses
from app.log import LOGGER

LEAST = 10  # letters of a password that is set
# 16 MB and some 50 ms a guess (RFC 7914)
COST = {"n": 2**14, "r": 8, "p": 1}
SESSION_SECONDS = 12 * 3600.0
MOST_SESSIONS, MOST_ADDRESSES = 1000, 4096
FREE_GUESSES, FIRST_WAIT, LONGEST_WAIT, FORGOTTEN_AFTER = 5, 1.0, 60.0, 900.0
LONGEST_FILE = 10_000
log = logging.getLogger(f"{LOGGER}.password")


def hashed(words: str) -> str:
    """The words' salted scrypt hash, "salt$hash" in hex: what may be kept. Raises PasswordShort."""
    if len(words.strip()) < LEAST:
        raise PasswordShort(LEAST)
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_scrypt(words, salt).hex()}"


def fits(sent: str, kept: str) -> bool:
    """Whether somebody sent the words of which `kept` is the hash."""
    salt, _, digest = kept.partition("$")
    return hmac.compare_digest(_scrypt(sent, bytes.fromhex(salt)).hex(), digest)


def _scrypt(words: str, salt: bytes) -> bytes:
    return hashlib.scrypt(words.encode("utf-8", "surrogatepass"), salt=salt, **COST)


def password_from(given: Namespace, environment: Mapping[str, str]) -> str | None:
    """The password of a file, of a prompt or of the environment; None where none of them gives one. Raises FileUnreadable."""
    named = getattr(given, "password_file", None)
    if named is not None:
        return read_password(named)
    if getattr(given, "ask_password", False):
        return getpass("Password: ")
    return environment.get("PALIMPSEST_PASSWORD") or None


def read_password(path: Path) -> str:
    """The first line of a file. Raises FileUnreadable."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline(LONGEST_FILE).rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise FileUnreadable(str(path), getattr(error, "strerror", None) or "it is no text in UTF-8") from error


@dataclass
class _Guesses:
    """Those of one address that were wrong, one after another, and until when it has to wait."""

    wrong: int = 0
    last: float = 0.0
    until: float = 0.0


class Gate:
    """Whoever comes in has to give the password, where there is one. Safe to call from several threads."""

    def __init__(
        self,
        given: str | None = None,
        kept: str | None = None,
        *,
        needed_on: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`given` is the password of this run; without one `kept` is the hash of that which was set on the page. `needed_on` is the address
        where there must be one, since other machines reach it. Raises PasswordShort for one that is given."""
        self.given = given is not None
        self.needed_on = needed_on
        self.short = (
            False  # whether the password that was sent last, and was right, is shorter than one may be that is set now
        )
        self._kept = kept if given is None else hashed(given)
        self._clock = clock
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._forget()
        self._guesses: OrderedDict[str, _Guesses] = OrderedDict()

    @property
    def asks(self) -> bool:
        """Whether there is a password."""
        return self._kept is not None

    def check_change(self, *, to_none: bool = False) -> None:
        """That the password may be changed, or taken away. Raises PasswordFixed, PasswordMissing."""
        if self.given:
            raise PasswordFixed
        if to_none and self.needed_on is not None:
            raise PasswordMissing(self.needed_on)

    def change(self, kept: str | None) -> None:
        """Another password counts from now on, by its hash, or none; whoever was let in by the old one is no longer."""
        with self._lock:
            self._kept, self.short = kept, False
            self._forget()

    def log_in(self, address: str, sent: str) -> str:
        """The token of a new session. Raises PasswordWrong, TooManyGuesses."""
        self._check(address, sent)
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[_digest(token)] = self._clock() + SESSION_SECONDS
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return token

    def knows(self, token: str) -> bool:
        """Whether that session has begun and not ended."""
        with self._lock:
            return self._sessions.get(_digest(token), 0.0) > self._clock()

    def log_out(self, token: str) -> None:
        """Ends a session."""
        with self._lock:
            self._sessions.pop(_digest(token), None)

    def admits(self, address: str, sent: str) -> None:
        """That a program sent the password. Raises PasswordWrong, TooManyGuesses."""
        seal = self._seal(sent)
        if seal not in self._sealed:  # a right one is not looked at anew with every request
            self._check(address, sent)
            with self._lock:
                self._sealed.add(seal)

    def remembers(self, sent: str) -> bool:
        """Whether a program sent the password that was right before."""
        return self._seal(sent) in self._sealed

    def _check(self, address: str, sent: str) -> None:
        where = _network(address)
        with self._lock:
            kept, guesses = self._kept, self._of(where)
            wait = guesses.until - self._clock()
            if wait > 0:
                raise TooManyGuesses(int(wait) + 1)
            guesses.wrong += 1  # until it is known to be right
            guesses.last = self._clock()
            if guesses.wrong > FREE_GUESSES:
                doubled = min(guesses.wrong - FREE_GUESSES - 1, 10)
                guesses.until = guesses.last + min(FIRST_WAIT * 2**doubled, LONGEST_WAIT)
            count = guesses.wrong
        with self._one_at_a_time:
            right = kept is None or fits(sent, kept)
        if not right:
            log.warning("wrong password", extra={"address": address, "in_a_row": count})
            raise PasswordWrong
        with self._lock:
            self._guesses.pop(where, None)
            if kept is not None and kept != self._kept:
                raise PasswordWrong  # it was changed meanwhile
            self.short = len(sent.strip()) < LEAST
        if self.short:
            log.warning("the password is shorter than one may be that is set now", extra={"least": LEAST})

    def _of(self, where: str) -> _Guesses:
        """The guesses of an address; old ones are forgotten."""
        now = self._clock()
        found = self._guesses.pop(where, None)
        if found is None or now - found.last > FORGOTTEN_AFTER:
            found = _Guesses(last=now)
        self._guesses[where] = found
        while len(self._guesses) > MOST_ADDRESSES:
            self._guesses.popitem(last=False)
        return found

    def _forget(self) -> None:
        self._sessions: OrderedDict[bytes, float] = OrderedDict()
        self._sealed: set[bytes] = set()
        self._key = secrets.token_bytes(32)

    def _seal(self, sent: str) -> bytes:
        return hmac.digest(self._key, sent.encode("utf-8", "surrogatepass"), "sha256")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _network(address: str) -> str:
    """The part of an address that whoever has it can't choose: of IPv6 the first half."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
