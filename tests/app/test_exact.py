"""What is a question about the text itself, and what the text answers: counts as grep's, places, sentences."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from app import mentions
from app.exact import Exact, recognise
from app.library import Library
from app.views import Place, TextAnswer
from app.words import Languages
from storage import Store

EN = Languages.load().english
ASKED = {
    "How many times is Queequeg named?": Exact("count", "Queequeg"),
    "how many times was the white whale mentioned in the book": Exact("count", "white whale"),
    "How often does the word “Fogbell” appear in this document?": Exact("count", "Fogbell"),
    'Please count the word "the".': Exact("count", "the"),
    "How often does the author mention Mrs. Dashwood?": Exact("count", "Mrs. Dashwood"),
    "How many mentions of Bettina Crowe are there in the text?": Exact("count", "Bettina Crowe"),
    "Could you count all the occurrences of marks?": Exact("count", "marks"),
    "Find every mention of the glass violin.": Exact("list", "glass violin"),
    "Show me all places where Odda Marrin is mentioned": Exact("list", "Odda Marrin"),
    "Where is the lifeboat mentioned?": Exact("list", "lifeboat"),
    "On which pages does 'chestnut' appear?": Exact("list", "chestnut"),
    "Which pages mention Mount Pepper?": Exact("list", "Mount Pepper"),
    "Quote the sentence about the mule": Exact("quote", "mule"),
    "Quote me every sentence that mentions the Long Supper.": Exact("quote", "Long Supper"),
}
ASKED_IN_DUTCH = {
    "Hoe vaak wordt Queequeg genoemd?": Exact("count", "Queequeg", "nl"),
    "hoe vaak wordt de witte walvis in het boek genoemd": Exact("count", "witte walvis", "nl"),
    "Hoe vaak werd Odda Marrin vermeld in dit document?": Exact("count", "Odda Marrin", "nl"),
    "Hoeveel keer komt het woord “lamp” voor?": Exact("count", "lamp", "nl"),
    "Hoeveel keer komt lamp in de tekst voor?": Exact("count", "lamp", "nl"),
    "Hoe vaak staat De Gaulle in deze tekst?": Exact("count", "Gaulle", "nl"),
    "Hoe vaak staat ‘De Gaulle’ in deze tekst?": Exact("count", "De Gaulle", "nl"),
    "Hoe vaak noemt de schrijver mevrouw Dashwood?": Exact("count", "mevrouw Dashwood", "nl"),
    "Hoeveel vermeldingen van de gids zijn er?": Exact("count", "gids", "nl"),
    "Kun je alle keren": None,
    "Tel het woord ‘en’.": Exact("count", "en", "nl"),
    "Tel hoe vaak de veerboot voorkomt": Exact("count", "veerboot", "nl"),
    "Zoek elke vermelding van de glazen viool.": Exact("list", "glazen viool", "nl"),
    "Kun je me alle vermeldingen van Ahab geven?": None,
    "Vertel me, waar wordt de reddingsboot genoemd?": Exact("list", "reddingsboot", "nl"),
    "Toon me alle plaatsen waar Odda Marrin genoemd wordt": Exact("list", "Odda Marrin", "nl"),
    "Op welke pagina’s komt ‘kastanje’ voor?": Exact("list", "kastanje", "nl"),
    "Op welke pagina staat de vuurtoren?": Exact("list", "vuurtoren", "nl"),
    "Welke pagina's noemen Mount Pepper?": Exact("list", "Mount Pepper", "nl"),
    "Citeer de zin over de ezel": Exact("quote", "ezel", "nl"),
    "Citeer elke zin waarin de lamp voorkomt.": Exact("quote", "lamp", "nl"),
    "Citeer de zinnen die Ahab noemen": Exact("quote", "Ahab", "nl"),
    "Hoe vaak wordt hij genoemd?": None,
    "Hoe vaak vaart de veerboot?": None,
    "Hoeveel treden heeft de vuurtoren?": None,
    "Waar wordt de sleutel bewaard?": None,
    "Waar is Ismaël geboren?": None,
    "Wie wordt het eerst genoemd?": None,
    "Zoek de moordenaar.": None,
}
FOR_THE_MEMORY = (
    "How many steps does the north light have?",
    "How many times did Ahab strike the whale?",
    "How often does the ferry sail?",
    "How often is it mentioned?",
    "How many people are there in the village?",
    "Where is the key of the lifeboat house kept?",
    "Where was Ishmael born?",
    "Find the murderer.",
    "Who is mentioned first?",
    "What is the ferry called?",
    "Count Dracula lives where?",
    "",
    "   ",
)
PAGES = (
    "Ann came in. “Ann’s hat!” cried the annexed\n\nHanna. It was ",
    "ANN, of course.\nAnd the long\n",
    "supper began; Ann-Marie was late (Ann too). The Long  Supper ended. No one spoke.",
)


@pytest.mark.parametrize("question", ASKED)
def test_a_question_about_the_text_is_recognised(question: str):
    assert recognise(question) == ASKED[question]


@pytest.mark.parametrize("question", ASKED_IN_DUTCH)
def test_it_is_recognised_in_dutch_too(question: str):
    assert recognise(question) == ASKED_IN_DUTCH[question]


def test_a_question_is_answered_in_its_own_language(store: Store):
    shelf = Library(store)
    item = shelf.add(b"Ann kwam. Ann bleef.\n\nNiemand zei iets.\n", "log.txt")
    said = lambda question: shelf.answering.look_up(item.id, question, recognise(question), keep=False).text  # noqa: E731
    assert said("Hoe vaak wordt Ann genoemd?") == "“Ann” staat twee keer in de tekst, op pagina 1."
    assert said("How often is Ann named?") == "“Ann” stands in the text twice, on page 1."
    assert said("Citeer de zin over niemand") == "“Niemand zei iets.” (pagina 1)"
    assert said("Zoek elke vermelding van Zorro") == "“Zorro” staat nergens in de tekst."


@pytest.mark.parametrize("question", FOR_THE_MEMORY)
def test_a_question_for_the_memory_is_left_to_it(question: str):
    assert recognise(question) is None


@pytest.mark.parametrize("phrase", ["Ann", "the", "long", "Hanna", "absent", "Ann-Marie"])
def test_the_count_is_that_of_grep(tmp_path: Path, phrase: str):
    file = tmp_path / "text.txt"
    file.write_text("".join(PAGES), encoding="utf-8")
    grep = subprocess.run(
        ["grep", "-o", "-i", "-w", "-F", phrase, str(file)], capture_output=True, text=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert mentions.answer(EN, Exact("count", phrase), PAGES).total == len(grep.stdout.splitlines())


def test_a_count_says_how_often_and_on_which_pages():
    say = lambda phrase: mentions.answer(EN, Exact("count", phrase), PAGES).text  # noqa: E731
    assert say("ann") == "“ann” stands in the text 5 times, on 3 of its 3 pages."
    assert say("Hanna") == "“Hanna” stands in the text once, on page 1."
    assert say("Zorro") == "“Zorro” doesn’t stand anywhere in the text."


def test_places_have_their_page_and_the_words_around():
    found = mentions.answer(EN, Exact("list", "long supper"), PAGES)
    assert found.places == (
        Place(
            2,
            "cried the annexed Hanna. It was ANN, of course. And the ",
            "long supper",
            " began; Ann-Marie was late (Ann too). The Long Supper",
        ),
        Place(
            3,
            "the long supper began; Ann-Marie was late (Ann too). The ",
            "Long Supper",
            " ended. No one spoke.",
        ),
    )


def test_apostrophes_and_characters_of_patterns_are_taken_as_they_are():
    pages = ("Ann's (a.b) costs $5.", " Ann’s axb.")
    assert mentions.answer(EN, Exact("count", "Ann's"), pages).total == 2
    assert mentions.answer(EN, Exact("count", "a.b"), pages).total == 1
    assert mentions.answer(EN, Exact("count", "(a.b)"), pages).total == 1


def test_sentences_are_quoted_with_their_pages():
    found = mentions.answer(EN, Exact("quote", "supper"), PAGES)
    assert found.text == (
        "“And the long supper began; Ann-Marie was late (Ann too).” (page 3)\n\n“The Long Supper ended.” (page 3)"
    )
    assert found.total == 2
    assert mentions.answer(EN, Exact("quote", "Zorro"), PAGES).text == "“Zorro” doesn’t stand anywhere in the text."


def test_more_sentences_than_are_shown_are_said_to_be_there():
    found = mentions.answer(
        EN, Exact("quote", "owl"), ["An owl sat. " * 3 + "".join(f"Owl {i} flew. " for i in range(9))]
    )
    assert found.text.count("(page 1)") == mentions.MOST_QUOTES
    assert "And 7 more" in found.text and found.total == 12


def test_the_library_answers_from_the_text_and_keeps_where(library: Library, store: Store, tides: str):
    *said, last = library.answering.ask(tides, "How many times is the moon named?")
    assert isinstance(last, TextAnswer)
    assert said == [last.text] == ["“moon” stands in the text once, on page 2."]
    (turn,) = library.conversations.history(tides)
    assert (turn.answer, turn.confidence, turn.declined) == (last.text, None, False)
    assert turn.places == last.places and turn.places[0].words == "moon"
    assert library.get(tides).last_asked_at is not None
    list(library.answering.ask(tides, "How often is Ahab mentioned?", keep=False))
    assert len(library.conversations.history(tides)) == 1


def test_an_answer_from_the_text_can_be_closed_as_every_answer_can(library: Library, tides: str):
    with closing(library.answering.ask(tides, "How many times is the moon named?")) as pieces:
        assert next(pieces) == "“moon” stands in the text once, on page 2."
    assert list(pieces) == []


def test_an_answer_from_memory_has_no_places(library: Library, tides: str):
    library.reader.read(tides)
    list(library.answering.ask(tides, "What is the moon called?"))
    assert library.conversations.history(tides)[0].places is None
