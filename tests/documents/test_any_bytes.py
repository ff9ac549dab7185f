"""Whatever the bytes, a reader gives a document or a named error, and gives it soon."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import documents
from documents import DocumentError
from documents.decode import decode
from tests.documents import makers
from tests.documents.test_reader import FILES, check

SECONDS = 5.0  # of the processor, for any of the small files here; what takes quadratic time takes far longer
NAMES = sorted({*FILES, "a.odt", "a.rtf", "a.fb2", "a.mht", "a.eml", "a"})
WHOLE = {name: make() for name, make in FILES.items() if name != "a.pdf"}
QUICKLY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# What formats are made of, so that what is put together at random gets further than the first byte.
PIECES = [
    *(
        b"<html>",
        b"<p>",
        b"</p>",
        b"<!--",
        b"-->",
        b"<table>",
        b"<tr><td rowspan=9>",
        b"<ul><li>",
        b"<sup>1",
        b"<pre>",
        b"<a/>",
        b"<style>p{",
    ),
    *(
        b"# ",
        b"---\n",
        b"```",
        b"| a |",
        b"[a](b)",
        b"![",
        b"> ",
        b"- ",
        b"\n\n",
        b"<?xml ",
        b"&amp;",
        b"&#xD800;",
        b"title: x\n",
        b"+++\n",
    ),
    *(
        b"{\\rtf1",
        b"{\\*\\",
        b"\\'e9",
        b"\\u-9999 ",
        b"}",
        b"{",
        b"\\cell ",
        b"\\row ",
        b"\\bin99999 ",
        b"\\footnote ",
        b"\\trowd ",
    ),
    *(
        b"From: a\n",
        b"Subject: =?utf-8?q?=E9?=\n",
        b"MIME-Version: 1.0\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n",
        b"--b\n",
        b"--b--",
    ),
    *(
        b"<FictionBook>",
        b"<body><section><title>",
        b"</section>",
        b"CHAPTER I\n\n",
        b"Hoofdstuk 2\n",
        b"\xff\xfe",
        b"\xe9",
        b"\0",
        b"\x1b$B",
    ),
    *(
        b"Title:",
        b" " * 40,
        b"*** START OF THE PROJECT GUTENBERG",
        b"#" * 30,
        b"=" * 30,
        b"\xe2\x82",
        b"\x85",
        b"PK\x03\x04",
        b"%PDF-1.4",
    ),
]


def read_soon(data: bytes, name: str) -> None:
    """Reads, and checks what every document promises; a named error is as good."""
    begun = time.process_time()
    try:
        check(documents.read(data, name))
    except DocumentError as error:
        assert str(error)
    assert time.process_time() - begun < SECONDS


@QUICKLY
@given(data=st.binary(max_size=400), name=st.sampled_from(NAMES))
def test_any_bytes(data: bytes, name: str) -> None:
    read_soon(data, name)


@QUICKLY
@given(pieces=st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=60), name=st.sampled_from(NAMES))
def test_any_pieces_of_formats(pieces: list[bytes], name: str) -> None:
    read_soon(b"".join(pieces), name)


@QUICKLY
@given(
    name=st.sampled_from(sorted(WHOLE)),
    changes=st.lists(st.tuples(st.integers(0), st.binary(max_size=8)), max_size=5),
    cut=st.integers(0),
)
def test_any_change_of_a_whole_file(name: str, changes: list[tuple[int, bytes]], cut: int) -> None:
    data = WHOLE[name]
    for place, put in changes:
        place %= len(data)
        data = data[:place] + put + data[place + len(put) :]
    read_soon(data[: cut % (len(data) + 1)] if cut % 3 else data, name)


@QUICKLY
@given(
    kind=st.sampled_from(["docx", "epub", "odt"]),
    content=st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=40).map(b"".join),
    whole=st.booleans(),
)
def test_any_part_within_an_archive(kind: str, content: bytes, whole: bool) -> None:
    parts = {
        "docx": lambda: makers.replace_part(WHOLE["a.docx"], "word/document.xml", content),
        "epub": lambda: makers.replace_part(WHOLE["a.epub"], "OPS/text/c1.xhtml" if whole else "OPS/book.opf", content),
        "odt": lambda: makers.archive({"content.xml": content, "mimetype": "application/vnd.oasis.opendocument.text"}),
    }
    read_soon(parts[kind](), f"a.{kind}")


@QUICKLY
@given(
    st.text(max_size=200),
    st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32", "cp1252", "shift_jis", "gb18030", "koi8-r"]),
)
def test_decoding_never_fails(text: str, encoding: str) -> None:
    found = decode(text.encode(encoding, "ignore"), declared=True).text
    assert "\0" not in found and found.encode("utf-8").decode("utf-8") == found


@pytest.mark.parametrize("repeat", [500, 4000])
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.html", lambda n: b"<!-- a -->" * n),
        ("a.html", lambda n: b"<!-- a --> " * n + b"<x"),
        ("a.html", lambda n: b"<?xml" * n),
        ("a.html", lambda n: b'<?xml version="1.0"?><html><body>' + b"<a " * n),
        ("a.html", lambda n: b'<?xml version="1.0"?><html><body>' + b'<a b="' * n),
        ("a.html", lambda n: b"<html><style>" + b"a{" * n + b"display:none}</style>"),
        ("a.html", lambda n: b"<html><style>" + b"/*" * n + b"</style>"),
        ("a.html", lambda n: b"<html><style>" + b".a .b{display:none}" * n + b"</style>" + b"<div class=a>" * n),
        ("a.html", lambda n: b"<html><p style='" + b"display :" * n + b"'>"),
        ("a.html", lambda n: b"<html>" + b"<table><tr><td>" * n + b"lamp"),
        ("a.html", lambda n: b"<html><table>" + b"<tr><td rowspan=99999>lamp" * n),
        ("a.html", lambda n: b"<html>" + b"<ul><li>" * n + b"lamp"),
        ("a.html", lambda n: b"<html>" + b"<sup>1</sup>" * n),
        ("a.html", lambda n: b"<html><math>" + b"<mfrac>" * n + b"1"),
        ("a.html", lambda n: b"<html><select>" * n),
        ("a.md", lambda n: b"[" * n),
        ("a.md", lambda n: b"![" * n),
        ("a.md", lambda n: b"[a](" * n),
        ("a.md", lambda n: b"*a **b " * n),
        ("a.md", lambda n: b"> " * n + b"lamp"),
        ("a.md", lambda n: b"|a" * n + b"\n" + b"|-" * n + b"\n" + b"|b" * n),
        ("a.md", lambda n: b"---\n" + b"[" * n + b"\n---\n"),
        ("a.md", lambda n: b"---\n" + b"a: &a [*a" * n + b"\n---\n"),
        ("a.md", lambda n: b"{" * n),
        ("a.md", lambda n: b"# a " + b"#" * n + b" {" * n),
        ("a.txt", lambda n: b"Title:" + b" " * n + b"x\n*** START OF THE PROJECT GUTENBERG"),
        ("a.txt", lambda n: b"Title: " + b"x " * n + b"\n*** START OF THE PROJECT GUTENBERG"),
        ("a.txt", lambda n: b"*" * n + b" " * n),
        ("a.txt", lambda n: b"\n\nChapter one one" * n),
        ("a.txt", lambda n: (b"\n\n" + b"#" * 50 + b" " * 40) * n),
        ("a.txt", lambda n: b"X" * n * 10),
        ("a.txt", lambda n: b"\xe9" * n),
        ("a.rtf", lambda n: b"{\\rtf1" + b"{" * n),
        ("a.rtf", lambda n: b"{\\rtf1" + b"\\" * n),
        ("a.rtf", lambda n: b"{\\rtf1" + b"{\\footnote " * n + b"lamp"),
        ("a.rtf", lambda n: b"{\\rtf1\\trowd" + b"\\intbl lamp\\cell" * n + b"\\row}"),
        ("a.eml", lambda n: b"From: a\nSubject: b\nTo: c\n" + b" d\n" * n),
        ("a.eml", lambda n: b"From: a\nSubject: " + b"=?" * n + b"\nTo: c\n\nlamp"),
        (
            "a.eml",
            lambda n: b"MIME-Version: 1.0\nSubject: a\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * n,
        ),
        ("a.fb2", lambda n: b"<FictionBook><body>" + b"<section>" * n + b"<p>lamp"),
        ("a.fb2", lambda n: b"<FictionBook><body><p>lamp</p></body>" + b"<binary" * n),
    ],
)
def test_nothing_takes_more_than_linear_time(name: str, make: Callable[[int], bytes], repeat: int) -> None:
    read_soon(make(repeat), name)
