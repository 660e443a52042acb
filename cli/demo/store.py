"""The account of a demo in SQL, from the databases alone: it shares no code with the services it checks."""

from collections.abc import Sequence
from typing import Any

from chassis.database import Tx

Requests = Sequence[tuple[str, str]]
"""The requests of this demo: (source, external id)."""

OURS = """
ours AS (SELECT t.* FROM ticket t
         JOIN unnest(%(sources)s::text[], %(ids)s::text[]) AS asked (source, external_id)
         USING (source, external_id))
"""
STATES = f"WITH {OURS} SELECT state, count(*) FROM ours GROUP BY state"
TICKETS = f"WITH {OURS} SELECT id, source, external_id, state, grid, assignee_kind, due_at > now() FROM ours"
FACTS = f"""
WITH {OURS}
SELECT h.ticket, h.source, h.sequence, h.type, h.data, o.assignee_kind, o.grid, o.state
FROM history h JOIN ours o ON o.id = h.ticket ORDER BY h.no
"""
PULSE = "SELECT coalesce(max(no), 0) FROM history"
PUBLISHED = "SELECT body FROM outbox WHERE exchange = %s"


def _named(requests: Requests) -> dict[str, list[str]]:
    return {"sources": [source for source, _ in requests], "ids": [id_ for _, id_ in requests]}


def states(tx: Tx, requests: Requests) -> dict[str, int]:
    """How many of the requests are in each state."""
    return dict(tx.execute(STATES, _named(requests)).fetchall())


def tickets(tx: Tx, requests: Requests) -> list[tuple[Any, ...]]:
    """(number, source, external id, state, grid, kind of assignee, deadline is ahead) of each ticket."""
    return tx.execute(TICKETS, _named(requests)).fetchall()


def facts(tx: Tx, requests: Requests) -> list[tuple[Any, ...]]:
    """(ticket, publisher, sequence, type, data, kind of assignee, grid, state) of every fact."""
    return tx.execute(FACTS, _named(requests)).fetchall()


def pulse(tx: Tx) -> int:
    """A number that grows with every fact of any ticket."""
    row = tx.execute(PULSE).fetchone()
    assert row is not None
    return int(row[0])


def published(tx: Tx, service: str) -> list[str]:
    """The bodies of all messages that a service has committed to publish."""
    return [body for (body,) in tx.execute(PUBLISHED, [f"{service}.events"])]
