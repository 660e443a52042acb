"""Neither a page of *Flow* nor a step of its counting reads a large table from end to end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import psycopg
import pytest

from deploy.local.endpoints import Endpoints
from services.console.flow import reading, store, view_store
from services.console.flow.rolling import count_piece
from services.console.flow.slots import Period, window
from tests.integration.flowing import ACCEPTED, OFFERED, moment, stands, told

SMALL = {"flow_mark", "cell", "catalogue"}
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


class Explaining:
    """A transaction that asks for the plan of each statement before it runs it."""

    def __init__(self, tx: psycopg.Connection[Any]) -> None:
        self._tx = tx
        self.scanned: dict[str, str] = {}
        tx.execute("SET LOCAL enable_seqscan = off")

    def execute(self, statement: Any, values: Any = None) -> Any:
        self._explain(statement, values)
        return self._tx.execute(statement, values)

    def cursor(self, **options: Any) -> "ExplainingCursor":
        return ExplainingCursor(self, self._tx.cursor(**options))

    def _explain(self, statement: Any, values: Any) -> None:
        text = statement.decode() if isinstance(statement, bytes) else statement
        if text.lstrip().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            ((plan,),) = self._tx.execute(f"EXPLAIN (FORMAT JSON) {text}".encode(), values).fetchall()
            for node in nodes(plan[0]["Plan"]):
                if node["Node Type"] == "Seq Scan" and node["Relation Name"] not in SMALL:
                    self.scanned[node["Relation Name"]] = text


class ExplainingCursor:
    """The same for a cursor."""

    def __init__(self, owner: Explaining, cursor: Any) -> None:
        self._owner, self._cursor = owner, cursor

    def __enter__(self) -> "ExplainingCursor":
        return self

    def __exit__(self, *_: object) -> None:
        self._cursor.close()

    def execute(self, statement: Any, values: Any = None) -> Any:
        self._owner._explain(statement, values)
        return self._cursor.execute(statement, values)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.fixture
def tx(empty: Endpoints) -> Iterator[psycopg.Connection[Any]]:
    """A transaction of the operators' room, with a few facts to count, that leaves nothing behind."""
    with psycopg.connect(empty.database_url("postgres")) as writer:
        for number in range(3):
            ticket = f"P-{number}"
            told(writer, ticket, cause=f"outside-{number}")
            told(writer, ticket, ACCEPTED, None, 2)
            told(writer, ticket, OFFERED, None, 1, f"{ticket}.ticket.9")
            stands(writer, ticket, "dispatching", grid="F2", due_at=moment(hours=1))
        writer.execute("UPDATE console.flow_mark SET upto = 0, newest = 0")
    with psycopg.connect(empty.database_url("console")) as room:
        yield room
        room.rollback()


def test_counting_goes_by_indexes(tx: psycopg.Connection[Any]) -> None:
    explaining: Any = Explaining(tx)
    found = store.look(explaining)
    assert found.newest > found.done
    store.alone(explaining)
    assert count_piece(explaining, 0, found.newest, 1000) == found.newest
    store.passed(explaining, NOW + timedelta(days=400), 10)
    store.prune(explaining, NOW)
    assert explaining.scanned == {}


def test_pages_go_by_indexes(tx: psycopg.Connection[Any]) -> None:
    explaining: Any = Explaining(tx)
    for period in get_args(Period):
        span = window(period, NOW)
        reading.standing(explaining, NOW)
        reading.events(explaining, span, ["cn.fengge.ticket.TicketReceived.v1"])
        reading.times(explaining, span)
        reading.heat(explaining, span, "", NOW)
        reading.days(explaining, span, "")
    assert view_store.names(explaining, ["F2"]) is not None
    assert explaining.scanned == {}
