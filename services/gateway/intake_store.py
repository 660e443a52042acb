"""The SQL of the intake: what is taken in, sent again, refused; answers by idempotency key; every access."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from chassis.database import Tx
from chassis.rows import as_json, columns, texts

TAKE = """
WITH said AS (
SELECT * FROM json_to_recordset(%s)
    AS said (source text, id text, type text, ticket text, time timestamptz, digest text, client text,
             parcel int)
), new AS (
INSERT INTO intake (source, id, type, ticket, time, client, digest)
SELECT source, id, type, ticket, time, client, digest FROM said
ORDER BY source, id ON CONFLICT DO NOTHING RETURNING source, id
), noted AS (
INSERT INTO access (client, address, method, path, status, problem, events, trace)
SELECT a.client, a.address, a.method, a.path, a.status, NULL, taken.events, a.trace
FROM (SELECT parcel, count(*) AS events FROM said JOIN new USING (source, id) GROUP BY parcel) AS taken
JOIN ROWS FROM (json_to_recordset(%s)
    AS (client text, address text, method text, path text, status int, trace text)) WITH ORDINALITY
    AS a (client, address, method, path, status, trace, no) ON a.no = parcel + 1
)
SELECT source, id FROM new
"""
"""Notes the accesses with the events, where any is new: the way of nearly all costs one statement less."""
KEPT = """
SELECT source, id, digest, type, state = 'accepted' AND sent_at < %s AND NOT EXISTS
    (SELECT FROM standing WHERE standing.id = intake.ticket AND intake.type = ANY(%s)) AS again
FROM intake WHERE (source, id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
ORDER BY source, id FOR UPDATE
"""
SENT_AGAIN = """
UPDATE intake SET sent_at = now() WHERE (source, id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""
OWNED = """
SELECT id FROM standing WHERE id = ANY(%(ids)s::text[]) AND source = %(source)s
UNION SELECT ticket FROM intake
WHERE ticket = ANY(%(ids)s::text[]) AND source = %(source)s AND type = ANY(%(births)s) AND state = 'accepted'
"""
REFUSE = """
INSERT INTO refusal (source, id, type, time, client, problem, detail)
SELECT DISTINCT ON (source, id) source, id, type, time, %s, problem, detail
FROM json_to_recordset(%s)
    AS said (source text, id text, type text, time timestamptz, problem text, detail text)
ORDER BY source, id ON CONFLICT (source, id) DO UPDATE SET
    type = EXCLUDED.type, time = EXCLUDED.time, client = EXCLUDED.client, problem = EXCLUDED.problem,
    detail = EXCLUDED.detail, received_at = now()
"""
ACCESS = """
INSERT INTO access (client, address, method, path, status, problem, events, trace)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
# Two requests with one key never run at the same time, whichever processes they come to.
UNDER_WAY = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
ANSWERED = "SELECT digest, status, body FROM answer WHERE client = %s AND key = %s"
ANSWER = "INSERT INTO answer (client, key, digest, status, body) VALUES (%s, %s, %s, %s, %s)"
FORGET_ANSWERS = """
DELETE FROM answer WHERE (client, key) IN (SELECT client, key FROM answer WHERE made_at < %s LIMIT %s)
"""
FORGET_INTAKE = """
DELETE FROM intake WHERE (source, id) IN (SELECT source, id FROM intake WHERE received_at < %s LIMIT %s)
"""
FORGET_REFUSALS = """
DELETE FROM refusal WHERE (source, id) IN (SELECT source, id FROM refusal WHERE received_at < %s LIMIT %s)
"""
KEEP_ACCESSES = "SELECT keep_access()"

SEND_AGAIN_AFTER = timedelta(seconds=60)
"""After which an event sent again goes on its way again, unless it is known to have had its effect."""


class Said(Struct, frozen=True, kw_only=True):
    """One event as it stands in the intake; `digest` is of what it says, whenever it says so."""

    source: str
    id: str
    type: str
    ticket: str
    time: datetime
    digest: str
    client: str
    parcel: int
    """Which of the accesses it came with."""


class Denied(Struct, frozen=True, kw_only=True):
    """One event that was not taken in, and why."""

    source: str
    id: str
    type: str | None
    time: datetime
    problem: str
    detail: str


class Kept(Struct, frozen=True):
    """An event that was taken in before; `again`: it may have been lost, and is to be sent again."""

    digest: str
    again: bool


class Access(Struct, frozen=True, kw_only=True):
    """One request for the record."""

    client: str | None
    address: str
    method: str
    path: str
    status: int
    trace: str
    problem: str | None = None
    events: int = 0


Ident = tuple[str, str]
"""Source and id."""


def take(tx: Tx, accesses: Sequence[Access], events: Sequence[Said]) -> set[Ident]:
    """Notes events; returns those that are new. Accesses that brought any of them are on record as well."""
    rows = tx.execute(TAKE, [as_json(events), as_json(accesses)])
    return {(source, id_) for source, id_ in rows}


def kept(tx: Tx, idents: Sequence[Ident], births: Sequence[str], now: datetime) -> dict[Ident, Kept]:
    """What is known of events taken in before, locked."""
    rows = tx.execute(KEPT, [now - SEND_AGAIN_AFTER, list(births), *columns(idents, 2)])
    return {(source, id_): Kept(digest, again) for source, id_, digest, _, again in rows}


def sent_again(tx: Tx, idents: Sequence[Ident]) -> None:
    """Notes that these are on their way once more."""
    tx.execute(SENT_AGAIN, columns(idents, 2))


def owned(tx: Tx, source: str, numbers: Sequence[str], births: Sequence[str]) -> set[str]:
    """Which of these tickets and orders the source has sent."""
    values = {"source": source, "ids": texts(numbers), "births": list(births)}
    return {number for (number,) in tx.execute(OWNED, values)}


def refuse(tx: Tx, client: str, events: Sequence[Denied]) -> None:
    """Notes why events were not taken in, for whoever asks later."""
    if events:
        tx.execute(REFUSE, [client, as_json(events)])


def note(tx: Tx, access: Access) -> None:
    """Puts an access on record."""
    tx.execute(
        ACCESS,
        [access.client, access.address, access.method, access.path, access.status, access.problem,
         access.events, access.trace],
    )  # fmt: skip


def claimed(tx: Tx, client: str, key: str) -> bool:
    """Whether this transaction alone works under the idempotency key."""
    row = tx.execute(UNDER_WAY, [f"{client} {key}"]).fetchone()
    return bool(row and row[0])


def answered(tx: Tx, client: str, key: str) -> tuple[str, int, str] | None:
    """Digest of the request, status and body of the answer that was given under a key."""
    row = tx.execute(ANSWERED, [client, key]).fetchone()
    return (str(row[0]), int(row[1]), str(row[2])) if row else None


def answer(tx: Tx, client: str, key: str, digest: str, status: int, body: str) -> None:
    """Keeps an answer for whoever asks again."""
    tx.execute(ANSWER, [client, key, digest, status, body])


def forget_answers(tx: Tx, older_than: datetime, at_most: int) -> int:
    """Lets go of old answers; returns how many."""
    return tx.execute(FORGET_ANSWERS, [older_than, at_most]).rowcount


def forget_intake(tx: Tx, older_than: datetime, at_most: int) -> int:
    """Lets go of what was taken in long ago; returns how much."""
    return tx.execute(FORGET_INTAKE, [older_than, at_most]).rowcount


def forget_refusals(tx: Tx, older_than: datetime, at_most: int) -> int:
    """Lets go of what was refused long ago; returns how much."""
    return tx.execute(FORGET_REFUSALS, [older_than, at_most]).rowcount


def keep_accesses(tx: Tx) -> None:
    """Makes the months ahead and drops those that are old enough; neither is a right of the gateway's own."""
    tx.execute(KEEP_ACCESSES)
