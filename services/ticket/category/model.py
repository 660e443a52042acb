"""A trained linear model: read from a file that runs nothing, and asked for categories with numpy alone."""

from math import exp
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import msgspec
import numpy as np
from msgspec import Struct

from services.ticket.category.classifier import Guess
from services.ticket.category.features import BUCKETS, Floats, counted

FORMAT = 1


class About(Struct, frozen=True, kw_only=True):
    """What a model says of itself. Confidence is 1 / (1 + exp(-(slope · margin + offset))), which was fitted

    to texts it had not learnt from (Platt 1999); from `bar` on so many are right as `precision` asks for.
    """

    format: int = FORMAT
    name: str
    trained_at: str
    rows: int
    labels: list[str]
    slope: float
    offset: float
    bar: float
    precision: float


class ModelError(ValueError):
    """The file is no model that can be used here; the message says why."""


class LinearModel:
    """One weight per bucket and category (BUCKETS × categories), over TF-IDF of unit length."""

    def __init__(self, about: About, idf: Floats, weights: Floats, bias: Floats) -> None:
        self.about, self.idf, self.weights, self.bias = about, idf, weights, bias

    @property
    def name(self) -> str:
        """The version: m- and the beginning of a hash of what it has learnt."""
        return self.about.name

    def guess(self, text: str) -> Guess:
        """The likeliest category of a text; one of which the model knows nothing may be anything."""
        buckets, counts = counted(text)
        values, weights = counts * self.idf[buckets], self.weights[buckets]
        length = float(np.sqrt(values @ values)) or 1.0
        scores = (values / length) @ weights + self.bias
        second, first = np.argsort(scores)[-2:]
        confidence = self.confidence(float(scores[first] - scores[second])) if weights.any() else 0.0
        return Guess(self.about.labels[first], confidence, confidence >= self.about.bar)

    def confidence(self, margin: float) -> float:
        """How likely the best category is right that is so far ahead of the second."""
        return 1 / (1 + exp(-max(-50.0, self.about.slope * margin + self.about.offset)))

    def save(self, path: Path) -> None:
        """Writes the model: a zip of plain arrays, and what it says of itself as JSON."""
        about = np.frombuffer(msgspec.json.encode(self.about), dtype=np.uint8)
        used = np.flatnonzero(self.weights.any(axis=1))
        with path.open("wb") as file:
            np.savez_compressed(
                file, about=about, idf=self.idf, used=used, weights=self.weights[used], bias=self.bias
            )


def load(path: Path) -> LinearModel:
    """The model in a file; raises ModelError. Nothing in the file is executed."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            about = msgspec.json.decode(arrays["about"].tobytes(), type=About)
            return _sound(about, {name: arrays[name] for name in ("idf", "used", "weights", "bias")})
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror or 'it is no model'}") from None
    except (KeyError, ValueError, BadZipFile, EOFError) as error:
        raise ModelError(f"is no model of Fengge: {type(error).__name__}") from None


def _sound(about: About, arrays: dict[str, Any]) -> LinearModel:
    used, many = arrays["used"], len(about.labels)
    shapes = (arrays["idf"].shape, arrays["weights"].shape, arrays["bias"].shape)
    if about.format != FORMAT or many < 2 or shapes != ((BUCKETS,), (len(used), many), (many,)):
        raise ValueError("another format")
    if len(used) and not (used.min() >= 0 and used.max() < BUCKETS):
        raise ValueError("another format")
    weights = np.zeros((BUCKETS, many), dtype=np.float32)
    weights[used] = arrays["weights"]
    return LinearModel(about, arrays["idf"].astype(np.float32), weights, arrays["bias"].astype(np.float32))
