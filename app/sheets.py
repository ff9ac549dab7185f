"""A page to look at: as it was printed where its file is kept, as text otherwise, with some words found on it."""

from __future__ import annotations

from dataclasses import astuple

from app.errors import UnknownPage
from app.seek import longer_words
from app.views import PageView
from storage import DocumentRow, Store


def page_view(store: Store, row: DocumentRow, number: int, words: str) -> PageView:
    """Page `number` of the document, with where the `longer_words` of `words` stand on its picture. Raises UnknownPage."""
    import documents  # here, because the format readers take a while to import

    if not 1 <= number <= row.n_pages:
        raise UnknownPage(number, row.title, row.n_pages)
    sheet, original = None, store.pictures.original(row.id)
    if original is not None:
        try:
            sheet = documents.page_sheet(original.data, number, longer_words(words))
        except documents.PictureUnreadable:
            sheet = None  # its text is there
    return PageView(
        title=row.title,
        number=number,
        pages=row.n_pages,
        text=store.documents.pages(row.id)[number - 1],
        words=words,
        png=sheet.png if sheet else None,
        marks=tuple(astuple(mark) for mark in sheet.marks) if sheet else (),
    )
