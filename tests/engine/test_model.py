"""The decoder against the Hugging Face model whose weights it has."""

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, DynamicCache, GPT2Config

from engine.errors import UnsupportedModel
from engine.memory import recollect, remembered
from engine.model import SLOT_POSITION, Decoder, GatedMatrix, Update, each_row
from engine.ops import chunk, naive
from engine.ops.naive import RULES
from tests.engine.tiny import FAMILIES, make_base, make_decoder, make_memory, make_reader, read_all, tokens


def logits(decoder: Decoder, ids: torch.Tensor, **options) -> torch.Tensor:
    with torch.inference_mode():
        hidden = decoder.forward(ids, decoder.empty_cache(len(ids)), torch.arange(ids.shape[1]), **options)
        return decoder.logits(hidden)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_empty_memory_gives_the_logits_of_the_base(family: str) -> None:
    base, ids = make_base(family), tokens(2, 9)
    with torch.inference_mode():
        wanted = base(ids).logits
    torch.testing.assert_close(logits(Decoder(base), ids), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_token_by_token_is_as_all_at_once(family: str) -> None:
    decoder, ids = make_decoder(family), tokens(2, 13)
    cache, found = decoder.empty_cache(2), []
    with torch.inference_mode():
        for begin, end in ((0, 5), (5, 6), (6, 10), (10, 13)):
            hidden = decoder.forward(ids[:, begin:end], cache, torch.arange(begin, end))
            found.append(decoder.logits(hidden))
    torch.testing.assert_close(torch.cat(found, 1), logits(decoder, ids), rtol=1e-4, atol=1e-4)


def test_rows_of_several_lengths_are_as_each_alone() -> None:
    decoder = make_decoder("qwen2")
    rows = [tokens(n, seed=n).tolist() for n in (3, 11, 7)]
    ids, present, positions = each_row(rows, 0, torch.device("cpu"))
    with torch.inference_mode():
        cache = decoder.empty_cache(3)
        hidden = decoder.forward(ids, cache, positions, present=present)
        more = tokens(3, 1, seed=77)
        after = decoder.forward(more, cache, positions[:, -1:] + 1, present=torch.ones(3, 1, dtype=torch.bool))
    for i, row in enumerate(rows):
        alone = logits(decoder, torch.tensor([[*row, int(more[i, 0])]]))[0]
        torch.testing.assert_close(decoder.logits(hidden)[i, -len(row) :], alone[:-1], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(decoder.logits(after)[i, 0], alone[-1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_all_kept_in_one_window_is_full_attention_with_the_same_positions(family: str) -> None:
    """Text within one window and room for every token: the question's logits are those of the base's own full attention, whose keys
    of the text were all turned to the slots' position."""
    base, text, question = make_base(family), tokens(23), tokens(1, 6, seed=9)
    decoder = Decoder(base)
    memory = make_memory(decoder, window=64, slots=40, pointing_slots=40)
    state = read_all(make_reader(decoder, memory), text)
    with torch.inference_mode():
        found = decoder.logits(decoder.forward(question, remembered(decoder, memory, [state]), torch.arange(6)))
        # the reference: Hugging Face's own forward; its keys before rotary embedding are caught at the projections
        caught: dict[tuple[int, str], torch.Tensor] = {}
        hooks = []
        for number, layer in enumerate(base.model.layers):
            attention = layer.self_attn
            for name in ("k", "v"):
                module = getattr(attention, "k_norm", None) if name == "k" and hasattr(attention, "k_norm") else None
                module = module or getattr(attention, f"{name}_proj")
                hooks.append(module.register_forward_hook(
                    lambda m, i, out, at=(number, name): caught.__setitem__(at, out.view(1, 23, -1, decoder.D).transpose(1, 2))
                ))  # fmt: skip
        base(text[None])
        for hook in hooks:
            hook.remove()
        turned = DynamicCache()
        at = decoder.rotations(torch.tensor([SLOT_POSITION]))
        for number in range(decoder.L):
            turned.update(decoder.rotate(number, caught[number, "k"], at), caught[number, "v"], number)
        wanted = base(
            question, past_key_values=turned, position_ids=torch.arange(6)[None], attention_mask=torch.ones(1, 29)
        ).logits
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_a_short_text_recollected_as_a_whole_is_the_text_in_plain_view(family: str) -> None:
    decoder, text, question = make_decoder(family), tokens(23), tokens(1, 6, seed=9)
    memory = make_memory(decoder, window=64, slots=40, pointing_slots=40)
    state = read_all(make_reader(decoder, memory), text)
    cache = decoder.empty_cache()
    assert recollect(decoder, memory, [state], [torch.zeros(23)], cache, [0]) == [23]
    with torch.inference_mode():
        found = decoder.logits(decoder.forward(question, cache, torch.arange(23, 29)))
    wanted = logits(decoder, torch.cat((text[None], question), 1))[:, 23:]
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_recollected_side_by_side_is_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts of several lengths, behind beginnings of several lengths, with more slots than are recollected."""
    monkeypatch.setattr("engine.memory.RECALLED", 9)
    decoder, question = make_decoder("qwen2"), tokens(3, 4, seed=9)
    memory = make_memory(decoder)
    states = [read_all(make_reader(decoder, memory), tokens(n, seed=n)) for n in (60, 5, 33)]
    ranks = [torch.rand(state.n_tokens, generator=torch.Generator().manual_seed(1)) for state in states]
    beginnings = [tokens(n, seed=n) for n in (3, 4, 2)]

    def answered(rows: list[int]) -> torch.Tensor:
        ids, present, positions = each_row([beginnings[i].tolist() for i in rows], 0, decoder.device)
        cache = decoder.empty_cache(len(rows))
        with torch.inference_mode():
            decoder.forward(ids, cache, positions, present=present)
            starts = [len(beginnings[i]) for i in rows]
            goes_on = recollect(decoder, memory, [states[i] for i in rows], [ranks[i] for i in rows], cache, starts)
            assert goes_on == [len(beginnings[i]) + min(9, states[i].n_tokens) for i in rows]
            at = torch.tensor(goes_on)[:, None] + torch.arange(4)
            there = torch.ones(len(rows), 4, dtype=torch.bool)
            return decoder.logits(decoder.forward(question[rows], cache, at, present=there))

    alone = torch.cat([answered([i]) for i in range(3)])
    torch.testing.assert_close(answered([0, 1, 2]), alone, rtol=1e-4, atol=1e-4)


def test_an_update_acts_on_the_tokens_it_is_given_for_and_no_others() -> None:
    decoder, ids = make_decoder("qwen2"), tokens(1, 8)
    chance = torch.Generator().manual_seed(4)
    updates = {
        (1, "q_proj"): Update(torch.randn(2, decoder.E, generator=chance), torch.randn(decoder.H * decoder.D, 2, generator=chance), 0.5),
        (2, "o_proj"): Update(torch.randn(2, decoder.H * decoder.D, generator=chance), torch.randn(decoder.E, 2, generator=chance), 0.5),
    }  # fmt: skip
    plain, changed = logits(decoder, ids), logits(decoder, ids, updates=updates)
    assert not torch.allclose(plain, changed, atol=1e-3)
    with torch.inference_mode():
        cache = decoder.empty_cache()
        decoder.forward(ids[:, :5], cache, torch.arange(5))
        keys = [k.clone() for k in cache.keys]
        decoder.forward(ids[:, 5:], cache, torch.arange(5, 8), updates=updates)
    untouched = decoder.empty_cache()
    with torch.inference_mode():
        decoder.forward(ids[:, :5], untouched, torch.arange(5))
    assert all(torch.equal(a, b) for a, b in zip(keys, untouched.keys, strict=True))
    # and it is what merging it into the weights would give
    merged = make_base("qwen2")
    for (layer, name), update in updates.items():
        getattr(merged.model.layers[layer].self_attn, name).weight.data += update.scale * update.up @ update.down
    torch.testing.assert_close(changed, merged(ids).logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("rule", RULES)
def test_the_matrix_is_added_to_what_each_head_gathers_and_a_gate_of_0_leaves_it_out(rule: str) -> None:
    decoder, question = make_decoder("qwen2"), tokens(1, 6, seed=9)
    memory = make_memory(decoder, rule=rule)
    state = read_all(make_reader(decoder, memory), tokens(60))
    cache = remembered(decoder, memory, [state])

    def answer(gate: torch.Tensor | None) -> torch.Tensor:
        given = cache.copy()
        given.matrix = None if gate is None else cache.matrix._replace(gate=gate)
        with torch.inference_mode():
            return decoder.logits(decoder.forward(question, given, torch.arange(6)))

    assert torch.equal(answer(torch.zeros_like(memory.gate)), answer(None))
    assert not torch.allclose(answer(memory.gate), answer(None), atol=1e-3)
    # Eq. 7 token by token, and the gate's tanh in front of it
    q = torch.randn(1, decoder.H, 5, decoder.D, generator=torch.Generator().manual_seed(1))
    wanted = naive.read(chunk.features(rule, q), state.matrix[1]) * memory.gate[1].tanh()[:, None, None]
    torch.testing.assert_close(GatedMatrix(rule, state.matrix, memory.gate).read(1, q), wanted, rtol=1e-4, atol=1e-4)


def test_gradients_reach_updates() -> None:
    decoder, ids = make_decoder("qwen2"), tokens(1, 8)
    down = torch.zeros(2, decoder.E).normal_(generator=torch.Generator().manual_seed(1)).requires_grad_()
    up = torch.zeros(decoder.H * decoder.D, 2, requires_grad=True)
    hidden = decoder.forward(
        ids, decoder.empty_cache(), torch.arange(8), updates={(0, "q_proj"): Update(down, up, 1.0)}
    )
    F.cross_entropy(decoder.logits(hidden)[0, :-1], ids[0, 1:]).backward()
    assert up.grad is not None and up.grad.abs().sum() > 0


def test_another_kind_of_model_is_refused_by_name() -> None:
    other = AutoModelForCausalLM.from_config(GPT2Config(n_layer=1, n_head=2, n_embd=8, vocab_size=20))
    with pytest.raises(UnsupportedModel, match="GPT2"):
        Decoder(other)
