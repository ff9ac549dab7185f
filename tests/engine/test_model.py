"""Conversion: without a memory nothing changes; with one, nothing leaks from what comes later or from another text."""

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    GPT2Config,
    PreTrainedModel,
    StableLmConfig,
    T5Config,
    T5ForConditionalGeneration,
)

from engine.errors import UnsupportedModel
from engine.memory import HeadMap
from engine.model import InfiniForCausalLM, convert, register
from engine.ops import naive
from engine.ops.exact import Kept
from engine.passes import Fold
from engine.state import MemoryState
from tests.engine.tiny import (
    FAMILIES,
    MARKS,
    MEMORIES,
    SEGMENT,
    VOCABULARY,
    assert_close,
    equal,
    filled_state,
    make_base,
    make_model,
    stir,
    tokens,
)

GROUP, DOCUMENTS = 5, 4


def read_all(model: InfiniForCausalLM, segments: torch.Tensor, state: MemoryState | None = None):
    """Hidden states `[B,G,S,hidden]` of segments read together, and the state after them."""
    batch, g, length = segments.shape
    fold = Fold(state or MemoryState.empty(model.config, batch), g)
    hidden = model.hidden(segments.reshape(batch * g, length), fold)
    return hidden.view(batch, g, length, -1), fold.state()


def distinct(documents: int, segments: int) -> torch.Tensor:
    """Token ids `[B,G,S]`, none of which a document has twice: two alike are worth the same to the lowest layer's cache, and which of them
    goes then hangs on the last bit, which another batch size may change."""
    chance = torch.Generator().manual_seed(5)
    rows = [len(MARKS) + torch.randperm(VOCABULARY - len(MARKS), generator=chance) for _ in range(documents)]
    return torch.stack(rows)[:, : segments * SEGMENT].view(documents, segments, SEGMENT)


def document(state: MemoryState, b: int) -> MemoryState:
    """The state of document `b` alone."""
    one = lambda t: None if t is None else t[:, b : b + 1]  # noqa: E731
    kept = state.kept and Kept(*map(one, state.kept))
    return MemoryState(one(state.M), one(state.z), state.n_tokens, kept)


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("family", FAMILIES)
def test_without_a_memory_pass_it_is_the_base_model(family: str, memory: str) -> None:
    ids = tokens(3, 19)
    with torch.no_grad():
        expected = make_base(family)(ids, labels=ids)
        found = make_model(family, memory)(ids, labels=ids)
    assert torch.equal(found.logits, expected.logits) and torch.equal(found.loss, expected.loss)
    assert found.logits.std() > 0.1, "logits that could not show a difference"


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("family", FAMILIES)
def test_an_empty_memory_never_dilutes_the_first_segment(family: str, memory: str) -> None:
    model, ids = make_model(family, memory), tokens(DOCUMENTS, 1, SEGMENT)
    with torch.no_grad():
        hidden, _ = read_all(model, ids)
        expected = make_base(family).model(ids[:, 0]).last_hidden_state
        later, _ = read_all(model, ids, filled_state(model, DOCUMENTS))
    torch.testing.assert_close(hidden[:, 0], expected, rtol=0, atol=1e-6)
    assert (later[:, 0] - expected).abs().max() > 0.01, "a memory that holds something changes it"


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("family", ["smollm2", "qwen3"])
def test_a_group_of_segments_gives_the_state_of_one_at_a_time(family: str, memory: str) -> None:
    model, ids = make_model(family, memory), distinct(DOCUMENTS, GROUP)
    with torch.no_grad():
        hidden, together = read_all(model, ids)
        state, singly = MemoryState.empty(model.config, DOCUMENTS), []
        for i in range(GROUP):
            outs, state = read_all(model, ids[:, i : i + 1], state)
            singly.append(outs)
        alone = [model.fold(row[None], MemoryState.empty(model.config)).state() for row in ids]
    assert_close(together, state, 1e-4)
    torch.testing.assert_close(hidden, torch.cat(singly, dim=1), rtol=1e-4, atol=1e-4)
    for b, one in enumerate(alone):
        assert_close(document(together, b), one, 1e-4)
    written = together.M if together.M.numel() else together.kept.v
    assert together.n_tokens == GROUP * SEGMENT and written.abs().max() > 0.1


@pytest.mark.parametrize("memory", [name for name, memory in MEMORIES.items() if "exact_slots" not in memory])
@pytest.mark.parametrize("family", ["smollm2", "qwen2", "qwen3"])
def test_the_first_layer_worked_out_by_the_naive_rules(family: str, memory: str) -> None:
    """Keys and queries come from before the rotary embedding; recall comes before writing; the gate joins (Eq. 10)."""
    model, ids = make_model(family, memory), tokens(2, SEGMENT)
    attention = model.base.model.layers[0].self_attn
    joined: list[torch.Tensor] = []
    hook = attention.o_proj.register_forward_pre_hook(lambda _, given: joined.append(given[0]))
    with torch.no_grad():
        _, state = read_all(model, ids[None])
        model(ids)
        hook.remove()
        x = attention.project(model.base.model.layers[0].input_layernorm(model.get_input_embeddings()(ids)))
        memory_of = attention.memory
        q, k, w = memory_of.queries(x.q), memory_of.keys(x.k), memory_of.strengths(x.hidden)
        layer = MemoryState.empty(model.config).layer(0)
        layer = naive.write(memory_of.rule, k[:1], x.v[:1], w[:1], layer)
        recalled = naive.read(q[1:], layer)[0].transpose(0, 1)
        layer = naive.write(memory_of.rule, k[1:], x.v[1:], w[1:], layer)
    torch.testing.assert_close(state.M[0], layer.M, rtol=1e-4, atol=1e-4)
    gate, (read, local) = memory_of.read_gate[:, None], (o[1].view_as(recalled) for o in joined)
    if model.config.gate == "additive":
        expected = local + gate.tanh() * recalled
    else:
        expected = gate.sigmoid() * recalled + (1 - gate.sigmoid()) * local
    torch.testing.assert_close(read, expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(joined[0][0], joined[1][0]), "the first segment recalls nothing"


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("segment", [0, 3])
def test_a_changed_token_changes_nothing_before_it(memory: str, segment: int) -> None:
    model, ids, place = make_model(memory=memory), tokens(DOCUMENTS, GROUP, SEGMENT), 4
    other = ids.clone()
    other[1, segment, place] = (other[1, segment, place] + 1) % 300 + 3
    with torch.no_grad():
        (a, full_a), (b, full_b) = read_all(model, ids), read_all(model, other)
        prefixes = [read_all(model, x[:, :segment])[1] if segment else None for x in (ids, other)]
    assert torch.equal(a[1, :segment], b[1, :segment])
    assert torch.equal(a[1, segment, :place], b[1, segment, :place])
    untouched = [0, 2, 3]
    assert torch.equal(a[untouched], b[untouched]) and torch.equal(full_a.M[:, untouched], full_b.M[:, untouched])
    assert segment == 0 or equal(*prefixes)
    assert (a[1, segment, place:] - b[1, segment, place:]).abs().amin(-1).max() > 0
    assert not torch.equal(a[1, segment + 1], b[1, segment + 1]), "later segments recall it"
    assert not equal(document(full_a, 1), document(full_b, 1))


@pytest.mark.parametrize("memory", MEMORIES)
def test_no_gradient_comes_from_the_future_or_from_another_text(memory: str) -> None:
    model, ids = make_model(memory=memory), tokens(DOCUMENTS, GROUP, SEGMENT)
    embedded = model.get_input_embeddings()(ids.reshape(-1, SEGMENT)).detach().requires_grad_()
    fold = Fold(MemoryState.empty(model.config, DOCUMENTS), GROUP)
    hidden = model.base.model(inputs_embeds=embedded, memory_pass=fold, use_cache=False).last_hidden_state
    hidden.view(DOCUMENTS, GROUP, SEGMENT, -1)[2, 3, 4].pow(2).sum().backward()
    reached = embedded.grad.view(DOCUMENTS, GROUP, SEGMENT, -1).abs().amax(-1) > 0
    expected = torch.zeros(DOCUMENTS, GROUP, SEGMENT, dtype=torch.bool)
    expected[2, 3, :5] = True
    assert torch.equal(reached[2, 3:], expected[2, 3:]) and not reached[[0, 1, 3]].any()
    assert reached[2, :3].any(-1).all(), "every earlier segment is reached through the memory"


@pytest.mark.parametrize("memory", MEMORIES)
def test_every_weight_of_the_memory_learns(memory: str) -> None:
    model = make_model(memory=memory)
    hidden, _ = read_all(model, tokens(DOCUMENTS, GROUP, SEGMENT))
    hidden[:, -1].pow(2).sum().backward()
    still = [n for n, p in model.named_parameters() if ".memory." in n and (p.grad is None or not p.grad.any())]
    last = len(model.base.model.layers) - 1
    assert still == [] and any(f"layers.{last}." in n for n, _ in model.named_parameters())


@pytest.mark.parametrize("memory", MEMORIES)
def test_the_state_is_float32_whatever_the_models_precision(memory: str) -> None:
    model = convert(make_base().to(torch.bfloat16), **MEMORIES[memory], segment_len=SEGMENT)
    state = filled_state(model)
    assert {t.dtype for t in (state.M, state.z) if t is not None} == {torch.float32}
    assert state.kept is None or [t.dtype for t in state.kept] == [torch.bfloat16, torch.bfloat16, torch.float32]
    assert {p.dtype for n, p in model.named_parameters() if ".memory." in n} == {torch.float32}
    assert model(tokens(1, 3)).logits.dtype == torch.bfloat16


@pytest.mark.parametrize("layers", [[1], [4, 0, 2]])
def test_only_the_chosen_layers_have_a_memory(layers: list[int]) -> None:
    model = make_model("smollm3", memory_layers=layers)
    having = [i for i, layer in enumerate(model.base.model.layers) if layer.self_attn.memory is not None]
    assert having == sorted(layers) == model.config.layers_with_memory
    state = filled_state(model)
    assert state.M.shape[0] == len(layers) and state.M.abs().amax((1, 2, 3, 4)).min() > 0
    ids = tokens(1, GROUP, SEGMENT)
    with torch.no_grad():
        first, _ = read_all(model, ids)
        plain = make_base("smollm3").model(ids[0]).last_hidden_state
    assert not torch.allclose(first[0, 1], plain[1], atol=1e-3)


def test_fresh_memories_are_open_and_address_with_the_models_own_keys() -> None:
    model = convert(make_base(), **MEMORIES["gated_delta"], segment_len=SEGMENT)
    memory = model.base.model.layers[0].self_attn.memory
    assert torch.equal(memory.key_map.weight[2], torch.cat([torch.eye(4), -torch.eye(4)], dim=1))
    assert isinstance(memory.query_map, HeadMap) and memory.query_map.weight.shape == (9, 4, 8)
    assert memory.strengths(torch.randn(1, 3, 36)).unique().tolist() == [0.5]
    assert memory.read_gate.tolist() == [pytest.approx(0.3)] * 9
    paper = convert(make_base(), **MEMORIES["linear"], segment_len=SEGMENT)
    assert not paper.base.model.layers[1].self_attn.memory.read_gate.any()


def test_wider_keys_start_with_features_that_all_differ() -> None:
    weight = (
        convert(make_base(), key_width=24, segment_len=SEGMENT).base.model.layers[0].self_attn.memory.key_map.weight
    )
    cosines = torch.nn.functional.cosine_similarity(weight[0].T[:, None], weight[0].T[None], dim=-1)
    assert (cosines - torch.eye(24)).max() < 0.99
    torch.testing.assert_close(weight[0] @ weight[0].T, 6 * torch.eye(4))


def test_reading_stops_at_the_last_layer_that_has_a_memory() -> None:
    model, ids = make_model("smollm3", memory_layers=[1, 3]), tokens(DOCUMENTS, GROUP, SEGMENT)
    with torch.no_grad():
        _, expected = read_all(model, ids)
        for layer in model.base.model.layers[4:]:
            layer.register_forward_pre_hook(lambda *_: pytest.fail("a layer without use was run"))
        found = model.fold(ids, MemoryState.empty(model.config, DOCUMENTS)).state()
    assert equal(found, expected)


@pytest.mark.parametrize("family", ["smollm2", "qwen2", "qwen3"])
def test_an_exact_cache_adds_what_it_recalls_and_is_written_after_it_was_read(family: str) -> None:
    """In the first layer, on top of the same model without an exact cache."""
    model, ids = make_model(family, "gated_delta-exact"), tokens(2, SEGMENT)
    attention = model.base.model.layers[0].self_attn
    joined: list[torch.Tensor] = []
    hook = attention.o_proj.register_forward_pre_hook(lambda _, given: joined.append(given[0]))
    with torch.no_grad():
        read_all(model, ids[None])
        cache, attention.memory.exact = attention.memory.exact, None
        read_all(model, ids[None])
        hook.remove()
        x = attention.project(model.base.model.layers[0].input_layernorm(model.get_input_embeddings()(ids)))
    with_it, without = (o.view(2, SEGMENT, *x.q.shape[1::2]).transpose(1, 2) for o in joined)
    k, scores = cache.keys(x.k)[:1].to(torch.bfloat16), cache.scores(x.hidden)[:1]
    expected = cache.recall(x.q[1:], Kept(k, x.v[:1].to(torch.bfloat16), scores))
    torch.testing.assert_close(with_it[1:] - without[1:], expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(with_it[0], without[0]) and expected.abs().max() > 0.01


def test_write_strengths_reach_exactly_zero_and_one() -> None:
    memory = make_model().base.model.layers[0].self_attn.memory
    w = memory.strengths(3 * torch.randn(2, 50, 36, generator=torch.Generator().manual_seed(0)))
    assert w.shape == (2, 3, 50) and w.min() == 0 and w.max() == 1 and ((w > 0) & (w < 1)).any()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("memory", ["gated_delta", "linear"])
def test_save_and_load_give_the_same_model(family: str, memory: str, tmp_path) -> None:
    register()
    model, ids = make_model(family, memory, memory_layers=[1]), tokens(DOCUMENTS, GROUP, SEGMENT)
    model.save_pretrained(tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".json", ".safetensors"]
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert isinstance(again, InfiniForCausalLM) and not list(tmp_path.glob("*.py"))
    assert {n for n, _ in again.named_parameters()} == {n for n, _ in model.named_parameters()}
    with torch.no_grad():
        assert torch.equal(again(ids[0]).logits, model(ids[0]).logits)
        empty = MemoryState.empty(model.config, DOCUMENTS)
        assert equal(again.fold(ids, empty).state(), model.fold(ids, empty).state())
    tied = again.get_output_embeddings().weight is again.get_input_embeddings().weight
    assert tied == make_base(family).config.tie_word_embeddings == (family in ("smollm2", "smollm3"))


@pytest.mark.parametrize("memory", ["gated_delta", "delta"])
def test_memory_weights_stay_float32_in_a_model_loaded_as_bfloat16(memory: str, tmp_path) -> None:
    register()
    model = make_model(memory=memory)
    model.save_pretrained(tmp_path)
    again = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16)
    ours = {n: p for n, p in model.named_parameters() if ".memory." in n}
    for name, parameter in again.named_parameters():
        assert parameter.dtype == (torch.float32 if name in ours else torch.bfloat16), name
        assert name not in ours or torch.equal(parameter, ours[name])
    assert filled_state(again).M.dtype == torch.float32


SMALL = {"hidden_size": 24, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 3}
WORDS = {"vocab_size": 31, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "intermediate_size": 20}
FOREIGN = [
    GPT2Config(n_embd=24, n_head=4, n_layer=3, vocab_size=31, n_positions=17, bos_token_id=1, eos_token_id=2),
    Gemma2Config(**SMALL, **WORDS, head_dim=6),
    StableLmConfig(**SMALL, **WORDS),
]


@pytest.mark.parametrize("config", FOREIGN, ids=lambda config: config.model_type)
def test_another_family_is_refused(config) -> None:
    with pytest.raises(UnsupportedModel, match="Llama"):
        convert(AutoModelForCausalLM.from_config(config))


def test_a_model_that_is_no_decoder_is_refused() -> None:
    sizes = {"d_model": 24, "d_kv": 6, "d_ff": 20, "num_layers": 3, "num_heads": 4, "vocab_size": 31}
    base: PreTrainedModel = T5ForConditionalGeneration(T5Config(**sizes, decoder_start_token_id=0))
    with pytest.raises(UnsupportedModel, match="T5ForConditionalGeneration"):
        convert(base)


def test_gradient_checkpointing_gives_the_same_state_and_gradients() -> None:
    found = []
    for checkpointing in (False, True):
        model = make_model().train()
        if checkpointing:
            model.activation_checkpointing_enable()
        hidden, state = read_all(model, tokens(DOCUMENTS, GROUP, SEGMENT))
        (hidden[:, -1].pow(2).sum() + state.M.pow(2).sum()).backward()
        found.append([state.M.detach(), *(p.grad for n, p in model.named_parameters() if ".memory." in n)])
    for plain, checkpointed in zip(*found, strict=True):
        torch.testing.assert_close(checkpointed, plain, rtol=1e-4, atol=1e-3)


def test_stirring_twice_is_the_same() -> None:
    """The helper itself: two models of one seed are one model."""
    a, b = make_model(), stir(convert(make_base(), **MEMORIES["gated_delta"], segment_len=SEGMENT))
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
