"""HTML pages: text by block, sections from h1 to h6."""

from __future__ import annotations

from documents.decode import decode
from documents.markup import extract
from documents.model import Note, Parsed


def parse_html(data: bytes, name: str) -> Parsed:
    """The page's text as a browser shows it, without menus and scripts."""
    return read_html(*decode(data, declared=True))


def read_html(source: str, notes: tuple[Note, ...] = ()) -> Parsed:
    """The same of a page that is text already, with notes on how it became that."""
    markup = extract(source, xhtml=source.lstrip()[:5] == "<?xml")
    top = [h for h in markup.headings if h.level == 1]
    return Parsed(
        pages=(markup.text,),
        headings=markup.headings,
        title=markup.title,
        heading_title=top[0].title if top else None,
        author=markup.author,
        notes=(*notes, *markup.notes),
    )
