"""Text off pictures of pages, by RapidOCR and the models in its package; an extra, see requirements-ocr.txt."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import dist
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from documents.errors import PARSER_FAULTS, OcrUnusable, PictureUnreadable

if TYPE_CHECKING:
    import numpy as np

_DETECTION, _RECOGNITION = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"
_SIDE_LINES = 3  # lines that both sides of a gutter have at least
_SIDE_WIDTH = 0.15  # of the text's width, that the lines beside a gutter have at least: less is a table's column
_MOST_ACROSS = 0.25  # of the lines, that may run across a gutter, as a headline does
_STRIPE = 3.0  # heights of a line, of white across the page that parts what is above from what is below
_PARAGRAPH = 1.5  # of the usual step from line to line, beyond which a paragraph begins


@dataclass(frozen=True)
class Line:
    """A line of print and where its box lies, in pixels; `middle` is down the page."""

    text: str
    left: float
    right: float
    middle: float
    height: float


def available() -> bool:
    """Whether the packages of requirements-ocr.txt are there."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def picture_reader(threads: int | None = None) -> Callable[[np.ndarray], str] | None:
    """`page_text` with its models, loaded at the first picture; None without the packages of requirements-ocr.txt."""
    return PictureReader(threads) if available() else None


class PictureReader:
    """Reads pictures with one set of models, 5 to 20 seconds a page. Call it from one thread at a time."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads
        self._engine: Any = None

    def __call__(self, image: np.ndarray) -> str:
        """The text on a page, `image` [height, width] in grey levels from 0 to 255. Raises OcrUnusable, PictureUnreadable."""
        if self._engine is None:
            self._engine = _engine(self._threads)
        return page_text(image, self._engine)


def page_text(image: np.ndarray, engine: Any) -> str:
    """The text on a page in reading order, by a RapidOCR `engine`. Raises PictureUnreadable."""
    import cv2
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError

    try:
        found = engine(image)
        if found.txts is None or found.boxes is None:
            return ""
        lines = [_line(text, box) for text, box in zip(found.txts, found.boxes, strict=True) if text.strip()]
    except (*PARSER_FAULTS, cv2.error, ONNXRuntimeError) as error:
        raise PictureUnreadable(str(error)) from error
    return set_in_lines(in_reading_order(lines))


def in_reading_order(lines: Sequence[Line]) -> list[list[Line]]:
    """Rows of lines as they are read: down one column, then the next; what runs across columns, or white as high as a few lines,
    parts those above from those below."""
    bands = _bands(lines)
    if len(bands) > 1:
        return [row for band in bands for row in in_reading_order(band)]
    gutter = _gutter(lines)
    if gutter is None:
        return _rows(lines)
    rows: list[list[Line]] = []
    zone: list[Line] = []
    for line in [*sorted(lines, key=lambda line: line.middle), None]:
        if line is not None and not line.left < gutter < line.right:
            zone.append(line)
            continue
        rows += in_reading_order([one for one in zone if one.right <= gutter])
        rows += in_reading_order([one for one in zone if one.left >= gutter])
        zone = []
        rows += [[line]] if line is not None else []
    return rows


def set_in_lines(rows: Sequence[Sequence[Line]]) -> str:
    """The rows as text, a line each, with a blank line where the step from one to the next is wide."""
    if not rows:
        return ""
    steps = [after[0].middle - before[0].middle for before, after in pairwise(rows)]
    usual = median([step for step in steps if step > 0] or [0.0])
    text = " ".join(line.text.strip() for line in rows[0])
    for step, row in zip(steps, rows[1:], strict=True):
        text += "\n\n" if step > _PARAGRAPH * usual else "\n"
        text += " ".join(line.text.strip() for line in row)
    return text


def _bands(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines parted wherever a white stripe of the height of a few of them runs across all."""
    bands: list[list[Line]] = []
    stripe = _STRIPE * median(line.height for line in lines) if lines else 0.0
    for line in sorted(lines, key=lambda line: line.middle):
        if bands and line.middle - bands[-1][-1].middle - line.height <= stripe:
            bands[-1].append(line)
        else:
            bands.append([line])
    return bands


def _gutter(lines: Sequence[Line]) -> float | None:
    """Where down the page white runs between two columns, crossed by the fewest lines; None in text of one column."""
    if len(lines) < 2 * _SIDE_LINES:
        return None
    narrowest = _SIDE_WIDTH * (max(line.right for line in lines) - min(line.left for line in lines))
    found: list[tuple[int, float]] = []
    for x in sorted({line.left for line in lines}):
        left, right = [o for o in lines if o.right <= x], [o for o in lines if o.left >= x]
        across = len(lines) - len(left) - len(right)
        wide = all(
            len(side) >= _SIDE_LINES and median(one.right - one.left for one in side) >= narrowest
            for side in (left, right)
        )
        if wide and across <= _MOST_ACROSS * len(lines):
            found.append((across, x))
    return min(found)[1] if found else None


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines beside one another as one row, from the top down."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.middle):
        beside = bool(rows) and abs(line.middle - rows[-1][0].middle) < 0.5 * min(line.height, rows[-1][0].height)
        if beside:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def _line(text: str, box: Any) -> Line:
    across, down = [float(x) for x, _ in box], [float(y) for _, y in box]
    # Of a tilted line the box is higher than the print: its left edge is not.
    height = dist((across[0], down[0]), (across[3], down[3]))
    return Line(text, min(across), max(across), sum(down) / len(down), height)


def _engine(threads: int | None) -> Any:
    """RapidOCR on the models of its package. Their paths are given, so that it has nothing to look for elsewhere."""
    try:
        import rapidocr

        models = Path(rapidocr.__file__).parent / "models"
        return rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "Det.model_path": str(models / _DETECTION),
                "Rec.model_path": str(models / _RECOGNITION),
                "EngineConfig.onnxruntime.intra_op_num_threads": threads or -1,
            }
        )
    except (ImportError, *PARSER_FAULTS) as error:
        raise OcrUnusable(str(error)) from error
