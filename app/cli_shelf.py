"""The terminal's commands that need no model: what is on the shelf, what was said, and memories to carry about."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from app import export, portable
from app.shelf import Shelf, preview
from app.tags import parse
from app.terminal import Output, size
from app.views import ShelfItem
from app.words import Languages


def shelf(documents: Shelf, sections: bool, out: Output) -> int:
    """Lists the documents."""
    items = documents.shelf()
    for item in items:
        out.text(f"{item.id}  {_state(item):<14}  {item.pages:>5} {item.unit}s  {item.title}")
        for section in item.sections if sections else ():
            out.text(f"{section.number:>6}  {'  ' * (section.level - 1)}{section.title} ({item.unit} {section.page})")
    if not items:
        out.text("The shelf is empty. Put a book on it: launch.py read FILE")
    out.result({"documents": [asdict(item) for item in items]})
    return 0


def text(file: Path, password: str | None, out: Output) -> int:
    """Prints what would be read of a file, section by section, and what is to be known about it."""
    found = preview(file, password)
    english = Languages.load().english
    notes = [english.note(key, values) for key, values in found.notes]
    out.text(found.title + (f" by {found.author}" if found.author else ""))
    for said in notes:
        out.text(f"({said})")
    for section in found.sections:
        out.text(f"\n--- {section.title} ({found.unit} {section.page})\n\n{section.text.strip()}")
    out.result(asdict(found) | {"notes": notes})
    return 0


def describe(documents: Shelf, given: Namespace, out: Output) -> int:
    """Gives a document another title, author or tags."""
    tags = None if given.tags is None else parse(given.tags)
    item = documents.describe(documents.resolve(given.id), title=given.title, author=given.author, tags=tags)
    by = f" by {item.author}" if item.author else ""
    tagged = f", tagged {', '.join(item.tags)}" if item.tags else ""
    out.text(f"{item.id}  {item.title}{by}{tagged}")
    out.result({"document": asdict(item)})
    return 0


def remove(documents: Shelf, document_id: str, out: Output) -> int:
    """Takes a document off the shelf."""
    item = documents.get(documents.resolve(document_id))
    documents.remove(item.id)
    out.text(f"{item.title} is off the shelf. Within a day this brings it back: launch.py restore {item.id}")
    out.result({"id": item.id})
    return 0


def restore(documents: Shelf, document_id: str, out: Output) -> int:
    """Puts one back."""
    item = documents.restore(document_id)
    out.text(f"{item.id}  {item.title} is on the shelf again.")
    out.result({"document": asdict(item)})
    return 0


def chats(documents: Shelf, given: Namespace, out: Output) -> int:
    """Lists the conversations about a document, or goes on with one of them, or gives it another name."""
    item = documents.get(documents.resolve(given.id))
    if given.chat is not None and given.title is not None:
        documents.rename_chat(item.id, given.chat, given.title)
    elif given.chat is not None:
        documents.open_chat(item.id, given.chat)
    words = (given.find or "").lower().split()
    found = [
        chat for chat in documents.chats(item.id) if all(word in f"{chat.title} {chat.texts}".lower() for word in words)
    ]
    for chat in found:
        out.text(f"{'*' if chat.current else ' '}{chat.id:>5}  {chat.asked_at[:10]}  {chat.turns:>3}  {chat.title}")
    if not found:
        out.text("Nothing that was said fits that." if words else f"Nothing has been asked about {item.title} yet.")
    listed = [{name: value for name, value in asdict(chat).items() if name != "texts"} for chat in found]
    out.result({"id": item.id, "conversations": listed})
    return 0


def chat(documents: Shelf, document_id: str, file: Path | None, out: Output) -> int:
    """Prints the current conversation about a document, or writes it to a file. Raises FileNotWritten."""
    item = documents.get(documents.resolve(document_id))
    turns = documents.history(item.id)
    as_json = export.as_json(item.id, item.title, turns)
    if file is None:
        out.text(export.markdown(documents.languages.english, item.title, turns), end="")
    else:
        text = (
            as_json
            if file.suffix.lower() == ".json"
            else export.markdown(documents.languages.english, item.title, turns)
        )
        portable.write_text(file, text)
        out.text(f"The conversation about {item.title} is in {file}.")
    out.result({**json.loads(as_json), "file": str(file) if file else None})
    return 0


def export_snapshot(documents: Shelf, document_id: str, file: Path, out: Output) -> int:
    """Writes a document and its memory to one file."""
    item = documents.get(documents.resolve(document_id))
    documents.export_snapshot(item.id, file)
    n_bytes = file.stat().st_size
    out.text(f"{item.title} is in {file} ({size(n_bytes)}).")
    out.result({"id": item.id, "file": str(file), "bytes": n_bytes})
    return 0


def import_snapshot(documents: Shelf, file: Path, out: Output) -> int:
    """Takes such a file in."""
    item = documents.import_snapshot(file)
    out.text(f"{item.id}  {item.title} is on the shelf, read to {item.unit} {item.read_pages} of {item.pages}.")
    out.result({"document": asdict(item)})
    return 0


def _state(item: ShelfItem) -> str:
    if item.status in ("reading", "cancelled") and item.tokens:
        return f"{item.status} {100 * item.read_tokens // item.tokens}%"
    return item.status
