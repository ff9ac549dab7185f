"""What other parts say in English comes out in Dutch: every named error, live or out of the database; and every note on a file."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import documents
from app.errors import FileUnreadable, NotReadThatFar, UnknownPage, named_errors
from app.words import Languages
from app.words.sentences import Sentences
from documents import sniff
from documents.errors import DamagedFile, DocumentError, FileTooLarge, UnsupportedFormat
from documents.sniff import KINDS
from engine.errors import ConfigInvalid, EngineError
from tests.documents import makers

ROOT = Path(__file__).parents[2]
NL, EN = Languages.load().words("nl"), Languages.load().words("en")
GIVEN = {"megabytes": (3, 988), "ids": ["a1", "a2"], "unknown": ["m9"], "path": Path("shelf.db"), "unit": "page"}
PROSE = [f"Page {n} of the log, and nobody came for a long, long time that day." for n in range(1, 6)]
GONE = ("OPS/text/c1.xhtml", "OPS/text/c2.xhtml")


def classes(base: type[Exception]) -> Iterator[type[Exception]]:
    for kind in base.__subclasses__():
        yield kind
        yield from classes(kind)


def made(kind: type[Exception]) -> Exception:
    """An error of that class, with something in each of its blanks."""
    if issubclass(kind, EngineError):
        return kind("Something is the matter.")
    given = {}
    for name, parameter in list(inspect.signature(kind.__init__).parameters.items())[1:]:
        sample = 7_654_321 if "int" in str(parameter.annotation) else f"<{name}>"
        given[name] = GIVEN.get(name, sample)
    return kind(**given)


ALL = sorted({kind for base in named_errors() for kind in classes(base) if "tests" not in kind.__module__}, key=str)
SIGNED = [kind for kind in ALL if not issubclass(kind, EngineError)]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_has_a_sentence_in_both_catalogues(kind: type[Exception]) -> None:
    assert f"errors.{kind.__name__}" in EN.texts


@pytest.mark.parametrize("kind", SIGNED, ids=lambda kind: kind.__name__)
def test_every_error_is_said_in_dutch_with_what_it_is_about(kind: type[Exception]) -> None:
    error = made(kind)
    english, dutch = str(error), NL.error(error)
    assert dutch != english and EN.error(error) == english
    for name in inspect.signature(kind.__init__).parameters:
        assert (f"<{name}" in english) == (f"<{name}" in dutch)


def raised_by_the_engine() -> Iterator[tuple[str, str]]:
    """Each sentence that the engine raises, its blanks filled with a word, and the class that it raises."""
    names = {kind.__name__ for kind in classes(EngineError)}
    for path in sorted((ROOT / "engine").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names and node.args:
                said = node.args[0]
                parts = said.values if isinstance(said, ast.JoinedStr) else [said]
                yield node.func.id, "".join(part.value if isinstance(part, ast.Constant) else "9,999" for part in parts)


@pytest.mark.parametrize(("name", "sentence"), sorted(set(raised_by_the_engine())))
def test_whatever_the_engine_raises_is_dutch(name: str, sentence: str) -> None:
    kind = next(kind for kind in classes(EngineError) if kind.__name__ == name)
    said = NL.error(kind(sentence))
    assert said != sentence and EN.error(kind(sentence)) == sentence
    assert said == NL.told(sentence) or (EN.texts[f"errors.{name}"] == "{said}" and said.endswith(sentence))


def said_about_documents() -> Iterator[str]:
    """What the errors about files are given besides the file's name: kinds, reasons, advice."""
    names = {kind.__name__ for kind in classes(DocumentError)}
    for path in sorted((ROOT / "documents").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        given = [
            part
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names
            for part in node.args[1:]
        ]
        advice = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "advice"
        ]
        for said in [*given, *advice]:
            if isinstance(said, ast.JoinedStr):
                yield "".join(part.value if isinstance(part, ast.Constant) else "9,999" for part in said.values)
            elif isinstance(said, ast.Constant):
                yield said.value
    yield from KINDS.values()
    for *_, kind, advice in sniff._FOREIGN:
        yield from (kind, advice)


@pytest.mark.parametrize("said", sorted(set(said_about_documents())))
def test_whatever_is_said_about_a_file_is_dutch(said: str) -> None:
    assert NL.told(said) != said


def noted() -> dict[str, tuple[bytes, str]]:
    """Files that are read with a note, and the names that they come under."""
    data = makers.pdf(PROSE)
    contents = list(re.finditer(rb"stream\r?\n(.*?)endstream", data, re.S))
    parts = makers.epub_parts(makers.CHAPTERS)
    one, two = ({name: part for name, part in parts.items() if name not in gone} for gone in (GONE[:1], GONE))
    return {
        "one picture": (makers.scanned_pdf(1, [text * 3 for text in PROSE]), "a.pdf"),
        "pictures": (makers.scanned_pdf(2, [text * 3 for text in PROSE]), "a.pdf"),
        "cut off": (data[: contents[2].start(1) + 30], "a.pdf"),
        "a chapter gone": (makers.archive(one), "b.epub"),
        "chapters gone": (makers.archive(two), "b.epub"),
        "mislabelled": (makers.archive(parts), "b.pdf"),
    }


@pytest.mark.parametrize("case", noted())
def test_every_note_on_a_file_is_said_in_dutch(case: str) -> None:
    data, name = noted()[case]
    found = documents.read(data, name).notes
    assert found
    for one in found:
        said = NL.note(one.key, dict(one.values))
        assert said != EN.note(one.key, dict(one.values)) and not re.search(
            r"\b(?:the|to|and|is read|page|pages)\b", said
        ), said


def test_blanks_and_numbers_are_said_as_dutch_has_them() -> None:
    error = FileTooLarge("big.pdf", 1_234_567_890, 2**29)
    assert NL.error(error).startswith("“big.pdf” is 1.177,4 MiB groot, meer dan de grens van 512,0 MiB.")
    assert NL.error(UnsupportedFormat("a.zip", "a zip archive", "Unpack it and add the files inside.")) == (
        "“a.zip” is een zipbestand; dat kan hier niet worden gelezen. Pak het uit en voeg de bestanden toe die erin zitten."
    )
    damaged = DamagedFile("x.epub", "an EPUB book", "the part a/b.opf is absent")
    assert "lijkt een EPUB-boek" in NL.error(damaged) and "(het deel a/b.opf ontbreekt)" in NL.error(damaged)
    assert "pas tot en met pagina 3 gelezen" in NL.error(NotReadThatFar(9, "Tides", 3))
    assert "nog niet eens" in NL.error(NotReadThatFar(9, "Tides", 0))


def test_what_has_no_pages_is_asked_as_of_its_sections_and_parts() -> None:
    said = [NL.error(NotReadThatFar(9, "Tides", read, unit)) for unit in ("section", "part") for read in (3, 0)]
    assert said[0] == "“Tides” is pas tot en met deel 3 gelezen en kan dus nog niet antwoorden tot en met deel 9."
    assert "eind van het eerste deel" in said[1] and "pas tot en met stuk 3" in said[2] and "stuk 9" in said[3]
    assert NL.error(UnknownPage(9, "Tides", 3, "section")).startswith("“Tides” heeft geen deel 9. De delen zijn")
    assert NL.error(UnknownPage(9, "Tides", 3, "part")).startswith("“Tides” heeft geen stuk 9. De stukken zijn")


def test_what_people_named_stays_as_it_is() -> None:
    assert "“a picture”" in NL.error(UnknownPage(5, "a picture", 2))
    assert "“12,345”" in NL.error(FileUnreadable("12,345", "Permission denied"))
    assert "“a {odd} one”" in NL.error(UnknownPage(5, "a {odd} one", 2))


def test_what_is_not_known_stays_english_behind_a_dutch_lead_or_alone() -> None:
    assert NL.error(ConfigInvalid("segment_len is 0.")) == "Een instelling van het model klopt niet: segment_len is 0."
    for sentence in ("Nobody ever said this.", "a heap of bytes", "Some of these pages"):
        assert NL.told(sentence) == sentence
    assert EN.told("The document holds no text to read.") == "The document holds no text to read."


def test_a_stored_error_is_found_again() -> None:
    assert NL.told("'Tides' holds no text to read.") == "“Tides” bevat geen tekst om te lezen."
    assert NL.told("Reading ended unexpectedly: KeyError('x'). Please report this.").startswith(
        "Het lezen is onverwacht"
    )


def test_the_most_particular_sentence_wins() -> None:
    found = Sentences.between(
        {"said.a": "{n} pages", "said.b": "none of its {n} pages", "talk.c": "{x}"},
        {"said.a": "{n} bladzijden", "said.b": "geen van de {n} pagina’s", "talk.c": "!"},
    )
    assert found.told("none of its 1,000 pages", NL.number) == "geen van de 1.000 pagina’s"
