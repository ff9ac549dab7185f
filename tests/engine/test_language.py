"""In which language a question is put, and what is asked of the model then."""

from __future__ import annotations

import pytest

from engine.language import language_of
from engine.prompts import FROM_PASSAGES, in_its_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Who keeps the north light?", "English"),
        ("how many sheeps live there", "English"),
        ("What was in the pan?", "English"),
        ("Hoeveel leerlingen zitten er op de school?", "Dutch"),
        ("wie is de voorzitter", "Dutch"),
        ("Wat kost het lidmaatschap per jaar?", "Dutch"),
        ("Welke vogel zingt er in de dennen?", "Dutch"),
        ("Was de molen rood?", "Dutch"),
        ("Wie viele Schafe gibt es auf der Insel?", "German"),
        ("Warum ist die Lampe grün?", "German"),
        ("Qui est le capitaine du bateau ?", "French"),
        ("¿Quién cuida el faro del norte?", "Spanish"),
        ("Marijke Hoekstra", None),
        ("1687?", None),
        ("", None),
    ],
)
def test_the_language_of_a_question_is_known_by_its_little_words(text: str, language: str | None) -> None:
    assert language_of(text) == language


def test_a_long_text_is_judged_by_how_it_begins() -> None:
    assert language_of("De kat zit op het dak van de buren. " * 200 + "The cat sat on the roof. " * 2000) == "Dutch"


def test_the_model_is_asked_for_the_language_of_a_question_that_is_also_the_texts() -> None:
    dutch, english = "De tuin ligt aan de rand van het dorp.", "The garden lies at the edge of the village."
    asked = f"{FROM_PASSAGES} Answer in Dutch."
    assert in_its_language(FROM_PASSAGES, dutch, "Waar ligt de tuin?") == asked
    assert in_its_language(FROM_PASSAGES, dutch) == asked
    for text, question in (
        (english, "Where is it?"),
        (english, "Waar ligt de tuin?"),
        (dutch, "Where is it?"),
        ("", "Waar?"),
    ):
        assert in_its_language(FROM_PASSAGES, text, question) == FROM_PASSAGES
