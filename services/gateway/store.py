"""Load and save what the gateway hears: how tickets stand, and which of its events were refused."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.model import Changes, Fact, Stimulus
from chassis.rows import columns
from chassis.states import Table
from contracts.intake import EventRefused
from services.gateway import client_store, open311_store
from services.gateway.domain import FOLLOWED, Standing

COLUMNS = (
    "sequence, source, external_id, state, before, severity, category, due_at, resolved, satisfaction, "
    '"primary", received_at, updated_at'
)
STANDINGS = Table("standing", Standing, COLUMNS)
prove = STANDINGS.prove
REFUSED = """
UPDATE intake SET state = told.state, problem = told.problem, detail = told.detail
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
     AS told (source, id, state, problem, detail)
WHERE intake.source = told.source AND intake.id = told.id
"""
SHOW = f"SELECT {STANDINGS.columns} FROM standing WHERE id = %s AND source = ANY(%s) AND state <> ''"


class Known(Struct):
    """The time, and which facts anybody outside hears."""

    now: datetime
    heard: frozenset[str] = frozenset()
    senders: Mapping[tuple[str, str], str] = {}
    """Who at the broker sent what has been refused, by source and id."""

    def learn(self, fact: Fact) -> None:
        """Facts of the batch change nothing."""


def load(tx: Tx, keys: Sequence[str]) -> dict[str, Standing]:
    """How these tickets stand, locked in the order of their numbers."""
    return STANDINGS.load(tx, keys)


def know(tx: Tx, now: datetime, stimuli: Sequence[Stimulus], states: Mapping[str, Standing]) -> Known:
    """The time; who hears what as of the last second; who has sent what is refused."""
    told = [each.event.data for each in stimuli if each.event and isinstance(each.event.data, EventRefused)]
    idents = [(each.source, each.instance) for each in told if each.source and each.instance]
    return Known(now, client_store.heard(tx), client_store.senders(tx, idents))


def save(tx: Tx, changes: Changes) -> list[Standing]:
    """Writes what changed, the steps of requests, and which of the events taken in here were refused."""
    saved = STANDINGS.save(tx, changes.states)
    open311_store.note_steps(tx, [fact for fact in changes.facts if type(fact.data) in FOLLOWED])
    refused = [fact.data for fact in changes.facts if isinstance(fact.data, EventRefused)]
    rows = [_refusal(each) for each in refused if each.source and each.instance]
    if rows:
        tx.execute(REFUSED, columns(rows, 5))
    return saved


def _refusal(told: EventRefused) -> tuple[str | None, str | None, str, str, str]:
    """Source, id, state, and the last part of the problem's type, as the door calls it."""
    state = "parked" if told.parked else "refused"
    return told.source, told.instance, state, told.problem.rpartition(":")[2], told.detail


def shown(tx: Tx, number: str, sources: Sequence[str]) -> dict[str, Any] | None:
    """How a ticket of one of these sources stands; None for any other."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SHOW, [number, list(sources)]).fetchone()
