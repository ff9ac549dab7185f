"""Conversations as token ids, in the model's own chat template or a plain one where it has none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from transformers import PreTrainedTokenizerBase

from engine.language import language_of

FROM_MEMORY = "You have read a document and remember it. Answer the question about it in one or two short sentences."
FROM_PASSAGES = (
    "You answer questions about a document. Use only the passages below. Answer in one or two short sentences, with the names and "
    "numbers that the passages have."
)
BRIEFLY = "You answer questions about a document. Use only the passages below. Answer with a few words taken from them, and nothing else."
SUMMARY = (
    "You summarise documents. You are given a passage of a longer text. Say in one plain sentence what it tells, with its names and "
    "numbers. Do not mention the passage itself."
)
BEGINNING = "You are given how a document begins. Say in one or two plain sentences what the document is, what it is about and for whom."
OF_THE_WHOLE = "What is this document?"
OF_A_PAGE = "Summarise the passage in one sentence."
NOT_SAID = "The text does not say."
IF_NOT_SAID = "If the passages do not hold the answer, say: " + NOT_SAID
PRIVATE_USE = range(0xE000, 0xF900)
Turn = tuple[str, str]


def passages_prompt(brief: bool) -> str:
    """The prompt for a question on passages: answered in a sentence or two, or with a few of their words."""
    return BRIEFLY if brief else FROM_PASSAGES


def in_its_language(prompt: str, text: str, question: str | None = None) -> str:
    """A prompt that asks for the language of `text`; English needs no asking. A `question` in another language than the text is left to
    the model: a small one that has to translate says something else."""
    language = language_of(text)
    if language in (None, "English") or (question is not None and language_of(question) != language):
        return prompt
    return f"{prompt} Answer in {language}."


class Chat:
    """Writes conversations as token ids for one tokenizer.

    Marks of the chat template that somebody typed or that stand in a document, such as <|im_end|>, stay plain text; the template's
    own are special.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer
        special = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
        longest_first = sorted(special, key=len, reverse=True)
        self._marks = re.compile("|".join(map(re.escape, longest_first))) if special else None

    def ids(self, system: str, question: str, history: Sequence[Turn] = ()) -> list[int]:
        """Token ids of a conversation up to the point where the answer begins; `history` holds (question, answer) pairs."""
        messages = [{"role": "system", "content": system}]
        for asked, answered in history:
            messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
        messages.append({"role": "user", "content": question})
        typed = "\n".join(message["content"] for message in messages)
        if self._marks is None or not self._marks.search(typed):
            return self.tokenizer(self._rendered(messages), add_special_tokens=False)["input_ids"]
        # typed marks are broken up by a letter that nobody typed, until the template's own have been found
        guard = next(letter for letter in map(chr, PRIVATE_USE) if letter not in typed)
        for message in messages:
            message["content"] = self._marks.sub(lambda mark: guard.join(mark[0]), message["content"])
        return self._split(self._rendered(messages), guard)

    def split_ids(
        self, system: str, passages: str, question: str, history: Sequence[Turn] = ()
    ) -> tuple[list[int], list[int]]:
        """The same for a question on `passages` in plain view, in two parts: up to the passages' end, and from the question on, which
        low-rank updates act on."""
        whole = self.ids(system, f"{passages}\n\nQuestion: {question}", history)
        asked = self.ids(system, f"Question: {question}", history)
        # the two end alike from the question on: count the tokens that they share at their ends
        shared = 0
        while shared < min(len(whole), len(asked)) and whole[-1 - shared] == asked[-1 - shared]:
            shared += 1
        return whole[: len(whole) - shared], whole[len(whole) - shared :]

    def around_ids(self, system: str, question: str, history: Sequence[Turn] = ()) -> tuple[list[int], list[int]]:
        """The same two parts without passages: what stands before the place where they would be, and from the question on."""
        asked = self.split_ids(system, ".", question, history)[1]
        whole = self.ids(system, f"Question: {question}", history)
        return whole[: len(whole) - len(asked)], asked

    @cached_property
    def after_question(self) -> int:
        """How many tokens of the template follow a question."""
        a, b = (self.ids(FROM_MEMORY, text) for text in ("a", "b"))
        shared = 0
        while a[-1 - shared] == b[-1 - shared]:
            shared += 1
        return shared

    def plain(self, text: str) -> list[int]:
        """Ids of `text` in which nothing is special."""
        return self.tokenizer(text, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"]

    def _rendered(self, messages: list[dict[str, str]]) -> str:
        if self.tokenizer.chat_template:
            return self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        labels = {"system": "", "user": "Question: ", "assistant": "Answer:"}
        lines = [labels[m["role"]] + (" " if m["role"] == "assistant" else "") + m["content"] for m in messages]
        return "\n".join(lines) + "\nAnswer:"

    def _split(self, text: str, guard: str) -> list[int]:
        """Ids of `text` whose marks are special; what lies between them loses its guards and is plain."""
        ids, start = [], 0
        assert self._marks is not None
        for mark in [*self._marks.finditer(text), None]:
            plain = text[start : mark.start() if mark else len(text)].replace(guard, "")
            ids += self.plain(plain) if plain else []
            if mark:
                ids.append(self.tokenizer.convert_tokens_to_ids(mark[0]))
                start = mark.end()
        return ids
