"""Mails and saved pages: the text that is shown, the headers that people read, and what comes along by name."""

from __future__ import annotations

from email.message import EmailMessage

import documents
from documents.model import note


def mail(**headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in ({"From": "Ada <ada@x.org>", "To": "Tom", "Subject": "Het café"} | headers).items():
        message[name] = value
    return message


def test_a_mail_is_read_with_its_headers_and_its_files_are_named() -> None:
    message = mail()
    message.set_content("The lamp is lit.\nCome in.\n")
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="plan.pdf")
    document = documents.read(message.as_bytes(), "a.eml")
    assert (document.title, document.author, document.format) == ("Het café", "Ada <ada@x.org>", "eml")
    assert document.text == "From: Ada <ada@x.org>\nTo: Tom\nSubject: Het café\n\nThe lamp is lit.\nCome in.\n"
    assert document.notes == (note("attachments_left_out", n=1, which="plan.pdf"),)


def test_of_two_forms_of_one_mail_the_richer_is_read_once() -> None:
    message = mail()
    message.set_content("The lamp is lit.")
    message.add_alternative("<html><body><h1>Lamp</h1><table><tr><td>Oil<td>7</table></body></html>", subtype="html")
    document = documents.read(message.as_bytes(), "a.eml")
    assert document.text.endswith("\n\nLamp\n\nOil | 7\n") and "is lit" not in document.text


def test_letters_of_a_mail_are_read_in_the_encoding_that_it_names() -> None:
    for charset in ("iso-8859-1", "windows-1252", "utf-8", "koi8-r"):
        words = "Привет" if charset == "koi8-r" else "één café"
        head = f"From: a\nSubject: b\nMIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
        document = documents.read(head.encode() + words.encode(charset), "a.eml")
        assert document.text.endswith(f"\n\n{words}\n") and document.notes == ()


def test_a_forwarded_mail_is_read_too() -> None:
    inner = mail(Subject="Inner")
    inner.set_content("The bell rings.")
    outer = mail(Subject="Fwd")
    outer.set_content("See below.")
    outer.add_attachment(inner)
    text = documents.read(outer.as_bytes(), "a.eml").text
    assert text.index("See below.") < text.index("The bell rings.")


MHT = (
    "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://x.org/\r\nSubject: =?utf-8?Q?The_l=C3=A4mp?=\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/related; type="text/html"; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n'
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n<html><head><title>The lamp</title></head><body><h1>Lit</h1>"
    "<p>The keeper=E2=80=99s la=\r\nmp.</p></body></html>\r\n--b\r\nContent-Type: text/css\r\n\r\np{}\r\n--b\r\nContent-Type: image/png\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo\r\n--b--\r\n"
)


def test_a_saved_page_is_its_page() -> None:
    document = documents.read(MHT.encode(), "a.mht")
    assert (document.title, document.format, document.text, document.notes) == (
        "The lamp",
        "mht",
        "Lit\n\nThe keeper’s lamp.\n",
        (),
    )
    assert documents.read(MHT.encode(), "a").format == "mht"


def test_frames_of_a_saved_page_are_read_after_it() -> None:
    frame = "--b\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+RXh0cmEg6TwvcD4=\r\n"
    data = MHT.replace("--b\r\nContent-Type: text/css", frame + "--b\r\nContent-Type: text/css")
    assert documents.read(data.encode(), "a.mht").text == "Lit\n\nThe keeper’s lamp.\n\nExtra é\n"


def test_a_text_that_begins_like_a_mail_is_a_text() -> None:
    assert documents.read(b"From: the keeper\nTo: whom it concerns\n\nThe lamp is lit.\n", "a.txt").format == "text"
    assert documents.read(b"Note: one\nNote: two\n\nThe lamp is lit.\n", "a").format == "text"


def test_a_mail_within_a_mail_has_its_headers() -> None:
    message, inner = mail(), mail(Subject="Lamp", To="Anna")
    inner.set_content("Out of oil.")
    message.set_content("See below.")
    message.add_attachment(inner)
    text = documents.read(message.as_bytes(), "a.eml").text
    assert text.endswith("See below.\n\nFrom: Ada <ada@x.org>\nTo: Anna\nSubject: Lamp\n\nOut of oil.\n")


def test_a_header_whose_bytes_name_no_encoding_is_judged_as_texts_are() -> None:
    document = documents.read("From: a@b.c\nSubject: Het café\n\nEén café.\n".encode("cp1252"), "a.eml")
    assert document.title == "Het café" and document.text.endswith("Subject: Het café\n\nEén café.\n")


def test_each_mail_of_a_mailbox_is_a_section() -> None:
    mails = []
    for subject, said in (("One", "From here on.\n\nFrom there too."), ("Two", "één café")):
        message = mail(Subject=subject)
        message.set_content(said, cte="base64" if subject == "Two" else "7bit")
        body = message.as_bytes().replace(b"\nFrom ", b"\n>From ")
        mails.append(b"From ada@x.org Mon Jun  3 10:00:00 2024\n" + body)
    document = documents.read(b"\n".join(mails), "all.mbox")
    assert [section.title for section in document.sections] == ["One", "Two"]
    assert "From here on.\n\nFrom there too." in document.pages[0] and document.pages[1].endswith("één café\n")
    assert "2024" not in document.text
