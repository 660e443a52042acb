"""Rating keys against a real PostgreSQL: the last ones hold, and ten thousand guesses come to nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg.rows import TupleRow

from chassis.effect import Effects
from chassis.model import Model, Stimulus
from chassis.settings import Settings
from chassis.tally import Tally
from contracts import evaluation, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import type_of
from contracts.intake import RatingGiven
from contracts.numbering import ticket_number
from deploy.local.endpoints import Endpoints
from services.evaluation import domain, key_store, store
from services.evaluation.service import EvaluationService
from tests.integration.own_database import own_database

NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
SECRET = "s" * 40
EFFECTS = Effects(Model(evaluation, domain, store), {}, shards=4, attempts=6)
NO = ticket_number("urn:test", "1")
Tx = psycopg.Connection[TupleRow]


@pytest.fixture(scope="module")
def migrated(servers: Endpoints) -> Iterator[str]:
    """A database of these tests alone, as the evaluation service sees it."""
    with own_database(servers, "evaluation", "rating_keys") as url:
        yield url


@pytest.fixture
def tx(migrated: str) -> Iterator[Tx]:
    """An open transaction in which the requester of one ticket is asked; it leaves nothing behind."""
    with psycopg.connect(migrated) as connection:
        facts = (
            ticket.TicketReceived(source="s", external_id="1", channel="resident", severity="general"),
            ticket.TicketVerified(by="rule"),
        )
        told = (domain.Observe(fact=fact, happened_at=NOON, now=NOON, window=604_800) for fact in facts)
        stimuli = [Stimulus(NO, lambda known, command=command: command) for command in told]  # type: ignore[misc]
        EFFECTS.of_stimuli(connection, stimuli, NOON, Tally())
        yield connection
        connection.rollback()


def rating(number: int, publisher: str | None = "portal", **shown: str) -> Stimulus:
    """A rating as it comes through the broker, and what the service makes of it."""
    service = EvaluationService()
    service.settings = Settings(amqp_url="", database_url="", evaluation_token=SECRET)
    said = RatingGiven(ticket=NO, resolved="yes", satisfaction="satisfied", **shown)
    event: CloudEvent[Any] = CloudEvent(
        specversion="1.0", id=f"r{number}", source="urn:portal", type=type_of(RatingGiven), time=NOON,
        data=said, partitionkey=NO,
    )  # fmt: skip
    return Stimulus(NO, partial(service.rate, event), event, publisher)


def taken(tx: Tx, *stimuli: Stimulus, at: datetime = NOON) -> list[str]:
    """What is published and answered."""
    tally = Tally()
    EFFECTS.of_stimuli(tx, stimuli, at, tally)
    return [message.body for message in tally.messages]


def test_the_last_three_keys_hold_and_older_ones_do_not(tx: Tx) -> None:
    keys = [key_store.make(tx, SECRET, [NO], "notification", NOON)[0] for _ in range(4)]
    (refused,) = taken(tx, rating(1, token=keys[0].token))
    assert '"status":403' in refused
    (fact,) = taken(tx, rating(2, token=keys[1].token))
    assert '"way":"link"' in fact


def test_ten_thousand_guesses_of_a_code_are_stopped_and_the_link_still_holds(tx: Tx) -> None:
    (key,) = key_store.make(tx, SECRET, [NO], "notification", NOON)
    codes = [code for n in range(10_001) if (code := f"{n:06d}") != key.code][:10_000]
    answers: list[str] = []
    for hour in range(20):
        batch = [rating(n, code=codes[n]) for n in range(hour * 500, hour * 500 + 500)]
        answers += taken(tx, *batch, at=NOON + timedelta(hours=hour))
    assert sum('"status":403' in answer for answer in answers) == 15
    assert sum('"status":429' in answer for answer in answers) == 10_000 - 15
    (locked,) = taken(tx, rating(10_001, code=key.code), at=NOON + timedelta(days=2))
    assert '"status":429' in locked
    (fact,) = taken(tx, rating(10_002, token=key.token), at=NOON + timedelta(days=2))
    assert "RatingSubmitted" in fact


@pytest.mark.parametrize(("publisher", "answer"), [("portal", '"status":403'), ("intake", '"way":"trusted"')])
def test_only_trusted_publishers_rate_without_a_key(tx: Tx, publisher: str, answer: str) -> None:
    (said,) = taken(tx, rating(1, publisher))
    assert answer in said


def test_nobody_is_made_a_key_for_what_is_not_asked(tx: Tx) -> None:
    assert key_store.make(tx, SECRET, [ticket_number("urn:test", "2")], "notification", NOON) == []
    assert key_store.make(tx, SECRET, [NO], "notification", NOON + timedelta(days=8)) == []
