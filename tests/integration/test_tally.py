"""The tally against a real PostgreSQL: after any lives equal to a recount, read without a scan."""

import contextlib
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from chassis.effect import Effects
from chassis.model import Model
from chassis.policy import set_policy
from cli.main import app
from cli.place import Place
from contracts import dispatch, evaluation, ticket
from contracts.actor import Actor
from contracts.intake import RatingGiven
from deploy.local.endpoints import Endpoints
from services.evaluation import domain, scorecard_store, store, tally_store
from services.evaluation.case import Proof
from services.evaluation.exclusion import AskExclusion, DecideExclusion
from services.evaluation.integrity import Seen, Watch
from services.evaluation.rating import Limits, TakeRating
from services.evaluation.report import card, rates_by
from services.evaluation.settlement import Marks
from tests.integration.own_database import Tx, given, own_database, untouched
from tests.integration.recount import all_cells, recount

OCTOBER = datetime(2026, 10, 16, 4, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 20, 4, tzinfo=UTC)
BOSS = Actor(role="supervisor", id="boss")
OURS = (TakeRating, AskExclusion, DecideExclusion)
"""What others tell evaluation itself; all else are facts it observes."""
EFFECTS = Effects(Model(evaluation, domain, store), {}, shards=4, attempts=6)


@pytest.fixture(scope="module")
def migrated(servers: Endpoints) -> Iterator[str]:
    """A database of these tests alone, as the evaluation service sees it."""
    with own_database(servers, "evaluation", "tally") as url:
        yield url


@pytest.fixture
def tx(migrated: str) -> Iterator[Tx]:
    """An open transaction of the evaluation service that leaves nothing behind."""
    with untouched(migrated) as tx:
        yield tx


def effect(tx: Tx, commands: list[tuple[str, Any]], now: datetime) -> None:
    given(EFFECTS, tx, commands, now)


def told(fact: Any, at: datetime) -> domain.Observe:
    return domain.Observe(fact=fact, happened_at=at, now=at, window=604_800)


def rating(resolved: Any, satisfaction: Any, at: datetime) -> TakeRating:
    said = RatingGiven(ticket="0000-0000-0000-0000", resolved=resolved, satisfaction=satisfaction)
    seen = Seen(at=at, watch=Watch(burst_ratings=0), lately={})
    return TakeRating(
        said=said,
        at=at,
        limits=Limits(attempts=5, seconds=60, locks=3),
        proof=Proof(way="trusted"),
        seen=seen,
    )


def life(chance: random.Random, number: str, at: datetime) -> Iterator[Any]:
    """A life of a ticket as it may come, some of it early, late, twice or never."""
    who = chance.choice(["officer", "firm"])
    kind: Any = {"officer": "grid_officer", "firm": "property_company"}[who]
    assignment: dict[str, Any] = {"assignment": number, "assignee": who, "kind": kind}
    due = at + timedelta(hours=chance.randint(-2, 2))
    facts: list[Any] = [
        ticket.TicketReceived(source="s", external_id=number, channel="resident", severity="general"),
        ticket.TicketAccepted(
            category=chance.choice("xy"), severity=chance.choice(["general", "urgent"]),
            grid=chance.choice(["990101001001", "990101001002", "990102001001"]), channel="resident",
            source="s",
        ),
        dispatch.AssignmentReturned(**assignment, hop=1, code="capacity"),
        dispatch.ObjectionOpened(**assignment, cause="dispute", code="not_our_duty"),
        dispatch.ObjectionRuled(
            **assignment, hop=2, reason_code="r", by=Actor(role="adjudicator", id="judge")
        ),
        dispatch.AssignmentAccepted(**assignment, hop=2, unit=chance.choice("UV"), contact_due_at=due),
        dispatch.FirstContactMade(assignment=number, assignee=who, in_time=chance.random() < 0.7),
        dispatch.AssignmentDone(**assignment, resolved="yes", contract=chance.choice([None, "HT-1", "HT-2"])),
        ticket.TicketHandled(
            assignment=number, assignee=who, assignee_kind=kind, resolved="yes",
            on_time=chance.random() < 0.7,
        ),
        ticket.TicketVerified(by="rule"),
        rating(
            chance.choice(["yes", "partly", "no"]),
            chance.choice(["very_satisfied", "satisfied", "dissatisfied"]), at,
        ),
        ticket.TicketClosed(rated=True),
        ticket.TicketReopened(reworks=1, resolved="no", satisfaction="dissatisfied"),
        ticket.TicketVerified(by="rule", reworks=1),
        rating("yes", "very_satisfied", at),
        ticket.TicketClosed(rated=True),
    ]  # fmt: skip
    facts.insert(chance.randint(1, len(facts)), AskExclusion(ground="malicious", by=BOSS))
    for reviewer in ("one", "two", "three"):
        approved = chance.random() < 0.8
        review = DecideExclusion(approved=approved, by=Actor(role="supervisor", id=reviewer), reason_code="r")
        facts.insert(chance.randint(1, len(facts)), review)
    for fact in facts[: chance.randint(1, len(facts))]:
        if chance.random() < 0.85:
            yield fact if isinstance(fact, OURS) else told(fact, at)


def moved(command: Any, chance: random.Random) -> Any:
    """A fact that happened minutes to weeks later."""
    if not isinstance(command, domain.Observe) or isinstance(command.fact, ticket.TicketReceived):
        return command
    later = timedelta(minutes=2 ** chance.uniform(0, 17))
    return replace(command, happened_at=command.happened_at + later)


def lives(tx: Tx, chance: random.Random, count: int, at: datetime) -> None:
    """So many lives, interleaved, in batches."""
    commands = [
        (step, number, command)
        for number in (f"T{n}" for n in range(count))
        for step, command in enumerate(life(chance, number, at))
    ]
    ordered = sorted(commands, key=lambda each: (each[0] + chance.random() * 3, each[1]))
    for start in range(0, len(ordered), 50):
        effect(
            tx, [(number, moved(command, chance)) for _, number, command in ordered[start : start + 50]], at
        )


@pytest.mark.parametrize("seed", range(3))
def test_after_any_lives_the_tally_is_what_a_recount_of_the_cases_finds(tx: Tx, seed: int) -> None:
    lives(tx, random.Random(seed), 150, OCTOBER)
    later = OCTOBER + timedelta(hours=3)
    missed = store.contacts_missed(tx, later, 1000)
    assert missed
    effect(tx, [(number, domain.NoteMissedContact(at=later)) for number in missed], later)
    assert store.contacts_missed(tx, later, 1000) == []
    cells = all_cells(tx)
    assert cells == recount(tx)
    assert any(cell.excluded for cell in cells)
    assert any(cell.instant for cell in cells)
    assert any(cell.bursts for cell in cells)
    assert len({index for cell in cells for index, count in enumerate(cell.spans) if count}) > 10
    assert {cell.key for cell in cells if cell.dimension == "contract"} == {"", "HT-1", "HT-2"}


def test_an_issued_month_stays_as_it_is_and_what_changes_is_a_correction(tx: Tx) -> None:
    lives(tx, random.Random(7), 60, OCTOBER)
    assert scorecard_store.due(tx, "2026-10") == []
    assert scorecard_store.due(tx, "2026-11") == ["2026-10"]
    assert scorecard_store.issue(tx, "2026-10", NOVEMBER)
    assert not scorecard_store.issue(tx, "2026-10", NOVEMBER)
    assert scorecard_store.due(tx, "2026-11") == []
    issued = card(tx, "2026-10", "unit")
    assert (issued.issued_at, issued.corrections) == (NOVEMBER, 0)
    reopened = ticket.TicketReopened(reworks=1, resolved="no", satisfaction="dissatisfied")
    effect(tx, [(f"T{n}", told(reopened, NOVEMBER)) for n in range(60)], NOVEMBER)
    corrected = card(tx, "2026-10", "unit")
    assert corrected.corrections > 0
    assert corrected.rows == rates_by(tx, "unit", "2026-10", "2026-10")
    assert corrected.rows != issued.rows
    kept = scorecard_store.issued(tx, "2026-10", "unit")
    assert kept
    assert sum(cell.closed for cell in kept.cells) == sum(row.counts.closed for row in issued.rows)


def test_a_months_marks_are_those_of_the_policy_it_was_issued_under(tx: Tx) -> None:
    lives(tx, random.Random(7), 300, OCTOBER)
    wanted: list[dict[str, float]] = [
        {"least_rated": 1, "full": 0.0, "reduced": 0.0}, {"least_rated": 1, "full": 2, "reduced": 2},
    ]  # fmt: skip
    for value, valid_from in zip(wanted, (OCTOBER, NOVEMBER + timedelta(days=1)), strict=True):
        assert set_policy(tx, "settlement_marks", valid_from, json.dumps(value))
    assert scorecard_store.issue(tx, "2026-10", NOVEMBER)
    found = card(tx, "2026-10", "contract")
    assert found.marks == Marks(least_rated=1, full=0, reduced=0, version=2)
    assert {row.key: row.mark for row in found.rows} == {"HT-1": "full", "HT-2": "full", None: None}
    assert card(tx, "2026-10", "unit").marks is None


@pytest.mark.parametrize("table", ["scorecard", "correction"])
def test_nobody_changes_a_scorecard(tx: Tx, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        tx.execute(f"UPDATE {table} SET month = month".encode())


def test_cells_come_together_along_the_path_of_the_grid(tx: Tx) -> None:
    lives(tx, random.Random(3), 60, OCTOBER)
    for by, digits in (("district", 6), ("subdistrict", 9), ("community", 12)):
        keys = [row.key for row in rates_by(tx, by)]
        assert {key[digits:] for key in keys if key} <= {"0" * (12 - digits)}
        assert sum(row.counts.cases for row in rates_by(tx, by)) == sum(
            row.counts.cases for row in rates_by(tx, "all")
        )


def test_a_report_reads_the_tally_by_its_key_and_no_case(tx: Tx) -> None:
    tx.execute("""
        INSERT INTO tally SELECT 'unit', to_char(date '2020-01-01' + m * interval '1 month', 'YYYY-MM'),
            'U' || u,
            'rota', 0, 9, 9, 9, 9, 9, 9, 0, 0, 9, 9, 9, 0, 9, 0, 0, 0, 0
        FROM generate_series(0, 99) AS m CROSS JOIN generate_series(1, 200) AS u
    """)
    query = f"EXPLAIN (FORMAT JSON) {tally_store.CELLS}"
    ((plan,),) = tx.execute(query.encode(), ["unit", "2026-10", "2026-10"]).fetchall()
    assert "Seq Scan" not in json.dumps(plan)
    assert "tally_pkey" in json.dumps(plan)


@pytest.mark.parametrize(
    ("by", "form", "holds"),
    [("category", "table", "not issued yet"), ("category", "csv", "key,kind,cases"),
     ("category", "json", '"rows"'), ("contract", "table", "full from a composite of 80%"),
     ("contract", "csv", "in bursts,mark")],
)  # fmt: skip
def test_the_command_writes_a_months_scorecard(
    migrated: str, monkeypatch: pytest.MonkeyPatch, by: str, form: str, holds: str
) -> None:
    @contextlib.contextmanager
    def transaction(place: Place, service: str) -> Iterator[Tx]:
        with psycopg.connect(migrated) as connection:
            lives(connection, random.Random(5), 60, OCTOBER)
            yield connection
            connection.rollback()

    monkeypatch.setattr(Place, "transaction", transaction)
    done = CliRunner().invoke(app, ["report", "month", "2026-10", "--by", by, "--format", form])
    assert done.exit_code == 0, done.output
    assert holds in done.output
    assert {"category": "x", "contract": "HT-1"}[by] in done.output
    assert CliRunner().invoke(app, ["report", "month", "2026-13"]).exit_code == 2
