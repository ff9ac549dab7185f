"""Bytes into text: marks and declarations first, then a guess."""

from __future__ import annotations

import re

from charset_normalizer import from_bytes

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([a-zA-Z0-9_.:-]+)""", re.I)
_GUESS_BYTES = 2**18  # enough to recognise an encoding; guessing on a whole book takes seconds


def decode(data: bytes, *, declared: bool = False) -> str:
    """The text of `data` with plain newlines. With `declared`, an encoding named in HTML or XML is believed.

    Never fails: what no encoding explains becomes U+FFFD, and zero characters are dropped.
    """
    text = _decode(data, declared)
    return text.removeprefix("\ufeff").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def _decode(data: bytes, declared: bool) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    candidates = ["utf-8"]
    named = _DECLARED.search(data[:2048]) if declared else None
    if named:
        candidates.append(named[1].decode("ascii"))
    for encoding in candidates:
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return _guess(data)


def _guess(data: bytes) -> str:
    if len(data) >= 4 and data[:2000].count(0) > len(data[:2000]) // 4:
        half = data[:2000]
        return data.decode("utf-16-be" if half[::2].count(0) > half[1::2].count(0) else "utf-16-le", errors="replace")
    best = from_bytes(data[:_GUESS_BYTES]).best()
    if best is not None:
        try:
            return data.decode(best.encoding)
        except (UnicodeDecodeError, LookupError):
            pass
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("utf-8", errors="replace")
