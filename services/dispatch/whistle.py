"""Departments are called to the place (吹哨), arrive (报到) or are missed; the lead keeps the work."""

from typing import Any

from contracts import dispatch
from services.dispatch import desk_guards, guards
from services.dispatch.calls import Call
from services.dispatch.case import Case
from services.dispatch.desk import BlowWhistle, MissArrivals, ReportArrival
from services.dispatch.records import CallsDropped, WhistleRecorded

OVER = ("new", "done", "ended")


def blow(state: Case, command: BlowWhistle) -> list[Any]:
    """Every department is told where and by when; the words of the reason stay here."""
    if state.state in OVER:
        return [guards.refusal(state, command, f"the dispatch is {state.state}")]
    refused = guards.hindered(state, command, desk_guards.WHISTLING)
    if refused:
        return refused
    number = max((one.whistle for one in state.calls), default=0) + 1
    recorded = WhistleRecorded(
        whistle=number, at=command.at, cause=command.cause, reason_code=command.reason_code,
        basis=command.basis, by=command.actor.id,
    )  # fmt: skip
    return [*([recorded] if command.basis else []), *_called(number, command)]


def _called(number: int, command: BlowWhistle) -> list[dispatch.DepartmentCalled]:
    return [
        dispatch.DepartmentCalled(
            whistle=number, assignee=one.assignee, unit=one.unit, cause=command.cause,
            arrive_by=command.arrive_by, reason_code=command.reason_code, by=command.actor,
        )
        for one in (command.named[code] for code in command.departments)
    ]  # fmt: skip


def arrive(state: Case, command: ReportArrival) -> list[Any]:
    """It is there, in time or late, also when nobody waits any more: it did come."""
    if state.state == "new":
        return [guards.refusal(state, command, "")]
    refused = guards.hindered(state, command, desk_guards.ARRIVING)
    if refused:
        return refused
    return [
        dispatch.DepartmentArrived(
            whistle=one.whistle, assignee=one.assignee, unit=one.unit, at=command.arrived_at,
            in_time=command.arrived_at <= one.arrive_by, by=command.actor,
        )
        for one in state.calls
        if one.bears(command.department) and one.arrived_at is None
    ]  # fmt: skip


def miss(state: Case, command: MissArrivals) -> list[Any]:
    """Who is not there by then is missed once; nobody is missed where the work is over."""
    if state.state in OVER:
        return [CallsDropped()]
    return [_missed(one) for one in state.calls if one.awaited and one.arrive_by <= command.at]


def _missed(call: Call) -> dispatch.DepartmentMissed:
    return dispatch.DepartmentMissed(
        whistle=call.whistle, assignee=call.assignee, unit=call.unit, arrive_by=call.arrive_by
    )
