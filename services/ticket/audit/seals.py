"""The seal on the history, in SQL: what is to be sealed, the next blocks, and whether blocks and rows agree.

Statements carry their own definitions and call nothing of the database's that its owner could have changed.
"""

from chassis import horizon
from chassis.database import Tx
from chassis.horizon import FENCED, Look

SHARDS = 4
"""Chains; fixed for ever, unlike the shards of the queues, for a ticket stays in its chain."""
ROWS_AT_ONCE = 5_000

SHARD = f"mod(get_byte(sha256(convert_to(ticket, 'UTF8')), 0), {SHARDS})"
GENESIS = "decode(repeat('00', 32), 'hex')"
COLUMNS = 'no, ticket COLLATE "C" AS ticket, source, sequence, type, time, causationid, data'
"""Bytewise sorts fast, and the same everywhere."""
ROW = "ROW(no, ticket, source, sequence, type, extract(epoch FROM time), causationid, data)::text"
DIGEST = f"sha256(convert_to(string_agg({ROW}, '' ORDER BY no), 'UTF8'))"
HEAD = "ROW(shard, number, after, upto, tickets, rows, extract(epoch FROM sealed_at))::text"
HASH = f"sha256(previous || convert_to({HEAD}, 'UTF8') || digests)"
"""PostgreSQL quotes what stands in a row or an array (8.16.6 and 8.15.6 of its manual), so each text shows
its own end: no two lists of rows, and no two blocks, give the same bytes."""

LOOK = f"""{FENCED}
FROM (SELECT coalesce(max(no), 0) AS newest FROM history) rows,
     (SELECT coalesce(max(upto), 0) AS done FROM seal) blocks
"""
BEHIND = """
SELECT coalesce((SELECT max(no) FROM history), 0) - coalesce((SELECT max(upto) FROM seal), 0)
"""
ALONE = "SELECT pg_try_advisory_xact_lock(hashtext('ticket.seal'))"
SEAL = f"""
WITH horizon AS (SELECT coalesce(max(upto), 0) AS after FROM seal),
fresh AS (
    SELECT {COLUMNS} FROM history WHERE no > (SELECT after FROM horizon) AND no <= %s
    ORDER BY no LIMIT {ROWS_AT_ONCE}),
leaf AS (
    SELECT {SHARD} AS shard, ticket, count(*)::int AS rows, {DIGEST} AS digest, max(no) AS last
    FROM fresh GROUP BY ticket),
block AS (
    SELECT shard, array_agg(ticket ORDER BY ticket) AS tickets, array_agg(rows ORDER BY ticket) AS rows,
           string_agg(digest, '' ORDER BY ticket) AS digests
    FROM leaf GROUP BY shard),
linked AS (
    SELECT block.*, after, (SELECT max(last) FROM leaf) AS upto, coalesce(before.number, 0) + 1 AS number,
           coalesce(before.hash, {GENESIS}) AS previous, now() AS sealed_at
    FROM horizon, block LEFT JOIN LATERAL (
        SELECT number, hash FROM seal WHERE seal.shard = block.shard ORDER BY number DESC LIMIT 1
    ) before ON true)
INSERT INTO seal (shard, number, after, upto, tickets, rows, digests, previous, sealed_at, hash)
SELECT shard, number, after, upto, tickets, rows, digests, previous, sealed_at, {HASH} FROM linked
RETURNING upto
"""


def look(tx: Tx) -> Look:
    """How far the history and its seal are; asks for the ends of two indexes."""
    return horizon.look(tx, LOOK)


def unsealed_numbers(tx: Tx) -> int:
    """How far the last number is from the last sealed one; rows rolled back count too."""
    row = tx.execute(BEHIND).fetchone()
    assert row is not None
    return int(row[0])


def alone(tx: Tx) -> bool:
    """Whether no other process is sealing; none will until this transaction ends."""
    return tx.execute(ALONE).fetchone() == (True,)


def seal(tx: Tx, newest: int) -> int:
    """Seals a bounded number of rows of those up to number `newest`; returns the number of the last one.

    All these numbers must have appeared, or belong to transactions that have ended without.
    """
    blocks = tx.execute(SEAL, [newest]).fetchall()
    return int(blocks[0][0]) if blocks else newest
