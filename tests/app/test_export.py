"""A conversation as a file: everything that was said is in it, in both kinds, whatever it contains."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from app import cli
from app.answering.conversations import as_json, as_markdown
from app.arguments import build_parser
from app.errors import FileNotWritten, UnknownChat, UnknownDocument
from app.library import Library
from app.markup import keep
from app.terminal import Output
from app.views import Evidence, Place, Turn
from app.words import Languages
from tests.app.small_engine import said

EN = Languages.load().english
AT = "2026-11-26T02:40:00+00:00"
TURNS = (
    Turn(
        "Who keeps\nthe <light>?",
        "Odda “Marrin”\nAnd her dog.",
        AT,
        0.91,
        evidence=(Evidence(7, "Odda\nkeeps it.", 0.8, 3, 9),),
    ),
    Turn("How often?", "Twice.", AT, places=(Place(3, "the ", "lamp\nlit", " burned"),), page=4),
    Turn("And then?", "", AT),
    Turn("Who won?", "Nobody knows", AT, 0.1, declined=True, evidence=()),
)


def test_markdown_holds_every_question_answer_and_source():
    text = as_markdown(EN, "The\nLamp", TURNS)
    assert text.startswith("# The Lamp\n\n## Who keeps the <light>?\n\nOdda “Marrin”\nAnd her dog.\n\n")
    assert "Sure: of a hundred such answers about 91 are right." in text and "- page 7: “Odda keeps it.”" in text
    assert "Looked up in the text itself, word for word. As of page 4." in text
    assert "- page 3: …the **lamp lit** burned…" in text
    assert "(no answer)" in text and "How sure it is was not measured." in text
    assert "The document does not seem to say this." in text and "Nobody knows" not in text
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# The Lamp", "## Who keeps the <light>?", "## How often?", "## And then?", "## Who won?",
    ]  # fmt: skip


def test_json_gives_back_what_went_in():
    told = json.loads(as_json("d1", "The Lamp", TURNS))
    assert (told["document"], told["title"]) == ("d1", "The Lamp")
    kinds = {"places": Place, "evidence": Evidence}
    made = lambda kind, listed: None if listed is None else tuple(kind(**one) for one in listed)  # noqa: E731
    turns = [Turn(**turn | {name: made(kind, turn[name]) for name, kind in kinds.items()}) for turn in told["turns"]]
    assert tuple(turns) == TURNS


def test_the_links_carry_the_files_themselves():
    html = keep.links(EN, "d1", 'The "Lamp" & <b>', TURNS)
    found = re.findall(r'download="([^"]+)" href="data:([^;]+);charset=utf-8;base64,([^"]+)"', html)
    assert [(name, kind) for name, kind, _ in found] == [
        ("the-lamp-b.md", "text/markdown"),
        ("the-lamp-b.json", "application/json"),
    ]
    texts = [base64.b64decode(unquote(data)).decode() for _, _, data in found]
    assert texts == [as_markdown(EN, 'The "Lamp" & <b>', TURNS), as_json("d1", 'The "Lamp" & <b>', TURNS)]
    assert keep.links(EN, "d1", "The Lamp", ()) == ""
    assert keep.file_name("Ærø ♥") == "r" and keep.file_name("♥") == "conversation"


def test_the_terminal_prints_or_writes_it(library: Library, tides: str, tmp_path: Path, capsys):
    library.reader.read(tides)
    answer = said(library.answering.ask(tides, "Who?"))
    assert cli.chat(library, tides[:6], None, Output(json=False)) == 0
    sections = EN.about("section")
    assert capsys.readouterr().out == as_markdown(sections, "Tides", library.conversations.history(tides))
    for name in ("talk.md", "talk.json"):
        assert cli.chat(library, tides, tmp_path / name, Output(json=True)) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["turns"][0]["answer"] == answer and told["file"] == str(tmp_path / name)
    assert (tmp_path / "talk.md").read_text(encoding="utf-8") == as_markdown(
        sections, "Tides", library.conversations.history(tides)
    )
    assert json.loads((tmp_path / "talk.json").read_text(encoding="utf-8"))["title"] == "Tides"
    with pytest.raises(FileNotWritten):
        cli.chat(library, tides, tmp_path / "nowhere" / "talk.md", Output(json=False))
    with pytest.raises(UnknownDocument):
        cli.chat(library, "zz", None, Output(json=False))
    assert sorted(path.name for path in tmp_path.glob("*talk*")) == ["talk.json", "talk.md"]


def test_the_terminal_lists_conversations_and_goes_on_with_one(library: Library, tides: str, capsys):
    def chats(*more: str) -> list[dict]:
        assert cli.chats(library, build_parser().parse_args(["chats", tides[:6], *more]), Output(json=True)) == 0
        return json.loads(capsys.readouterr().out.splitlines()[-1])["conversations"]

    library.reader.read(tides)
    assert chats() == []
    for question in ("Who?", "Where?"):
        library.conversations.new(tides)
        said(library.answering.ask(tides, question))
    where, who = chats()
    assert (where["title"], where["turns"], where["current"]) == ("Where?", 1, True) and "texts" not in who
    assert [chat["title"] for chat in chats("--find", "WHO?")] == ["Who?"] and chats("--find", "zeppelin") == []
    renamed = chats("--chat", str(who["id"]), "--title", "People")
    assert {(chat["title"], chat["current"]) for chat in renamed} == {("People", False), ("Where?", True)}
    assert [chat["title"] for chat in chats("--chat", str(who["id"])) if chat["current"]] == ["People"]
    with pytest.raises(UnknownChat):
        chats("--chat", "99")
