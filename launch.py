"""The only place where everything meets: engine, library, queue and page, from command line and environment."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import signal
import socket
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app import cli
from app.arguments import build_parser
from app.errors import AddressTaken, McpMissing, NothingNamed, named_errors
from app.library import Library
from app.log import LOGGER, kept_log
from app.models import Load, Models
from app.password import Gate, password_from
from app.settings import MODEL_PARTS, Choices, Settings, is_here, settings_from
from app.terminal import Output, error_line, size
from app.uploads import own_folder
from app.window import show, window_parts_missing
from storage import StorageError, Store, back_up, examine, put_back

if TYPE_CHECKING:
    from engine.engine import Engine, EngineSettings

SAMPLES = Path(__file__).parent / "app" / "samples"
SWEEP_SECONDS = 3600.0  # between two looks for what was removed more than a day ago
TOOLS = {"eval": "evaluation.__main__", "train": "training.__main__"}
log = logging.getLogger(LOGGER)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command, or the app; returns the exit code. Torch and Gradio are imported only where they are needed."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in TOOLS:
        return importlib.import_module(TOOLS[words[0]]).main(words[1:])
    given = build_parser().parse_args(words)
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
            return serve(replace(settings, password=password_from(given, os.environ)), out)
        case "text":
            return cli.text(given.file, password_from(given, {}), out)
        case "shelf" | "describe" | "remove" | "restore" | "checkpoints" | "snapshot" | "chat" | "chats":
            with Store.open(settings.database) as store:
                return run_shelf(given, Library(store), out)
        case "vacuum":
            return cli.vacuum(settings.database, out)
        case "doctor":
            return cli.doctor(settings.database, given.repair, out)
        case "library":
            return whole_library(given.action, settings.database, given.file, out)
        case "read" | "ask" | "ask-all" | "summarize":
            if given.verb == "read" and not (given.files or given.all):
                raise NothingNamed
            with library(settings, out) as documents:
                documents.models.load()
                return run_library(given, documents, out)
        case "bench":
            return bench(given, settings, out)
        case "eval" | "train":
            return importlib.import_module(TOOLS[given.verb]).main(given.rest)
        case _:
            raise AssertionError(given.verb)


def run_shelf(given: Namespace, documents: Library, out: Output) -> int:
    """The commands that need no model."""
    match given.verb:
        case "shelf":
            return cli.shelf(documents, given.sections, out)
        case "chat":
            return cli.chat(documents, given.id, given.to, out)
        case "chats":
            return cli.chats(documents, given, out)
        case "describe":
            return cli.describe(documents, given, out)
        case "remove":
            return cli.remove(documents, given.id, out)
        case "restore":
            return cli.restore(documents, given.id, out)
        case "checkpoints":
            return cli.checkpoints(documents, given.ids, given.remove, out)
    if given.action == "export":
        return cli.export_snapshot(documents, given.id, given.file, out)
    return cli.import_snapshot(documents, given.file, out)


def whole_library(action: str, database: Path, file: Path, out: Output) -> int:
    """`library`: copies the library file, or puts a copy in its place. Raises StorageError."""
    if action == "backup":
        back_up(database, file)
        n_bytes, damaged = file.stat().st_size, examine(file)
        out.text(f"The whole library is in {file} ({size(n_bytes)}).")
        if damaged:
            out.note(
                "Something in it was damaged on the disk before it was copied. Keep older copies; launch.py doctor says what it is."
            )
        out.result({"file": str(file), "bytes": n_bytes, "healthy": not damaged})
        return 0
    aside = put_back(file, database)
    out.text(f"The library is what {file} holds." + (f" What was there is in {aside}." if aside else ""))
    out.result({"database": str(database), "before": str(aside) if aside else None})
    return 0


def run_library(given: Namespace, documents: Library, out: Output) -> int:
    """The commands that read and answer."""
    match given.verb:
        case "read":
            code = 0
            if given.files:
                code = cli.read_files(
                    documents, given.files, password_from(given, {}), out, ocr=given.ocr, again=given.again
                )
            return (cli.read_again(documents, out) or code) if given.all else code
        case "ask":
            return cli.ask(documents, given, out)
        case "ask-all":
            return cli.ask_all(documents, given.question, given.among, out)
    return cli.summarize(documents, given, out)


@contextmanager
def library(settings: Settings, out: Output) -> Iterator[Library]:
    """The library with its model, which is not loaded yet. The file is opened first, so that what is wrong with it shows at once."""
    from documents.ocr import picture_reader

    with kept_log(settings.log), Store.open(settings.database) as store:
        at_start = settings.chosen(Library(store).choices())
        wanted = Choices(**{name: getattr(at_start, name) for name in MODEL_PARTS})
        documents = Library(
            store,
            Models(loading(settings), wanted, keep=lambda chosen: keep_model(documents, chosen), tell=out.note),
            read_picture=picture_reader(settings.threads),
        )
        try:
            yield documents
        except Exception:
            log.warning("a command failed", exc_info=True)
            raise


def keep_model(documents: Library, chosen: Choices) -> None:
    """Keeps which model was chosen, for the next start, and leaves what else was."""
    parts = {name: getattr(chosen, name) for name in MODEL_PARTS}
    documents.keep_choices(replace(documents.choices(), **parts))


def loading(settings: Settings) -> Load:
    """What loads a model for some choices. A memory that the command line names stays with the model that it names."""

    def load(wanted: Choices, say: Callable[[object], None]) -> Engine:
        memory = settings.memory if wanted.model == settings.model else None
        return load_engine(replace(settings, memory=memory, given=frozenset()).chosen(wanted), say)

    return load


def load_engine(settings: Settings, say: Callable[[object], None]) -> Engine:
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
        memory_dir=settings.memory,
        memory_size=settings.memory_size,
        device=settings.device,
        dtype=settings.dtype,
        threads=settings.threads,
    )


def serve(settings: Settings, out: Output) -> int:
    """The app, until Ctrl-C or SIGTERM; a reading under way is saved and goes on at the next start. The page is there at once, and the
    model comes when it is fetched and loaded."""
    with Store.open(settings.database) as store:
        choices = Library(store).choices()
    settings.check(choices.password)
    gate = Gate(settings.password, choices.password, needed_on=None if is_here(settings.host) else settings.host)
    check_address(settings)
    if settings.mcp and importlib.util.find_spec("mcp") is None:
        raise McpMissing
    in_window = settings.window and not window_parts_missing()
    if settings.window and not in_window:
        out.note("A window needs a few more packages: pip install -r requirements-window.txt. A browser opens instead.")
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    # whose address a request comes from is not for the request to say; who has a proxy in front names it here
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "")
    with library(settings, out) as documents, own_folder(settings.uploads) as uploads:
        os.environ["GRADIO_TEMP_DIR"] = str(uploads)
        from app.api import router
        from app.pages import build_page, launch_options

        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        documents.sweep()
        sweep = now_and_then(documents.sweep, SWEEP_SECONDS)
        shelve_samples(documents)
        page = build_page(documents, gate)
        documents.models.start()
        documents.queue.start()
        try:
            page.launch(
                **launch_options(documents.languages, gate, router(documents).routes, settings.host),
                server_name=in_address(settings.host),
                server_port=settings.port,
                inbrowser=settings.open_browser or (settings.window and not in_window),
                prevent_thread_lock=True,
                quiet=True,
                mcp_server=settings.mcp,
            )
            address = f"http://{in_address(settings.host)}:{settings.port}"
            out.note(f"Palimpsest is open on {address} (Ctrl-C ends it).")
            log.info(
                "started",
                extra={"host": settings.host, "port": settings.port, "password": gate.asks, "mcp": settings.mcp},
            )
            if in_window:
                show(address, settings.home / "window", ended, sweep)
            while not ended.wait(1.0):
                sweep()
        finally:
            documents.queue.stop()
            page.close(verbose=False)
            log.info("stopped")
    return 0


def now_and_then(step: Callable[[], object], seconds: float) -> Callable[[], None]:
    """What does that step after so many seconds, and again after as many, when it is called all the time. One that the library is not
    ready for, since its disk is full or another program holds it, is done the next time."""
    done = time.monotonic()

    def look() -> None:
        nonlocal done
        if time.monotonic() - done < seconds:
            return
        done = time.monotonic()
        try:
            step()
        except StorageError:
            log.warning("left for the next time", exc_info=True)

    return look


def in_address(host: str) -> str:
    """A host as it stands in a URL: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def check_address(settings: Settings) -> None:
    """Finds out before the model's long start whether the address is free. Raises AddressTaken."""
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        with socket.create_server((settings.host, settings.port), family=family):
            pass
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AddressTaken(settings.host, settings.port, reason) from error


def shelve_samples(documents: Library) -> None:
    """Puts our sample on a shelf that was always empty; one that was removed stays away."""
    if documents.first_time("samples") and not documents.shelf():
        for sample in sorted(SAMPLES.glob("*.md")):
            documents.queue.enqueue(documents.add_file(sample).id)


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


if __name__ == "__main__":
    sys.exit(main())
