"""Conversations as token ids, in the model's own chat template or a plain one where it has none."""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

SYSTEM = "You answer questions about the document you have read."
Turn = tuple[str, str]


def question_ids(tokenizer: PreTrainedTokenizerBase, question: str, history: Sequence[Turn] = ()) -> list[int]:
    """Token ids of a conversation up to the point where the answer begins; `history` holds (question, answer) pairs."""
    messages = [{"role": "system", "content": SYSTEM}]
    for asked, answered in history:
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    messages.append({"role": "user", "content": question})
    if tokenizer.chat_template:
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    else:
        labels = {"system": "", "user": "Question: ", "assistant": "Answer: "}
        text = "\n".join(labels[m["role"]] + m["content"] for m in messages) + "\nAnswer:"
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def answer_ids(tokenizer: PreTrainedTokenizerBase, answer: str) -> list[int]:
    """Token ids of an answer with the end of the turn, as they follow `question_ids`."""
    text = answer if tokenizer.chat_template else " " + answer
    return [*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]


def summary_request(title: str) -> str:
    """The question that asks for a summary of a document or section called `title`."""
    return f'Summarize "{title}" in a few sentences: who and what it is about, and what happens.'
