"""HTML pages: text by block, sections from h1 to h6."""

from __future__ import annotations

from documents.decode import decode
from documents.markup import extract
from documents.model import Parsed


def parse_html(data: bytes, name: str) -> Parsed:
    """The page's readable text, without menus and scripts."""
    source = decode(data, declared=True)
    markup = extract(source, xhtml=source.lstrip()[:5] == "<?xml")
    top = [h for h in markup.headings if h.level == 1]
    return Parsed(
        pages=(markup.text,),
        headings=markup.headings,
        title=markup.title,
        heading_title=top[0].title if top else None,
        author=markup.author,
    )
