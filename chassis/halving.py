"""A batch that fails is halved until the bad one stands alone: its neighbours are not held up by it."""

import logging
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import TypeVar

from chassis.database import Tx, passing, too_slow
from chassis.recovery import TransientFailure

T = TypeVar("T")

log = logging.getLogger(__name__)


class Care(IntEnum):
    """How carefully a batch is handled; each step costs more and finds more."""

    TRUSTING = 0
    """All at once, trusting what this process remembers: nearly always."""
    TOGETHER = 1
    """All at once, without a savepoint."""
    HALVED = 2
    """Halved where it fails."""
    HALVED_IF_SLOW = 3
    """Halved also where it runs into time limits again and again."""


def halve(
    tx: Tx,
    care: Care,
    items: Sequence[T],
    together: Callable[[Sequence[T]], None],
    alone: Callable[[T, Exception], None],
) -> None:
    """Does `items` together, behind a savepoint; halves them when that fails, `alone` takes each bad one.

    What says nothing about the items, e.g. a lost connection, is raised.
    """
    try:
        with tx.transaction():
            together(items)
    except Exception as error:
        if not _blames_items(error, care):
            raise
        if len(items) == 1:
            alone(items[0], error)
            return
        log.warning("batch halved", extra={"items": len(items), "cause": type(error).__name__})
        middle = len(items) // 2
        halve(tx, care, items[:middle], together, alone)
        halve(tx, care, items[middle:], together, alone)


def transient(error: Exception) -> bool:
    """Whether the same work may succeed a moment later."""
    return isinstance(error, TransientFailure) or passing(error)


def wearing(error: Exception) -> bool:
    """Whether the failure, though transient, is the items' own fault if it keeps coming back."""
    return isinstance(error, TransientFailure) or too_slow(error)


def _blames_items(error: Exception, care: Care) -> bool:
    return not transient(error) or (care is Care.HALVED_IF_SLOW and wearing(error))
