"""Bytes into text: what is declared is believed, what is not is judged by the language that comes out, and the guess is said."""

from __future__ import annotations

import pytest

import documents
from documents.decode import decode
from documents.model import note

SAID = {
    "nl": "De reünie was geïmproviseerd, maar één café bleef open. De veerman vond het idee reëel en dronk er twee koppen koffie.",
    "fr": "L’été où Zoé est née, la forêt brûlait. Le garçon répondit qu’il n’était pas sûr de connaître le chemin de l’île.",
    "de": "Die Möwen schrien über dem Öltank. Er prüfte die Tür, zündete das Licht an und schrieb täglich über die Größe der Wellen.",
    "es": "El niño subió a la montaña por la mañana. Él respondió que no sabía qué había pasado con la canción del señor.",
    "sv": "Färjan gick över sundet på kvällen. Även måsarna var tysta, och på ön såg man ännu ljus från båten.",
    "pl": "Żeglarz wrócił późno i zapalił lampę. Jego córka przyniosła chleb, a nad zatoką leżała gęsta mgła, więc źle spał.",
    "hu": "Az őr minden este felment a lépcsőn, és meggyújtotta a lámpát. Hűvös szél fújt, de ő nem törődött vele.",
    "cs": "Převozník vystoupil po schodech a rozsvítil. Ráno přišla jeho dcera a přinesla čerstvé mléko, chléb a růže.",
    "ru": "Паромщик поднялся на причал и зажёг фонарь. Утром пришла его дочь и принесла хлеб и молоко.",
    "el": "Ο βαρκάρης ανέβηκε τη σκάλα και άναψε το φως. Το πρωί ήρθε η κόρη του και έφερε ψωμί και γάλα.",
    "tr": "Yaşlı kayıkçı her akşam ışığı yaktı. Sabahleyin kızı ekmek ve süt getirdi, ama ada artık görünmüyordu.",
    "ja": "渡し守は夕方に灯りをともした。朝になると娘がパンと牛乳を持ってきた。島はもう見えなかった。",
    "zh": "摆渡人每天傍晚点灯。早上他的女儿带来了面包和牛奶。海上有大雾，岛已经看不见了。",
    "ko": "뱃사공은 저녁마다 불을 켰다. 아침에 그의 딸이 빵과 우유를 가져왔다. 섬은 이제 보이지 않았다.",
}
WRITTEN = [
    *(
        (language, encoding)
        for language in ("nl", "fr", "de", "es", "sv")
        for encoding in ("cp1252", "cp850", "mac-roman")
    ),
    *((language, encoding) for language in ("pl", "cs", "hu") for encoding in ("cp1250", "iso8859-2", "cp852")),
    *(("ru", encoding) for encoding in ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac-cyrillic")),
    *(("el", "cp1253"), ("tr", "cp1254"), ("ja", "cp932"), ("ja", "euc_jp"), ("zh", "gb18030"), ("ko", "cp949")),
    *((language, encoding) for language in ("nl", "ja", "zh", "ru") for encoding in ("utf-16-le", "utf-16-be")),
]


@pytest.mark.parametrize(("language", "encoding"), WRITTEN)
def test_an_encoding_that_nothing_names_is_known_by_its_language(language: str, encoding: str) -> None:
    text = SAID[language].replace("’", "'") if encoding == "cp850" else SAID[language]
    found = decode(text.encode(encoding))
    assert found.text == text
    assert [one.key for one in found.notes] == ["encoding_guessed"]


def test_a_file_says_which_encoding_was_guessed() -> None:
    document = documents.read(SAID["fr"].encode("cp1252"), "été.txt")
    assert document.notes == (note("encoding_guessed", encoding="Windows-1252"),)
    assert documents.read(SAID["fr"].encode("utf-8"), "été.txt").notes == ()


@pytest.mark.parametrize("language", ["nl", "fr", "de", "pl", "ru", "ja"])
def test_utf8_with_a_few_bad_bytes_is_utf8(language: str) -> None:
    data = SAID[language].encode("utf-8") * 3
    middle = data.index(b" ") if b" " in data else 9
    assert (
        decode(data[:middle] + b"\xff" + data[middle:]).text
        == (SAID[language] * 3).encode()[:middle].decode() + "\ufffd" + (SAID[language] * 3).encode()[middle:].decode()
    )
    cut = "één koffie in het café".encode()[:-1]
    assert decode(cut) == ("één koffie in het caf\ufffd", (note("bytes_unreadable", n=1),))


def test_one_accent_in_a_long_english_text() -> None:
    text = "Nobody came to the ferry that day. " * 9 + "The café was shut. " + "Nobody came to the ferry that day. " * 9
    assert decode(text.encode("cp1252")).text == text
    late = "Nobody came. " * 9000 + "The café was shut."
    assert decode(late.encode("cp1252")).text == late


def test_marks_say_what_follows_and_zeros_are_no_letters() -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        assert decode("Één lamp".encode(encoding)) == ("Één lamp", ())
    assert documents.read(b"The lamp\0\nis lit\0\nat dusk.\0\n" * 20, "a.txt").text.startswith("The lamp\nis lit\n")


@pytest.mark.parametrize(
    ("label", "encoding", "words"),
    [
        ("iso-8859-1", "cp1252", "„Größe“ – 20 €"),
        ("gb2312", "gb18030", "朱镕基说"),
        ("x-sjis", "cp932", "①番の㈱"),
        ("windows-1257", "cp1257", "Rīgā ir tilts"),
        ("ks_c_5601-1987", "cp949", "똠방각하"),
        ("koi8-r", "koi8-r", "Привет"),
    ],
)
def test_a_page_is_read_in_the_encoding_that_it_names_as_browsers_read_it(
    label: str, encoding: str, words: str
) -> None:
    page = f'<html><head><!-- {"x" * 3000} --><meta charset="{label}"></head><body><p>{words}</p></body></html>'
    document = documents.read(page.encode(encoding), "a.html")
    assert (document.text, document.notes) == (f"{words}\n", ())


def test_a_page_that_names_the_wrong_encoding_is_not_garbled() -> None:
    page = "<html><head><meta charset='{}'></head><body><p>Één café, één ruïne.</p></body></html>"
    assert documents.read(page.format("iso-8859-1").encode("utf-8"), "a.html").text == "Één café, één ruïne.\n"
    assert documents.read(page.format("utf-8").encode("cp1252"), "a.html").text == "Één café, één ruïne.\n"
    assert documents.read(page.format("no-such-thing").encode("cp1252"), "a.html").text == "Één café, één ruïne.\n"
    assert documents.read(page.format("unicode_escape").encode("utf-8"), "a.html").text == "Één café, één ruïne.\n"


def test_lines_end_however_they_end_and_what_cannot_be_seen_is_no_part_of_a_word() -> None:
    assert decode("a\r\nb\rc\x85d\u2028e".encode()).text == "a\nb\nc\nd\ne"
    assert decode("light\u00adhouse, light\u200bhouse".encode()).text == "lighthouse, lighthouse"
    assert decode("แมว\u200bกิน".encode()).text == "แมว\u200bกิน"


def test_what_was_struck_over_and_the_colours_of_a_terminal_are_no_letters() -> None:
    manual = b"N\bNA\bAM\bME\bE\n  lamp [-_\bo_\bi_\bl] x\b_\n"
    assert documents.read(manual, "lamp.txt").text == "NAME\n  lamp [-oil] x\n"
    assert (
        documents.read(b"\x1b[1;31mERROR\x1b[0m The bell is broken.\n", "a.log").text == "ERROR The bell is broken.\n"
    )
