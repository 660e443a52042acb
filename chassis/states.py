"""States in a table, a row each: read by key, written with the proof that nobody else has written since."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from chassis.database import Tx
from chassis.recovery import TransientFailure
from chassis.rows import as_json, from_json, texts, unseen

LOAD = f"""
SELECT to_json(found)::text FROM unnest({unseen("%s::text[]")}) AS wanted (number) CROSS JOIN LATERAL
    (SELECT {{columns}}, xmin AS version FROM {{table}} WHERE id = wanted.number OFFSET 0 FOR UPDATE) found
"""
"""OFFSET 0 keeps it to the index, row by row: of a young table the planner would read the whole."""
SAVE = """
WITH saved AS (
    INSERT INTO {table} AS present (id, {columns})
    SELECT id, {columns} FROM json_populate_recordset(null::{table}, %s) ORDER BY id
    ON CONFLICT (id) DO UPDATE SET ({columns}) = ROW ({new})
        WHERE (present.id, present.xmin::text) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
    RETURNING xmin, xmax = 0 AS new)
SELECT count(*), count(*) FILTER (WHERE new), min(xmin::text) FROM saved
"""
"""In the order of the keys, so that two batches never wait for each other. A row that was there before bears
the lock that the statement took on it in its xmax (PostgreSQL 15)."""
PROVE = """
SELECT count(*) FROM unnest(%s::text[], %s::text[]) AS known (id, version) CROSS JOIN LATERAL
    (SELECT FROM {table} WHERE id = known.id AND xmin::text = known.version OFFSET 0) AS same
"""
WRITTEN = "somebody else has written one of these states"
UNWRITTEN = "0"
"""The version of a state that has no row yet: no transaction has this number."""


class Stored(Struct, frozen=True, kw_only=True):
    """A state with a row of its own under `id`; `sequence` counts the facts published so far.

    `version` is that of the row it was read from: the transaction that wrote it (xmin; PostgreSQL 15, 5.5).
    """

    id: str
    sequence: int = 0
    version: str = UNWRITTEN


S = TypeVar("S", bound=Stored)


class Table(Generic[S]):
    """The table of one kind of state; `columns` are those it has besides `id`."""

    def __init__(self, name: str, kind: type[S], columns: str) -> None:
        names = [column.strip() for column in columns.split(",")]
        self.columns = f"id, {columns}"
        self._kind = kind
        self._load = LOAD.format(table=name, columns=self.columns)
        new = ", ".join(f"EXCLUDED.{column}" for column in names)
        self._prove = PROVE.format(table=name)
        self._save = SAVE.format(table=name, columns=", ".join(names), new=new)

    def load(self, tx: Tx, keys: Iterable[str]) -> dict[str, S]:
        """The states with these keys, locked in the order of the keys."""
        return {each.id: each for each in from_json(self._kind, tx.execute(self._load, [texts([*keys])]))}

    def save(self, tx: Tx, states: Sequence[S], rows: Sequence[Mapping[str, Any]] | None = None) -> list[S]:
        """Writes these states, or what `rows` say of them; returns them with their new version.

        Raises TransientFailure if somebody else has written, made or deleted one of them since it was read.
        """
        if not states:
            return []
        there = [each for each in states if each.version != UNWRITTEN]
        found = tx.execute(self._save, [as_json(rows or states), *_versions(there)]).fetchone()
        assert found
        if found[:2] != (len(states), len(states) - len(there)):
            raise TransientFailure(WRITTEN)
        return [replace(each, version=found[2]) for each in states]

    def prove(self, tx: Tx, states: Sequence[S]) -> None:
        """Raises TransientFailure if somebody else has written or deleted one of them since it was read."""
        if states and tx.execute(self._prove, _versions(states)).fetchone() != (len(states),):
            raise TransientFailure(WRITTEN)


def _versions(states: Sequence[Stored]) -> list[str]:
    return [texts([each.id for each in states]), texts([each.version for each in states])]
