"""Anybody says anything at any time: the ticket stays on the table, and loses neither clock nor number."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chassis.fold import fold
from chassis.model import Model, Stimulus
from contracts import ticket
from contracts.actor import Actor
from contracts.event import Event, publisher_of
from contracts.intake import RequestSubmitted
from contracts.problem import Refusal
from contracts.terms import Role
from services.ticket import commands, desk, domain, letters, orders, store
from services.ticket.letters import Letter
from services.ticket.life import LIVE, MOVES, OPEN, initial
from services.ticket.moves import KNOWN, TABLE
from services.ticket.state import Ticket
from tests.unit.ticketing import (
    ARRIVED,
    BITTER,
    BUILDING,
    BY_DESK,
    CALENDAR,
    CALLED,
    CONTACTED,
    DAY,
    DISPUTED,
    DONE,
    EXPIRED,
    HAPPY,
    LI,
    MISSED,
    NOW,
    OFFERED,
    PRIMARY,
    RETURNED,
    REVOKED,
    RULED,
    RULES,
    SAID,
    STARTED,
    TAKEN,
    UNHAPPY,
    UNRATED,
    Known,
    order_in,
    raised,
    silent,
    timed,
)

FACTS = (
    STARTED, OFFERED, TAKEN, RETURNED, REVOKED, EXPIRED, DISPUTED, RULED, CONTACTED, DONE, HAPPY, UNHAPPY,
    BITTER, UNRATED, CALLED, ARRIVED, MISSED,
)  # fmt: skip
ORDERS: tuple[type[desk.Order], ...] = tuple(
    kind for kind in vars(desk).values()
    if isinstance(kind, type) and issubclass(kind, desk.Order) and kind is not desk.Order
)  # fmt: skip
PEOPLE = st.builds(Actor, role=st.sampled_from(get_args(Role)), id=st.sampled_from(["li", "an", "bo"]))
SEVERITY = st.sampled_from(["general", "urgent", "emergency"])
LATER = st.sampled_from([timedelta(0), timedelta(minutes=7), timedelta(hours=30), 4 * DAY, 20 * DAY])
MODEL = Model(ticket, domain, store)


@st.composite
def spoken_orders(draw: Any, kind: type[desk.Order]) -> Any:
    told = dict(SAID.get(kind, {}))
    if kind is desk.ChangeSeverity:
        told = {"severity": draw(SEVERITY), "reason_code": draw(st.sampled_from([None, "calmed"]))}
    return spoken(kind, draw(PEOPLE), told)


def spoken(kind: type[desk.Order], actor: Actor, told: dict[str, Any]) -> Any:
    def command(at: datetime) -> desk.Order:
        review = {"review_at": at + 9 * DAY} if "review_at" in told else {}
        return kind(actor=actor, at=at, rules=RULES, calendar=CALENDAR, **(told | review))

    return command


@st.composite
def triages(draw: Any) -> Any:
    actor, severity = draw(PEOPLE), draw(SEVERITY)
    grid = draw(st.sampled_from([BUILDING, BUILDING, "elsewhere", None]))
    category = draw(st.sampled_from(["lighting", "lighting", "119"]))
    return triage(actor, severity, grid, category)


def triage(actor: Actor, severity: str, grid: str | None, category: str) -> Any:
    return lambda at: commands.TriageTicket(
        category=category, severity=severity, grid=grid, at=at, rules=RULES, calendar=CALENDAR, actor=actor
    )


@st.composite
def others(draw: Any) -> Any:
    fact, rules = draw(st.sampled_from(FACTS)), draw(st.sampled_from([RULES, BY_DESK]))
    return lambda at: commands.Observe(fact=fact, at=at, rules=rules, calendar=CALENDAR)


@st.composite
def cancels(draw: Any) -> Any:
    actor, confirmed = draw(PEOPLE), draw(st.booleans())
    return lambda at: commands.CancelTicket(reason_code="solved", confirmed=confirmed, actor=actor)


def register(at: datetime) -> commands.RegisterRequest:
    request = RequestSubmitted(external_id="7", channel="resident", title="路灯", grid=BUILDING)
    return commands.RegisterRequest(source="urn:s", request=request, at=at, rules=RULES, calendar=CALENDAR)


def post(*bodies: Any, senders: Sequence[str] = ("P",)) -> Any:
    """Letters of the ticket `P`, which leads this one or follows it; or of others."""
    written = tuple(Letter(ticket="T", sender=sender, body=body) for sender in senders for body in bodies)
    return lambda at: commands.ReadLetters(letters=written, at=at, rules=RULES, calendar=CALENDAR)


def look(at: datetime) -> commands.RingAlarm:
    return commands.RingAlarm(at=at, rules=RULES, calendar=CALENDAR)


def checked(at: datetime) -> orders.CheckVisit:
    visit = orders.Visit(ticket="T", kind="visit", visit_at=at - DAY, confirm_by=at, opened=True,
                         order=order_in("active"))  # fmt: skip
    return orders.CheckVisit(visit=visit, at=at, rules=RULES, calendar=CALENDAR)


HANDLED = ticket.TicketHandled(
    assignment="a1", assignee="li", assignee_kind="grid_officer", resolved="yes", on_time=True
)
PRIMARYS = (
    HANDLED, ticket.TicketVerified(by="rule"), ticket.ReworkRequested(by=LI, reason_code="x", number=1),
    ticket.TicketReopened(reworks=1, resolved="no", satisfaction="dissatisfied"),
    ticket.TicketClosed(rated=False, at=NOW), ticket.TicketClosed(rated=False, at=NOW, final=True),
    ticket.TicketCancelled(reason_code="solved"), ticket.TicketTransferred(line="119", reason_code="119"),
    ticket.TicketDeclined(reason_code="court", statutory_path="court", by="an"),
)  # fmt: skip
BODIES = (
    letters.Joining(repeat=False), letters.Leaving("mistake"), letters.NotTaken(),
    letters.Unhappy("no", "dissatisfied"), letters.NotReopened("no", "dissatisfied"),
    letters.Progress("handled"), letters.Ended("cancelled"),
    *map(letters.moved, PRIMARYS),
)  # fmt: skip
MERGES = st.sampled_from([(commands.MergeTicket, role) for role in ("rule", "operator")])
TIMED: dict[type, Any] = {
    orders.CheckVisit: checked,
    commands.RaiseAlarm: raised,
    commands.ReportOffline: silent,
    commands.ClearAlarm: lambda at: timed(commands.ClearAlarm, at),
    commands.RepeatAlarm: lambda at: timed(commands.RepeatAlarm, at),
}
"""What no person says."""
UNWANTED = (commands.CancelTicket, commands.RegisterRequest)
QUIET = (orders.CheckVisit, commands.ReportOffline, commands.ClearAlarm, commands.RepeatAlarm)


ANYTHING = st.one_of(
    st.sampled_from(ORDERS).flatmap(spoken_orders), others(), others(), triages(), cancels(),
    st.just(look), st.sampled_from([TIMED[kind] for kind in QUIET]),
    st.sampled_from(BODIES).map(post), MERGES.map(lambda merge: _with_another(*merge)),
)  # fmt: skip
STEPS = st.lists(st.tuples(LATER, ANYTHING), max_size=20)
PAUSES = (timedelta(0), timedelta(minutes=7), timedelta(hours=5), DAY, 5 * DAY)


def sensible(state: Ticket, pick: int) -> Any:
    """What somebody may do in this state, as far as state and role go; nobody cancels."""
    rows = [[(on, role) for on in row.on for role in row.who if on not in UNWANTED]
            for row in TABLE if state.state in row.states]  # fmt: skip
    fitting = [row for row in rows if row]
    row = fitting[pick % len(fitting)] if fitting else [(commands.RingAlarm, "timer")]
    pick //= max(len(fitting), 1)
    on, role = row[pick % len(row)]
    if on is commands.RingAlarm:
        return look
    if on in (commands.MergeTicket, commands.ReadLetters, commands.SuspectDuplicate):
        return _with_another(on, role, state)
    if on in TIMED:
        return TIMED[on]
    if issubclass(on, Event):
        return _seen(
            next(fact for fact in FACTS if type(fact) is on), BY_DESK if pick // len(row) % 2 else RULES
        )
    actor = Actor(role=role, id="li" if role == "assignee" else "an")  # type: ignore[arg-type]
    if issubclass(on, desk.Order):
        return spoken(on, actor, SAID.get(on, {}))
    if on is commands.TriageTicket:
        return triage(actor, "urgent", BUILDING, "lighting")
    return lambda at: commands.DeclineTicket(reason_code="court", statutory_path="court", actor=actor, at=at)


def walk(steps: Sequence[tuple[timedelta, Any]], first: Any = register) -> set[str]:
    """Plays the steps through the fold of the service; returns the states on the way."""
    state, at, paused, reached = initial("T"), NOW, 0.0, set[str]()
    for later, step in [(timedelta(0), first), *steps]:
        at += later
        make = sensible(state, step) if isinstance(step, int) else step
        facts = domain.decide(state, make(at))
        walked = _walked(state, facts)
        state = _folded(state, make(at), at)
        assert replace(walked, sequence=state.sequence) == state
        paused += _stood(facts)
        assert state.more.paused == pytest.approx(paused)
        assert state.state in ("new", *KNOWN)
        _clock_is_kept(state)
        reached |= {state.state, *(["disputed"] if state.more.objection else [])}
    return reached


def _folded(state: Ticket, command: Any, at: datetime) -> Ticket:
    """The ticket as the service's own fold leaves it; its facts are numbered on without a gap."""
    folded = fold(MODEL, {"T": state}, [Stimulus("T", lambda _: command)], Known(at))
    numbers = [int(event.sequence or 0) for event in folded.published]
    assert numbers == list(range(state.sequence + 1, state.sequence + 1 + len(numbers)))
    changed: Sequence[Ticket] = folded.changes.states
    return changed[0] if changed else state


def _stood(facts: list[Any]) -> float:
    ended = [fact for fact in facts if isinstance(fact, ticket.TicketResumed | ticket.InfoProvided)]
    return sum((fact.at - fact.paused_at).total_seconds() for fact in ended)


def _walked(state: Ticket, facts: list[Any]) -> Ticket:
    assert len(facts) == 1 or not any(isinstance(fact, Refusal) for fact in facts)
    for fact in facts:
        if isinstance(fact, Refusal):
            continue
        before, state = state, domain.evolve(state, fact)
        assert state.state == MOVES.get((before.state, type(fact)), before.state)
        if isinstance(fact, Event) and publisher_of(type(fact)) == "ticket":
            moving = type(fact) in {move for _, move in MOVES}
            assert not moving or (before.state, type(fact)) in MOVES, "our own fact was no legal move"
    return state


def _clock_is_kept(state: Ticket) -> None:
    """Whatever is open is due at some time, and somebody will be told unless the highest are told already."""
    if state.state in (*OPEN, "handled") and not state.more.primary:
        assert state.clock
        assert state.due_at
        assert state.alarm_at or state.more.supervision
    disputed = state.more.objection
    if disputed:
        alarms = [at for at in (disputed.alarm_at, disputed.ticket_alarm_at) if at]
        assert state.state == "dispatching"
        assert state.alarm_at == min(alarms, default=None)
    alarm = state.more.alarm
    if alarm and state.state in OPEN and not alarm.cleared:
        assert alarm.reacted or alarm.again_at, "an alarm nobody has reacted to is never raised again"
    assert (state.more.pause is not None) == (state.state in ("pending_info", "suspended"))


def _seen(fact: Event, rules: Any = RULES) -> Any:
    return lambda at: commands.Observe(fact=fact, at=at, rules=rules, calendar=CALENDAR)


def sensibly(chance: random.Random, number: int) -> list[tuple[timedelta, Any]]:
    """Steps that pick a row of the table which fits the state, so that walks come far."""
    return [(chance.choice(PAUSES), chance.randrange(10_000)) for _ in range(number)]


def _with_another(on: type, role: str, state: Ticket | None = None) -> Any:
    """What has to do with a ticket `P`, which this one may follow; or with its children."""
    if role == "child" and state:
        return post(letters.Progress("handled"), senders=[child.number for child in state.more.children])
    if on is commands.MergeTicket:
        actor = None if role == "rule" else Actor(role="operator", id="an")
        return lambda at: commands.MergeTicket(
            primary=replace(PRIMARY, received_at=at, severity="emergency"), at=at, rules=RULES, actor=actor
        )
    if on is commands.SuspectDuplicate:
        alike = [ticket.Alike(ticket="P", likeness=80)]
        return lambda at: commands.SuspectDuplicate(ticket="T", alike=alike)
    return post(*BODIES)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 1_000_000), STEPS)
def test_no_order_of_commands_loses_state_clock_or_number(
    seed: int, wild: list[tuple[timedelta, Any]]
) -> None:
    chance = random.Random(seed)
    first = register if seed % 3 else raised
    walk([step for one in wild for step in (*sensibly(chance, 3), one)] + sensibly(chance, 10), first)


def test_the_walk_reaches_every_state() -> None:
    """So that the property is not one of tickets that never leave the door."""
    reached = {state for seed in range(300) for state in walk(sensibly(random.Random(seed), 60))}
    assert reached >= {*LIVE, "closed", "declined", "merged", "disputed"}
