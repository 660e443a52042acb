"""Scores of departments against a real PostgreSQL: three raters are told, two are not, none by itself."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from typer.testing import CliRunner

from chassis.effect import Effects
from chassis.model import Model
from cli.main import app
from cli.place import Place
from contracts import dispatch, evaluation, ticket
from contracts.actor import Actor
from contracts.intake import DepartmentScored
from deploy.local.endpoints import Endpoints
from services.evaluation import domain, score_store, store
from services.evaluation.scoresheet import Row, told
from services.evaluation.scoring import ScoreDepartment
from tests.integration.own_database import Tx, given, own_database, untouched

OCTOBER = datetime(2026, 10, 16, 4, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 2, 4, tzinfo=UTC)
STREET, ONE, TWO = "990101001000", "990101001001", "990101001002"
EFFECTS = Effects(Model(evaluation, domain, store), {}, shards=4, attempts=6)
Score = tuple[str, str, str, int]


@pytest.fixture(scope="module")
def migrated(servers: Endpoints) -> Iterator[str]:
    """A database of these tests alone, as the evaluation service sees it."""
    with own_database(servers, "evaluation", "scores") as url:
        yield url


@pytest.fixture
def tx(migrated: str) -> Iterator[Tx]:
    """An open transaction of the evaluation service that leaves nothing behind."""
    with untouched(migrated) as tx:
        yield tx


def observed(fact: Any) -> domain.Observe:
    return domain.Observe(fact=fact, happened_at=OCTOBER, now=OCTOBER, window=604_800)


def worked(tx: Tx) -> None:
    """T1 lies in the one community and T2 in the other; water and parks have worked on both."""
    for number, community in (("T1", ONE), ("T2", TWO)):
        received = ticket.TicketReceived(
            source="urn:test", external_id=number, channel="resident", severity="general",
            grid=f"{community}01",
        )  # fmt: skip
        facts = [received, *(accepted(number, unit) for unit in ("water", "parks"))]
        given(EFFECTS, tx, [(number, observed(fact)) for fact in facts], OCTOBER)


def accepted(number: str, unit: str) -> dispatch.AssignmentAccepted:
    return dispatch.AssignmentAccepted(
        assignment=f"{number}-{unit}", assignee=f"{unit}-1", kind="department", hop=1,
        contact_due_at=OCTOBER, unit=unit,
    )  # fmt: skip


def scored(tx: Tx, *scores: Score, at: datetime = OCTOBER) -> list[str]:
    """Scores, all of one batch: ticket, department, rater, score; returns what went out."""
    commands = [
        (
            number,
            ScoreDepartment(
                said=DepartmentScored(
                    ticket="7K3M-9QXR-2B4D-T8WZ", actor=Actor(role="supervisor", id="chen"),
                    department=department, rater=rater, score=score,
                ),
                at=at,
                event=f"{number}-{department}-{rater}-{score}",
            ),
        )
        for number, department, rater, score in scores
    ]  # fmt: skip
    return given(EFFECTS, tx, commands, at)


ALL: list[Score] = [
    ("T1", "water", ONE, 5), ("T2", "water", TWO, 2), ("T1", "water", STREET, 4), ("T2", "water", STREET, 2),
    ("T1", "parks", ONE, 1), ("T2", "parks", STREET, 1),
]  # fmt: skip


def test_three_raters_are_told_and_two_are_not(tx: Tx) -> None:
    worked(tx)
    assert scored(tx, *ALL) == []
    # (5 + 2 + 4 + 2) / 4 = 3.25; parks has only the one community and the subdistrict
    assert told(score_store.sums(tx, "2026-10")) == [
        Row(department="parks"), Row(department="water", raters=3, scores=4, mean=3.25),
    ]  # fmt: skip
    assert score_store.sums(tx, "2026-11") == []


def test_a_rater_who_scores_again_replaces_what_he_said_also_in_the_same_batch(tx: Tx) -> None:
    worked(tx)
    scored(tx, *ALL, ("T1", "water", ONE, 3))
    scored(tx, ("T2", "water", TWO, 1))
    # (3 + 1 + 4 + 2) / 4 = 2.5
    assert told(score_store.sums(tx, "2026-10"))[1].mean == 2.5
    assert not tx.execute(score_store.KEPT, ["T1", f"T1-water-{ONE}-5"]).fetchall()
    assert tx.execute(score_store.KEPT, ["T1", f"T1-water-{ONE}-3"]).fetchall() == [("2026-10",)]


def test_a_month_that_is_over_never_changes(tx: Tx) -> None:
    worked(tx)
    scored(tx, *ALL)
    before = score_store.sums(tx, "2026-10")
    scored(tx, ("T1", "water", ONE, 1), ("T2", "parks", TWO, 5), at=NOVEMBER)
    assert score_store.sums(tx, "2026-10") == before
    assert [(each.department, each.scores) for each in score_store.sums(tx, "2026-11")] == [("parks", 1)]


def test_what_one_rater_said_is_in_its_table_alone(tx: Tx) -> None:
    worked(tx)
    scored(tx, *ALL)
    with tx.cursor(row_factory=dict_row) as cursor:
        cases = cursor.execute("SELECT aside FROM casefile ORDER BY id").fetchall()
    assert {key for case in cases for one in case["aside"]["scored"] for key in one} == {
        "department", "rater", "month",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_the_report_shows_no_number_of_a_department_with_two_raters(
    migrated: str, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    @contextlib.contextmanager
    def transaction(place: Place, service: str) -> Iterator[Tx]:
        with psycopg.connect(migrated) as connection:
            worked(connection)
            scored(connection, *ALL)
            yield connection
            connection.rollback()

    monkeypatch.setattr(Place, "transaction", transaction)
    done = CliRunner().invoke(app, ["report", "departments", "2026-10", "--format", form])
    assert done.exit_code == 0, done.output
    if form == "json":
        few, many = json.loads(done.output)
        assert few == {"department": "parks", "raters": None, "scores": None, "mean": None}
        assert many == {"department": "water", "raters": 3, "scores": 4, "mean": 3.25}
        return
    few, many = (line for line in done.output.splitlines() if line.startswith(("parks", "water")))
    assert few.replace(",", " ").split() == ["parks", "fewer", "than", "3", "raters"]
    assert many.replace(",", " ").split() == ["water", "3", "4", "3.25", "yes"]


def test_nothing_is_told_of_a_month_that_is_not_over() -> None:
    done = CliRunner().invoke(app, ["report", "departments", "9999-12"])
    assert (done.exit_code, "not over yet" in done.output) == (1, True)
    assert CliRunner().invoke(app, ["report", "departments", "2026-13"]).exit_code == 2
