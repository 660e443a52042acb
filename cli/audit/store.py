"""The ledgers in SQL, as those see them who check them; shares no code with the services that keep them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime

from msgspec import Struct
from psycopg.rows import class_row

from chassis.database import Tx
from cli.place import Place

Keys = Sequence[str] | None
"""The tickets that are looked at; None for all."""

AMPLE = "SET statement_timeout = '30min'; SET work_mem = '64MB'"
ONE_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"

OURS = "(%(keys)s::text[] IS NULL OR ticket = ANY(%(keys)s))"
UNSENT_LONG = """
SELECT id, created_at, body FROM outbox
WHERE sent_at IS NULL AND created_at < now() - make_interval(secs => %s) ORDER BY id LIMIT 1000
"""
COUNTS = """
SELECT (SELECT count(*) FROM inbox) AS inbox, (SELECT count(*) FROM waiting) AS waiting,
       (SELECT count(*) FROM waiting WHERE sequence = 0) AS waiting_outside,
       (SELECT count(*) FROM parked WHERE state = 'open') AS parked,
       (SELECT count(*) FROM parked WHERE state = 'open' AND sequence = 0) AS parked_outside
"""
FORGOTTEN = """
SELECT w.partitionkey AS ticket, w.source, w.sequence, w.due_at,
       coalesce(p.sequence, 0) AS position, w.since
FROM waiting w LEFT JOIN position p USING (source, partitionkey)
WHERE coalesce(w.due_at, w.since) < now() - make_interval(secs => %s)
ORDER BY w.partitionkey, w.source, w.sequence LIMIT 1000
"""
UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
WAITING = "SELECT count(*) FROM waiting"
PARKED = "SELECT coalesce(partitionkey, ''), source, id, reason FROM parked WHERE state = 'open'"
UNEVEN = f"""
WITH run AS (
    SELECT ticket, source, max(sequence) AS last, bool_and(sequence = place) AS even
    FROM (SELECT ticket, source, sequence,
                 row_number() OVER (PARTITION BY ticket, source ORDER BY no) AS place
          FROM (SELECT ticket COLLATE "C" AS ticket, source COLLATE "C" AS source, sequence, no FROM history
                WHERE {OURS}) bytewise) numbered
    GROUP BY ticket, source),
owed AS (
    SELECT ticket COLLATE "C" AS ticket, source COLLATE "C" AS source, sequence
    FROM (SELECT partitionkey AS ticket, source, sequence FROM position
          UNION ALL SELECT id, %(own)s, sequence FROM ticket WHERE sequence > 0
          UNION ALL SELECT id, %(own)s, sequence FROM standing_order) streams
    WHERE {OURS})
SELECT ticket, source, coalesce(owed.sequence, 0)
FROM run FULL JOIN owed USING (ticket, source)
WHERE NOT coalesce(even, false) OR last IS DISTINCT FROM owed.sequence
ORDER BY ticket, source
"""
RUN = "SELECT sequence FROM history WHERE ticket = %s AND source = %s ORDER BY no"
GIVEN_UP = """
SELECT sequence FROM parked WHERE state = 'archived' AND partitionkey = %s AND source = %s AND sequence > 0
"""
TOUCHED = "SELECT DISTINCT ticket FROM history WHERE time >= %s"


class Counts(Struct, frozen=True):
    """What a service's ledger holds, in numbers; `_outside`: of events that bear no sequence."""

    inbox: int
    waiting: int
    waiting_outside: int
    parked: int
    parked_outside: int


class Forgotten(Struct, frozen=True):
    """An event that has waited for long, and how far its stream is."""

    ticket: str
    source: str
    sequence: int
    due_at: datetime | None
    position: int
    since: datetime


Ledgers = Mapping[str, Tx]
"""A connection to the ledger of each service that is looked at."""


@contextmanager
def opened(place: Place, services: Iterable[str]) -> Iterator[Ledgers]:
    """The ledgers of `services`, for statements that may take long."""
    with ExitStack() as stack:
        ledgers = {service: stack.enter_context(place.connection(service)) for service in services}
        for connection in ledgers.values():
            connection.execute(AMPLE)
        yield ledgers


@contextmanager
def moment(tx: Tx) -> Iterator[Tx]:
    """A transaction whose statements all see one moment."""
    with tx.transaction():
        tx.execute(ONE_SNAPSHOT)
        yield tx


def unsent_for(tx: Tx, seconds: float) -> list[tuple[int, datetime, str]]:
    """(id, time, body) of messages that have not been published for so long."""
    return tx.execute(UNSENT_LONG, [seconds]).fetchall()


def counts(tx: Tx) -> Counts:
    """What the ledger of a service holds, in numbers."""
    with tx.cursor(row_factory=class_row(Counts)) as cursor:
        found = cursor.execute(COUNTS).fetchone()
    assert found is not None
    return found


def forgotten(tx: Tx, seconds: float) -> list[Forgotten]:
    """Events that have been waiting, or due, for so long."""
    with tx.cursor(row_factory=class_row(Forgotten)) as cursor:
        return cursor.execute(FORGOTTEN, [seconds]).fetchall()


def uneven(tx: Tx, own: str, keys: Keys) -> list[tuple[str, str, int]]:
    """(ticket, source, how many there should be) of each run in the history that is not 1..n in order."""
    return tx.execute(UNEVEN, {"own": own, "keys": array(keys)}).fetchall()


def run(tx: Tx, ticket: str, source: str) -> list[int]:
    """The sequences on record of one ticket and publisher, in the order of their effect."""
    return [number for (number,) in tx.execute(RUN, [ticket, source])]


def given_up(tx: Tx, ticket: str, source: str) -> set[int]:
    """Those that a person has archived."""
    return {number for (number,) in tx.execute(GIVEN_UP, [ticket, source])}


def touched(tx: Tx, since: datetime) -> list[str]:
    """The tickets of which anything is on record `since` then."""
    return [ticket for (ticket,) in tx.execute(TOUCHED, [since])]


def under_way(tx: Tx) -> int:
    """How many messages of a service are not yet with the broker, and events that wait for their turn."""
    return _number(tx, UNSENT) + _number(tx, WAITING)


def parked(tx: Tx) -> list[tuple[str, str, str, str]]:
    """(ticket, source, event id, reason) of each open parked record of a service."""
    return [(str(key), str(source), str(id_), str(why)) for key, source, id_, why in tx.execute(PARKED)]


def array(keys: Keys) -> list[str] | None:
    """The tickets in the form of a parameter."""
    return None if keys is None else list(keys)


def _number(tx: Tx, statement: str) -> int:
    row = tx.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])
