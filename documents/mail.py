"""Mails (EML, and mailboxes of many: mbox) and pages saved in one file (MHT): all are MIME, read by the standard library."""

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
# The line before each mail of a mailbox: "From anna@example.org Mon Jun  3 10:00:00 2024".
_MAILBOX = re.compile(rb"From [^\s]{1,200} [^\n]{0,60}\d\d:\d\d[^\n]{0,30}\n")


def looks_like_mail(head: bytes) -> str | None:
    """ "mht" or "eml" when a file begins with the headers of such a one, else None."""
    head = head.lstrip(b"\r\n").replace(b"\r\n", b"\n")
    if first := _MAILBOX.match(head):
        return "eml" if looks_like_mail(head[first.end() :]) else None
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
    """The messages with their headers, or the page that was saved. Files that come with a mail are named in a note.

    Raises DamagedFile.
    """
    try:
        messages = [message_from_bytes(one, policy=policy.compat32) for one in _messages(data)]
        saved_page = looks_like_mail(data[:65536]) == "mht"
        text, headings, notes, attached = "", [], [], []
        first = None
        for message in messages:
            bodies, along = _parts(message)
            attached += along
            if len(messages) > 1:
                headings.append(Heading(_header(message, "Subject") or "…", 1, len(text)))
            text += "" if saved_page else _head(message)
            for body in bodies:
                one = _read(body) if isinstance(body, Message) else Parsed(pages=(body,))
                first = first or one
                headings += [Heading(found.title, found.level, found.start + len(text)) for found in one.headings]
                text += "".join(one.pages).rstrip() + "\n\n"
                notes += one.notes
    except (*PARSER_FAULTS, MessageError) as error:
        raise DamagedFile(name, "a mail or a saved web page", "its parts cannot be told apart") from error
    if attached and not saved_page:
        notes.append(note("attachments_left_out", n=len(attached), which=", ".join(attached[:10])))
    first = first or Parsed(pages=())
    alone = messages[0] if len(messages) == 1 else Message()
    subject = _header(alone, "Subject")
    return Parsed(
        pages=(text.rstrip() + "\n" if text.strip() else "",),
        headings=tuple(headings),
        title=(first.title or subject) if saved_page else subject,
        heading_title=first.heading_title if alone is messages[0] else None,
        author=first.author if saved_page else _header(alone, "From"),
        notes=tuple(dict.fromkeys(notes)),
    )


def _messages(data: bytes) -> list[bytes]:
    """The mails of a mailbox, else the one that the file is."""
    data = data.lstrip(b"\r\n")
    plain = data.replace(b"\r\n", b"\n")
    if not _MAILBOX.match(plain):
        return [data]
    starts = [
        0,
        *(found.start() + 1 for found in re.finditer(rb"\n\nFrom ", plain) if _MAILBOX.match(plain, found.start() + 2)),
    ]
    stops = [*(start for start in starts[1:]), len(plain)]
    mails = [plain[start:stop].lstrip(b"\n").partition(b"\n")[2] for start, stop in zip(starts, stops, strict=True)]
    return [re.sub(rb"(?m)^>(?=>{0,20}From )", b"", mail) for mail in mails]


def _parts(message: Message) -> tuple[list[Message | str], list[str]]:
    """The parts to read, one for each text that comes in several forms, and the names of the files that come along.

    Of a mail within the mail the headers come before its parts.
    """
    bodies: list[Message | str] = []
    attached: list[str] = []
    pending: list[Message | str] = [message]
    seen = 0
    while pending and seen < _MOST_PARTS:
        part, seen = pending.pop(0), seen + 1
        if isinstance(part, str):
            bodies.append(part)
            continue
        inside = part.get_payload()
        kind = part.get_content_type()
        if kind == "multipart/alternative" and isinstance(inside, list) and inside:
            readable = [one for one in inside if _is_text(one) or one.is_multipart()]
            pending = [*(readable[-1:] or inside[:1]), *pending]
        elif isinstance(inside, list):
            if kind == "message/rfc822":
                inside = [one for forwarded in inside for one in (_head(forwarded), forwarded)]
            elif kind == "multipart/related":  # a page, with frames that it shows and with its pictures
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
    value = next((value for key, value in message.raw_items() if key.lower() == name.lower()), None)
    if value is None:
        return None
    said = str(value)
    if not said.isascii():  # bytes that name no encoding
        said = decode(said.encode("utf-8", "surrogateescape")).text
    return _plain(said) or None


def _plain(value: str) -> str:
    """A header's words without its encoding."""
    with suppress(LookupError, ValueError, MessageError):  # a header that is not well formed is shown as it stands
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())
