"""The pictures for the docs: what is in them is what was measured."""

import json
import xml.etree.ElementTree as ElementTree

import matplotlib
import pytest

import launch
from tests.engine.tiny import make_model, make_tokenizer
from training.evaluation import plots

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "facts.md"
    path.write_text("The miller of Oru is called Bettina Crowe, and she has 143 geese. " * 12, encoding="utf-8")
    return path


def test_the_document_stands_in_the_middle_and_every_segment_has_its_strength(engine, document, data):
    written = plots.read_in_the_middle(engine, document, data / "books" / "dam.txt", 1600)
    segments = 1600 // engine.info.segment_len
    inside = written.last - written.first + 1
    length = len(engine.tokenize([document.read_text()]).ids)
    assert len(written.strengths) == segments and written.worths == []
    assert inside in (length // engine.info.segment_len + extra for extra in (0, 1, 2))
    assert abs(written.first - (segments - inside) / 2) <= 1


def test_every_picture_is_drawn_and_says_the_same_when_drawn_again(engine, document, data, tmp_path):
    result = {"exact": {"512": 1.0, "1024": 0.5}, "digits": {}, "trials": 2}
    curve = tmp_path / "retention.out"
    curve.write_text("trial 0: 512 1.0\n" + json.dumps(result), encoding="utf-8")
    given = {"document": document, "filler": data / "books" / "dam.txt", "tokens": 1600, "retention": curve}
    found = plots.run_plots(engine, to=tmp_path / "a", **given)
    assert found["files"] == ["written.svg", "gates.svg", "retention.svg"]
    assert 0 <= found["strength_in_document"] <= 1 and 0 <= found["strength_in_book"] <= 1
    plots.run_plots(engine, to=tmp_path / "b", **given)
    for name in found["files"]:
        drawn = (tmp_path / "a" / name).read_bytes()
        assert drawn == (tmp_path / "b" / name).read_bytes()
        assert len(list(ElementTree.fromstring(drawn).iter(f"{SVG}path"))) > 3
    assert "1,024" in (tmp_path / "a" / "retention.svg").read_text()
    assert str(tmp_path) not in (tmp_path / "a" / "gates.svg").read_text()
    assert matplotlib.rcParams["svg.hashsalt"] is None, "settings of others stay theirs"


def test_the_command_with_an_exact_cache(document, data, tmp_path, capsys):
    make_model(segment_len=16, exact_slots=24).save_pretrained(tmp_path / "model")
    make_tokenizer().save_pretrained(tmp_path / "model")
    words = [
        "--document",
        str(document),
        "--filler",
        str(data / "books"),
        "--tokens",
        "900",
        "--to",
        str(tmp_path / "p"),
    ]
    common = ["--model", str(tmp_path / "model"), "--dtype", "float32", "--home", str(tmp_path), "--json"]
    assert launch.main(["eval", "plots", *words, *common]) == 0
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["files"] == ["written.svg", "gates.svg"]
    assert "exact cache" in (tmp_path / "p" / "gates.svg").read_text()
    assert "worth to the exact caches" in (tmp_path / "p" / "written.svg").read_text()


@pytest.mark.parametrize("text", ["", "no result", '{"exact": 3, "trials": 1}', '{"digits": {}}'])
def test_what_is_no_result_of_a_retention_run_is_named(engine, document, data, tmp_path, text):
    wrong = tmp_path / "wrong.json"
    wrong.write_text(text, encoding="utf-8")
    with pytest.raises(plots.RetentionInvalid, match="eval retention"):
        plots.run_plots(engine, document=document, filler=data / "books", tokens=64, to=tmp_path, retention=wrong)
