"""What a change of severity does to the time somebody was given: it may get shorter, never longer."""

from typing import Any

from contracts import dispatch
from services.dispatch.case import Case
from services.dispatch.commands import ChangeSeverity
from services.dispatch.records import Awaited, SeverityNoted


def change_severity(state: Case, command: ChangeSeverity) -> list[Any]:
    """Later offers go by the new severity; who was asked has its time from now on."""
    if state.state in ("new", "ended"):
        return []
    if state.state == "claimable" and state.expires_at:
        ends = min(state.expires_at, command.windows.offer_ends(command.severity, command.at, "claim"))
        return [SeverityNoted(command.severity), Awaited(ends)]
    return [SeverityNoted(command.severity), *_hastened(state, command)]


def _hastened(state: Case, command: ChangeSeverity) -> list[Any]:
    if state.state not in ("offered", "accepted") or state.assignment is None or state.assignee is None:
        return []
    offered, windows = state.state == "offered", command.windows
    before = state.expires_at if offered else state.contact_due_at
    due_at = (
        windows.offer_ends(command.severity, command.at, state.mode)
        if offered
        else windows.contact_due(command.severity, command.at)
    )
    if before is None or due_at >= before:
        return []
    return [
        dispatch.ResponseHastened(
            assignment=state.assignment, assignee=state.assignee, kind=state.kind, severity=command.severity,
            expires_at=due_at if offered else None, contact_due_at=None if offered else due_at,
        )
    ]  # fmt: skip
