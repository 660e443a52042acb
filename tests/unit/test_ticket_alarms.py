"""Alarms of devices: a burst is one ticket, what is cleared closes nothing, and nobody stays unasked."""

from datetime import timedelta
from typing import Any

import pytest

from contracts import intake, ticket
from contracts.cloudevent import CloudEvent
from contracts.problem import Refusal
from services.ticket import commands, desk
from services.ticket.alarms import AlarmOfAnEndedTicket
from services.ticket.devices import Device, addressed
from services.ticket.domain import decide, evolve, initial
from services.ticket.state import LIVE, OPEN, Alarm, Desk
from tests.unit.ticketing import (
    CONTACTED,
    NOW,
    OFFERED,
    RETURNED,
    STARTED,
    TAKEN,
    after,
    command_of,
    names,
    observe,
    raised,
    silent,
    ticket_in,
    timed,
)

FIVE = timedelta(minutes=5)
CLEAR, AGAIN = commands.ClearAlarm, commands.RepeatAlarm


OFFER = [raised(), observe(STARTED), observe(OFFERED)]


def test_an_alarm_opens_a_ticket_of_its_severity_at_once() -> None:
    facts = decide(initial("T"), raised(severity="emergency"))
    assert names(facts) == [
        "RequestRecorded", "TicketReceived", "TicketAccepted", "DeadlineSet", "SensorAlarmRaised",
        "ReactionDue",
    ]  # fmt: skip
    assert (facts[1].channel, facts[1].severity, facts[1].category) == ("sensor", "emergency", "gas_alarm")
    assert (facts[4].count, facts[4].repeated, facts[5].at) == (1, False, NOW + FIVE)


@pytest.mark.parametrize("state", OPEN)
def test_a_burst_is_counted_on_the_open_ticket_and_postpones_nothing(state: str) -> None:
    before = ticket_in(state, desk=Desk(alarm=Alarm(count=2, again_at=NOW + FIVE, raised_at=NOW)))
    (told,) = decide(before, raised(NOW + timedelta(minutes=1)))
    assert (told.count, told.repeated) == (3, True)
    assert evolve(before, told).more.alarm.again_at == NOW + FIVE


def test_a_graver_alarm_makes_the_ticket_graver_and_its_deadline_earlier() -> None:
    before = after(initial("T"), raised())
    _, changed, deadline = decide(before, raised(severity="emergency"))
    assert (changed.before, changed.severity, changed.by.role) == ("urgent", "emergency", "sensor")
    assert deadline.due_at < before.due_at
    assert names(decide(after(before, raised(severity="emergency")), raised())) == ["SensorAlarmRaised"]


@pytest.mark.parametrize("state", ["handled", "awaiting_rating", "closed", "cancelled", "merged"])
def test_an_alarm_is_never_lost_on_a_ticket_that_has_just_ended(state: str) -> None:
    with pytest.raises(AlarmOfAnEndedTicket):
        decide(ticket_in(state), raised())


def test_an_emergency_line_has_it_at_once_and_nobody_else_is_waited_for() -> None:
    command = raised(severity="emergency", kind="119")
    state = after(initial("T"), command)
    assert (state.state, state.more.alarm.again_at) == ("transferred", None)


@pytest.mark.parametrize("state", LIVE)
def test_what_is_cleared_is_noted_once_told_to_whoever_was_asked_and_closes_nothing(state: str) -> None:
    before = ticket_in(state, assignee=None, desk=Desk(alarm=Alarm(device="d", asked="li", again_at=NOW)))
    (cleared,) = decide(before, timed(CLEAR))
    assert (cleared.assignee, cleared.reacted) == ("li", False)
    then = evolve(before, cleared)
    assert (then.state, then.more.alarm.again_at) == (state, None)
    assert decide(then, timed(CLEAR)) == []


def test_what_nobody_has_raised_cannot_be_cleared() -> None:
    assert decide(initial("DV-1"), timed(CLEAR)) == []
    assert decide(ticket_in("assigned"), timed(CLEAR)) == []
    assert decide(ticket_in("closed", desk=Desk(alarm=Alarm())), timed(CLEAR)) == []


def test_an_alarm_that_is_raised_anew_is_waited_for_anew() -> None:
    cleared = after(initial("T"), raised(), timed(CLEAR))
    later = NOW + timedelta(minutes=30)
    then = after(cleared, raised(later))
    assert (then.more.alarm.again_at, then.more.alarm.raised_at, then.more.alarm.count) == (
        later + FIVE,
        later,
        2,
    )


def test_an_alarm_is_raised_again_every_five_minutes_until_somebody_accepts_it() -> None:
    state = after(initial("T"), *OFFER)
    assert decide(state, timed(AGAIN, NOW + FIVE - timedelta(seconds=1))) == []
    for number in (1, 2, 3):
        at = NOW + number * FIVE
        repeated, due = decide(state, timed(AGAIN, at))
        assert (repeated.number, repeated.asked, repeated.raised_at, due.at) == (number, "li", NOW, at + FIVE)
        state = after(state, timed(AGAIN, at))
    assert decide(after(state, observe(TAKEN)), timed(AGAIN, NOW + 9 * FIVE)) == []


@pytest.mark.parametrize("said", [observe(TAKEN), timed(CLEAR), [observe(TAKEN), observe(CONTACTED)]])
def test_whoever_reacts_and_whatever_is_cleared_ends_it(said: Any) -> None:
    state = after(initial("T"), *OFFER, *(said if isinstance(said, list) else [said]))
    assert decide(state, timed(AGAIN, NOW + 9 * FIVE)) == []


def test_who_gives_it_back_has_not_reacted() -> None:
    state = after(initial("T"), *OFFER, observe(TAKEN), observe(RETURNED, NOW + FIVE))
    assert decide(state, timed(AGAIN, NOW + 2 * FIVE))
    assert not state.more.alarm.reacted


def test_a_silent_device_is_mended_once() -> None:
    facts = decide(initial("T"), silent())
    assert facts[1].category == "sensor_maintenance"
    assert names(facts)[-1] == "SensorWentOffline"
    state = after(initial("T"), silent())
    assert (state.severity, state.state) == ("general", "accepted")
    assert decide(state, silent()) == []


def test_an_emergency_line_is_on_record_with_its_number_by_whom_and_when() -> None:
    earlier = NOW - timedelta(minutes=3)
    before = ticket_in("in_progress")
    (told,) = decide(before, command_of(desk.RecordHandOver, "operator", happened_at=earlier))
    assert (told.line, told.reference, told.at, told.by.id) == ("119", "A-1", earlier, "a-operator")
    then = evolve(before, told)
    assert isinstance(decide(then, command_of(desk.RecordHandOver, "operator"))[0], Refusal)
    (other,) = decide(then, command_of(desk.RecordHandOver, "operator", line="120"))
    assert isinstance(other, ticket.EmergencyHandedOver)
    assert then.state == "in_progress"


def heard(kind: Any, n: int, device: str = "a", **more: Any) -> CloudEvent[Any]:
    said = kind(device=device, kind="smoke", grid="g", **more)
    return CloudEvent(specversion="1.0", id=f"e{n}", source="urn:s", type="t", time=NOW, data=said)


def test_each_event_of_a_device_finds_its_ticket_in_their_order() -> None:
    smoke: dict[str, Any] = {"severity": "urgent"}
    events = [
        heard(intake.SensorCleared, 0), heard(intake.SensorRaised, 1, **smoke),
        heard(intake.SensorRaised, 2, **smoke), heard(intake.SensorOffline, 3),
        heard(intake.SensorCleared, 4), heard(intake.SensorOffline, 5),
        heard(intake.SensorRaised, 6, "b", **smoke), heard(intake.SensorRaised, 7, "c", **smoke),
    ]  # fmt: skip
    devices = [Device("urn:s", "a"), Device("urn:s", "b", ticket="OPEN"), Device("urn:s", "c", ticket="OVER")]
    nobody, first, burst, offline, over, still, open_, anew = addressed(devices, {"OPEN"}, events)
    assert nobody is None
    assert first == burst == over
    assert offline == still != first
    assert open_ == "OPEN"
    assert anew not in ("OVER", first, offline, None)


def test_an_offer_of_an_ordinary_ticket_leaves_it_as_it_was() -> None:
    assert evolve(ticket_in("dispatching", desk=None), OFFERED).desk is None
