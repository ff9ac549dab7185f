"""What holds for every format: named errors, offsets, cut-off files."""

from __future__ import annotations

import ast
import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

import documents
from documents import (
    DamagedFile,
    Document,
    DocumentError,
    EmptyFile,
    FileTooLarge,
    LockedFile,
    Mislabelled,
    UnsupportedFormat,
)
from documents.model import note
from tests.documents import makers

PROSE = "The sea lay flat and grey around the rock, and nobody came for a long time.\n"
FILES: dict[str, Callable[[], bytes]] = {
    "a.pdf": lambda: makers.pdf(
        [f"Light\n{PROSE}", "Dusk\nlamp", "Dawn\nboat"], title="L1", outline=[("A", 0, 1), ("B", 0, 3)]
    ),
    "a.epub": makers.epub,
    "a.docx": lambda: makers.word([("Heading 1", "Rock"), ("Normal", PROSE), ("Heading 1", "Lamp"), ("Normal", PROSE)]),
    "a.html": lambda: f"<html><body><h1>Rock</h1><p>{PROSE}</p><h1>Lamp</h1><p>ü</p></body></html>".encode(),
    "a.md": lambda: f"# Rock\n{PROSE}\n# Lamp\n```\nü\n```\n".encode(),
    "a.txt": lambda: f"CHAPTER I\n\n{PROSE}\n\nCHAPTER II\n\n{PROSE} ü".encode(),
}


def check(document: Document) -> None:
    """What every document promises."""
    assert document.title and document.sections and document.text.strip()
    assert "".join(document.pages) == document.text and "\0" not in document.text
    assert len(document.page_starts) == len(document.pages)
    chapters = [s for s in document.sections if s.level == 1]
    assert chapters[0].start == 0 and chapters[-1].end == len(document.text)
    assert all(a.end == b.start for a, b in itertools.pairwise(chapters))
    for section in document.sections:
        assert section.start < section.end and section.title
        assert 1 <= section.page <= len(document.pages)
        start = document.page_starts[section.page - 1]
        assert start <= section.start or not document.text[section.start : start].strip()
    assert all(not document.pages[page - 1] for page in document.missing_pages)
    assert bool(document.missing_pages) <= bool(document.notes)


@pytest.mark.parametrize("name", FILES)
def test_every_format_keeps_its_promises(name: str) -> None:
    data = FILES[name]()
    document = documents.read(data, name)
    check(document)
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert document == documents.read(data, name)
    assert document.notes == () and len([s for s in document.sections if s.level == 1]) in (2, 3)


@pytest.mark.parametrize("name", FILES)
def test_cut_off_files_parse_or_fail_by_name(name: str) -> None:
    data = FILES[name]()
    outcomes = set()
    for length in range(0, len(data), max(1, len(data) // 150)):
        try:
            check(documents.read(data[:length], name))
            outcomes.add("read")
        except DocumentError as error:
            assert name in str(error) and str(error).endswith((".", "?"))
            outcomes.add(type(error).__name__)
    assert outcomes <= {"read", "DamagedFile", "EmptyFile", "NoText", "Mislabelled"} and len(outcomes) > 1


@pytest.mark.parametrize("name", FILES)
def test_scrambled_files_parse_or_fail_by_name(name: str) -> None:
    data = FILES[name]()
    for seed in range(60):
        scrambled = bytearray(data)
        for step in range(1 + seed % 7):
            place = hashlib.sha256(f"{seed} {step}".encode()).digest()
            scrambled[int.from_bytes(place[:4]) % len(data)] = place[4]
        try:
            check(documents.read(bytes(scrambled), name))
        except DocumentError as error:
            assert name in str(error)


@pytest.mark.parametrize("data", [b"", b"  \n\t\r\n"])
def test_empty_files(data: bytes) -> None:
    with pytest.raises(EmptyFile, match="is empty"):
        documents.read(data, "a.txt")


def test_files_over_the_limit() -> None:
    with pytest.raises(FileTooLarge, match=r"3\.0 MiB, more than the limit of 2\.0 MiB"):
        documents.read(b"a" * 3 * 2**20, "a.txt", max_bytes=2 * 2**20)
    assert documents.read(b"ab", "a.txt", max_bytes=2).text == "ab"


@pytest.mark.parametrize("name", ["a.epub", "a.docx", "a.html", "a.txt"])
def test_a_readable_file_under_a_wrong_name_is_read_with_a_warning(name: str) -> None:
    document = documents.read(FILES[name](), "wrong.pdf")
    assert document.format == documents.read(FILES[name](), name).format
    assert document.notes == (note("mislabelled", name="wrong.pdf", promised="pdf", found=document.format),)


def test_a_pdf_under_any_name_or_none_is_read() -> None:
    assert documents.read(FILES["a.pdf"](), "a.txt").notes
    assert documents.read(FILES["a.pdf"](), "download").notes == ()


@pytest.mark.parametrize(
    ("data", "name", "error", "words"),
    [
        (bytes(range(256)) * 9, "a.pdf", Mislabelled, "named like a PDF"),
        (bytes(range(256)) * 9, "a.epub", Mislabelled, "named like an EPUB book"),
        (bytes(range(256)) * 9, "a.bin", UnsupportedFormat, "unknown kind"),
        (b"%PD", "a.pdf", DamagedFile, "a PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "a.pdf", UnsupportedFormat, "picture"),
        (bytes(60) + b"BOOKMOBI" + bytes(99), "a.mobi", UnsupportedFormat, "EPUB"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.doc", UnsupportedFormat, "old Office"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            "a.docx",
            LockedFile,
            "Word password",
        ),
        (makers.archive({"xl/workbook.xml": "<a/>"}), "a.xlsx", UnsupportedFormat, "Excel"),
        (makers.archive({"notes.txt": "hello", "more.txt": "you"}), "a.zip", UnsupportedFormat, "Unpack it"),
        (makers.archive({"notes.txt": "hello"}), "a.epub", Mislabelled, "EPUB"),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, name: str, error: type[DocumentError], words: str) -> None:
    with pytest.raises(error, match=words):
        documents.read(data, name)


def test_text_before_the_first_heading_is_front_matter_when_there_is_enough_of_it() -> None:
    long, short = f"{PROSE}{PROSE}", "A note.\n"
    with_front = documents.read(f"{long}\n# Rock\nflat\n\n# Lamp\nlit\n".encode(), "a.md")
    without = documents.read(f"{short}\n# Rock\nflat\n\n# Lamp\nlit\n".encode(), "a.md")
    assert [s.title for s in with_front.sections] == ["Front matter", "Rock", "Lamp"]
    assert [(s.title, s.start) for s in without.sections] == [("Rock", 0), ("Lamp", 21)]


@pytest.mark.parametrize("nobody", ["anonymous", "(anonymous)", "Unknown", "unspecified", "Windows User", "<onbekend>"])
def test_nobody_is_no_author(nobody: str) -> None:
    assert documents.read(makers.pdf(["The lamp is lit."], author=nobody), "a.pdf").author is None
    assert documents.read(f"---\nauthor: '{nobody}'\n---\nText.\n".encode(), "a.md").author is None
    assert (
        documents.read(makers.pdf(["The lamp is lit."], author="Anonymous Bosch"), "a.pdf").author == "Anonymous Bosch"
    )


def test_levels_skip_no_step() -> None:
    source = "".join(
        f"{'#' * depth} {title}\ntext\n\n" for depth, title in ((3, "A"), (6, "B"), (4, "C"), (2, "D"), (4, "E"))
    )
    document = documents.read(source.encode(), "a.md")
    assert [(s.title, s.level) for s in document.sections] == [("A", 1), ("B", 2), ("C", 2), ("D", 1), ("E", 2)]


def test_torch_and_the_rest_of_the_house_stay_out() -> None:
    allowed = {"documents", "lxml", "pypdf", "pypdfium2", "selectolax", "chardet", "markdown_it", "yaml"}
    allowed |= {"numpy", "rapidocr", "cv2"}  # what requirements-ocr.txt brings, for pictures of pages
    for path in Path(documents.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in {name.split(".")[0] for name in names}:
                assert name in allowed or name in __import__("sys").stdlib_module_names, f"{path.name} imports {name}"


def test_an_outlook_mail_is_refused_by_its_name() -> None:
    data = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600 + "__substg1.0_1000001F".encode("utf-16-le") + b"\0" * 600
    with pytest.raises(documents.UnsupportedFormat, match=r"Outlook mail.*EML"):
        documents.read(data, "a.msg")
