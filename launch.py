"""The only place where everything meets: engine, library, queue and page, from command line and environment."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import sys
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app import cli, cli_shelf
from app.arguments import build_parser
from app.choices import MODEL_PARTS, Choices
from app.errors import AddressTaken, McpMissing
from app.library import Library, named_errors
from app.password import doorkeeper, lock
from app.settings import Settings, settings_from
from app.shelf import Shelf
from app.terminal import Output, error_line
from app.window import show, window_parts_missing
from storage import Store

if TYPE_CHECKING:
    from app.jobs import ReadingQueue
    from engine.engine import Engine, EngineSettings

SAMPLES = Path(__file__).parent / "app" / "samples"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command, or the app; returns the exit code. Torch and Gradio are imported only where they are needed."""
    given = build_parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a title may hold letters that the terminal has not
    try:
        settings = settings_from(given, dict(os.environ))
        return run(given, settings, Output(settings.json))
    except named_errors() as error:
        print(error_line(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run(given: Namespace, settings: Settings, out: Output) -> int:
    """One command. Raises the named errors of every part."""
    match given.verb:
        case None:
            return serve(settings, out)
        case "text":
            return cli_shelf.text(given.file, given.password, out)
        case "shelf" | "describe" | "remove" | "restore" | "snapshot" | "chat" | "chats":
            with Store.open(settings.database) as store:
                return run_shelf(given, Shelf(store), out)
        case "read" | "ask" | "ask-all" | "summarize":
            with library(settings, out) as documents:
                return run_library(given, documents, out)
        case "eval":
            return evaluate(given, settings, out)
        case "bench":
            return bench(given, settings, out)
        case "train":
            return train(given, settings, out)
        case _:
            raise AssertionError(given.verb)


def run_shelf(given: Namespace, documents: Shelf, out: Output) -> int:
    """The commands that need no model."""
    match given.verb:
        case "shelf":
            return cli_shelf.shelf(documents, given.sections, out)
        case "chat":
            return cli_shelf.chat(documents, given.id, given.to, out)
        case "chats":
            return cli_shelf.chats(documents, given, out)
        case "describe":
            return cli_shelf.describe(documents, given, out)
        case "remove":
            return cli_shelf.remove(documents, given.id, out)
        case "restore":
            return cli_shelf.restore(documents, given.id, out)
    if given.action == "export":
        return cli_shelf.export_snapshot(documents, given.id, given.file, out)
    return cli_shelf.import_snapshot(documents, given.file, out)


def run_library(given: Namespace, documents: Library, out: Output) -> int:
    """The commands that read and answer."""
    if given.verb == "read":
        return cli.read_files(documents, given.files, given.password, out, ocr=given.ocr)
    if given.verb == "ask-all":
        return cli.ask_several(documents, given.question, given.among, out)
    options = {"max_new_tokens": given.max_tokens, "temperature": given.temperature, "seed": given.seed}
    if given.verb == "ask":
        return cli.ask(documents, given.id, given.question, options, out, given.page, where=given.where)
    return cli.summarize(documents, given.id, given.section, options, out, given.page, given.sentences)


@contextmanager
def library(settings: Settings, out: Output) -> Iterator[Library]:
    """The library with its model. The file is opened first, so that what is wrong with it shows at once."""
    with Store.open(settings.database) as store:
        from documents.ocr import picture_reader

        engine = load_engine(settings.chosen(Shelf(store).choices()), out.note)
        yield Library(engine, store, read_picture=picture_reader(settings.threads))


def load_engine(settings: Settings, say: Callable[[str], None]) -> Engine:
    """The model, fetched if it is missing. Raises EngineError."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from engine.engine import Engine

    return Engine.load(engine_settings(settings), say)


def engine_settings(settings: Settings) -> EngineSettings:
    """The part of the settings that the engine is built from."""
    from engine.engine import EngineSettings

    return EngineSettings(
        model=settings.model,
        cache_dir=settings.models,
        adapter_dir=settings.adapter,
        device=settings.device,
        dtype=settings.dtype,
        threads=settings.threads,
        rule=settings.rule,
    )


def serve(settings: Settings, out: Output) -> int:
    """The app, until Ctrl-C or SIGTERM; a reading under way is saved and goes on at the next start."""
    with Store.open(settings.database) as store:
        choices = Shelf(store).choices()
    settings, asks = settings.chosen(choices), lock(settings.password, choices.password)
    settings.check(choices.password)
    check_address(settings)
    if settings.mcp and importlib.util.find_spec("mcp") is None:
        raise McpMissing
    in_window = settings.window and not window_parts_missing()
    if settings.window and not in_window:
        out.note("A window needs a few more packages: pip install -r requirements-window.txt. A browser opens instead.")
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(settings.uploads)
    with library(settings, out) as documents:
        from app.api import router
        from app.jobs import ReadingQueue
        from app.models import Models
        from app.pages import build_page, launch_options

        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        queue = ReadingQueue(documents)
        documents.sweep()
        shelve_samples(documents, queue)
        page = build_page(
            documents, queue, Models(documents, queue, partial(another_engine, settings), in_use(settings))
        )
        queue.start()
        try:
            page.launch(
                **launch_options(documents.languages, router(documents, asks).routes),
                server_name=settings.host,
                server_port=settings.port,
                inbrowser=settings.open_browser or (settings.window and not in_window),
                prevent_thread_lock=True,
                quiet=True,
                mcp_server=settings.mcp,
                auth=doorkeeper(asks),
            )
            out.note(f"Palimpsest is open on http://{settings.host}:{settings.port} (Ctrl-C ends it).")
            if in_window:
                show(f"http://{settings.host}:{settings.port}", settings.home / "window", ended)
            while not ended.wait(1.0):
                pass
        finally:
            queue.stop()
            page.close(verbose=False)
    return 0


def in_use(settings: Settings) -> Choices:
    """What the running model was loaded with."""
    return Choices(**{name: getattr(settings, name) for name in MODEL_PARTS})


def another_engine(settings: Settings, wanted: Choices, say: Callable[[str], None]) -> Engine:
    """The model that was chosen on the settings page, whatever the command line says; an adapter of its own stays with its model."""
    adapter = settings.adapter if wanted.model == settings.model else None
    return load_engine(replace(settings, adapter=adapter, given=frozenset()).chosen(wanted), say)


def check_address(settings: Settings) -> None:
    """Finds out before the model's long start whether the address is free. Raises AddressTaken."""
    try:
        with socket.create_server((settings.host, settings.port)):
            pass
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AddressTaken(settings.host, settings.port, reason) from error


def shelve_samples(documents: Library, queue: ReadingQueue) -> None:
    """Puts our sample on a shelf that was always empty; one that was removed stays away."""
    if documents.first_time("samples") and not documents.shelf():
        for sample in sorted(SAMPLES.glob("*.md")):
            queue.enqueue(documents.add_file(sample).id)


def evaluate(given: Namespace, settings: Settings, out: Output) -> int:
    """`eval NAME`: what the memory recalls; see training.evaluation."""
    engine = load_engine(settings, out.note)
    from training.evaluation import commands

    evaluation = commands.evaluation(given.name)
    try:
        result = evaluation.run(engine, given, out.note)
    except commands.named_errors() as error:
        out.note(error_line(error))
        return 1
    for line in evaluation.table(result):
        (out.note if out.json else out.text)(line)
    out.result(result)
    return 0


def bench(given: Namespace, settings: Settings, out: Output) -> int:
    """`bench`: speed and memory of reading and answering; see bench.reading."""
    from bench import reading

    wanted = engine_settings(settings)
    text = "\n\n".join(sample.read_text(encoding="utf-8") for sample in sorted(SAMPLES.glob("*.md")))
    result = reading.run(wanted, text, rounds=given.rounds, say=out.note)
    for line in reading.table(result):
        out.text(line)
    out.result(result)
    return 0


def train(given: Namespace, settings: Settings, out: Output) -> int:
    """`train RECIPE`: an adapter, from the default base unless another is named."""
    from training.recipe import RecipeInvalid, load_recipe

    problems = (RecipeInvalid,)
    try:
        load_recipe(given.recipe)  # a misspelt name shows before anything is fetched
        from training.evaluation import commands

        problems += commands.named_errors()
        from engine.fetch import ensure_default_base
        from training import run

        given.base = given.base or ensure_default_base(settings.models, out.note)
        given.out = given.out or Path("runs") / Path(given.recipe).stem
        if given.variants or given.compare:
            return compare(given, out)
        steps = run.main(given)
    except problems as error:
        out.note(error_line(error))
        return 1
    out.text(f"{steps} steps, the adapter is in {given.out / 'adapter'}")
    out.result({"steps": steps, "out": str(given.out)})
    return 0


def compare(given: Namespace, out: Output) -> int:
    """`train RECIPE --variants TABLE`: what each choice is worth on the same budget; `--compare TABLE`: what each system is."""
    from training import ablation, comparison

    way = comparison if given.compare else ablation
    rows = way.main(given, out.note)
    for line in way.table(rows):
        (out.note if out.json else out.text)(line)
    out.result({"rows": rows, "out": str(given.out)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
