"""What is kept of each step of a ticket's way from one to the next, pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from contracts import dispatch

UNKNOWN = ("unknown_category", "unknown_grid")


class Step(Struct, frozen=True, kw_only=True):
    """One step as it is kept; `by` is the person who ordered it, `weighed` the engine's options as JSON."""

    at: datetime
    what: str
    hop: int
    ticket: str = ""
    assignment: str | None = None
    assignee: str | None = None
    kind: str | None = None
    unit: str | None = None
    note: str | None = None
    by: str | None = None
    weighed: str | None = None


def step(fact: Any) -> dict[str, Any] | None:
    """What is kept of a published fact; None where it is no step of the way."""
    told = STEPS.get(type(fact))
    if told is None:
        return None
    what, more = told
    said = {name: getattr(fact, name, None) for name in ("assignment", "assignee", "kind", "unit")}
    return {"what": what, "hop": getattr(fact, "hop", 0), **said, **more(fact)}


def _started(fact: dispatch.DispatchBlocked) -> dict[str, Any]:
    return {"note": fact.reason} if fact.reason in UNKNOWN else {"what": "blocked", "note": fact.reason}


def _offered(fact: dispatch.OfferMade) -> dict[str, Any]:
    order = fact.explanation.ordered
    if order is None:
        return {"note": fact.mode}
    waived = f" (waived: {', '.join(order.waived)})" if order.waived else ""
    return {"note": order.reason_code + waived, "by": _person(order.by)}


def _person(actor: Any) -> str | None:
    return f"{actor.role}/{actor.id}" if actor else None


def _nothing(_fact: Any) -> dict[str, Any]:
    return {}


STEPS: Mapping[type, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    dispatch.DispatchStarted: ("started", _nothing),
    dispatch.DispatchBlocked: ("started", _started),
    dispatch.OfferMade: ("offered", _offered),
    dispatch.ClaimOpened: ("opened", lambda _: {"note": "claim"}),
    dispatch.ObjectionRuled: ("ruled", lambda fact: {"note": fact.reason_code, "by": _person(fact.by)}),
    dispatch.AssignmentAccepted: ("accepted", _nothing),
    dispatch.AssignmentReopened: ("reopened", _nothing),
    dispatch.AssignmentReturned: ("returned", lambda fact: {"note": fact.code}),
    dispatch.OfferExpired: ("expired", _nothing),
    dispatch.AssignmentRevoked: (
        "revoked", lambda fact: {"note": fact.reason_code, "by": _person(fact.by)}
    ),
    dispatch.AssignmentWithdrawn: ("withdrawn", lambda fact: {"note": fact.reason}),
    dispatch.AssignmentDone: ("done", lambda fact: {"note": fact.resolved}),
}  # fmt: skip
"""Facts that are steps of a ticket's way: what each is called there, and what else is kept of it."""
