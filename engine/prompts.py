"""Conversations as token ids, in the model's own chat template or a plain one where it has none."""

import re
from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

SYSTEM = "You answer questions about the document you have read."
PRIVATE_USE = range(0xE000, 0xF900)
Turn = tuple[str, str]


def question_ids(
    tokenizer: PreTrainedTokenizerBase, question: str, history: Sequence[Turn] = (), running: bool = False
) -> list[int]:
    """Token ids of a conversation up to the point where the answer begins; `history` holds (question, answer) pairs, whose answers
    have the tokens that they have in `running` text or at a line's beginning.

    Marks of the chat template that somebody typed, such as <|im_end|>, stay plain text; the template's own are special.
    """
    messages = [{"role": "system", "content": SYSTEM}]
    for asked, answered in history:
        messages += [
            {"role": "user", "content": asked},
            {"role": "assistant", "content": _said(tokenizer, answered, running)},
        ]
    messages.append({"role": "user", "content": question})
    typed = "\n".join(m["content"] for m in messages)
    if _plain_ids(tokenizer, typed) == tokenizer(typed, add_special_tokens=False, verbose=False)["input_ids"]:
        return tokenizer(_rendered(tokenizer, messages), add_special_tokens=False)["input_ids"]
    # typed marks are broken up by a letter that nobody typed, until the template's own have been found
    marks = _marks(tokenizer)
    guard = next(letter for letter in map(chr, PRIVATE_USE) if letter not in typed)
    for message in messages:
        message["content"] = marks.sub(lambda mark: guard.join(mark[0]), message["content"])
    return _ids(tokenizer, marks, _rendered(tokenizer, messages), guard)


def answer_ids(tokenizer: PreTrainedTokenizerBase, answer: str, running: bool = False) -> list[int]:
    """Token ids of an answer with the end of the turn, as they follow `question_ids`; see there."""
    if running:
        return [*running_ids(tokenizer, answer), tokenizer.eos_token_id]
    return [
        *tokenizer(_said(tokenizer, answer, running), add_special_tokens=False)["input_ids"],
        tokenizer.eos_token_id,
    ]


def running_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Token ids of `text` as it stands in the middle of a line, behind a space. A name has other tokens at a line's beginning than
    in the document, and an answer in other tokens could not be looked up word by word."""
    before = tokenizer("a", add_special_tokens=False)["input_ids"]
    together = tokenizer("a " + text.lstrip(), add_special_tokens=False)["input_ids"]
    return together[len(before) :]


def _said(tokenizer: PreTrainedTokenizerBase, answer: str, running: bool) -> str:
    """An answer as it stands behind its label: a model without a template always has a space before it."""
    return " " + answer.lstrip() if running or not tokenizer.chat_template else answer


def summary_request(title: str) -> str:
    """The question that asks for a summary of a document or section called `title`."""
    return f'Summarize "{title}" in a few sentences: who and what it is about, and what happens.'


def _rendered(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]]) -> str:
    if tokenizer.chat_template:
        return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    labels = {"system": "", "user": "Question: ", "assistant": "Answer:"}
    return "\n".join(labels[m["role"]] + m["content"] for m in messages) + "\nAnswer:"


def _plain_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Ids of `text` in which nothing is special."""
    return tokenizer(text, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"]


def _marks(tokenizer: PreTrainedTokenizerBase) -> re.Pattern[str]:
    """What the tokenizer takes for special wherever it stands."""
    special = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
    longest_first = sorted(special, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


def _ids(tokenizer: PreTrainedTokenizerBase, marks: re.Pattern[str], text: str, guard: str) -> list[int]:
    """Ids of `text` whose marks are special; what lies between them loses its guards and is plain."""
    ids, start = [], 0
    for mark in [*marks.finditer(text), None]:
        plain = text[start : mark.start() if mark else len(text)].replace(guard, "")
        ids += _plain_ids(tokenizer, plain) if plain else []
        if mark:
            ids.append(tokenizer.convert_tokens_to_ids(mark[0]))
            start = mark.end()
    return ids
