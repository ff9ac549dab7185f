"""One evaluation over many texts: each is opened once by each way, asked in batches, and every reply is written down at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.generate import AnswerOptions
from evaluation.loading import Say
from evaluation.rows import Row, Rows
from evaluation.ways import BATCH, Question, Reply, Way, batches, mark

Judge = Callable[[Question, Reply], Mapping[str, Any]]


@dataclass(frozen=True)
class Text:
    """A text to read once, and what is asked about it. `key` names it within an evaluation and says what it was made from; `ids`
    makes its tokens; `about` goes into every row."""

    key: str
    ids: Callable[[], Sequence[int]]
    questions: Sequence[Question]
    about: Mapping[str, Any]


def run(
    texts: Iterable[Text], ways: Sequence[Way], judge: Judge, options: AnswerOptions, *, rows: Rows, limit: int | None,
    suffix: str = "", batch: int = BATCH, say: Say = lambda text: None,
) -> list[Row]:  # fmt: skip
    """A row a question, way and source: the reply, what `judge` says of it, and what text and question say of themselves.

    At most `limit` questions. `suffix` is put behind each, such as a wish for few words. What `rows` holds already, made in the same
    way, is not done again.
    """
    found: list[Row] = []
    asked = 0
    for text in texts:
        questions = list(text.questions)[: None if limit is None else max(limit - asked, 0)]
        if not questions:
            break
        asked += len(questions)
        ids: Sequence[int] | None = None
        for way in ways:
            made = mark({"way": way.mark, "options": vars(options), "suffix": suffix})
            old = {_name(q): rows.done(made, text.key, _name(q), way.sources) for q in questions}
            new = [q for q in questions if old[_name(q)] is None]
            done = [row for some in old.values() if some is not None for row in some]
            if new:
                ids = text.ids() if ids is None else ids
                if way.most is not None and len(ids) > way.most:
                    say(f"{text.key}: {len(ids):,} tokens are more than {way.name} can take ({way.most:,})")
                    continue
                answer = way.open(ids)
                for some in batches(new, batch):
                    replies = answer([_with(q, suffix) for q in some], options)
                    fresh = [
                        _row(made, text, question, source, reply, judge)
                        for question, each in zip(some, replies, strict=True)
                        for source, reply in zip(way.sources, each, strict=True)
                    ]
                    rows.add(fresh)
                    done += fresh
            say(f"{text.key}, {way.name}: {len(questions)} questions, {len(new)} of them new")
            found += done
    return found


def _with(question: Question, suffix: str) -> Question:
    return Question(f"{question.text} {suffix}".strip(), question.accepted, question.about, question.history)


def _name(question: Question) -> str:
    """A question's name in the rows, which tells it from the same words after another conversation."""
    return " / ".join([*(asked for asked, _ in question.history), question.text])


def _row(run_: str, text: Text, question: Question, source: str, reply: Reply, judge: Judge) -> Row:
    return {
        "run": run_, "text": text.key, "source": source, "question": _name(question), "accepted": list(question.accepted),
        "reply": reply.text, "declined": reply.declined, **reply.about, **text.about, **question.about,
        **judge(question, reply),
    }  # fmt: skip
