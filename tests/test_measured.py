"""What was measured on a large GPU stands in the repository row by row: it is of the shipped weights, and the results say the same."""

import re
from pathlib import Path

import pytest

from engine import adapter
from training.ablation import stored_rows

ROOT = Path(__file__).parent.parent
MEASURED = sorted((ROOT / "docs" / "measured").glob("*.jsonl"))
RESULTS = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.stem)
def test_rows_are_of_the_shipped_weights_and_from_memory_alone(path: Path) -> None:
    found = list(stored_rows(path))
    assert {case["weights"] for case in found} == {adapter.read_manifest(ROOT / "weights")["weights_sha256"]}
    assert {case["by"] for case in found} == {"memory"}
    assert len({case["case"] for case in found}) == len(found)


def test_the_table_of_distances_says_what_the_rows_of_a_million_tokens_say() -> None:
    by_depth: dict[str, list[float]] = {}
    for case in stored_rows(ROOT / "docs" / "measured" / "passkey-1m.jsonl"):
        _, _, tokens, depth, _ = case["case"].split("/")
        assert tokens == "1048576"
        by_depth.setdefault(depth, []).extend(row["exact"] for row in case["rows"])
    told = re.search(r"^\| 1,048,576 \|(.+)\|$", RESULTS, flags=re.MULTILINE)
    assert told, "results.md has no row of a million tokens"
    shares = re.findall(r"\*\*(\d\.\d\d)\*\* \(digits \d\.\d\d, (\d+) trials\)", told[1])
    assert shares == [(f"{sum(hits) / len(hits):.2f}", str(len(hits))) for _, hits in sorted(by_depth.items())]


@pytest.mark.parametrize(("name", "tokens"), [("needles-8k", "8,192"), ("needles-131k", "131,072")])
def test_the_table_of_needles_says_what_its_rows_say(name: str, tokens: str) -> None:
    found = list(stored_rows(ROOT / "docs" / "measured" / f"{name}.jsonl"))
    hits = [row["exact"] for case in found for row in case["rows"]]
    assert f"| {tokens} | {len(found)} | **{sum(hits) / len(hits):.2f}** of {len(hits)} |" in RESULTS
