"""The standard base model for tests of the whole way: from where `make run` keeps it, or fetched once into .cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import BaseNotAvailable
from engine.fetch import STANDARD, ensure_base, holds

ROOT = Path(__file__).parents[1]


def models_folder() -> Path:
    """The folder that holds it. Without it a test is skipped, and on CI fails."""
    models = Path.home() / ".palimpsest" / "models"
    if holds(models / STANDARD.folder):
        return models
    models = ROOT / ".cache" / "models"
    try:
        ensure_base(models)
    except BaseNotAvailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"this needs the standard base model: {error}")
    return models


def home_with_models(folder: Path) -> Path:
    """`folder`, made a home that shares the fetched models and nothing else."""
    (folder / "models").symlink_to(models_folder())
    return folder
