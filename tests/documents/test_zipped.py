"""A document that is alone in a zip archive is read; anything else in one is refused with what to do."""

from __future__ import annotations

import pytest

import documents
from documents import DamagedFile, UnpacksTooLarge, UnsupportedFormat
from tests.documents import makers


@pytest.mark.parametrize(
    ("inside", "data"),
    [
        ("orrin.epub", makers.epub()),
        ("letters/tide.pdf", makers.pdf(["The tide comes at six."])),
        ("tide.docx", makers.word([("Normal", "The tide comes at six.")])),
        ("tide.txt", b"The tide comes at six.\n"),
    ],
)
def test_it_is_the_same_document_as_by_itself(inside: str, data: bytes) -> None:
    packed = makers.archive({inside: data, "__MACOSX/._x": b"\0"})
    assert documents.read(packed, "download.zip") == documents.read(data, inside.rpartition("/")[2])


@pytest.mark.parametrize(
    "parts",
    [
        {"one.epub": makers.epub(), "two.epub": makers.epub()},
        {"tide.txt": b"The tide.", "sea.jpg": b"\xff\xd8\xff"},
        {"inner.zip": makers.archive({"tide.txt": b"The tide."})},
        {"table.csv": b"1,2"},
    ],
)
def test_more_than_one_document_or_none_is_refused_with_what_to_do(parts: dict[str, bytes]) -> None:
    with pytest.raises(
        UnsupportedFormat, match=r"is a zip archive, which cannot be read here\. Unpack it and add the files"
    ):
        documents.read(makers.archive(parts), "download.zip")


def test_what_unpacks_too_large_or_is_broken_is_named() -> None:
    packed = makers.archive({"tide.txt": b"The tide comes at six.\n" * 100})
    with pytest.raises(UnpacksTooLarge):
        documents.read(makers.declare_size(packed, "tide.txt", 600 * 2**20), "download.zip")
    with pytest.raises(DamagedFile, match=r"download\.zip"):
        documents.read(packed.replace(packed[40:60], bytes(20), 1), "download.zip")
