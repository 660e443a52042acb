"""What can be wrong with an event, in the words of RFC 9457; raised at the border and nowhere else."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct


class FieldError(Struct, frozen=True):
    """One thing that is wrong: where (a JSON pointer, RFC 6901) and why."""

    pointer: str
    detail: str


class ContractViolation(Exception):
    """The event breaks its contract; redelivery cannot mend it, so it is parked at once.

    `problem` is the last part of the RFC 9457 type, `status` its HTTP status.
    """

    def __init__(
        self, problem: str, status: int, detail: str, errors: Sequence[FieldError] = (), **about: Any
    ) -> None:
        super().__init__(detail)
        self.problem, self.status, self.detail = problem, status, detail
        self.errors = list(errors)
        self.about = about


class Refusal(Struct, frozen=True, kw_only=True):
    """A business refusal: the command, the state it met and the moves that are allowed; nothing changed."""

    command: str
    state: str
    detail: str
    allowed: list[str] = []
    problem: str = "illegal-move"
    status: int = 409


TITLES = {
    "unreadable": "The message is not readable",
    "content-type": "The content type is not that of a CloudEvent",
    "too-large": "The message is too large",
    "envelope": "The CloudEvents envelope is not valid",
    "unknown-type": "The event type is unknown here",
    "data": "The event's data breaks its contract",
    "illegal-move": "The ticket's state does not allow this",
    "duplicate": "The request is already a ticket",
    "unknown-ticket": "There is no such ticket",
    "misrouted": "The routing key does not fit the event type",
    "unproven": "The rating does not prove that it is the requester's",
    "not-allowed": "Somebody else has to do this",
    "locked": "Too many wrong codes were tried",
    "failing": "The event keeps failing here",
}


def problem_type(problem: str) -> str:
    """The RFC 9457 `type` of a problem, e.g. `urn:fengge:problem:unknown-type`."""
    return f"urn:fengge:problem:{problem}"
