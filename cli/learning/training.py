"""A linear model from labelled texts: TF-IDF of what the service reads, a support vector machine per label.

How sure it may be is learnt from texts it had not seen: each quarter is judged by a model of the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from services.ticket.category.features import BUCKETS, Floats, counted
from services.ticket.category.model import About, LinearModel

STRENGTH, TOLERANCE = 2.0, 0.01
"""How much an error weighs against simplicity (liblinear's C), and how exactly the best is sought."""
FOLDS = 4
NEVER = 2.0
"""A bar above every confidence."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """What was learnt: labels in order, how rare each bucket is, weights (BUCKETS × labels), bias."""

    labels: list[str]
    idf: Floats
    weights: Floats
    bias: Floats


@dataclass(frozen=True)
class Calibration:
    """What a margin is worth, and from which confidence on the model may decide alone."""

    slope: float
    offset: float
    bar: float


def learn(
    texts: Sequence[str], labels: Sequence[str], precision: float, calibration: Calibration | None = None
) -> LinearModel:
    """A model of labelled texts (at least two labels, FOLDS texts of each) that decides with `precision`.

    `calibration` is that of an earlier one of the same kind of texts; without it, it is measured.
    """
    counts, wanted = _matrix(texts), np.array(labels)
    calibration = calibration or _calibrated(counts, wanted, precision)
    learnt = _fitted(counts, wanted)
    about = About(
        name=_name(learnt), trained_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", rows=len(texts),
        labels=learnt.labels, slope=calibration.slope, offset=calibration.offset, bar=calibration.bar,
        precision=precision,
    )  # fmt: skip
    return LinearModel(about, learnt.idf, learnt.weights, learnt.bias)


def calibration_of(model: LinearModel) -> Calibration:
    """What a model's margins are worth."""
    return Calibration(model.about.slope, model.about.offset, model.about.bar)


def turns(labels: Sequence[str], every: int) -> npt.NDArray[np.int64]:
    """In which of `every` parts each row is: label by label in turn, so that all parts are alike."""
    seen: dict[str, int] = {}
    parts = []
    for label in labels:
        seen[label] = seen.get(label, -1) + 1
        parts.append(seen[label] % every)
    return np.array(parts, dtype=np.int64)


def _matrix(texts: Sequence[str]) -> Any:
    from scipy.sparse import csr_matrix

    rows = [counted(text) for text in texts]
    ends = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    buckets, counts = (np.concatenate([row[part] for row in rows]) for part in (0, 1))
    return csr_matrix((counts, buckets, ends), shape=(len(texts), BUCKETS))


def _fitted(counts: Any, labels: npt.NDArray[Any]) -> Weights:
    from sklearn.svm import LinearSVC

    held_by = np.bincount(counts.indices, minlength=BUCKETS)
    idf = (np.log((1 + counts.shape[0]) / (1 + held_by)) + 1).astype(np.float32)
    machine = LinearSVC(C=STRENGTH, tol=TOLERANCE, random_state=0).fit(_unit(counts, idf), labels)
    weights, bias = machine.coef_.T, machine.intercept_
    if weights.shape[1] == 1:  # of two labels only the second is told
        weights, bias = np.hstack([-weights, weights]), np.concatenate([-bias, bias])
    names = [str(name) for name in machine.classes_]
    return Weights(names, idf, np.ascontiguousarray(weights, dtype=np.float32), bias.astype(np.float32))


def _unit(counts: Any, idf: Floats) -> Any:
    from scipy.sparse import diags

    values = counts.multiply(idf).tocsr()
    lengths = np.sqrt(np.asarray(values.multiply(values).sum(axis=1)).ravel())
    return diags(1 / np.maximum(lengths, 1e-9)) @ values


def _calibrated(counts: Any, labels: npt.NDArray[Any], precision: float) -> Calibration:
    parts = turns([str(label) for label in labels], FOLDS)
    judged = [_judged(counts, labels, parts == part) for part in range(FOLDS)]
    margins, right = (np.concatenate([each[which] for each in judged]) for which in (0, 1))
    slope, offset = _platt(margins, right)
    return Calibration(slope, offset, _bar(margins, right, slope, offset, precision))


def _judged(counts: Any, labels: npt.NDArray[Any], unseen: npt.NDArray[Any]) -> tuple[Numbers, Numbers]:
    """How far ahead the best label is of each unseen text, and whether it is the right one."""
    learnt = _fitted(counts[~unseen], labels[~unseen])
    scores = _unit(counts[unseen], learnt.idf) @ learnt.weights + learnt.bias
    ranked = np.sort(scores, axis=1)
    best = np.array(learnt.labels)[scores.argmax(axis=1)]
    return ranked[:, -1] - ranked[:, -2], (best == labels[unseen]).astype(np.float64)


def _platt(margins: Numbers, right: Numbers) -> tuple[float, float]:
    """A sigmoid through margins and outcomes (Platt 1999); one of each kind is added, so that both occur."""
    from sklearn.linear_model import LogisticRegression

    margins = np.concatenate([margins, [0.0, margins.max() + 1.0]])
    right = np.concatenate([right, [0.0, 1.0]])
    fitted = LogisticRegression(C=1e6).fit(margins.reshape(-1, 1), right)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def _bar(margins: Numbers, right: Numbers, slope: float, offset: float, precision: float) -> float:
    """The least confidence from which on so many are right; NEVER where none is.

    Fewer texts than could hold a single error prove nothing.
    """
    order = np.argsort(-margins, kind="stable")
    kept = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(kept >= precision)
    if slope <= 0 or not len(enough) or enough[-1] + 1 < 1 / (1 - precision):
        return NEVER
    margin = margins[order][enough[-1]]
    return float(1 / (1 + np.exp(-(slope * margin + offset))))


def _name(learnt: Weights) -> str:
    digest = sha256(learnt.weights.tobytes() + learnt.bias.tobytes() + "\0".join(learnt.labels).encode())
    return f"m-{digest.hexdigest()[:8]}"
