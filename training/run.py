"""`launch.py train RECIPE`: from a recipe and a folder of texts to an adapter."""

import argparse
import hashlib
import os
import random
from dataclasses import replace
from pathlib import Path

import torch
from peft import LoraConfig, inject_adapter_in_model
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainingArguments, set_seed
from transformers.trainer_utils import get_last_checkpoint

from engine import adapter
from engine.device import choose_device, choose_dtype
from engine.errors import AdapterInvalid
from engine.model import InfiniForCausalLM, convert
from training.baselines.task import WindowTask
from training.calibrate import align, open_gates, share
from training.episodes import READING_ON, Episodes
from training.lesson import practise
from training.pointing import teach
from training.recipe import Recipe, load_recipe
from training.task import RecallTask
from training.trainer import Filler, JsonLog, RecallTrainer, optimizer_and_schedule, trained_parameters
from training.writer import Corpora, Writer, load_corpora

LESSON_STRETCHES, LESSON_STRETCH = 28, 8  # of book text, in segments
MOST_WRITERS = 12  # processes that make episodes while a GPU learns from those before


def build(base: Path, recipe: Recipe, dtype: torch.dtype) -> InfiniForCausalLM:
    """The frozen base with memories and low-rank updates; only these and the memories learn."""
    model = convert(AutoModelForCausalLM.from_pretrained(base, dtype=dtype), **recipe.memory)
    model.requires_grad_(False)
    lora = LoraConfig(
        r=recipe.lora_rank,
        lora_alpha=recipe.lora_alpha,
        target_modules=list(recipe.lora_on),
        layers_to_transform=list(range(recipe.lora_from, model.config.text_config.num_hidden_layers)),
        layers_pattern="layers",
    )
    inject_adapter_in_model(lora, model)
    for name, parameter in model.named_parameters():
        if "lora_" in name or ".memory." in name:
            parameter.requires_grad = True
            parameter.data = parameter.data.float()
    return model


def calibrate(model: InfiniForCausalLM, writer: Writer, recipe: Recipe, anew: bool) -> None:
    """Set write gates and maps from texts made as those of the recipe's last stage are; what a rule lacks is left out. Unless
    `anew`, the model goes on from an adapter, and only what that lacks is set: the exact caches."""
    rng = random.Random(f"calibrate/{recipe.seed}")
    kinds = {kind: weight for kind, weight in recipe.kinds(1.0).items() if kind != READING_ON}
    rows, lookups = writer.lookups(rng, kinds, recipe.calibrate, recipe.memory["segment_len"])
    ids = torch.tensor(rows, device=model.device)
    alone = model.config.rule == "none"
    if anew and (alone or model.config.rule == "gated_delta"):
        open_gates(model, ids, lookups)
    if anew and (alone or model.config.feature_map == "pairs"):
        align(model, ids, lookups)
    if model.config.exact_slots:
        share(model)
        teach(model, ids, lookups, recipe.seed)


def lesson(model: InfiniForCausalLM, writer: Writer, recipe: Recipe) -> None:
    """The further lesson of exact caches, on the recipe's first episodes and on stretches of books."""
    rng, stretch = random.Random(f"lesson/{recipe.seed}"), LESSON_STRETCH * recipe.memory["segment_len"]
    book = [i for _ in range(LESSON_STRETCHES) for i in writer.filler(rng, stretch)]
    practise(model, Episodes(recipe, writer), recipe.lesson, torch.tensor(book, device=model.device), recipe.seed)


def adapter_tensors(task: RecallTask) -> dict[str, torch.Tensor]:
    """What was learned under the names of the plain converted model; low-rank factors in bfloat16."""
    kept = {stored_name(name): p.detach() for name, p in trained_parameters(task).items()}
    return {name: p.to(torch.bfloat16) if ".lora_" in name else p for name, p in kept.items()}


def stored_name(name: str) -> str:
    """The name in an adapter's file of the parameter that the task calls `name`."""
    return name.removeprefix("model.").replace(".default.weight", "")


@torch.no_grad()
def load_adapter(task: RecallTask, folder: Path) -> None:
    """Go on from an adapter's weights; what it lacks stays as it is. Updates of a lower rank fill the first part of wider ones,
    whose scale must be the same, and change nothing yet beyond that. Raises AdapterInvalid."""
    stored, stored_scale = adapter.load_weights(folder), adapter.read_manifest(folder)["scale"]
    scale = task.recipe.scale
    if stored_scale != scale:
        raise AdapterInvalid(
            f"The adapter's updates have the scale {stored_scale}, the recipe's {scale}: choose a lora_alpha that gives the same."
        )
    for name, parameter in trained_parameters(task).items():
        tensor = stored.get(stored_name(name))
        if tensor is None:
            continue
        if any(old > new for old, new in zip(tensor.shape, parameter.shape, strict=True)):
            raise AdapterInvalid(
                f"The adapter's {stored_name(name)!r} has the shape {tuple(tensor.shape)}, the recipe's {tuple(parameter.shape)}: "
                "choose a lora_rank at least as high."
            )
        parameter[tuple(slice(size) for size in tensor.shape)] = tensor.to(parameter)


def manifest(recipe: Recipe, base: Path, steps: int) -> dict:
    """What a user of the adapter must know: which base, which memory, which scale, and where it came from."""
    digest = hashlib.sha256((base / "model.safetensors").read_bytes()).hexdigest()
    window = {} if recipe.window is None else {"window": recipe.window}
    return {
        **window,
        "base_sha256": digest,
        "memory": recipe.memory,
        "scale": recipe.scale,
        "recipe": recipe.name,
        "seed": recipe.seed,
        "steps": steps,
    }


def train(
    recipe: Recipe,
    base: Path,
    corpora: Corpora,
    out: Path,
    *,
    minutes: float | None = None,
    resume: bool = False,
    start: Path | None = None,
) -> int:
    """Train, write checkpoints and log to `out` and the adapter to `out`/adapter; returns the steps done."""
    set_seed(recipe.seed)
    # attention to what is kept is sharp, and its many shares of almost nothing are slow to multiply
    torch.set_flush_denormal(True)
    arguments = _arguments(recipe, out)
    device = choose_device()
    writer = Writer(AutoTokenizer.from_pretrained(base), corpora, recipe.memory.get("running_answers", False))
    kind = RecallTask if recipe.window is None else WindowTask
    # the lessons before the first step are on the device as well
    model = build(base, recipe, choose_dtype(device)).to(device)
    task = kind(model, recipe, arguments.process_index, arguments.world_size)
    if start is not None:
        load_adapter(task, start)
    anew = recipe.window is None and not resume
    if recipe.calibrate and anew:
        calibrate(task.model, writer, recipe, anew=start is None)
    if recipe.lesson and anew:
        lesson(task.model, writer, recipe)
    out.mkdir(parents=True, exist_ok=True)
    if not recipe.stop_after:
        adapter.save(out / "adapter", adapter_tensors(task), manifest(recipe, base, 0))
        return 0
    trainer = RecallTrainer(
        model=task, args=arguments, train_dataset=Episodes(recipe, writer), data_collator=lambda items: items[0],
        optimizers=optimizer_and_schedule(task, recipe),
        callbacks=[Filler(task, recipe, writer)] * (recipe.window is None) + [JsonLog(task, out / "log.jsonl", minutes)],
    )  # fmt: skip
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(out)) if resume else None)
    steps = trainer.state.global_step
    if trainer.is_world_process_zero():
        adapter.save(out / "adapter", adapter_tensors(task), manifest(recipe, base, steps))
    return steps


def _arguments(recipe: Recipe, out: Path) -> TrainingArguments:
    on_gpu = torch.cuda.is_available()
    writers = min(MOST_WRITERS, (os.cpu_count() or 1) - 1) if on_gpu else 0
    return TrainingArguments(
        output_dir=str(out), max_steps=recipe.stop_after, per_device_train_batch_size=1, seed=recipe.seed, data_seed=recipe.seed,
        save_steps=recipe.save_every, save_total_limit=2, logging_steps=recipe.log_every, logging_first_step=True,
        max_grad_norm=1.0, report_to=[], remove_unused_columns=False, use_cpu=not on_gpu,
        disable_tqdm=True, dataloader_pin_memory=False, dataloader_num_workers=writers,
        dataloader_prefetch_factor=4 if writers else None,
    )  # fmt: skip


def main(arguments: argparse.Namespace) -> int:
    """Run the recipe named on the command line; returns the steps done. Raises RecipeInvalid and CorpusError."""
    recipe = load_recipe(arguments.recipe)
    if arguments.seed is not None:
        recipe = replace(recipe, seed=arguments.seed)
    data = Path(arguments.data)
    corpora = load_corpora(data, Path(arguments.books) if arguments.books else data / "train", recipe.all_kinds())
    return train(
        recipe,
        Path(arguments.base),
        corpora,
        Path(arguments.out),
        minutes=arguments.minutes,
        resume=arguments.resume,
        start=arguments.start and Path(arguments.start),
    )
