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


def drawn_pdf(
    *pages: Sequence[tuple[float, float, str]], size: int = 10, rules: Sequence[Sequence[float]] = ()
) -> bytes:
    """A PDF of strings at places, (x, y, string) in the order of drawing; `rules` are lines on each page: (x, y, x, y)."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    for page in pages:
        canvas.setFont("Helvetica", size)
        for x, y, text in page:
            canvas.drawString(x, y, text)
        for rule in rules:
            canvas.line(*rule)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


_BOX = b"500 0 20 0 480 700 d1 20 0 460 700 re f"  # what every glyph of an invented font looks like


def glyph_pdf(*lines: Sequence[tuple[str, float, float]], size: int = 10) -> bytes:
    """A PDF of glyphs (what each stands for, x, y) in the order of drawing, half as wide as high; its font says what they are.

    Each of `lines` is one text object. A glyph that stands for nothing ("") has no letter in the font's table.
    """
    known = list(dict.fromkeys(text for line in lines for text, _, _ in line))
    codes = {text: 33 + place for place, text in enumerate(known)}
    table = "\n".join(
        f"<{code:02X}> <{text.encode('utf-16-be').hex().upper()}>" for text, code in codes.items() if text
    )
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /T def /CMapType 2 def\n"
        "1 begincodespacerange <00> <FF> endcodespacerange\n"
        f"{sum(map(bool, codes))} beginbfchar\n{table}\nendbfchar endcmap end end"
    ).encode()
    content = "".join(
        "BT /F 1 Tf "
        + " ".join(f"{size} 0 0 {size} {x} {y} Tm <{codes[text]:02X}> Tj" for text, x, y in line)
        + " ET\n"
        for line in lines
    ).encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 -200 500 800] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 33 "
        b"/LastChar %d /Widths [%s] /ToUnicode 6 0 R /Encoding << /Type /Encoding /Differences [33 %s] >> /CharProcs << %s >> >>"
        % (
            32 + len(codes),
            b" ".join([b"500"] * len(codes)),
            b" ".join(b"/g%d" % code for code in codes.values()),
            b" ".join(b"/g%d 7 0 R" % code for code in codes.values()),
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(_BOX), _BOX),
    ]
    data, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table_at = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, table_at)


def seen(
    text: str | Sequence[str], x: float, y: float, *, to_left: bool = False, size: int = 10
) -> list[tuple[str, float, float]]:
    """Glyphs of a line for `glyph_pdf`, drawn in the order of reading: to the right of `x`, or to the left of it."""
    step = size / 2
    places = [x + step * n for n in range(len(text))] if not to_left else [x - step * (n + 1) for n in range(len(text))]
    return [(glyph, place, y) for glyph, place in zip(text, places, strict=True) if glyph != " "]


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
    """A zip of `parts`, the same bytes whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name, content in parts.items():
            out.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
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
    return archive(parts_of(buffer.getvalue()))  # as saved it has the time of day in it


def parts_of(data: bytes) -> dict[str, str | bytes]:
    """The parts of a zip by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        return {name: source.read(name) for name in source.namelist()}


def replace_part(data: bytes, part: str, content: bytes) -> bytes:
    """The zip `data` with one part exchanged."""
    return archive({**parts_of(data), part: content})


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
