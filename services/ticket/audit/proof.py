"""What history and seal say of each other, in SQL: the blocks in their order, and where rows differ."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct
from psycopg.rows import class_row

from chassis.database import Tx
from services.ticket.audit.seals import COLUMNS, DIGEST, HASH, SHARD

S = TypeVar("S", bound=Struct)

NUMBERS_AT_ONCE = 20_000

BEGINNING = """
SELECT coalesce(max(upto), 0) FROM seal WHERE sealed_at < coalesce(%s::timestamptz, '-infinity')
"""
HEADS = """
SELECT DISTINCT ON (shard) shard, number, encode(hash, 'hex') AS hash FROM seal
WHERE upto <= %s ORDER BY shard, number DESC
"""
STRETCH = f"""
SELECT coalesce((SELECT max(upto) FROM seal WHERE upto > %(after)s AND upto <= %(after)s + {NUMBERS_AT_ONCE}),
                (SELECT min(upto) FROM seal WHERE upto > %(after)s))
"""
BLOCKS = f"""
SELECT shard, number, after, upto, (SELECT coalesce(sum(each), 0) FROM unnest(rows) each) AS rows,
       encode(previous, 'hex') AS previous, encode(hash, 'hex') AS hash, encode({HASH}, 'hex') AS computed
FROM seal WHERE upto > %(after)s AND upto <= %(upto)s ORDER BY upto, shard
"""
DIFFERENCES = f"""
WITH block AS MATERIALIZED (SELECT * FROM seal WHERE upto > %(after)s AND upto <= %(upto)s),
round AS (SELECT DISTINCT after, upto FROM block),
said AS (
    SELECT shard, upto, each.ticket COLLATE "C" AS ticket, each.rows,
           substr(digests, 32 * place::int - 31, 32) AS digest
    FROM block, unnest(tickets, rows) WITH ORDINALITY AS each (ticket, rows, place)),
found AS (
    SELECT {SHARD} AS shard, upto, ticket, count(*)::int AS rows, {DIGEST} AS digest
    FROM (SELECT upto, {COLUMNS} FROM round JOIN history ON no > after AND no <= upto) covered
    GROUP BY upto, ticket)
SELECT shard, ticket, sealed, found,
       (SELECT number FROM block WHERE block.shard = differ.shard AND block.upto = differ.upto) AS block
FROM (SELECT shard, upto, ticket, coalesce(said.rows, 0) AS sealed, coalesce(found.rows, 0) AS found
      FROM said FULL JOIN found USING (shard, upto, ticket)
      WHERE said.digest IS DISTINCT FROM found.digest) differ
ORDER BY shard, block, ticket
"""
ROWS_BETWEEN = "SELECT count(*) FROM history WHERE no > %s AND no <= %s"
UNSEALED = "SELECT count(*) FROM history WHERE no > (SELECT coalesce(max(upto), 0) FROM seal)"
CONTRADICTED = """
SELECT shard, number, hash FROM unnest(%s::int[], %s::bigint[], %s::text[]) AS noted (shard, number, hash)
WHERE NOT EXISTS (SELECT FROM seal WHERE (seal.shard, seal.number) = (noted.shard, noted.number)
                  AND encode(seal.hash, 'hex') = noted.hash)
"""


class Head(Struct, frozen=True):
    """The last block of a shard: whoever knows its hash knows all before it."""

    shard: int
    number: int
    hash: str


class Block(Struct, frozen=True):
    """One block, and the hash that its own columns come to."""

    shard: int
    number: int
    after: int
    upto: int
    rows: int
    previous: str
    hash: str
    computed: str


class Difference(Struct, frozen=True):
    """A ticket of whose rows a block says something else than the history; block None: none covers them."""

    shard: int
    block: int | None
    ticket: str
    sealed: int
    found: int


def beginning(tx: Tx, since: datetime | None) -> int:
    """The number of the last row that was sealed before `since`."""
    return _number(tx, BEGINNING, [since]) or 0


def heads(tx: Tx, upto: int) -> list[Head]:
    """The last block of each shard of those up to row `upto`."""
    return _all(tx, Head, HEADS, [upto])


def stretch(tx: Tx, after: int) -> int | None:
    """Where a stretch of whole rounds ends that begins after row `after`; None after the last block."""
    return _number(tx, STRETCH, {"after": after})


def blocks(tx: Tx, after: int, upto: int) -> list[Block]:
    """The blocks of a stretch in the order of their rounds."""
    return _all(tx, Block, BLOCKS, {"after": after, "upto": upto})


def differences(tx: Tx, after: int, upto: int) -> list[Difference]:
    """Where the history of a stretch is not what its blocks say."""
    return _all(tx, Difference, DIFFERENCES, {"after": after, "upto": upto})


def rows_between(tx: Tx, after: int, upto: int) -> int:
    """How many rows have numbers in between."""
    return _number(tx, ROWS_BETWEEN, [after, upto]) or 0


def unsealed(tx: Tx) -> int:
    """How many rows are behind the last block."""
    return _number(tx, UNSEALED) or 0


def contradicted(tx: Tx, noted: Sequence[Head]) -> list[Head]:
    """Those of the heads noted earlier that are not in the seal any more."""
    columns = [[head.shard for head in noted], [head.number for head in noted], [head.hash for head in noted]]
    return _all(tx, Head, CONTRADICTED, columns)


def _all(tx: Tx, struct: type[S], query: str, values: Any) -> list[S]:
    with tx.cursor(row_factory=class_row(struct)) as cursor:
        return cursor.execute(query.encode(), values).fetchall()


def _number(tx: Tx, query: str, values: Any = None) -> int | None:
    row = tx.execute(query.encode(), values).fetchone()
    return row[0] if row else None
