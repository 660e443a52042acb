"""Cases against a real PostgreSQL: what a day of facts comes to in the report, and windows that end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from msgspec import convert

from chassis.effect import Effects
from chassis.model import Model, Stimulus
from chassis.policy import in_force
from chassis.tally import Tally
from contracts import dispatch, evaluation, ticket
from contracts.actor import Actor
from contracts.cloudevent import CloudEvent
from contracts.event import type_of
from contracts.intake import CallbackMade, RatingGiven
from contracts.numbering import ticket_number
from deploy.local.endpoints import Endpoints
from services.evaluation import domain, store
from services.evaluation.callback import Calls, RecordCall
from services.evaluation.case import Proof
from services.evaluation.rating import Limits, TakeRating
from services.evaluation.report import overall, rates_by
from tests.integration.own_database import Tx, given, own_database, untouched

DATABASE = "evaluation_report"
NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
WEEK = 7 * 86_400.0
EFFECTS = Effects(Model(evaluation, domain, store), {}, shards=4, attempts=6)


@pytest.fixture(scope="module")
def migrated(servers: Endpoints) -> Iterator[str]:
    """A database of these tests alone, as the evaluation service sees it."""
    with own_database(servers, "evaluation", DATABASE) as url:
        yield url


@pytest.fixture
def tx(migrated: str) -> Iterator[Tx]:
    """An open transaction of the evaluation service that leaves nothing behind."""
    with untouched(migrated) as tx:
        yield tx


def effect(tx: Tx, *commands: tuple[str, Any], now: datetime = NOON) -> list[str]:
    """Gives commands, each with its ticket, their effect in one batch; returns what is published."""
    return given(EFFECTS, tx, commands, now)


def told(fact: Any) -> domain.Observe:
    return domain.Observe(fact=fact, happened_at=NOON, now=NOON, window=WEEK)


def handled_by(number: str, assignee: str, kind: Any, in_time: bool, on_time: bool = True) -> Iterator[Any]:
    """The facts of a ticket from its reception until the requester is asked."""
    facts = [
        ticket.TicketReceived(
            source="urn:hotline:12345", external_id=number, channel="hotline_12345", severity="general"
        ),
        ticket.TicketAccepted(
            category="elderly_care", severity="general", grid="C1", channel="hotline_12345",
            source="urn:hotline:12345",
        ),
        dispatch.AssignmentAccepted(
            assignment=number, assignee=assignee, kind=kind, hop=1, unit="U1",
            contact_due_at=NOON + timedelta(hours=1),
        ),
        dispatch.FirstContactMade(assignment=number, assignee=assignee, in_time=in_time),
        ticket.TicketHandled(
            assignment=number, assignee=assignee, assignee_kind=kind, resolved="yes", on_time=on_time
        ),
        ticket.TicketVerified(by="rule"),
    ]  # fmt: skip
    return ((number, told(fact)) for fact in facts)


def answered(number: str, resolved: Any, satisfaction: Any) -> list[tuple[str, Any]]:
    said = RatingGiven(ticket=number, resolved=resolved, satisfaction=satisfaction)
    limits = Limits(attempts=5, seconds=3600, locks=3)
    return [(number, TakeRating(said=said, at=NOON, limits=limits, proof=Proof(way="trusted")))]


def closed(number: str, rated: bool) -> list[tuple[str, Any]]:
    return [(number, told(ticket.TicketClosed(rated=rated)))]


def a_day(tx: Tx) -> None:
    """An officer has a good, a partly resolved and an unrated ticket; a property company a reopened one."""
    effect(tx, *handled_by("T1", "officer", "grid_officer", in_time=True))
    effect(tx, *answered("T1", "yes", "very_satisfied"), *closed("T1", rated=True))
    effect(tx, *handled_by("T2", "officer", "grid_officer", in_time=False))
    effect(tx, *answered("T2", "partly", "basically_satisfied"), *closed("T2", rated=True))
    effect(tx, *handled_by("T3", "officer", "grid_officer", in_time=True, on_time=False))
    effect(tx, ("T3", domain.ExpireRating()), *closed("T3", rated=False))
    effect(tx, *handled_by("T4", "property", "property_company", in_time=True))
    reopened = ticket.TicketReopened(reworks=1, resolved="no", satisfaction="dissatisfied")
    effect(tx, *answered("T4", "no", "dissatisfied"), ("T4", told(reopened)))


def test_the_report_counts_each_assignee_by_the_closed_cases(tx: Tx) -> None:
    a_day(tx)
    rows = {row.key: row for row in rates_by(tx, "assignee")}
    officer = rows["officer"].rates
    assert officer.response_rate == pytest.approx(2 / 3)
    assert officer.resolution_rate == pytest.approx(1 / 2)
    assert officer.satisfaction_rate == 1.0
    assert officer.coverage == pytest.approx(2 / 3)
    assert officer.on_time_rate == pytest.approx(2 / 3)
    assert officer.composite == pytest.approx(0.30 * 2 / 3 + 0.35 * 1 / 2 + 0.35)
    company = rows["property"].rates
    assert (company.rework_rate, company.coverage, company.satisfaction_rate) == (1.0, None, None)


def test_a_reopened_case_counts_with_the_answer_of_its_last_round(tx: Tx) -> None:
    a_day(tx)
    effect(tx, ("T4", told(ticket.TicketVerified(by="rule", reworks=1))))
    effect(tx, *answered("T4", "yes", "satisfied"), *closed("T4", rated=True))
    (company,) = [row for row in rates_by(tx, "kind") if row.key == "property_company"]
    assert (company.counts.rated, company.counts.resolved_yes, company.counts.reworked) == (1, 1, 1)


@pytest.mark.parametrize(
    ("dimension", "keys"),
    [
        ("unit", ["U1"]), ("grid", ["C1"]), ("category", ["elderly_care"]), ("source", ["urn:hotline:12345"]),
        ("severity", ["general"]), ("kind", ["grid_officer", "property_company"]), ("month", ["2026-11"]),
    ],
)  # fmt: skip
def test_every_dimension_shows_all_cases(tx: Tx, dimension: str, keys: list[str]) -> None:
    a_day(tx)
    rows = rates_by(tx, dimension)
    assert [row.key for row in rows] == keys
    assert sum(row.counts.cases for row in rows) == 4


def test_months_are_those_of_the_requester(tx: Tx) -> None:
    new_year_in_china = datetime(2026, 12, 31, 17, tzinfo=UTC)
    received = ticket.TicketReceived(source="s", external_id="1", channel="resident", severity="general")
    effect(tx, ("T9", domain.Observe(fact=received, happened_at=new_year_in_china, now=NOON, window=WEEK)))
    assert rates_by(tx, "month") == []  # there is nothing to judge yet
    effect(tx, ("T9", told(ticket.TicketCancelled(reason_code="solved"))))
    assert [row.key for row in rates_by(tx, "month")] == ["2027-01"]


def test_all_cases_together_and_none_at_all(tx: Tx) -> None:
    nothing = overall(tx)
    assert (nothing.counts.cases, nothing.rates.coverage) == (0, None)
    a_day(tx)
    assert (overall(tx).counts.cases, overall(tx).counts.closed, overall(tx).counts.rated) == (4, 3, 2)


def test_only_windows_that_are_over_end_and_each_is_published_once(tx: Tx) -> None:
    effect(tx, *handled_by("T1", "officer", "grid_officer", in_time=True))
    assert store.windows_over(tx, NOON + timedelta(days=6), 200) == []
    later = NOON + timedelta(days=8)
    assert store.windows_over(tx, later, 200) == ["T1"]
    (body,) = effect(tx, ("T1", domain.ExpireRating()), now=later)
    assert "cn.fengge.evaluation.RatingExpired.v1" in body
    assert store.windows_over(tx, later, 200) == []


def test_who_has_not_rated_is_to_be_called_late_in_the_window_and_three_times_at_most(tx: Tx) -> None:
    effect(tx, *handled_by("T1", "officer", "grid_officer", in_time=True))
    rule = convert(in_force(tx)["rating_callback"].value, Calls)
    early, late = NOON + timedelta(days=2), NOON + timedelta(days=4)
    assert store.calls(tx, early, 200) == []
    said = CallbackMade(
        ticket=ticket_number("s", "1"), actor=Actor(role="operator", id="desk"), outcome="no_answer"
    )
    for made in range(3):
        assert [(row["id"], row["calls"]) for row in store.calls(tx, late, 200)] == [("T1", made)]
        (body,) = effect(tx, ("T1", RecordCall(said=said, at=late, rule=rule, trusted=True)), now=late)
        assert "cn.fengge.evaluation.CallbackMade.v1" in body
    assert store.calls(tx, late, 200) == []


def test_a_window_somebody_else_is_ending_is_left_to_them(migrated: str) -> None:
    with psycopg.connect(migrated) as one, psycopg.connect(migrated) as other:
        effect(one, *handled_by("T8", "officer", "grid_officer", in_time=True))
        one.commit()
        later = NOON + timedelta(days=8)
        assert store.windows_over(one, later, 200) == ["T8"]
        assert store.windows_over(other, later, 200) == []
        one.execute("DELETE FROM casefile")


def test_who_has_asked_twice_counts_once_in_the_coverage(tx: Tx) -> None:
    a_day(tx)
    before = overall(tx).counts.closed
    received = ticket.TicketReceived(source="s", external_id="2", channel="resident", severity="general")
    effect(tx, ("T7", told(received)), ("T7", told(ticket.TicketClosed(rated=True, resolved="yes"))))
    assert overall(tx).counts.closed == before


def rated(number: str, seconds: int) -> Stimulus:
    """The requester's portal says so many seconds after the question that he is very satisfied."""
    said = RatingGiven(ticket=number, resolved="yes", satisfaction="very_satisfied")
    event = CloudEvent[Any](
        specversion="1.0", id=number, source="urn:portal", type=type_of(RatingGiven),
        time=NOON + timedelta(seconds=seconds), data=said,
    )  # fmt: skip
    limits, proof = Limits(attempts=5, seconds=3600, locks=3), Proof(way="trusted")

    def command(known: Any) -> TakeRating:
        return TakeRating(said=said, at=NOON, limits=limits, proof=proof, seen=known.seen(event.time))

    return Stimulus(number, command, event, "world")


def two_batches(tx: Tx, ago: timedelta = timedelta()) -> None:
    """24 ratings of one assignee within a minute, said to be so long ago; the first took five seconds."""
    numbers = [ticket_number("s", str(n)) for n in range(24)]
    for number in numbers:
        effect(tx, *handled_by(number, "officer", "grid_officer", in_time=True))
    ratings = [rated(number, 30 + n if n else 5) for n, number in enumerate(numbers)]
    for batch in (ratings[:12], ratings[12:]):
        EFFECTS.of_stimuli(tx, batch, NOON + ago + timedelta(minutes=2), Tally())
    effect(tx, *(each for number in numbers for each in closed(number, rated=True)))


def test_ratings_of_one_assignee_are_seen_together_in_one_batch_and_over_several(tx: Tx) -> None:
    """Those from the 20th on came when 19 were there."""
    two_batches(tx)
    (row,) = rates_by(tx, "assignee")
    assert (row.counts.rated, row.counts.instant, row.counts.bursts) == (24, 1, 5)
    (unit,) = rates_by(tx, "unit")
    assert (unit.counts.instant, unit.counts.bursts) == (1, 5)


def test_who_says_that_he_has_rated_longer_ago_is_compared_with_nobody_before(tx: Tx) -> None:
    two_batches(tx, ago=timedelta(days=2))
    (row,) = rates_by(tx, "assignee")
    assert (row.counts.rated, row.counts.bursts) == (24, 0)
