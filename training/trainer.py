"""Hugging Face's Trainer with our optimizer groups, adapter-only checkpoints and a JSON-lines log."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils.data import DataLoader, SequentialSampler
from transformers import Trainer, TrainerCallback

from training.recipe import Recipe
from training.tape import Rivals, close_gates, gate_histogram, record, rivals
from training.task import RecallTask
from training.writer import Writer

TRAINED = "trained.safetensors"
STRETCH = 2


def trained_parameters(task: RecallTask) -> dict[str, Tensor]:
    """The parameters that are learned, by name."""
    return {name: p for name, p in task.named_parameters() if p.requires_grad}


def parameter_groups(task: RecallTask, recipe: Recipe) -> Iterator[dict]:
    """Optimizer groups: gates and maps learn at rates of their own, none decays."""
    rates = {
        "read_gate": recipe.lr_read_gate,
        "exact.log_sharpness": recipe.lr_read_gate,
        "exact.sink": recipe.lr_read_gate,
        "write_gate": recipe.lr_write_gate,
        "_map": recipe.lr_maps,
        "lora_": recipe.lr_lora,
    }
    named = trained_parameters(task)
    for part, rate in rates.items():
        parameters = [p for name, p in named.items() if part in name]
        if parameters:
            yield {"params": parameters, "lr": rate, "weight_decay": 0.0}


def optimizer_and_schedule(task: RecallTask, recipe: Recipe):
    """AdamW with a linear warm-up and a linear fall to `final_lr` of the peak."""
    optimizer = torch.optim.AdamW(list(parameter_groups(task, recipe)))

    def rate(step: int) -> float:
        return min(1.0, (step + 1) / recipe.warmup) * max(recipe.final_lr, 1.0 - step / recipe.steps)

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, rate)


class RecallTrainer(Trainer):
    """Episodes in their order; checkpoints hold only what is learned."""

    def get_train_dataloader(self) -> DataLoader:
        """Every process sees every episode and takes its share of the rows: see RecallTask."""
        return DataLoader(
            self.train_dataset, batch_size=1, sampler=self._get_train_sampler(), collate_fn=self.data_collator,
            num_workers=self.args.dataloader_num_workers, prefetch_factor=self.args.dataloader_prefetch_factor,
        )  # fmt: skip

    def _get_train_sampler(self, train_dataset=None):
        return SequentialSampler(self.train_dataset)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """The task's own loss."""
        outputs = model(**inputs)
        return (outputs["loss"], outputs) if return_outputs else outputs["loss"]

    def _save(self, output_dir: str | None = None, state_dict=None) -> None:
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        save_file({n: p.detach().contiguous() for n, p in trained_parameters(self.model).items()}, folder / TRAINED)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model=None) -> None:
        stored = load_file(Path(resume_from_checkpoint) / TRAINED)
        with torch.no_grad():
            for name, parameter in trained_parameters(self.accelerator.unwrap_model(self.model)).items():
                parameter.copy_(stored[name])


class Filler(TrainerCallback):
    """Reads fresh filler every `pool_refresh` steps; which text, depends on seed and step alone."""

    def __init__(self, task: RecallTask, recipe: Recipe, writer: Writer):
        self.task, self.recipe, self.writer = task, recipe, writer

    def on_step_begin(self, args, state, control, **kwargs):
        """Refresh the pool if it is due (and at the start of a resumed run)."""
        if state.global_step % self.recipe.pool_refresh and self.task.pool is not None:
            return
        due = state.global_step - state.global_step % self.recipe.pool_refresh
        rng = random.Random(f"filler/{self.recipe.seed}/{due}")
        ids, priced = self._text(rng, self.recipe.pool_fact_share(due / self.recipe.steps))
        device = next(self.task.parameters()).device
        if self.recipe.rival_segments and (due % self.recipe.save_every == 0 or self.task.rivals is None):
            self.task.rivals = self._rivals(due - due % self.recipe.save_every, device)
        self.task.pool = record(self.task.model, ids.to(device), priced.to(device), group=8)
        if self.task.model.config.rule == "gated_delta":
            close_gates(self.task.model, self.task.pool, self.recipe.ceiling(due / self.recipe.steps))
        self.task.active = self._active()
        self.task.gates = gate_histogram(self.task.model, self.task.pool)

    def _text(self, rng: random.Random, share: float) -> tuple[Tensor, Tensor]:
        """Stretches of STRETCH segments of book text, a `share` of them of facts instead; and which segments have a price."""
        length, count = STRETCH * self.task.model.config.segment_len, -(-self.recipe.pool_segments // STRETCH)
        with_facts = set(rng.sample(range(count), round(share * count)))
        ids, priced = [], []
        for i in range(count):
            facts = i in with_facts
            ids += self.writer.factual(rng, length) if facts else self.writer.filler(rng, length)
            priced += [0.0 if facts else 1.0] * STRETCH
        whole = self.recipe.pool_segments * self.task.model.config.segment_len
        return torch.tensor(ids[:whole]), torch.tensor(priced[: self.recipe.pool_segments])

    def _rivals(self, due: int, device: torch.device) -> Rivals:
        rng, segment_len = random.Random(f"rivals/{self.recipe.seed}/{due}"), self.task.model.config.segment_len
        stretches = self.recipe.rival_segments // STRETCH
        ids = [i for _ in range(stretches) for i in self.writer.filler(rng, STRETCH * segment_len)]
        return rivals(self.task.model, torch.tensor(ids, device=device), group=8)

    @torch.no_grad()
    def _active(self) -> float:
        shares = []
        for layer in self.task.model.base.model.layers:
            attention = layer.self_attn
            if attention.memory is not None:
                hidden = self.task.pool.hidden[attention.slot][::8].flatten(0, 1)
                shares.append((attention.memory.strengths(hidden[None]) > 0).float().mean().item())
        return max(shares)


class JsonLog(TrainerCallback):
    """One JSON line a log step: loss, rates, recall by kind, write strength, gates, tokens a second."""

    def __init__(self, task: RecallTask, path: Path, minutes: float | None):
        self.task, self.path = task, path
        self.minutes, self.start, self.last = minutes, time.monotonic(), time.monotonic()

    def on_log(self, args, state, control, logs=None, **kwargs):
        """Write the line."""
        if not logs or "loss" not in logs or not state.is_world_process_zero:
            return
        now = time.monotonic()
        tally = self.task.take_tally()
        steps = args.logging_steps
        rate = tally.pop("tokens", 0.0) * steps / (now - self.last)
        self.last = now
        line = {"step": state.global_step, "seconds": round(now - self.start, 1), "loss": logs["loss"], **tally}
        line |= {"active_max": round(self.task.active, 4), "tokens_per_second": round(rate), "gates": self.task.gates}
        with self.path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    def on_step_end(self, args, state, control, **kwargs):
        """Stop, with a checkpoint, when the minutes are over and the filler is due to be read anew."""
        over = self.minutes is not None and time.monotonic() - self.start > 60 * self.minutes
        if over and state.global_step % self.task.recipe.pool_refresh == 0:
            control.should_save = control.should_training_stop = True
