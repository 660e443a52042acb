"""How good a model is on texts it has not learnt from: over all, above its bar, and label by label."""

import time
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from services.ticket.category.classifier import Classifier, Guess


class OfLabel(Struct, frozen=True):
    """One label: its texts; of those it was given to, the share that have it; of its own, the share found."""

    label: str
    texts: int
    precision: float
    recall: float
    f1: float
    automatic: float


class Report(Struct, frozen=True, kw_only=True):
    """Shares from 0 to 1. `automatic` is the share above the bar, `precision` how many of those are right."""

    model: str
    texts: int
    macro_f1: float
    accuracy: float
    automatic: float
    precision: float
    milliseconds_per_text: float
    labels: list[OfLabel]


def measured(model: Classifier, texts: Sequence[str], labels: Sequence[str]) -> Report:
    """What the model makes of these texts, asked one by one as the service asks."""
    begun = time.perf_counter()
    guesses = [model.guess(text) for text in texts]
    spent = time.perf_counter() - begun
    per_label = [_of_label(label, guesses, labels) for label in sorted({*labels})]
    right = [guess.category == label for guess, label in zip(guesses, labels, strict=True)]
    sure = [good for guess, good in zip(guesses, right, strict=True) if guess.sure]
    return Report(
        model=model.name, texts=len(texts), macro_f1=_mean([each.f1 for each in per_label]),
        accuracy=_mean(right), automatic=_share(len(sure), len(texts)), precision=_mean(sure),
        milliseconds_per_text=round(1000 * spent / max(1, len(texts)), 3), labels=per_label,
    )  # fmt: skip


def rows(report: Report) -> list[tuple[Any, ...]]:
    """The report as the rows of a table, the last one over all labels."""
    shares = [(each.precision, each.recall, each.f1, each.automatic) for each in report.labels]
    names = [(each.label, each.texts) for each in report.labels]
    total = ("all", report.texts, "", "", f"{report.macro_f1:.3f}", f"{report.automatic:.1%}")
    told = [(*name, *(f"{share:.3f}" for share in of[:3]), f"{of[3]:.1%}") for name, of in
            zip(names, shares, strict=True)]  # fmt: skip
    return [*told, total]


def _of_label(label: str, guesses: Sequence[Guess], labels: Sequence[str]) -> OfLabel:
    own = [guess for guess, true in zip(guesses, labels, strict=True) if true == label]
    given = sum(guess.category == label for guess in guesses)
    hits = sum(guess.category == label for guess in own)
    precision, recall = _share(hits, given), _share(hits, len(own))
    f1 = round(2 * hits / (given + len(own)), 4) if given + len(own) else 0.0
    return OfLabel(label, len(own), precision, recall, f1, _mean([guess.sure for guess in own]))


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
