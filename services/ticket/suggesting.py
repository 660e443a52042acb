"""Categories suggested for requests that name none, by the model of this process if it has one."""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path

from contracts.intake import RequestSubmitted
from contracts.ticket import Suggested
from services.ticket.category.classifier import Classifier

log = logging.getLogger(__name__)

_in_use: list[Classifier] = []


def use(classifier: Classifier | None) -> None:
    """Says with which model this process works."""
    _in_use[:] = [classifier] if classifier else []


def in_use() -> Classifier | None:
    """The model of this process, or None."""
    return next(iter(_in_use), None)


def opened(path: str) -> Classifier | None:
    """The model of a setting; None without one, or where it cannot be read: requests go to the desk then.

    Intake must not stop for want of what only saves the desk work; the log and a metric tell of it.
    """
    if not path:
        return None
    from services.ticket.category import model  # numpy is loaded only where there is a model

    try:
        return model.load(Path(path))
    except model.ModelError as error:
        log.error("CATEGORY_MODEL %s; the desk sorts requests", error)  # noqa: TRY400 (said whole)
        return None


def suggested(
    asked: Mapping[str, RequestSubmitted], emergency_lines: Collection[str]
) -> dict[str, Suggested]:
    """What the model takes requests without a category for, by ticket. It hands none to an emergency line."""
    classifier = in_use()
    if classifier is None:
        return {}
    found: dict[str, Suggested] = {}
    for key, said in asked.items():
        if said.category is None:
            guess = classifier.guess(f"{said.title} {said.body}")
            found[key] = Suggested(
                category=guess.category, confidence=int(100 * guess.confidence), model=classifier.name,
                taken=guess.sure and guess.category not in emergency_lines,
            )  # fmt: skip
    return found
