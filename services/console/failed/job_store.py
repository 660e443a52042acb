"""Jobs in SQL: what is to be done about many records, who does it at this moment, how far it has come."""

from typing import Any

import msgspec
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from chassis.database import Tx
from services.console.failed.domain import LAST_FIRST, Scope

MAKE = """
INSERT INTO console.mending (kind, rate, who, reason, undoes)
VALUES (%(kind)s, %(rate)s, %(who)s, %(reason)s, %(undoes)s) RETURNING id
"""
ALONE = "SELECT pg_advisory_xact_lock(hashtext('console.mending'))"
SAME = """
SELECT p.mending FROM console.mending_part p JOIN console.mending m ON m.id = p.mending
WHERE m.state = 'running' AND m.kind = %s AND m.rate = %s::real AND p.wanted = %s LIMIT 1
"""
ADD_PART = """
INSERT INTO console.mending_part (mending, service, wanted, upto, at, total) VALUES (%s, %s, %s, %s, %s, %s)
"""
CLAIM = """
SELECT id, kind, rate, who, reason FROM console.mending
WHERE state = 'running' AND next_at <= clock_timestamp() ORDER BY next_at FOR UPDATE SKIP LOCKED LIMIT 1
"""
PAUSE = """
SELECT extract(epoch FROM min(next_at) - clock_timestamp()) FROM console.mending WHERE state = 'running'
"""
PART = """
SELECT service, wanted, upto, at, done, trusted_no, trusted_done FROM console.mending_part
WHERE mending = %s AND NOT ended ORDER BY service LIMIT 1
"""
MOVE = """
UPDATE console.mending_part
SET at = %(at)s, done = done + %(done)s, left_as_is = left_as_is + %(left)s, ended = %(ended)s
WHERE mending = %(id)s AND service = %(service)s
"""
PACE = """
UPDATE console.mending SET trouble = NULL,
    next_at = greatest(next_at, clock_timestamp() - interval '1 second') + make_interval(secs => %(seconds)s)
WHERE id = %(id)s
"""
"""A step that was late is made up for, but not more than a second of them."""
END = """
UPDATE console.mending SET state = %(state)s, trouble = %(trouble)s, ended_at = clock_timestamp()
WHERE id = %(id)s AND state = 'running'
"""
GO_ON = """
UPDATE console.mending SET state = 'running', trouble = NULL, ended_at = NULL, next_at = clock_timestamp()
WHERE id = %s AND state = 'stopped'
"""
TROUBLE = """
UPDATE console.mending SET trouble = %s, next_at = clock_timestamp() + interval '5 seconds'
WHERE id = %s AND state = 'running'
"""
LIST = """
SELECT m.id, m.kind, m.rate, m.who, m.reason, m.undoes, m.state, m.trouble, m.made_at, m.ended_at,
       coalesce(sum(p.total), 0)::int AS total, coalesce(sum(p.done), 0)::int AS done,
       coalesce(sum(p.left_as_is), 0)::int AS left_as_is,
       coalesce(array_agg(p.service ORDER BY 1) FILTER (WHERE p.service IS NOT NULL), '{}') AS services
FROM console.mending m LEFT JOIN console.mending_part p ON p.mending = m.id
WHERE (%(id)s::bigint IS NULL OR m.id = %(id)s) GROUP BY m.id ORDER BY m.id DESC LIMIT %(limit)s
"""
PARTS = """
SELECT service, wanted, upto, at, done, trusted_no, trusted_done FROM console.mending_part WHERE mending = %s
"""
TRUST = """
UPDATE console.mending_part SET trusted_no = %s, trusted_done = done WHERE mending = %s AND service = %s
"""


class Job(msgspec.Struct, frozen=True):
    """A job that somebody works at."""

    id: int
    kind: str
    rate: float
    who: str
    reason: str


class Part(msgspec.Struct, frozen=True):
    """Its share in one service: up to which record it goes, and to which one it has come."""

    service: str
    wanted: Scope
    upto: int
    at: int
    done: int
    trusted_no: int
    trusted_done: int
    """What came back and was done before somebody let it go on does not speak against it."""


def made(tx: Tx, kind: str, rate: float, who: str, reason: str, undoes: int | None) -> int:
    """Makes a job without shares; returns its number."""
    values = {"kind": kind, "rate": rate, "who": who, "reason": reason, "undoes": undoes}
    row = tx.execute(MAKE, values).fetchone()
    assert row is not None
    return int(row[0])


def running(tx: Tx, kind: str, scope: Scope, rate: float) -> int | None:
    """The job that is about this already, where a form was sent twice; nobody makes another meanwhile."""
    tx.execute(ALONE)
    row = tx.execute(SAME, [kind, rate, Jsonb(msgspec.to_builtins(scope))]).fetchone()
    return int(row[0]) if row else None


def add_part(tx: Tx, job: int, kind: str, service: str, scope: Scope, total: int, upto: int) -> None:
    """Gives it its share in a service: `total` records up to the number `upto`."""
    at = upto + 1 if kind in LAST_FIRST else 0
    tx.execute(ADD_PART, [job, service, Jsonb(msgspec.to_builtins(scope)), upto, at, total])


def claimed(tx: Tx) -> Job | None:
    """The job whose next step is due and that nobody else works at, until the transaction ends."""
    row = tx.execute(CLAIM).fetchone()
    return Job(*row) if row else None


def pause(tx: Tx) -> float | None:
    """Seconds until the next step of any job is due; None where there is none."""
    row = tx.execute(PAUSE).fetchone()
    return None if row is None or row[0] is None else float(row[0])


def next_part(tx: Tx, job: int) -> Part | None:
    """The share that it works at; None when all are done."""
    row = tx.execute(PART, [job]).fetchone()
    return _part(row) if row else None


def parts(tx: Tx, job: int) -> list[Part]:
    """All its shares."""
    return [_part(row) for row in tx.execute(PARTS, [job])]


def moved(tx: Tx, job: Job, part: Part, came_to: list[int], done: int, *, ended: bool) -> None:
    """Notes how far a step has come, and when the next one is due at the job's rate."""
    values = {"id": job.id, "service": part.service, "at": came_to[-1] if came_to else part.at,
              "done": done, "left": len(came_to) - done, "ended": ended}  # fmt: skip
    tx.execute(MOVE, values)
    tx.execute(PACE, {"id": job.id, "seconds": len(came_to) / job.rate})


def ended(tx: Tx, job: int, state: str = "done", trouble: str | None = None) -> bool:
    """Ends a running job as `done` or `stopped`; False if it was not running."""
    return bool(tx.execute(END, {"id": job, "state": state, "trouble": trouble}).rowcount)


def gone_on(tx: Tx, job: int) -> bool:
    """Lets a stopped job go on; False if it was not stopped."""
    return bool(tx.execute(GO_ON, [job]).rowcount)


def trusted(tx: Tx, job: int, service: str, last: int) -> None:
    """What has come back so far, up to the record `last`, does not stop the job again."""
    tx.execute(TRUST, [last, job, service])


def troubled(tx: Tx, job: int, trouble: str) -> None:
    """Notes what kept a step from being made; the next try is due in five seconds."""
    tx.execute(TROUBLE, [trouble, job])


def listed(tx: Tx, job: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Jobs, the newest first; or one."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LIST, {"id": job, "limit": limit}).fetchall()


def _part(row: Any) -> Part:
    return Part(row[0], msgspec.convert(row[1], Scope), *row[2:])
