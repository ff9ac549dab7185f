"""The page from end to end: drop, watch, pick, ask, stop, summarise, remove, come back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.answering.conversations import as_markdown
from app.errors import LibraryError
from tests.browser.books import epub_file, prose, text_file
from tests.browser.page_engine import ANSWER, LONG, OTHERWISE, RECALLED

# Gradio's own use of pandas; nothing that the page could change.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
LAST_ANSWER = "#talk .turn.assistant:last-child"


def eventually(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something holds, as it must within that time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def ask(page, question: str) -> None:
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")


def test_several_files_at_once_and_a_bad_one_stops_nobody(desk, tmp_path) -> None:
    nothing = tmp_path / "nothing.txt"
    nothing.write_bytes(b"")
    page = desk.open()
    assert "Your shelf is empty" in page.inner_text("#shelf")
    desk.drop(page, epub_file(tmp_path, "The Lamp", "A. Keeper"), nothing, text_file(tmp_path, "Second Log"))
    page.wait_for_selector(".notice.problem")
    said = page.inner_text(".notice.problem")
    assert "nothing.txt" in said
    assert "Traceback" not in page.content()
    desk.wait_read(page, "The Lamp")
    desk.wait_read(page, "Second Log")
    assert page.inner_text("#about h2") == "The Lamp"
    assert "A. Keeper" in page.inner_text("#about .byline")
    assert page.locator("#shelf li").count() == 2
    page.click("[data-dismiss]")
    page.wait_for_selector(".notice", state="detached")


def test_the_same_file_again_is_recognised(desk, tmp_path) -> None:
    book = text_file(tmp_path, "Only Once")
    page = desk.open()
    desk.drop(page, book)
    desk.wait_read(page, "Only Once")
    desk.drop(page, book)
    page.locator(".notice", has_text="on the shelf already").wait_for()
    assert page.locator("#shelf li").count() == 1


def test_reading_is_shown_and_survives_a_closed_tab_and_a_restart(desk, tmp_path) -> None:
    desk.engine.pause = 1.0
    page = desk.open()
    desk.drop(page, text_file(tmp_path, "Long Night", chapters=30, sentences=60))
    # the rate is known once the first group has been read
    page.wait_for_selector("#reading .figures:has-text('tokens a second')")
    figures = page.inner_text("#reading")
    for word in ("section", "tokens a second", "left", "%"):
        assert word in figures
    address = page.url
    page.context.close()
    before = desk.queue.active()[0].n_tokens
    eventually(lambda: desk.queue.active()[0].n_tokens > before)
    again = desk.open()
    again.wait_for_selector("#reading .figures")
    again.context.close()
    desk.stop()
    first_half = desk.engine.tokens_read
    desk.engine.tokens_read, desk.engine.pause = 0, 0.0
    desk.start()
    back = desk.open(document=address.split("document=")[1])
    desk.wait_read(back, "Long Night")
    item = desk.library.shelf()[0]
    assert first_half > 0
    assert desk.engine.tokens_read == item.tokens - first_half


def test_a_reading_can_be_stopped_and_goes_on_where_it_stood(desk, tmp_path) -> None:
    desk.engine.pause = 1.0
    page = desk.open()
    desk.drop(page, text_file(tmp_path, "Halfway", chapters=30, sentences=60))
    page.wait_for_selector("#reading .figures")
    card, button = page.locator(".reading-card").bounding_box(), page.locator("#cancel").bounding_box()
    assert button["y"] >= card["y"] + card["height"]
    page.click("#cancel")
    page.wait_for_selector("#shelf li.cancelled")
    stood = desk.library.shelf()[0].read_tokens
    assert "Go on reading" in page.inner_text("#read")
    assert "all that has been read so far" in page.inner_text("#part")
    desk.engine.pause = 0.0
    page.click("#read")
    desk.wait_read(page, "Halfway")
    assert desk.engine.tokens_read == desk.library.shelf()[0].tokens
    assert stood > 0


def test_a_document_that_waits_can_be_read_first(desk, tmp_path) -> None:
    desk.engine.pause = 1.0
    page = desk.open()
    desk.drop(page, text_file(tmp_path, "Long Night", chapters=30, sentences=60))
    page.wait_for_selector("#reading .figures")
    assert not page.locator("#first").is_visible()
    desk.drop(page, text_file(tmp_path, "Short Day", chapters=1, sentences=5))
    page.locator("#about h2", has_text="Short Day").wait_for()
    page.locator("#reading", has_text="1 other before it").wait_for()
    page.click("#first")
    desk.wait_read(page, "Short Day")
    assert [item.status for item in desk.library.shelf()] == ["read", "reading"]
    desk.engine.pause = 0.0
    desk.wait_read(page, "Long Night")
    assert desk.engine.tokens_read == sum(item.tokens for item in desk.library.shelf())


def test_an_answer_streams_says_where_it_comes_from_and_is_there_tomorrow(desk) -> None:
    desk.read_in(prose("Storm Log", 2, 30), "storm.md")
    desk.engine.word_pause = 0.1
    page = desk.open()
    ask(page, "Who keeps the light?")
    page.wait_for_selector("#live [aria-busy=true]")
    page.locator("#live .text", has_text="keeper").wait_for()
    assert page.inner_text("#live .turn.assistant .text") != ANSWER
    page.wait_for_selector(f"{LAST_ANSWER} .confidence.sure")
    assert page.inner_text(f"{LAST_ANSWER} .text") == ANSWER
    assert page.inner_text(f"{LAST_ANSWER} .confidence") == "Sure"
    assert "about 90 are right" in page.get_attribute(f"{LAST_ANSWER} .confidence", "title")
    assert page.locator(f"{LAST_ANSWER} .evidence q").inner_text() == "Storm Log"
    assert page.input_value("#question textarea") == ""
    ask(page, "What will the weather be?")
    page.wait_for_selector("#talk .turn.declined")
    assert page.inner_text(f"{LAST_ANSWER} > .text") == "The document does not seem to say this."
    assert "Nearest to it:" in page.inner_text(f"{LAST_ANSWER} .evidence")
    assert ANSWER in page.inner_text(f"{LAST_ANSWER} .small")
    desk.stop()
    desk.start()
    tomorrow = desk.open(again=page)
    assert tomorrow.locator("#talk .turn.user").all_inner_texts() == [
        "Who keeps the light?",
        "What will the weather be?",
    ]
    tomorrow.click("#fresh")
    tomorrow.locator("#talk", has_text="What would you like to know?").wait_for()


def test_how_often_is_counted_in_the_text_with_every_place(desk) -> None:
    document = desk.read_in(
        "# Log\n\nMarit lit the lamp. The &lt;b&gt;lamp&lt;/b&gt; burned.\n\n# Later\n\nNo Lamp at all.\n", "log.md"
    )
    page = desk.open()
    ask(page, "How many times is the lamp mentioned?")
    page.locator(
        f"{LAST_ANSWER} .text", has_text="“lamp” stands in the text 3 times, in 2 of its 2 sections."
    ).wait_for()
    assert "in the text itself" in page.inner_text(f"{LAST_ANSWER} .said")
    assert page.locator(f"{LAST_ANSWER} .confidence").count() == 0
    page.click(f"{LAST_ANSWER} .places summary")
    places = page.locator(f"{LAST_ANSWER} .places li")
    assert places.locator("mark").all_inner_texts() == ["lamp", "lamp", "Lamp"]
    assert "<b>lamp</b>" in places.nth(1).inner_text()
    assert desk.engine.words_said == 0
    assert len(desk.library.conversations.history(document)[0].places) == 3


def test_as_of_an_earlier_page_nothing_later_is_known(desk) -> None:
    document = desk.read_in(prose("Storm Log", 4, 30), "storm.md")
    pages = desk.library.get(document).pages
    assert pages >= 4
    page = desk.open()
    page.fill("#page input[type=number]", "2")
    page.keyboard.press("Tab")
    page.locator("#part", has_text=f"sections 1 to 2 of {pages} and knows nothing of what follows").wait_for()
    page.click("#summarise")
    page.wait_for_selector(f"{LAST_ANSWER} .as-of")
    pages_named = {int(one.get_attribute("data-sheet")) for one in page.locator(f"{LAST_ANSWER} .page").all()}
    assert pages_named <= {1, 2} and 1 in pages_named
    assert page.inner_text(f"{LAST_ANSWER} .as-of") == "As of section 2"
    page.fill("#page input[type=number]", str(pages))
    page.keyboard.press("Tab")
    page.wait_for_selector("#part .part", state="detached")
    ask(page, "Who keeps the light?")
    page.locator(f"{LAST_ANSWER} .text", has_text=ANSWER).wait_for()
    assert page.locator(f"{LAST_ANSWER} .as-of").count() == 0
    assert [turn.page for turn in desk.library.conversations.history(document)] == [2, None]


def test_an_answer_names_its_page_which_opens_with_the_sentence_marked(desk) -> None:
    before, after = prose("Keeper Log", 6, 40), prose("More", 5, 40)
    document = desk.read_in(before + f"\n## The Keeper\n\n{ANSWER} She came in May.\n\n" + after, "keeper.md")
    told = next(n for n, text in enumerate(desk.store.documents.pages(document), start=1) if ANSWER in text)
    page = desk.open()
    desk.engine.word_pause = 0.5  # so that a busy machine sees the page's answer come
    ask(page, "What is her name?")
    page.locator("#live .small", has_text=f"From memory: {RECALLED}").wait_for()
    page.wait_for_selector(f"{LAST_ANSWER} .evidence")
    assert page.inner_text(f"{LAST_ANSWER} > .text") == ANSWER
    assert page.inner_text(f"{LAST_ANSWER} .small") == f"From memory: {RECALLED}"
    assert page.locator(f"{LAST_ANSWER} .evidence q").inner_text() == ANSWER
    page.click(f"{LAST_ANSWER} .evidence [data-sheet]")
    page.locator("#sheet h3", has_text=f"Section {told} of").wait_for()
    assert page.locator("#sheet mark").all_inner_texts() == [ANSWER]
    page.keyboard.press("Escape")
    page.wait_for_selector("#sheet .sheet", state="detached")


def test_an_answer_of_an_older_version_is_pointed_at_again(desk) -> None:
    document = desk.read_in(prose("Keeper Log", 2, 30) + f"\n## The Keeper\n\n{ANSWER}\n", "keeper.md")
    desk.store.chats.add_turn(document, "Who keeps the light?", ANSWER)
    page = desk.open()
    page.click(f"{LAST_ANSWER} [data-where]")
    page.locator("#origin .where q", has_text=ANSWER).wait_for()
    page.wait_for_selector("#ask:visible")
    page.click("#origin [data-close]")
    page.wait_for_selector("#origin .origin", state="detached")
    assert len(desk.library.conversations.history(document)) == 1


def test_the_page_is_there_while_the_model_is_fetched(desk, tmp_path) -> None:
    desk.stop()
    desk.ready = False
    desk.go_on.clear()
    desk.start()
    page = desk.open()
    desk.library.models.start()
    page.locator("#model .stage", has_text="3 of 9 MB").wait_for()
    assert page.get_attribute("#model [role=progressbar]", "aria-valuenow") == "33"
    desk.drop(page, text_file(tmp_path, "Early Log"))
    page.locator("#shelf li.queued", has_text="Early Log").wait_for()
    assert "No model" in page.inner_text(".machine")
    desk.go_on.set()
    desk.wait_read(page, "Early Log")
    page.wait_for_selector("#model .model-card", state="detached")
    assert "tiny-test-model" in page.inner_text(".machine")
    ask(page, "Who keeps the light?")
    page.wait_for_selector(f"{LAST_ANSWER} .confidence")


def test_what_an_older_memory_read_is_read_again_with_one_click(desk) -> None:
    for name in ("First Log", "Second Log"):
        desk.read_in(prose(name, 2, 30), f"{name}.md")
    desk.stop()
    desk.engine.fingerprint = "newer"
    desk.start()
    page = desk.open()
    assert "2 documents were read with an older memory" in page.inner_text("#model")
    page.click("#model [data-read-again]")
    for name in ("First Log", "Second Log"):
        desk.wait_read(page, name)
    page.wait_for_selector("#model .model-card", state="detached")


def test_a_follow_up_question_knows_the_conversation(desk) -> None:
    desk.read_in(prose("Keeper Log", 2, 30), "keeper.md")
    page = desk.open()
    ask(page, "Who keeps the light?")
    page.wait_for_selector(f"{LAST_ANSWER} .confidence, {LAST_ANSWER} .evidence")
    ask(page, "And what is her name?")
    eventually(lambda: page.locator("#talk .turn.assistant").count() == 2)
    assert desk.engine.talk_seen == [("Who keeps the light?", ANSWER)]
    page.click("#fresh")
    page.wait_for_selector("#talk .turn", state="detached")
    ask(page, "Who is she?")
    page.wait_for_selector(f"{LAST_ANSWER} .confidence, {LAST_ANSWER} .evidence")
    assert desk.engine.talk_seen == []


def test_the_last_question_is_answered_again_or_edited(desk) -> None:
    document = desk.read_in(prose("Keeper Log", 2, 30), "keeper.md")
    page = desk.open()
    for question in ("Who keeps the light?", "Who lives there?"):
        ask(page, question)
        page.locator("#talk .turn.user", has_text=question).wait_for()
    assert page.locator("[data-again]").count() == 1, "only the last one"
    page.click("[data-again]")
    page.locator(f"{LAST_ANSWER} .text", has_text=OTHERWISE).wait_for()
    asked = [turn.question for turn in desk.library.conversations.history(document)]
    assert asked == ["Who keeps the light?", "Who lives there?"]
    assert desk.engine.talk_seen == [("Who keeps the light?", ANSWER)], "without the answer that it replaces"
    page.click("[data-edit]")
    page.wait_for_selector(".editing")
    assert page.input_value("#question textarea") == "Who lives there?"
    page.click("[data-keep]")
    page.wait_for_selector(".editing", state="detached")
    page.click("[data-edit]")
    page.wait_for_selector(".editing")
    ask(page, "Who rings the bell?")
    page.locator("#talk .turn.user", has_text="Who rings the bell?").wait_for()
    assert page.locator("#talk .turn.user").all_inner_texts() == ["Who keeps the light?", "Who rings the bell?"]
    assert page.locator(".editing").count() == 0
    ask(page, "And then?")
    eventually(lambda: page.locator("#talk .turn.assistant").count() == 3)
    page.click("#summarise")
    page.locator(f"{LAST_ANSWER} .said", has_text="Written by the model").wait_for()
    assert page.locator("[data-again]").count() == page.locator("[data-edit]").count() == 0


def test_earlier_conversations_are_found_named_and_gone_on_with(desk) -> None:
    document = desk.read_in(prose("Keeper Log", 2, 30), "keeper.md")
    page = desk.open()
    assert not page.locator("#chats").is_visible()
    for question in ("Who keeps the light?", "What is the weather like?"):
        ask(page, question)
        page.wait_for_selector(f"{LAST_ANSWER} .confidence, {LAST_ANSWER} .evidence")
        page.click("#fresh")
        page.wait_for_selector("#talk .turn", state="detached")
    page.click("#chats")
    shown = page.locator(".chats li:visible")
    page.wait_for_selector(".chats")
    assert page.locator(".chats .title").all_inner_texts() == ["What is the weather like?", "Who keeps the light?"]
    page.fill(".chats input[type=search]", "light keeps")
    assert shown.count() == 1
    page.fill(".chats input[type=search]", "zeppelin")
    assert shown.count() == 0 and page.locator(".chats [role=status]").is_visible()
    page.fill(".chats input[type=search]", "oosterveld keeps")
    shown.locator("[data-rename]").click()
    page.locator(".chats li input").fill("About the keeper")
    page.locator(".chats li input").press("Enter")
    page.locator(".chats .title", has_text="About the keeper").wait_for()
    assert {chat.title for chat in desk.library.conversations.all(document)} == {
        "About the keeper",
        "What is the weather like?",
    }
    page.locator(".chats button", has_text="About the keeper").click()
    page.locator("#talk .turn.user", has_text="Who keeps the light?").wait_for()
    assert page.locator(".chats").count() == 0
    ask(page, "And her name?")
    eventually(lambda: page.locator("#talk .turn.user").count() == 2)
    assert [turn.question for turn in desk.library.conversations.history(document)] == [
        "Who keeps the light?",
        "And her name?",
    ]
    page.click("#chats")
    page.wait_for_selector(".chats [aria-current]")
    page.keyboard.press("Escape")
    page.wait_for_selector(".chats", state="detached")


def test_the_whole_shelf_is_asked_at_once(desk) -> None:
    desk.read_in(prose("Storm Log", 2, 30), "storm.md")
    page = desk.open()
    assert not page.locator("#everywhere").is_visible()
    desk.read_in("# The Keeper\n\nThe lamp is red.\n", "keeper.md")
    desk.library.add(prose("Unread", 2, 30).encode(), "unread.md")
    page.reload()
    page.fill("#question textarea", "What is the colour of the lamp?")
    page.click("#everywhere")
    page.wait_for_selector(".several")
    assert page.locator(".several li h4").first.inner_text() == "The Keeper"
    assert page.locator(".several li p").first.inner_text() == "red"
    assert "Unread" in page.inner_text(".several .note") and page.locator("#ask").is_visible()
    assert page.input_value("#question textarea") == ""
    page.locator(".several li a", has_text="Storm Log").click()
    page.locator("#about h2", has_text="Storm Log").wait_for()
    page.click("#everywhere")
    page.locator(".notice.problem").wait_for()
    assert page.locator(".several").count() == 0


def test_a_conversation_can_be_saved(desk) -> None:
    document = desk.read_in(prose("Keeper Log", 2, 30), "keeper.md")
    page = desk.open()
    assert page.locator("#keep a").count() == 0
    ask(page, "Who keeps the light?")
    page.wait_for_selector(f"{LAST_ANSWER} .confidence, {LAST_ANSWER} .evidence")
    with page.expect_download() as saved:
        page.click("#keep a >> nth=0")
    assert saved.value.suggested_filename == "keeper-log.md"
    text = Path(saved.value.path()).read_text(encoding="utf-8")
    assert (
        text
        == as_markdown(
            desk.library.languages.english.about("section"),
            "Keeper Log",
            desk.library.conversations.history(document),
        )
        and ANSWER in text
    )
    page.click("#fresh")
    page.wait_for_selector("#keep a", state="detached")


def test_stop_ends_the_answer_and_keeps_what_was_said(desk) -> None:
    desk.read_in(prose("Storm Log", 2, 30), "storm.md")
    page = desk.open()
    desk.engine.word_pause = 0.1  # so that a busy machine stops it long before its end
    ask(page, "Tell me everything")
    page.locator("#live .text", has_text="word5").wait_for()
    page.click("#stop")
    page.wait_for_selector("#talk .turn.assistant")
    page.wait_for_selector("#ask")
    said = page.inner_text(f"{LAST_ANSWER} .text")
    assert said.startswith("word0 word1")
    assert len(said) < len(LONG) / 2
    words = desk.engine.words_said
    time.sleep(0.3)
    assert desk.engine.words_said == words


def test_another_document_may_be_opened_in_mid_answer(desk) -> None:
    first = desk.read_in(prose("First Log", 2, 30), "first.md")
    desk.read_in(prose("Second Log", 2, 31), "second.md")
    page = desk.open(document=first)
    ask(page, "Tell me everything")
    page.locator("#live .text", has_text="word5").wait_for()
    page.locator("#shelf button", has_text="Second Log").click()
    page.locator("#about h2", has_text="Second Log").wait_for()
    time.sleep(0.6)
    assert page.locator("#work .turn").count() == 0
    ask(page, "Who keeps the light?")
    page.locator(f"{LAST_ANSWER} .text", has_text=ANSWER).wait_for()
    assert len(desk.library.conversations.history(first)) == 1


def test_summaries_of_the_whole_and_of_a_section_with_a_page_a_sentence(desk) -> None:
    document = desk.read_in(prose("Storm Log", 3, 30), "storm.md")
    page = desk.open()
    page.click("#summarise")
    page.locator(f"{LAST_ANSWER} .said", has_text="Written by the model").wait_for()
    whole = desk.library.conversations.history(document)[-1]
    assert len(whole.answer.split()) <= 150 and page.locator(f"{LAST_ANSWER} .text .page").count() == len(
        whole.evidence
    )
    page.click("#length input")
    page.get_by_role("option", name="Short").click()
    page.click("#section input")
    page.get_by_role("option", name="Watch 2").click()
    page.click("#summarise")
    page.locator("#talk .turn.user", has_text="Watch 2").wait_for()
    page.wait_for_selector("#ask:visible")
    part = desk.library.conversations.history(document)[-1]
    assert len(part.answer.split()) <= 60 and "It was note 2000" in part.answer


def test_key_passages_are_quoted(desk) -> None:
    told = [f"On day {day} the water stood at {day * 37} inches." for day in range(10, 60)]
    desk.read_in("# Log\n\n" + " Nobody came by. ".join(told) + "\n", "log.md")
    page = desk.open()
    page.click("#length input")
    page.get_by_role("option", name="Key passages").click()
    page.click("#summarise")
    page.locator(f"{LAST_ANSWER} .text", has_text="most worth keeping").wait_for()
    quotes = page.inner_text(f"{LAST_ANSWER} .text").split("\n\n")[1:]
    assert len(quotes) == 10 and all(quote.strip("“")[:44].split("”")[0] in " ".join(told) for quote in quotes)
    assert "chosen by the memory" in page.inner_text(f"{LAST_ANSWER} .said")


def test_removing_can_be_undone(desk) -> None:
    desk.read_in(prose("Storm Log", 2, 30), "storm.md")
    page = desk.open()
    ask(page, "Who keeps the light?")
    page.wait_for_selector(f"{LAST_ANSWER} .evidence")
    page.wait_for_selector("#ask:visible")
    page.click("#remove")
    page.wait_for_selector(".welcome")
    assert desk.library.shelf() == []
    page.click(".undo")
    page.locator("#about h2", has_text="Storm Log").wait_for()
    page.wait_for_selector(f"{LAST_ANSWER} .evidence")
    assert [item.status for item in desk.library.shelf()] == ["read"]


def test_title_author_and_tags_are_edited(desk) -> None:
    desk.read_in(prose("Storm Log", 2, 30), "storm.md")
    page = desk.open()
    page.click("#edit")
    page.fill("#detail-title input", "Log of the Great Storm")
    page.fill("#detail-author input", "Ada Quill")
    page.fill("#detail-tags input", "weather, <b>borrowed</b>")
    page.click("#save")
    page.locator("#about h2", has_text="Log of the Great Storm").wait_for()
    page.wait_for_selector("#details", state="hidden")
    assert page.locator("#about .tags span").all_inner_texts() == ["weather", "<b>borrowed</b>"]
    assert "Ada Quill" in page.inner_text("#shelf li")
    page.click("#edit")
    assert page.input_value("#detail-tags input") == "weather, <b>borrowed</b>"
    page.fill("#detail-title input", " ")
    page.click("#save")
    page.locator(".notice.problem", has_text="needs a title").wait_for()
    page.click("#leave")
    page.wait_for_selector("#details", state="hidden")
    page.click("#edit")
    assert page.input_value("#detail-title input") == "Log of the Great Storm"


def test_the_shelf_is_searched_and_ordered(desk) -> None:
    for title, author, tags in (
        ("Müller’s Mill", "Zoe", ["flour"]),
        ("A Dam", "Ben", []),
        ("Kites", None, ["air", "toys"]),
    ):
        item = desk.library.add(prose(title, 1, 9).encode(), f"{title[0]}.md")
        desk.library.describe(item.id, author=author or "", tags=tags)
    page = desk.open()
    titles = lambda: page.locator("#shelf li:visible .title").all_inner_texts()  # noqa: E731
    assert titles() == ["Kites", "A Dam", "Müller’s Mill"]
    for typed, found in (("muller", ["Müller’s Mill"]), ("TOYS kit", ["Kites"]), ("ben", ["A Dam"]), ("zzz", [])):
        page.fill("#shelf-tools input", typed)
        assert titles() == found, typed
        assert page.locator("#shelf-tools p").is_visible() == (not found)
    page.fill("#shelf-tools input", "")
    page.select_option("#shelf-tools select", "title")
    assert titles() == ["A Dam", "Kites", "Müller’s Mill"]
    page.select_option("#shelf-tools select", "author")
    assert titles() == ["A Dam", "Müller’s Mill", "Kites"]
    page.reload()
    page.wait_for_selector("#about .about")
    page.wait_for_function("document.querySelector('#shelf li .title')?.innerText === 'A Dam'")
    page.fill("#shelf-tools input", "kites")
    page.click("#shelf li:visible button")
    page.locator("#about h2", has_text="Kites").wait_for()
    assert titles() == ["Kites"]


def test_faults_are_sentences(desk, monkeypatch) -> None:
    desk.read_in(prose("Storm Log", 2, 30), "storm.md")
    page = desk.open()
    ask(page, "   ")
    page.locator(".notice.problem", has_text="question is empty").wait_for()
    page.wait_for_selector("#ask")

    def full(document_id: str) -> None:
        raise LibraryError("The disk is full. Make room, then try again.")

    monkeypatch.setattr(desk.library, "remove", full)
    page.click("#remove")
    page.locator(".notice.problem", has_text="The disk is full").wait_for()
    assert "Traceback" not in page.content()


def test_what_a_document_or_an_answer_contains_is_text_and_nothing_else(desk) -> None:
    desk.read_in("# <img src=http://elsewhere.invalid/t.png> & co\n\nSome text to read.\n", "odd.md")
    page = desk.open()
    assert page.locator("#about img, #shelf img").count() == 0
    ask(page, "Say something hostile")
    page.wait_for_selector(f"{LAST_ANSWER} .evidence")
    assert "<img" in page.inner_text(f"{LAST_ANSWER} .text")
    assert page.locator("#work img").count() == 0


def test_the_page_itself_may_not_ask_another_host(desk) -> None:
    page = desk.open()
    refused = page.evaluate(
        """() => new Promise(done => {
          document.addEventListener("securitypolicyviolation", event => done(event.blockedURI));
          new Image().src = "http://elsewhere.invalid/pixel.png";
        })"""
    )
    assert refused.startswith("http://elsewhere.invalid/")
    desk.outside.clear()  # the browser reports the refused attempt as well


def test_a_memory_can_be_looked_at(desk) -> None:
    desk.read_in(prose("Storm Log", 6, 60), "storm.md")
    page = desk.open()
    page.click("#look")
    page.wait_for_selector(".memory figure")
    assert page.locator(".memory figcaption").count() == 2
    assert page.locator(".memory .bars rect").count() > 5
    page.keyboard.press("Escape")
    page.wait_for_selector(".memory", state="detached")
