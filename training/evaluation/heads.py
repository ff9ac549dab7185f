"""Which layers look answers up: where a model without memory attends when it answers from a short text before its eyes.

The layers whose heads find the answer there are those that a memory serves best.
"""

import random

import torch
from torch import Tensor

from engine.engine import Engine
from engine.prompts import answer_ids, question_ids
from training.facts import Fact, draw_facts

FACTS = 8


def run_heads(engine: Engine, *, trials: int, seed: int = 0) -> dict:
    """Attention from each token of an answer to that token's place in the text, by layer, summed over heads.

    A text is FACTS generated facts, one of which is asked for; the memory takes no part. Returns `layers` (mean sum over
    heads), `heads` (by layer and head), and `tokens_right`, the share of answer tokens that the model would have said.
    """
    rng = random.Random(seed)
    attention = engine.model.config.text_config._attn_implementation
    engine.model.base.set_attn_implementation("eager")
    try:
        asked = [_ask(engine, draw_facts(rng, FACTS)) for _ in range(trials)]
    finally:
        engine.model.base.set_attn_implementation(attention)
    heads = torch.cat([weights for weights, _ in asked]).mean(0)
    right = torch.cat([right for _, right in asked]).float().mean().item()
    return {
        "layers": [round(x, 4) for x in heads.sum(-1).tolist()], "heads": [[round(x, 4) for x in row] for row in heads.tolist()],
        "tokens_right": round(right, 4), "trials": trials, "seed": seed, "weights": engine.info.weights_hash,
    }  # fmt: skip


def table(result: dict) -> list[str]:
    """A line a layer, with a bar."""
    most = max(result["layers"])
    return [f"layer {i:>3}  {x:.3f}  {'#' * round(40 * x / most)}" for i, x in enumerate(result["layers"])]


@torch.no_grad()
def _ask(engine: Engine, facts: list[Fact]) -> tuple[Tensor, Tensor]:
    """Attention `[tokens,L,H]` of the first fact's answer tokens to their places, and whether each was the likeliest."""
    tokenizer, model = engine.tokenizer, engine.model
    ids = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]  # noqa: E731
    before, _, after = facts[0].statement.partition(facts[0].answer)
    told = ids(" ".join(f.statement for f in facts[1 : len(facts) // 2]) + " " + before.rstrip())
    answer = ids(" " + facts[0].answer)
    text = told + answer + ids(after + " " + " ".join(f.statement for f in facts[len(facts) // 2 :]))
    asked = question_ids(tokenizer, facts[0].questions[0])
    said = answer_ids(tokenizer, facts[0].answer, running=True)[:-1]
    row = torch.tensor([text + asked + said], device=model.device)
    seen: list[Tensor] = []
    hooks = [
        layer.self_attn.register_forward_hook(lambda module, inputs, output: seen.append(output[1][0]))
        for layer in model.base.model.layers
    ]
    try:
        logits = model.base(input_ids=row).logits[0]
    finally:
        for hook in hooks:
            hook.remove()
    start = len(text) + len(asked) - 1
    at = torch.arange(min(len(answer), len(said)))
    weights = torch.stack(seen)[:, :, start + at, len(told) + at]
    return weights.permute(2, 0, 1).float().cpu(), (logits[start + at].argmax(-1) == row[0, start + 1 + at]).cpu()
