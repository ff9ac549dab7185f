"""The teacher is the base as it was, with the text before its eyes, and the memory is drawn towards it."""

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.training.test_run import base, corpora, recipe  # noqa: F401
from training.episodes import Episodes
from training.run import build
from training.task import RecallTask
from training.teacher import apart, foretold, plain
from training.writer import Writer

ONLY_BOOKS = {"mixture": ((1.0, {"book": 1.0}),), "questions": 1, "rows": ((1.0, 2),)}


def stirred(base, wanted) -> RecallTask:  # noqa: F811
    """A task whose updates and memories are no longer those of the beginning."""
    torch.manual_seed(5)
    task = RecallTask(build(base, wanted, torch.float32), wanted)
    with torch.no_grad():
        for name, parameter in task.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn_like(parameter) * 0.3)
    return task


def test_it_foretells_what_the_plain_base_does_with_the_text_in_view(base):  # noqa: F811
    model = stirred(base, recipe()).model
    before, following = torch.randint(5, 90, (3, 40)), torch.randint(5, 90, (3, 11))
    taught = foretold(model, before, following)
    plain_base = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    with torch.no_grad():
        logits = plain_base(torch.cat([before, following], dim=1)).logits[:, 40:-1]
        updated = model.base(torch.cat([before, following], dim=1)).logits[:, 40:-1]
    torch.testing.assert_close(taught, logits.log_softmax(-1), atol=1e-5, rtol=1e-5)
    assert (updated.log_softmax(-1) - taught).abs().max() > 0.01, "the updates are there again"
    assert taught.shape == (3, 10, plain_base.config.vocab_size)


def test_only_as_much_is_seen_as_there_are_positions_for(base):  # noqa: F811
    model = stirred(base, recipe()).model
    model.config.text_config.max_position_embeddings = 16
    before, following = torch.randint(5, 90, (1, 40)), torch.randint(5, 90, (1, 6))
    torch.testing.assert_close(foretold(model, before, following), foretold(model, before[:, 30:], following))


def test_updates_learn_again_afterwards(base):  # noqa: F811
    model = stirred(base, recipe()).model
    learning = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    with pytest.raises(KeyError), plain(model):
        raise KeyError
    assert {name for name, parameter in model.named_parameters() if parameter.requires_grad} == learning != set()


def test_the_distance_is_the_divergence_of_each_row():
    taught, said = torch.randn(4, 7, 13).log_softmax(-1), torch.randn(4, 7, 13)
    by_hand = (taught.exp() * (taught - said.log_softmax(-1))).sum(-1).mean(-1)
    torch.testing.assert_close(apart(said, taught), by_hand)
    assert apart(taught, taught).abs().max() < 1e-6


def step(base, corpora, **changes):  # noqa: F811
    wanted = recipe(**ONLY_BOOKS, **changes)
    task = stirred(base, wanted)
    batch = Episodes(wanted, Writer(AutoTokenizer.from_pretrained(base), corpora))[2]
    return task, batch | {"plan": [torch.arange(0)] * len(batch["plan"])}


def test_a_recipe_adds_it_by_its_weight_and_a_step_brings_it_down(base, corpora):  # noqa: F811
    without = step(base, corpora)
    without[0](**without[1])
    assert "from_teacher" not in without[0].take_tally()
    task, batch = step(base, corpora, teacher=((0.0, 3.0),))
    loss = task(**batch)["loss"]
    tally = task.take_tally()
    distance = tally["from_teacher"]
    torch.testing.assert_close(
        loss.item(), without[0](**without[1])["loss"].item() + 3.0 * distance, atol=1e-3, rtol=1e-4
    )
    learning = [parameter for parameter in task.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=0.02)
    loss.backward()
    optimizer.step()
    task(**batch)
    assert task.take_tally()["from_teacher"] < distance


def test_two_processes_teach_as_one(base, corpora):  # noqa: F811
    alone, batch = step(base, corpora, teacher=((0.0, 1.0),))
    whole = alone(**batch)["loss"]
    halves = []
    for rank in (0, 1):
        task, _ = step(base, corpora, teacher=((0.0, 1.0),))
        task.rank, task.world = rank, 2
        halves.append(task(**batch)["loss"])
    assert len(batch["documents"]) == 2
    torch.testing.assert_close(torch.stack(halves).mean(), whole, atol=1e-4, rtol=1e-4)
    assert F.l1_loss(halves[0], halves[1]) > 1e-4, "each has its own half"
