"""Reading and answering: tokens a second against the bare base model, seconds to an answer, and peak memory at two lengths."""

import json
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable

import torch

from engine.engine import Engine, EngineSettings, Recalled

LENGTHS = (32_768, 262_144)


def speed(engine: Engine, text: str, *, rounds: int) -> dict:
    """Reading against the bare base model over the same windows, in turns; medians of tokens a second, and their ratio."""
    group = engine.group_tokens()
    ids = cycle(engine, text, group)
    rows = torch.tensor(ids, device=engine.info.device).view(-1, engine.info.window)

    def read() -> None:
        for _ in engine.read(ids, engine.empty_state(), group_tokens=group):
            pass

    def bare() -> None:
        with torch.inference_mode():
            engine.decoder.base.model(rows, use_cache=False)

    seconds: dict[str, list[float]] = {"read": [], "bare": []}
    for _ in range(rounds + 1):
        for name, run in (("read", read), ("bare", bare)):
            seconds[name].append(timed(run))
    read_s, bare_s = (statistics.median(seconds[name][1:]) for name in ("read", "bare"))
    return {"tokens_per_second": group / read_s, "base_tokens_per_second": group / bare_s, "ratio": bare_s / read_s}


def answering(engine: Engine, text: str, question: str) -> dict:
    """Seconds to the first token of the memory's answer, tokens a second of its rest, and seconds until the page's answer is whole."""
    group = engine.group_tokens()
    ids = cycle(engine, text, group)
    (state,) = engine.read_side_by_side([ids])
    pieces = engine.ask(state, question, text=lambda begin, end: engine.text(ids[begin:end]))
    *said, answer = pieces
    recalled = next(piece for piece in said if isinstance(piece, Recalled))
    tokens = len(engine.tokenizer(recalled.text, add_special_tokens=False)["input_ids"])
    rest = max(recalled.seconds - recalled.first_token_seconds, 1e-9)
    return {
        "first_token_seconds": recalled.first_token_seconds,
        "answer_tokens_per_second": max(tokens - 1, 0) / rest,
        "page_seconds": answer.seconds,
    }


def peak_memory(settings: EngineSettings, text: str, tokens: int) -> dict:
    """Peak resident bytes of a fresh process that loads the model and reads `tokens` tokens, and its state's bytes."""
    context = multiprocessing.get_context("spawn")
    parent, child = context.Pipe(duplex=False)
    process = context.Process(target=_read_and_report, args=(settings, text, tokens, child))
    process.start()
    child.close()
    try:
        return json.loads(parent.recv())
    finally:
        process.join()


def run(
    settings: EngineSettings, text: str, *, rounds: int, lengths: tuple[int, int] = LENGTHS, say: Callable[[str], None]
) -> dict:
    """All measurements; peak memory at two lengths, in tokens. The last line of `launch.py bench` is this as JSON."""
    memory = {}
    for tokens in lengths:
        memory[tokens] = peak_memory(settings, text, tokens)
        say(
            f"{tokens:,} tokens: peak {memory[tokens]['peak_bytes'] / 2**20:,.0f} MiB, {memory[tokens]['tokens_per_second']:,.0f} tokens/s"
        )
    engine = Engine.load(settings, say)
    result = {
        "speed": speed(engine, text, rounds=rounds),
        "answer": answering(engine, text, "What is this text about?"),
    }
    short, long = (memory[tokens]["peak_bytes"] for tokens in lengths)
    result |= {
        "memory": memory,
        "peak_ratio": long / short,
        "threads": torch.get_num_threads(),
        "device": engine.info.device,
    }
    return result | {"dtype": engine.info.dtype, "weights": engine.info.weights_hash}


def table(result: dict) -> list[str]:
    """The result as lines for people."""
    speed, answer = result["speed"], result["answer"]
    return [
        f"reading        {speed['tokens_per_second']:,.0f} tokens/s, {speed['ratio']:.2f} of the base model without a memory",
        f"first token    {answer['first_token_seconds']:.2f} s, then {answer['answer_tokens_per_second']:.1f} tokens/s",
        f"from the page  {answer['page_seconds']:.2f} s",
        *(
            f"peak memory    {m['peak_bytes'] / 2**20:,.0f} MiB for {n:,} tokens, state {m['state_bytes']:,} bytes"
            for n, m in result["memory"].items()
        ),
        f"peak ratio     {result['peak_ratio']:.3f}",
    ]


def cycle(engine: Engine, text: str, tokens: int) -> list[int]:
    """`tokens` token ids of `text`, from its start again as often as needed."""
    ids = list(engine.tokenize([text]).ids)
    return (ids * (tokens // len(ids) + 1))[:tokens]


def timed(run: Callable[[], None]) -> float:
    """Seconds that `run` takes."""
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def _read_and_report(settings: EngineSettings, text: str, tokens: int, out) -> None:
    engine = Engine.load(settings)
    state = engine.empty_state()
    ids = cycle(engine, text, tokens)
    begun = time.perf_counter()
    for step in engine.read(ids, state, group_tokens=engine.group_tokens()):
        state = step.state
    rate = tokens / (time.perf_counter() - begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    out.send(
        json.dumps(
            {
                "peak_bytes": peak,
                "state_bytes": len(engine.state_to_bytes(engine.finished(state))),
                "tokens_per_second": rate,
            }
        )
    )
