"""Training on two processes is training on one: same losses, same adapter, but for rounding."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.engine.tiny import make_base, make_tokenizer
from training import run

ROOT = Path(run.__file__).parents[1]
LAUNCH = (
    "-m",
    "accelerate.commands.launch",
    "--cpu",
    "--num_machines",
    "1",
    "--mixed_precision",
    "no",
    "--dynamo_backend",
    "no",
)
SMALL = {
    "steps": "4", "stop_after": "4", "calibrate": "8", "rows": "[[1.0, 2]]", "segments": "[[0.6, [1]], [1.0, [1, 2]]]",
    "facts": "3", "asked_tokens": "150", "pool_segments": "3", "pool_refresh": "2", "pool_facts": "[[1.0, 0.5]]",
    "filler": "[[1.0, 2, 500]]", "lora_from": "1", "lora_rank": "3", "save_every": "2", "log_every": "1", "warmup": "1",
    "memory_layers": "[0, 1]", "key_width": "20", "segment_len": "384", "lr_lora": "1e-3",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """base/, data/ and small.toml."""
    root = tmp_path_factory.mktemp("two")
    make_base("llama").save_pretrained(root / "base")
    make_tokenizer().save_pretrained(root / "base")
    for name in ("train", "squad", "fairytaleqa"):
        (root / "data" / name).mkdir(parents=True)
    book = "The rain came over the hill and the miller shut his door. Nobody spoke of it. " * 90
    (root / "data" / "train" / "mill.txt").write_text(book, encoding="utf-8")
    asked = {"question": "What did Ada lose?", "answers": [{"text": "a red kite"}]}
    articles = [
        {"title": f"A{i}", "paragraphs": [{"context": "Ada lost a red kite.", "qas": [asked]}]} for i in range(30)
    ]
    (root / "data" / "squad" / "train-v1.json").write_text(json.dumps({"data": articles}), encoding="utf-8")
    story = {"sections": ["Ada lost a kite."], "questions": [
        {"question": "What was lost?", "answers": ["a kite"], "sections": "1", "ex_or_im": "explicit"}]}  # fmt: skip
    (root / "data" / "fairytaleqa" / "f_train.jsonl").write_text(json.dumps(story), encoding="utf-8")
    lines = (Path(run.__file__).parent / "recipes" / "first.toml").read_text(encoding="utf-8").splitlines()
    names = [line.partition(" = ")[0] for line in lines]
    small = [f"{name} = {SMALL[name]}" if name in SMALL else line for name, line in zip(names, lines, strict=True)]
    (root / "small.toml").write_text("\n".join(small), encoding="utf-8")
    return root


def trained(folder: Path, processes: int) -> tuple[list[float], dict[str, torch.Tensor]]:
    out = folder / f"out{processes}"
    words = [
        "launch.py",
        "train",
        str(folder / "small.toml"),
        "--base",
        str(folder / "base"),
        "--data",
        str(folder / "data"),
    ]
    given = [sys.executable, *LAUNCH, "--num_processes", str(processes), *words, "--out", str(out)]
    done = subprocess.run(given, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 4]
    return [line["loss"] for line in lines], load_file(out / "adapter" / "adapter.safetensors")


def test_two_processes_learn_what_one_does(folder):
    (losses, weights), (losses_of_two, weights_of_two) = trained(folder, 1), trained(folder, 2)
    assert losses_of_two == pytest.approx(losses, rel=1e-4)
    assert len(set(losses)) == 4 and weights.keys() == weights_of_two.keys()
    for name, tensor in weights.items():
        assert torch.allclose(tensor.float(), weights_of_two[name].float(), atol=2e-3, rtol=1e-2), name
