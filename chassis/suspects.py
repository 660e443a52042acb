"""Events whose handling may have killed the process: counted before each try, forgotten after it."""

from collections.abc import Sequence

from chassis.database import Tx
from chassis.delivery import Arrival

DEADLY = 3
"""Noted tries that nobody survived, after which the event is parked without another."""

TRIES = """
SELECT source, id, tries FROM suspect
WHERE (source, id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""
NOTE = """
INSERT INTO suspect (source, id, tries)
SELECT DISTINCT source, id, 1 FROM unnest(%s::text[], %s::text[]) AS noted (source, id) ORDER BY source, id
ON CONFLICT (source, id) DO UPDATE SET tries = suspect.tries + 1
"""
FORGET = "DELETE FROM suspect WHERE (source, id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"


def tries(tx: Tx, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], int]:
    """How often the handling of each of these events was begun and never ended."""
    return {(source, id_): count for source, id_, count in tx.execute(TRIES, _idents(arrivals))}


def note(tx: Tx, arrivals: Sequence[Arrival]) -> None:
    """Notes that their handling begins; to be committed before it does."""
    tx.execute(NOTE, _idents(arrivals))


def forget(tx: Tx, arrivals: Sequence[Arrival]) -> None:
    """Clears events whose handling has ended, well or badly; commits with what became of them."""
    tx.execute(FORGET, _idents(arrivals))


def _idents(arrivals: Sequence[Arrival]) -> list[list[str]]:
    return [[arrival.ident[0] for arrival in arrivals], [arrival.ident[1] for arrival in arrivals]]
