"""Small files that were made to harm whoever opens them."""

from __future__ import annotations

import io

from tests.documents import makers

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def raw_pdf(objects: list[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalog."""
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.7\n")
    for number, one in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, one))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))
    return out.getvalue()


def stream(entries: bytes, data: bytes) -> bytes:
    """A stream object."""
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, len(data), data)


def form_in_itself() -> bytes:
    """A page with a form that draws itself eight times over."""
    drawn = b"BT /F 12 Tf 50 700 Td (lamp) Tj ET\n" + b"/X Do " * 8
    resources = b"/Resources<</Font<</F 6 0 R>>/XObject<</X 5 0 R>>>>"
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]%s/Contents 4 0 R>>" % resources,
            stream(b"", drawn),
            stream(b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]%s" % resources, drawn),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
    )


def docx(body: str) -> bytes:
    """A Word document with this in its body."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{TYPES}"><Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}" Target="word/document.xml"/>'
        "</Relationships>",
        "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
    }
    return makers.archive(parts)


def swelling_docx(mebibytes: int) -> bytes:
    """A Word document of very many short paragraphs, which pack well."""
    paragraph = "<w:p><w:r><w:t>a</w:t></w:r></w:p>"
    return docx(paragraph * (mebibytes * 2**20 // len(paragraph)))


def deep_html(depth: int) -> bytes:
    """A web page of boxes in boxes."""
    return b"<html><body>" + b"<div>" * depth + b"lamp"
