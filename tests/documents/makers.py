"""Small real files, made on the spot."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence

import docx
from pypdf import PdfReader, PdfWriter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas


def pdf(
    pages: Sequence[str],
    *,
    title: str | None = None,
    author: str | None = None,
    outline: Sequence[tuple[str, int, int]] = (),
    sizes: dict[int, int] | None = None,
) -> bytes:
    """A PDF of text pages. `outline`: (title, level from 0, 1-based page); `sizes`: font sizes by line of page 1."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    if title:
        canvas.setTitle(title)
    if author:
        canvas.setAuthor(author)
    for number, page in enumerate(pages, 1):
        for entry, level, target in outline:
            if target == number:
                canvas.bookmarkPage(f"{entry}{number}")
                canvas.addOutlineEntry(entry, f"{entry}{number}", level)
        y = 800
        for index, line in enumerate(page.split("\n")):
            size = (sizes or {}).get(index, 11) if number == 1 else 11
            canvas.setFont("Helvetica", size)
            canvas.drawString(50, y, line)
            y -= 2 * size
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def scanned_pdf(pictures: int, texts: Sequence[str] = ()) -> bytes:
    """A PDF of `pictures` picture-only pages, with text pages after them."""
    from PIL import Image

    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    picture = ImageReader(Image.new("L", (7, 11), 200))
    for _ in range(pictures):
        canvas.drawImage(picture, 10, 10, 500, 700)
        canvas.showPage()
    for text in texts:
        for index, line in enumerate(text.split("\n")):
            canvas.drawString(50, 800 - 15 * index, line)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def pictured_pdf(pages: Sequence[str], texts: dict[int, str] | None = None) -> bytes:
    """A scan: the text of each page is in its picture alone, but for the pages of `texts`, by page from 1."""
    import pypdfium2

    printed = pypdfium2.PdfDocument(pdf(pages))
    pictures = [page.render(scale=200 / 72, grayscale=True).to_pil() for page in printed]
    printed.close()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    for number, picture in enumerate(pictures, 1):
        lines = (texts or {}).get(number, "").split("\n")
        if lines == [""]:
            canvas.drawImage(ImageReader(picture), 0, 0, *canvas._pagesize)
        for index, line in enumerate(lines):
            canvas.drawString(50, 800 - 15 * index, line)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def locked_pdf(data: bytes, password: str, *, owner_only: bool = False, algorithm: str = "AES-256") -> bytes:
    """`data` encrypted; with `owner_only` it opens without a password."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt("" if owner_only else password, owner_password=password + "!", algorithm=algorithm)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def archive(parts: dict[str, str | bytes]) -> bytes:
    """A zip of `parts`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in parts.items():
            out.writestr(name, content)
    return buffer.getvalue()


def epub_parts(
    chapters: Sequence[tuple[str, str]], *, title: str = "The Lighthouse", toc: str = "nav"
) -> dict[str, str | bytes]:
    """The parts of an EPUB whose chapters are (title, XHTML body); `toc` is "nav", "ncx" or ""."""
    items = "".join(
        f'<item id="c{i}" href="text/c{i}.xhtml" media-type="application/xhtml+xml"/>' for i in range(len(chapters))
    )
    refs = "".join(f'<itemref idref="c{i}"/>' for i in range(len(chapters)))
    extra = {
        "nav": '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>',
        "ncx": '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>',
        "": "",
    }[toc]
    opf = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title>'
        "<dc:creator>Ada Pharos</dc:creator></metadata>"
        f'<manifest>{items}{extra}</manifest><spine toc="ncx">{refs}</spine></package>'
    )
    parts: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        "OPS/book.opf": opf,
    }
    if toc == "nav":
        rows = "".join(f'<li><a href="text/c{i}.xhtml">{t}</a></li>' for i, (t, _) in enumerate(chapters))
        parts["OPS/nav.xhtml"] = (
            '<html xmlns:epub="http://www.idpf.org/2007/ops"><body><nav epub:type="landmarks"><ol><li>'
            f'<a href="text/c0.xhtml">Start</a></li></ol></nav><nav epub:type="toc"><ol>{rows}</ol></nav></body></html>'
        )
    if toc == "ncx":
        points = "".join(
            f'<navPoint><navLabel><text>{t}</text></navLabel><content src="text/c{i}.xhtml"/></navPoint>'
            for i, (t, _) in enumerate(chapters)
        )
        parts["OPS/toc.ncx"] = (
            '<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "x.dtd">'
            f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{points}</navMap></ncx>'
        )
    for i, (_, body) in enumerate(chapters):
        parts[f"OPS/text/c{i}.xhtml"] = (
            f'<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>'
            f"<body>{body}</body></html>"
        )
    return parts


CHAPTERS = (
    ("One: The Rock", '<h1>The Rock</h1><p>The sea lay flat<br/>and <i>grey</i>.</p><a id="x"/><p>Nobody came.</p>'),
    ("Two: The Lamp", "<h1>The Lamp</h1><p>He lit it at dusk &amp; slept.</p>"),
    ("Three: The Boat", "<h1>The Boat</h1><p>A boat passed at dawn.</p><ul><li>oars</li><li>a sail</li></ul>"),
)


def epub(**options: str) -> bytes:
    """A book of three chapters."""
    return archive(epub_parts(CHAPTERS, **options))


def word(paragraphs: Sequence[tuple[str, str]], *, title: str = "", table: Sequence[Sequence[str]] = ()) -> bytes:
    """A Word document of (style, text) paragraphs, with a table at the end."""
    document = docx.Document()
    document.core_properties.title = title
    document.core_properties.author = "Ada Pharos"
    for style, text in paragraphs:
        document.add_paragraph(text, style=style)
    if table:
        grid = document.add_table(rows=len(table), cols=len(table[0]))
        for row, cells in zip(grid.rows, table, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def replace_part(data: bytes, part: str, content: bytes) -> bytes:
    """The zip `data` with one part exchanged."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        parts: dict[str, str | bytes] = {name: source.read(name) for name in source.namelist()}
    return archive({**parts, part: content})


def declare_size(data: bytes, part: str, size: int) -> bytes:
    """The zip `data` whose table of contents claims that `part` unpacks into `size` bytes."""
    forged = bytearray(data)
    place = forged.find(b"PK\x01\x02")
    while place >= 0:
        length = struct.unpack_from("<H", forged, place + 28)[0]
        if bytes(forged[place + 46 : place + 46 + length]) == part.encode():
            struct.pack_into("<I", forged, place + 24, size)
        place = forged.find(b"PK\x01\x02", place + 1)
    return bytes(forged)
