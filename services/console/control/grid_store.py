"""Where a grid lies in the tree of cells, and hanging it elsewhere: who is asked follows from that."""

from collections.abc import Sequence
from typing import Any, get_args

from msgspec import Struct
from psycopg.rows import class_row

from chassis.database import Tx
from contracts.terms import GridLevel

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('dispatch.directory'))"
"""The lock of an import of the directory."""
PATH = """
SELECT above.code, above.name, above.path
FROM dispatch.cell c JOIN dispatch.cell above ON above.code = ANY(c.path)
WHERE c.code = %s ORDER BY cardinality(above.path)
"""
HOMES = """
SELECT h.code, h.name, h.path FROM dispatch.cell h, dispatch.cell c
WHERE c.code = %(grid)s AND h.active AND h.code <> c.parent AND c.code <> ALL(h.path)
  AND array_position(%(levels)s::text[], h.level) < array_position(%(levels)s::text[], c.level)
  AND EXISTS (SELECT FROM dispatch.assignee a
              WHERE a.kind = 'community_desk' AND a.active AND a.cell = ANY(h.path))
ORDER BY h.path
"""
HANG = """
UPDATE dispatch.cell SET parent = CASE WHEN code = %(grid)s THEN %(home)s ELSE parent END,
    path = %(path)s::text[] || path[array_position(path, %(grid)s):]
WHERE path @> ARRAY[%(grid)s]
"""
FIND = """
UPDATE ticket.cell SET path = %(path)s::text[] || path[array_position(path, %(grid)s):]
WHERE path @> ARRAY[%(grid)s]
"""
FIND_ANEW = "UPDATE ticket.gazetteer SET edition = gen_random_uuid()::text"
"""Processes keep places in memory; the next import of the directory compares editions, and renews all."""
LEVELS = tuple(reversed(get_args(GridLevel)))
"""The widest first."""


class Cell(Struct, frozen=True, kw_only=True):
    """One cell of the tree; `path` are the codes from the top down to itself."""

    code: str
    name: str
    path: Sequence[str]


def way(tx: Tx, grid: str) -> list[Cell]:
    """The cells from the top down to the grid; none where the directory has no such grid."""
    return _cells(tx, PATH, [grid])


def homes(tx: Tx, grid: str) -> list[Cell]:
    """The cells that it could lie in: above it by their level, none of its own, and served by a desk."""
    return _cells(tx, HOMES, {"grid": grid, "levels": list(LEVELS)})


def hang(tx: Tx, grid: str, home: Cell) -> None:
    """Hangs a grid, with all below it, into another cell, for dispatch and for finding places."""
    values = {"grid": grid, "home": home.code, "path": list(home.path)}
    for statement in (HANG, FIND):
        tx.execute(statement, values)
    tx.execute(FIND_ANEW)


def lock(tx: Tx) -> None:
    """Keeps imports of the directory away until the transaction ends."""
    tx.execute(ONE_AT_A_TIME)


def _cells(tx: Tx, statement: str, values: Any) -> list[Cell]:
    with tx.cursor(row_factory=class_row(Cell)) as cursor:
        return cursor.execute(statement.encode(), values).fetchall()
