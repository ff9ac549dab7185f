"""Mails (EML) and pages saved in one file (MHT): both are MIME, read by the standard library."""

from __future__ import annotations

import re
from contextlib import suppress
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message

from documents.decode import decode
from documents.errors import PARSER_FAULTS, DamagedFile
from documents.html import read_html
from documents.model import Heading, Parsed, note

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_MOST_PARTS = 10_000
_START = re.compile(rb"(?:[\x21-\x39\x3b-\x7e]{1,60}:[^\n]{0,2000}\n(?:[ \t][^\n]{0,2000}\n){0,50}){2}")
_HEADERS = re.compile(
    rb"^(?:MIME-Version|From|Received|Return-Path|Message-ID|Content-Type|Subject|Snapshot-Content-Location)[ \t]*:",
    re.I | re.M,
)


def looks_like_mail(head: bytes) -> str | None:
    """ "mht" or "eml" when a file begins with the headers of such a one, else None."""
    head = head.lstrip(b"\r\n").replace(b"\r\n", b"\n")
    if not _START.match(head):
        return None
    top = head.split(b"\n\n", 1)[0]
    names = {name.split(b":")[0].strip().lower() for name in _HEADERS.findall(top)}
    if b"snapshot-content-location" in names or (
        b"mime-version" in names and b"multipart/related" in top.lower() and b"to" not in names
    ):
        return "mht" if b"message-id" not in names else "eml"
    return (
        "eml"
        if len(names) >= 3 or names >= {b"from", b"subject"} or names >= {b"mime-version", b"content-type"}
        else None
    )


def parse_mail(data: bytes, name: str) -> Parsed:
    """The message with its headers, or the page that was saved. Files that come with a mail are named in a note.

    Raises DamagedFile.
    """
    try:
        message = message_from_bytes(data.lstrip(b"\r\n"), policy=policy.compat32)
        saved_page = looks_like_mail(data[:65536]) == "mht"
        bodies, attached = _parts(message)
        parsed = [_read(part) for part in bodies]
    except (*PARSER_FAULTS, MessageError) as error:
        raise DamagedFile(name, "a mail or a saved web page", "its parts cannot be told apart") from error
    head = "" if saved_page else _head(message)
    text, headings, notes = head, [], []
    for one in parsed:
        headings += [Heading(found.title, found.level, found.start + len(text)) for found in one.headings]
        text += "".join(one.pages).rstrip() + "\n\n"
        notes += one.notes
    if attached and not saved_page:
        notes.append(note("attachments_left_out", n=len(attached), which=", ".join(attached[:10])))
    first = parsed[0] if parsed else Parsed(pages=())
    subject = _header(message, "Subject")
    return Parsed(
        pages=(text.rstrip() + "\n" if text.strip() else "",),
        headings=tuple(headings),
        title=(first.title or subject) if saved_page else subject,
        heading_title=first.heading_title,
        author=first.author if saved_page else _header(message, "From"),
        notes=tuple(dict.fromkeys(notes)),
    )


def _parts(message: Message) -> tuple[list[Message], list[str]]:
    """The parts to read, one for each text that comes in several forms, and the names of the files that come along."""
    bodies: list[Message] = []
    attached: list[str] = []
    pending = [message]
    seen = 0
    while pending and seen < _MOST_PARTS:
        part, seen = pending.pop(0), seen + 1
        inside = part.get_payload()
        kind = part.get_content_type()
        if kind == "multipart/alternative" and isinstance(inside, list) and inside:
            readable = [one for one in inside if _is_text(one) or one.is_multipart()]
            pending = [*(readable[-1:] or inside[:1]), *pending]
        elif isinstance(inside, list):
            if kind == "multipart/related":  # a page, with frames that it shows and with its pictures
                readable = [one for one in inside if _is_text(one) or one.is_multipart()]
                frames = [one for one in readable[1:] if one.get_content_type() != "text/plain"]
                inside = [*readable[:1], *frames] or inside
            pending = [*inside, *pending]
        elif _is_text(part) and part.get_content_disposition() != "attachment":
            bodies.append(part)
        else:
            attached.append(_plain(part.get_filename() or kind))
    return bodies, attached


def _is_text(part: Message) -> bool:
    return part.get_content_type() in ("text/html", "text/plain", "application/xhtml+xml")


def _read(part: Message) -> Parsed:
    payload = part.get_payload(decode=True)
    html = part.get_content_type() != "text/plain"
    text, notes = decode(
        payload if isinstance(payload, bytes) else b"", declared=html, label=part.get_content_charset()
    )
    return read_html(text, notes) if html else Parsed(pages=(text,), notes=notes)


def _head(message: Message) -> str:
    lines = [f"{name}: {value}\n" for name in _SHOWN if (value := _header(message, name))]
    return "".join(lines) + "\n" if lines else ""


def _header(message: Message, name: str) -> str | None:
    value = message.get(name)
    return _plain(str(value)) or None if value is not None else None


def _plain(value: str) -> str:
    """A header's words without its encoding."""
    with suppress(LookupError, ValueError, MessageError):  # a header that is not well formed is shown as it stands
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())
