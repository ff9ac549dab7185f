"""Numbers, days and counts as each language has them, and which language somebody gets."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.words import Languages

LANGUAGES = Languages.load()
EN, NL = LANGUAGES.words("en"), LANGUAGES.words("nl")


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"accept-language": "nl-NL,nl;q=0.9,en-US;q=0.8,en;q=0.7"}, "nl"),
        ({"accept-language": "nl-BE"}, "nl"),
        ({"accept-language": "en-GB,en;q=0.9,nl;q=0.8"}, "en"),
        ({"accept-language": "fr-FR, de;q=0.9, nl;q=0.2"}, "nl"),
        ({"accept-language": "fr-FR,fr;q=0.9"}, "en"),
        ({"accept-language": "nl;q=0, en;q=0.1"}, "en"),
        ({"accept-language": "nlx, nl;q=high, *;q=0.5"}, "en"),
        ({"accept-language": ";;,=,q"}, "en"),
        ({"accept-language": "nl", "cookie": "palimpsest-language=en"}, "en"),
        ({"accept-language": "en", "cookie": "other=1; palimpsest-language=nl; session=abc"}, "nl"),
        ({"accept-language": "nl", "cookie": "palimpsest-language=xx"}, "nl"),
        ({"accept-language": "nl", "cookie": "palimpsest-language"}, "nl"),
        ({"cookie": 'a="unclosed; ;;='}, "en"),
    ],
)
def test_the_language_that_was_chosen_then_the_best_that_is_read(headers: Mapping[str, str], language: str) -> None:
    assert LANGUAGES.of(headers).language == language


def test_numbers() -> None:
    assert (EN.number(1234567), NL.number(1234567)) == ("1,234,567", "1.234.567")
    assert (EN.number(1234.56, 1), NL.number(1234.56, 1)) == ("1,234.6", "1.234,6")
    assert (EN.size(2_211_840), NL.size(2_211_840)) == ("2.2 MB", "2,2 MB")
    assert (EN.size(812), NL.size(812)) == ("812 B", "812 B")
    assert NL.rate(2_310.4) == "2.310 tokens per seconde"
    assert NL.count("count.pages", 1) == "1 pagina" and NL.count("count.pages", 12_345) == "12.345 pagina’s"
    assert NL("talk.as_of", page=NL.page(1_204)) == "Tot en met pagina 1.204"


def test_days() -> None:
    assert EN.day("2031-03-05T12:00:00.000+00:00") == "5 March 2031"
    assert NL.day("2031-03-05T12:00:00.000+00:00") == "5 maart 2031"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (3.0, "nog een paar seconden"),
        (41.0, "nog zo’n 45 seconden"),
        (58.0, "nog ongeveer 1 minuut"),
        (127.0, "nog ongeveer 3 minuten"),
        (3 * 3600 + 240.0, "nog ongeveer 3 u 04 min"),
    ],
)
def test_time_left(seconds: float | None, said: str) -> None:
    assert NL.time_left(seconds) == said


def test_pages() -> None:
    assert (EN.pages(3, 3), EN.pages(3, 1_205)) == ("page 3", "pages 3 to 1,205")
    assert (NL.pages(3, 3), NL.pages(3, 1_205)) == ("pagina 3", "pagina 3 tot en met 1.205")


def test_a_key_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        EN("shelf.nowhere")
