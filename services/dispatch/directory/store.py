"""Every SQL statement of the directory import; each works on whole sets of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from psycopg.rows import dict_row

from chassis.database import Tx
from services.dispatch.directory.catalogue import Entry
from services.dispatch.directory.tree import Place

CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Changes:
    """How many rows a file added and changed."""

    added: int = 0
    changed: int = 0


def _upsert(table: str, key: str, columns: str) -> str:
    """The statement that writes rows given as JSON and leaves alone those that already say the same."""
    names = [name.strip() for name in columns.split(",")]
    old = ", ".join(f"old.{name}" for name in names)
    new = ", ".join(f"excluded.{name}" for name in names)
    return f"""
        INSERT INTO {table} AS old ({columns})
        SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)
        ON CONFLICT ({key}) DO UPDATE SET ({columns}) = ROW ({new})
        WHERE ({old}) IS DISTINCT FROM ({new})
        RETURNING xmax = 0 AS added"""


UPSERT = {
    "cell": _upsert("cell", "code", "code, parent, level, name, aliases, active, boundary, datum, path"),
    "organization": _upsert("organization", "code", "code, kind, name, cell, active"),
    "assignee": _upsert(
        "assignee",
        "code",
        "code, kind, name, organization, cell, roles, unit, skills, load_cap, email, phone, active,"
        " valid_from, valid_to, available",
    ),
    "contract": _upsert(
        "contract",
        "code",
        "code, organization, items, areas, quota, valid_from, valid_to, fee_mode, response_hours,"
        " quota_month",
    ),
    "rota": _upsert(
        "rota", "cell, role, assignee, from_at", "cell, assignee, from_at, to_at, role, repeat_days, valid_to"
    ),
    "catalogue": _upsert(
        "catalogue",
        "category, version",
        "category, version, aliases, list, duty_list, name_zh, name_en, path, mode, kinds, skills, emergency,"
        " verification, fee_mode, valid_from, valid_to, about, identity",
    ),
}

# Rows that stand beside another and are kept by dispatch itself.
COMPANION = {
    "assignee": """
        INSERT INTO assignee_load (assignee) SELECT code FROM assignee
        WHERE NOT EXISTS (SELECT FROM assignee_load AS held WHERE held.assignee = assignee.code)""",
    "contract": """
        INSERT INTO contract_quota (contract, quota) SELECT code, quota FROM contract
        WHERE NOT EXISTS (SELECT FROM contract_quota AS held WHERE held.contract = contract.code)""",
}

UNKNOWN = {
    "cell": "SELECT unnest(%s::text[]) EXCEPT SELECT code FROM cell",
    "organization": "SELECT unnest(%s::text[]) EXCEPT SELECT code FROM organization",
    "assignee": "SELECT unnest(%s::text[]) EXCEPT SELECT code FROM assignee",
    "catalogue": "SELECT unnest(%s::text[]) EXCEPT SELECT category FROM catalogue",
}


def lock(tx: Tx) -> None:
    """Lets one import run at a time, until the transaction ends."""
    tx.execute("SELECT pg_advisory_xact_lock(hashtext('dispatch.directory'))")


def upsert(tx: Tx, table: str, rows: Sequence[Mapping[str, Any]]) -> Changes:
    """Writes rows set-wise; rows that change nothing are not touched."""
    added = changed = 0
    for start in range(0, len(rows), CHUNK):
        body = msgspec.json.encode(rows[start : start + CHUNK]).decode()
        fresh = [bool(found[0]) for found in tx.execute(UPSERT[table], (body,), prepare=False)]
        added += sum(fresh)
        changed += len(fresh) - sum(fresh)
    if added and table in COMPANION:
        tx.execute(COMPANION[table])
    return Changes(added, changed)


def unknown(tx: Tx, table: str, codes: Iterable[str]) -> set[str]:
    """Those of the codes that the table does not hold."""
    return {found[0] for found in tx.execute(UNKNOWN[table], (list(codes),))}


def places(tx: Tx) -> dict[str, Place]:
    """The whole grid tree."""
    return {
        code: Place(level, parent)
        for code, level, parent in tx.execute("SELECT code, level, parent FROM cell")
    }


def listed_cells(tx: Tx) -> list[dict[str, Any]]:
    """Every cell in use with its path, its level, all its names and its outline."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """SELECT code, path, level, array[name] || aliases AS names, boundary, datum
               FROM cell WHERE active ORDER BY code"""
        ).fetchall()


def repath(tx: Tx, paths: Mapping[str, Sequence[str]]) -> None:
    """Corrects the paths of cells that moved with one above them."""
    body = msgspec.json.encode([{"code": code, "path": path} for code, path in paths.items()]).decode()
    tx.execute(
        """UPDATE cell SET path = fresh.path
           FROM json_to_recordset(%s::json) AS fresh (code text, path text[])
           WHERE cell.code = fresh.code AND cell.path <> fresh.path""",
        (body,),
    )


def organization_kinds(tx: Tx) -> dict[str, str]:
    """The kind of every organisation."""
    return dict(tx.execute("SELECT code, kind FROM organization"))


def catalogue_entries(tx: Tx) -> list[Entry]:
    """Every version of every category, with the names that lead to it."""
    found = tx.execute(
        """SELECT category, version, array[name_zh, name_en] || aliases, valid_from, valid_to, path
           FROM catalogue"""
    )
    return [
        Entry(category, version, tuple(names), first, last, path)
        for category, version, names, first, last, path in found
    ]


def offered_categories(tx: Tx) -> list[dict[str, Any]]:
    """Every version of every category that residents may ask for; emergencies have their own lines."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """SELECT category AS code, name_zh AS name, name_en AS description, aliases AS keywords, path,
                      valid_from, valid_to
               FROM catalogue WHERE list <> 'resource' AND NOT emergency ORDER BY category, valid_from"""
        ).fetchall()


def quota_used(tx: Tx, contracts: Iterable[str]) -> dict[str, int]:
    """What is reserved or used of each contract; the rows stay locked so that it cannot grow meanwhile."""
    found = tx.execute(
        """SELECT contract, reserved + committed - approved FROM contract_quota
           WHERE contract = ANY (%s) ORDER BY contract FOR UPDATE""",
        (list(contracts),),
    )
    return dict(found)


def cells_without_desk(tx: Tx) -> list[tuple[str, str]]:
    """Communities and subdistricts that lack an active desk, the assignee of last resort."""
    found = tx.execute(
        """SELECT code, name FROM cell
           WHERE active AND level IN ('subdistrict', 'community') AND NOT EXISTS (
               SELECT FROM assignee WHERE assignee.cell = cell.code AND kind = 'community_desk' AND active)
           ORDER BY code"""
    )
    return list(found)
