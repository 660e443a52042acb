"""Alarms of devices, pure: a burst is one ticket, what is over closes nothing, and nobody is left unasked."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import intake, ticket
from contracts.actor import Actor
from contracts.cloudevent import CloudEvent
from contracts.numbering import ticket_number
from services.ticket.clock import stricter, with_desk
from services.ticket.commands import ClearAlarm, RaiseAlarm, RegisterRequest, RepeatAlarm, ReportOffline
from services.ticket.guards import GRAVITY
from services.ticket.state import LIVE, OPEN, Alarm, Ticket


class ReactionDue(Struct, frozen=True):
    """By when somebody must react before the alarm is raised again; private."""

    at: datetime


class AlarmOfAnEndedTicket(Exception):
    """The device's ticket has ended in the same moment; tried again, the alarm opens a new one."""


def external_id(event: CloudEvent[Any]) -> str:
    """What the ticket of an event of a device is called where tickets have their sender's number."""
    return f"{event.data.device}/{ticket_number(event.source, event.id)}"


def raised_by(event: CloudEvent[intake.SensorRaised], known: Any) -> RaiseAlarm:
    """The command of a device's alarm, with the request that makes it a ticket where there is none."""
    said = event.data
    request = intake.RequestSubmitted(
        external_id=external_id(event), channel="sensor", title=f"报警 Alarm: {said.kind} ({said.device})",
        category=said.category or said.kind, severity=said.severity, grid=said.grid,
    )  # fmt: skip
    return RaiseAlarm(said=said, severity=said.severity, request=_registered(event, request, known),
                      at=known.now, rules=known.rules, calendar=known.calendar)  # fmt: skip


def offline_by(event: CloudEvent[intake.SensorOffline], known: Any) -> ReportOffline:
    """The command of a device's silence, with the request to mend it."""
    said = event.data
    request = intake.RequestSubmitted(
        external_id=external_id(event), channel="sensor", title=f"离线 Offline: {said.kind} ({said.device})",
        category=str(known.rules["sensors"].value["maintenance"]), grid=said.grid,
    )  # fmt: skip
    return ReportOffline(said=said, request=_registered(event, request, known),
                         at=known.now, rules=known.rules, calendar=known.calendar)  # fmt: skip


def _registered(event: CloudEvent[Any], request: intake.RequestSubmitted, known: Any) -> RegisterRequest:
    return RegisterRequest(
        source=event.source, request=request, at=known.now, rules=known.rules, calendar=known.calendar
    )


def raised(state: Ticket, command: RaiseAlarm) -> list[Any]:
    """Counted; who has not reacted yet is left the time there is. A graver alarm makes the ticket graver."""
    said, before = command.said, state.more.alarm
    count = before.count + 1 if before else 1
    told = ticket.SensorAlarmRaised(
        source=command.request.source, device=said.device, kind=said.kind, severity=said.severity,
        at=command.at, count=count, repeated=before is not None,
    )  # fmt: skip
    return [told, *_graver(state, command), *_armed(state, command)]


def _armed(state: Ticket, command: RaiseAlarm) -> list[Any]:
    before = state.more.alarm
    waited_for = before is not None and (before.reacted or before.again_at is not None)
    return [] if waited_for or state.state not in OPEN else [reaction_due(state, command)]


def _graver(state: Ticket, command: RaiseAlarm) -> list[Any]:
    if GRAVITY.index(command.severity) <= GRAVITY.index(state.severity):
        return []
    by = Actor(role="sensor", id=command.said.device)
    before: Any = state.severity
    changed = ticket.SeverityChanged(before=before, severity=command.said.severity, by=by)
    return [changed, *stricter(state, command)]


def reaction_due(state: Ticket, command: Any) -> ReactionDue:
    """When the alarm is raised again, by the policy."""
    span = command.rules["sensors"].span(state.severity, state.category, state.source)
    return ReactionDue(command.calendar.due(command.at, span))


def cleared(state: Ticket, command: ClearAlarm) -> list[Any]:
    """Noted once, and told to whoever has it or was asked; the ticket is theirs to close."""
    alarm = state.more.alarm
    if alarm is None or alarm.cleared or state.state not in LIVE:
        return []
    return [
        ticket.SensorAlarmCleared(
            source=alarm.source, device=alarm.device, kind=alarm.kind, at=command.at,
            reacted=alarm.reacted, assignee=state.assignee or alarm.asked,
        )
    ]  # fmt: skip


def again(state: Ticket, command: RepeatAlarm) -> list[Any]:
    """Raised again where nobody has reacted; nothing follows where somebody was quicker."""
    alarm = state.more.alarm
    due = alarm is not None and alarm.again_at is not None and command.at >= alarm.again_at
    if alarm is None or not due or state.state not in OPEN:
        return []
    assert alarm.raised_at
    repeated = ticket.AlarmRepeated(
        source=alarm.source, device=alarm.device, kind=alarm.kind, number=alarm.times + 1,
        raised_at=alarm.raised_at, asked=alarm.asked,
    )  # fmt: skip
    return [repeated, reaction_due(state, command)]


def given_back(state: Ticket, command: Any) -> list[Any]:
    """Whoever had reacted gives it back: somebody must react again."""
    alarm = state.more.alarm
    return [] if alarm is None or alarm.cleared else [reaction_due(state, command)]


def _with_alarm(state: Ticket, **changes: Any) -> Ticket:
    return with_desk(state, alarm=replace(state.more.alarm or Alarm(), **changes))


def after_alarm(state: Ticket, fact: ticket.SensorAlarmRaised) -> Ticket:
    """The alarm as it is raised now; one that was cleared before is raised anew."""
    before = state.more.alarm
    lasts = before is not None and not before.cleared
    return _with_alarm(
        state, source=fact.source, device=fact.device, kind=fact.kind, count=fact.count, cleared=False,
        raised_at=before.raised_at if before and lasts else fact.at,
    )  # fmt: skip


def after_reaction_due(state: Ticket, fact: ReactionDue) -> Ticket:
    """The time runs, from the first alarm on."""
    return _with_alarm(state, again_at=fact.at, reacted=False)


def after_repetition(state: Ticket, fact: ticket.AlarmRepeated) -> Ticket:
    """Once more."""
    return _with_alarm(state, times=fact.number)


def after_clearing(state: Ticket, _fact: ticket.SensorAlarmCleared) -> Ticket:
    """Nobody has to hurry any more."""
    return _with_alarm(state, cleared=True, again_at=None)


def after_offer(state: Ticket, fact: Any) -> Ticket:
    """Who is asked now."""
    return _with_alarm(state, asked=fact.assignee) if state.desk and state.desk.alarm else state


def after_reaction(state: Ticket) -> Ticket:
    """Somebody has accepted it, or has been there."""
    return _with_alarm(state, reacted=True, again_at=None) if state.desk and state.desk.alarm else state
