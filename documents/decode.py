"""Bytes into text: marks and declarations first, then UTF-8, then a guess that goes by the language which comes out.

The guess is chardet's, corrected by what it does not look at: whether the letters stand as letters do. A Cyrillic letter inside a
Latin word, a © in the middle of one or a capital after a small letter say that another encoding was meant.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import NamedTuple

import chardet

from documents.model import Note, note

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_DECLARED = re.compile(rb"""(?:charset|encoding)[ \t]{0,9}=[ \t]{0,9}["']?[ \t]{0,9}([a-zA-Z0-9_.:-]{1,40})""", re.I)
_DECLARED_WITHIN = 2**16  # bytes
_JUDGED = 2**16  # bytes: enough to recognise an encoding
# What browsers read under names that promise less, or that Python has not.
_LABELS = {
    "cp932": "x-sjis sjis shift_jis shift-jis ms_kanji windows-31j",
    "gb18030": "gb2312 gb_2312-80 csgb2312 gbk x-gbk chinese",
    "cp949": "euc-kr euc_kr ks_c_5601-1987 ksc5601 ksc_5601 korean",
    "big5hkscs": "big5 big5-hkscs x-x-big5 cn-big5",
    "cp1252": "iso-8859-1 iso8859-1 iso_8859-1 latin1 latin-1 l1 us-ascii ascii ansi x-user-defined x-cp1252",
    "cp1250": "x-cp1250",
    "cp1251": "x-cp1251",
    "cp1254": "iso-8859-9 iso8859-9 latin5",
    "cp874": "tis-620 iso-8859-11 dos-874",
    "iso8859-8": "iso-8859-8-i logical visual",
    "euc_jp": "x-euc-jp x-euc",
    "mac-roman": "macintosh x-mac-roman mac",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "cp866": "dos-866",
    "utf-8": "utf8 unicode-1-1-utf-8 x-unicode20utf8 unicode utf-16 utf-16le utf-16be",  # in bytes that have no zeros
}
_BY_LABEL = {label: name for name, labels in _LABELS.items() for label in labels.split()}
_TEXT_CODECS = (
    "utf-8",
    "cp",
    "iso8859",
    "koi8",
    "mac",
    "shift_jis",
    "euc",
    "iso2022",
    "gb",
    "big5",
    "hz",
    "johab",
    "tis",
)
# What the guess chooses from, the likelier first; of those that fit equally well the first is taken.
_LIKELY = (
    "cp1252 cp1250 cp1251 iso8859-2 cp1253 cp1254 cp1255 cp1256 cp1257 cp850 cp852 mac-roman koi8-r koi8-u cp866 shift_jis_2004 "
    "cp932 euc_jis_2004 gb18030 big5hkscs cp949 euc_kr iso8859-5 iso8859-7 iso8859-8 iso8859-6 cp874 mac-latin2 mac-cyrillic "
    "cp857 cp737 cp1125 cp1258 mac-greek mac-turkish iso2022_jp_2 iso8859-1 iso8859-9 iso8859-15 iso8859-13 iso8859-4"
).split()
_RARE = frozenset({"iso8859-4", "iso8859-13", "iso8859-15", "mac-greek", "mac-turkish", "cp1258", "cp1125"})
_RARE_WEIGHT, _USUAL_WEIGHT = 0.85, 1.02  # of a guess that is rarely meant; of Windows-1252
_WIDER = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "shift_jis_2004": "cp932",
    "euc_jis_2004": "euc_jp",
    "euc_kr": "cp949",
}
_NAMES = {
    **{f"cp125{digit}": f"Windows-125{digit}" for digit in range(9)},
    **{f"cp{page}": f"DOS {page}" for page in (850, 852, 857, 866, 737, 1125)},
    **{f"iso8859-{part}": f"ISO 8859-{part}" for part in range(1, 17)},
    "cp874": "Windows-874",
    "koi8-r": "KOI8-R",
    "koi8-u": "KOI8-U",
    "mac-roman": "Mac Roman",
    "mac-latin2": "Mac Latin 2",
    "mac-cyrillic": "Mac Cyrillic",
    "cp932": "Shift-JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GBK",
    "big5hkscs": "Big5",
    "cp949": "EUC-KR",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}
_NEWLINES = re.compile("\r\n?|[\x85\u2028\x0b]")
# Letters struck over by themselves or by a line, as a printer made them bold or underlined; colours of a terminal.
_STRUCK = re.compile("(?P<bold>[^\b\n])\b(?P=bold)|_\b(?=[^\b\n])|(?<=[^\b\n])\b_")
_TERMINAL = re.compile(r"\x1b(?:\[[0-9;?]{0,20}[A-Za-z]|\][^\x07\x1b\n]{0,200}\x07|[()][A-Z0-9])")
_CONTROLS = re.compile("[\0-\x08\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
# A zero-width space parts words in scripts that write none, and nowhere else.
_INVISIBLE = re.compile("\u00ad|[\u2060\u180e]|(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b")


class Decoded(NamedTuple):
    """A text with plain newlines, and what is to be known of how it came out of its bytes."""

    text: str
    notes: tuple[Note, ...] = ()


def decode(data: bytes, *, declared: bool = False, label: str | None = None) -> Decoded:
    """The text of `data`. An encoding that `label` names is believed, and with `declared` one that HTML or XML names within.

    Never fails: a byte that no encoding explains becomes U+FFFD, and is counted in a note.
    """
    text, notes = _decode(data, _known(label) or (_declared(data) if declared else None))
    if "\b" in text:
        text = _STRUCK.sub(lambda found: found["bold"] or "", text)
    if "\x1b" in text:
        text = _TERMINAL.sub("", text)
    return Decoded(visible(_NEWLINES.sub("\n", text.replace("\u2029", "\n\n"))), notes)


def visible(text: str) -> str:
    """The text without control characters, soft hyphens and zero-width spaces, which are no part of any word."""
    text = _CONTROLS.sub(lambda found: "\ufffd" if found[0] >= "\ud800" and found[0] < "\ue000" else "", text)
    return _INVISIBLE.sub("", text)


def is_text(data: bytes) -> bool:
    """Whether `data` can be a text in any encoding: without the bytes that only pictures, programs and the like have."""
    head = data[:_JUDGED]
    if any(data.startswith(mark) for mark, _ in _BOMS) or _wide(head):
        return True
    zeros = head.count(0)
    controls = sum(head.count(bytes([code])) for code in (*range(1, 8), *range(14, 27), *range(28, 32), 127))
    return zeros <= 0.2 * len(head) and controls <= 0.02 * len(head)


def _decode(data: bytes, named: str | None) -> Decoded:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _counted(data, encoding)
    wide = _wide(data[:_JUDGED])
    if wide:
        return Decoded(data.decode(wide, "replace"), (note("encoding_guessed", encoding=_NAMES.get(wide, wide)),))
    data = data.replace(b"\0", b"")
    if b"\x1b$" in data[:_JUDGED]:
        named = named or "iso2022_jp_2"
    elif named is None or named == "utf-8" or _is_utf8(data):
        if data.isascii() or _mostly_utf8(data):
            return _counted(data, "utf-8")
        named = None if named == "utf-8" else named
    if named is not None:
        found = _counted(data, named)
        if found.text.count("\ufffd") <= 0.01 * len(found.text):
            return found
    guess = _guess(_sample(data))
    found = _counted(data, guess)
    return Decoded(found.text, (note("encoding_guessed", encoding=_NAMES.get(guess, guess)), *found.notes))


def _sample(data: bytes) -> bytes:
    """A stretch of the text that has letters beyond ASCII, from the beginning of a line if it can be."""
    first = re.search(rb"[\x80-\xff]", data)
    if first is None or first.start() < _JUDGED // 2:
        return data[:_JUDGED]
    start = max(data.rfind(b"\n", 0, first.start()), first.start() - _JUDGED // 2)
    return data[start : start + _JUDGED]


def _counted(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace")
    bad = text.count("\ufffd") - ("\ufffd".encode() in data and data.count("\ufffd".encode()))
    return Decoded(text, (note("bytes_unreadable", n=bad),) if bad > 0 else ())


def _declared(data: bytes) -> str | None:
    found = _DECLARED.search(data.replace(b"\0", b"") if b"\0" in data[:64] else data, 0, _DECLARED_WITHIN)
    return _known(found[1].decode("ascii")) if found else None


def _known(label: str | None) -> str | None:
    """Python's name of the encoding that browsers read under that label; None for what is no encoding of text."""
    label = (label or "").strip().lower()
    try:
        name = codecs.lookup(_BY_LABEL.get(label, label)).name
    except (LookupError, ValueError):
        return None
    return _BY_LABEL.get(name, name) if name.startswith(_TEXT_CODECS) else None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(data: bytes) -> bool:
    """Whether far more letters of UTF-8 are whole than broken: in other encodings next to none would be."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = len(text) - sum(map(text.count, map(chr, range(128)))) - bad
    return not bad or good >= 2 * bad


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: known by the zeros and controls that it is full of, and by the text that comes out."""
    if len(head) < 4 or not re.search(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]", head):
        return None
    for encoding, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        text = head[: len(head) // width * width].decode(encoding, "ignore")
        usual = sum(1 for char in text if char in "\n\r\t\f" or _is_usual(char))
        if width * len(text) >= 0.95 * len(head) // width * width and text and usual >= 0.95 * len(text):
            return encoding
    return None


def _is_usual(char: str) -> bool:
    point = ord(char)
    return (
        0x20 <= point < 0x7F
        or 0xA0 <= point < 0x700
        or 0x900 <= point < 0xE80
        or 0x2010 <= point < 0x2040
        or point in (0x20AC, 0xFEFF)
        or 0x3000 <= point < 0x3100
        or 0x4E00 <= point < 0x9FB0
        or 0xAC00 <= point < 0xD7A4
        or 0xFF00 <= point < 0xFFF0
        or 0x1F300 <= point < 0x1FA00
    )


def _guess(head: bytes) -> str:
    """The encoding in which `head` reads best."""
    best, most = "cp1252", 0.0
    found = chardet.detect_all(head, ignore_threshold=True, compat_names=False, include_encodings=_LIKELY)
    for one in sorted(
        found, key=lambda one: _LIKELY.index(one["encoding"]) if one["encoding"] in _LIKELY else len(_LIKELY)
    ):
        given = one["encoding"]
        if given not in _LIKELY:
            continue
        encoding = _WIDER.get(given, given)
        text = head.decode(encoding, "replace")
        weight = _USUAL_WEIGHT if encoding == "cp1252" else _RARE_WEIGHT if given in _RARE else 1.0
        score = weight * one["confidence"] * (1 - _strangeness(text)) ** 2
        if score > most + 1e-4:
            best, most = encoding, score
    return best


def _strangeness(text: str) -> float:
    """The share, 0 to 1, of letters and marks beyond ASCII that stand where such ones don't."""
    strange = beyond = 0
    padded = f" {text} "
    for place, char in enumerate(text, 1):
        if char < "\x80":
            continue
        beyond += 1
        before, after = padded[place - 1], padded[place + 1]
        kind = unicodedata.category(char)
        if kind[0] == "C" or char == "\ufffd":
            strange += 2
        elif kind[0] == "L":
            foreign = not unicodedata.name(char, "").startswith("LATIN") and char not in "ªºµ"
            latin_beside = (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
            strange += (foreign and latin_beside) or (kind == "Lu" and before.islower())
        elif kind in ("So", "Sm", "Sk"):
            strange += (before.isalpha() and char not in "°®™") or (after.isalpha() and char not in "©®§±×")
        elif char not in "’‘ª°—–…·“”«»":
            strange += before.isalpha() and (after.isalpha() or kind in ("Ps", "Pi", "Sc"))
    return min(1.0, strange / beyond) if beyond else 0.0
