"""What happens to an event that failed: a pure policy from error and attempt to redeliver or park."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.problem import ContractViolation


class TransientFailure(Exception):
    """Something outside us failed for the moment; the same event may succeed later."""


class Deadly(Exception):
    """The process died each time it began to handle this event."""


@dataclass(frozen=True)
class Redeliver:
    """Try again at `due_at`; until then only this ticket waits."""

    due_at: datetime


@dataclass(frozen=True)
class Park:
    """Give the event to a person, with the reason."""

    reason: str


def recover(error: Exception, attempt: int, attempts: int, now: datetime) -> Redeliver | Park:
    """Redeliver or park after `attempt` tries (from 1) of at most `attempts`.

    A broken contract and a deadly event are parked at once; all else is tried again after 1, 4, 9 … seconds.
    """
    if isinstance(error, ContractViolation):
        return Park(error.problem)
    if isinstance(error, Deadly) or attempt >= attempts:
        return Park("failing")
    return Redeliver(now + timedelta(seconds=attempt**2))
