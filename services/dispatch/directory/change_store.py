"""The SQL of the directory as it stands and of how the lists became what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import json
from psycopg.rows import dict_row

from chassis.database import Tx
from services.dispatch.directory.history import Change
from services.dispatch.directory.schemas import FILE_KINDS, FileKind

ROWS = {
    kind.name: f"SELECT {', '.join(kind.schema.fields)} FROM {kind.table} ORDER BY {', '.join(kind.key)}"
    for kind in FILE_KINDS
}
LOG = """
INSERT INTO import_log (file, sha256, rows, added, changed, who, reason)
VALUES (%(file)s, %(sha256)s, %(rows)s, %(added)s, %(changed)s, %(who)s, %(reason)s) RETURNING id
"""
RECORD = """
INSERT INTO catalogue_change (edition, category, version, list, valid_from, valid_to, changes)
SELECT %s, category, version, list, valid_from, valid_to, changes
FROM json_populate_recordset(null::catalogue_change, %s)
"""
EDITION = "SELECT edition FROM catalogue_change ORDER BY no DESC LIMIT 1"
HISTORY = """
SELECT c.edition, l.imported_at AS at, l.who, c.category, c.version, c.list, c.valid_from, c.valid_to,
       c.changes, l.reason, l.file
FROM catalogue_change c JOIN import_log l ON l.id = c.edition
WHERE %(category)s::text IS NULL OR c.category = %(category)s ORDER BY c.no
"""


def rows(tx: Tx, kind: FileKind) -> list[dict[str, Any]]:
    """All rows of one kind, by the columns of its file."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(ROWS[kind.name].encode()).fetchall()


def log_import(tx: Tx, entry: Mapping[str, Any]) -> int:
    """Keeps on record who changed the directory with which file, and why; returns the record's number."""
    ((number,),) = tx.execute(LOG, entry).fetchall()
    return int(number)


def record(tx: Tx, edition: int, changes: Sequence[Change]) -> None:
    """Keeps on record what an edition of the lists changed."""
    tx.execute(RECORD, [edition, json.encode(changes).decode()])


def edition(tx: Tx) -> int:
    """The number of the last change of the lists; 0 before the first."""
    found = tx.execute(EDITION).fetchone()
    return int(found[0]) if found else 0


def history(tx: Tx, category: str | None) -> list[dict[str, Any]]:
    """What was changed in the lists, oldest first, of one category or of all."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(HISTORY, {"category": category}).fetchall()
