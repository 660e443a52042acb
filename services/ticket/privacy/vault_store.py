"""The vault in the database: what its rows keep, and how they are sealed anew step by step."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.rows import as_json
from services.ticket.privacy.vault import Identity, Note, Vault, Words

AT_ONCE = 500
"""Rows sealed in one transaction."""

CONTACTS = (
    "SELECT ref, name, phone, email, language, key, sealed FROM contact WHERE ref = ANY(%s) ORDER BY ref"
)
REQUESTS = "SELECT ticket AS ref, title, body, address, key, sealed FROM request WHERE ticket = ANY(%s)"
CLEAR = """
SELECT (SELECT count(*) FROM contact WHERE key IS NULL) + (SELECT count(*) FROM request WHERE key IS NULL)
"""
REGISTER = "INSERT INTO vault_key (name) VALUES (%s) ON CONFLICT (name) DO UPDATE SET retired_at = NULL"
RETIRE = "UPDATE vault_key SET retired_at = now() WHERE retired_at IS NULL AND name <> %s"
MISSING = "SELECT name FROM vault_key WHERE retired_at IS NULL AND name <> ALL(%s) ORDER BY since"


class Shelf(Struct, frozen=True):
    """A table of the vault: its key column, and the columns that are in clear where it is not sealed yet."""

    table: str
    ref: str
    kind: type[Identity | Words | Note]
    columns: tuple[str, ...] = ()

    def unlike(self, clear: bool) -> str:
        """Which rows are not as they should be: in clear, or sealed with any key but one."""
        return "key IS NULL" if clear else "key IS DISTINCT FROM %(newest)s"


CONTACT, REQUEST, REMARK = SHELVES = (
    Shelf("contact", "ref", Identity, Identity.__struct_fields__),
    Shelf("request", "ticket", Words, ("title", "body", "address")),
    Shelf("remark", "ref", Note),
)
SEALED = {
    "contact": """
UPDATE contact SET key = new.key, sealed = new.sealed, phone_mark = new.phone_mark,
    name = NULL, phone = NULL, email = NULL
FROM json_populate_recordset(null::contact, %s) AS new WHERE contact.ref = new.ref
""",
    "request": """
UPDATE request SET key = new.key, sealed = new.sealed, title = NULL, body = NULL, address = NULL,
    recorded_at = coalesce(
        request.recorded_at, (SELECT received_at FROM ticket WHERE id = request.ticket), now())
FROM json_populate_recordset(null::request, %s) AS new WHERE request.ticket = new.ticket
""",
    "remark": """
UPDATE remark SET key = new.key, sealed = new.sealed
FROM json_populate_recordset(null::remark, %s) AS new WHERE remark.ref = new.ref
""",
}


def sealed_row(vault: Vault, shelf: Shelf, ref: str, content: Identity | Words | Note) -> dict[str, Any]:
    """The row of `shelf` that keeps `content`, as JSON takes it."""
    row = {shelf.ref: ref, "key": vault.newest, "sealed": _hex(vault.seal(shelf.table, ref, content))}
    mark = vault.mark(content.phone) if isinstance(content, Identity) else None
    return row | {"phone_mark": _hex(mark)} if mark else row


def opened(vault: Vault, shelf: Shelf, row: Mapping[str, Any]) -> Any:
    """What a row keeps, sealed or still in clear; raises Locked."""
    if row["key"] is None:
        return shelf.kind(**{name: row[name] for name in shelf.columns})
    return vault.open(shelf.table, row["ref"], row["key"], row["sealed"], shelf.kind)


def count(tx: Tx, vault: Vault, shelf: Shelf, *, clear: bool) -> int:
    """How many rows of a shelf are not sealed as they should be."""
    where = shelf.unlike(clear)
    row = tx.execute(f"SELECT count(*) FROM {shelf.table} WHERE {where}", {"newest": vault.newest}).fetchone()
    assert row is not None
    return int(row[0])


def clear(tx: Tx) -> int:
    """How many rows an older version has left in clear."""
    row = tx.execute(CLEAR).fetchone()
    assert row is not None
    return int(row[0])


def reseal(tx: Tx, vault: Vault, shelf: Shelf, after: str, *, clear: bool) -> tuple[str, int] | None:
    """Seals the next rows after `after` with the newest key; the last of them and how many, or None.

    With `clear` only rows that are not sealed at all. What was done stays done: a new walk skips it.
    Raises Locked.
    """
    listed = ", ".join([f"{shelf.ref} AS ref", *shelf.columns, "key", "sealed"])
    pick = f"""SELECT {listed} FROM {shelf.table}
        WHERE {shelf.ref} > %(after)s AND {shelf.unlike(clear)} ORDER BY 1 LIMIT {AT_ONCE} FOR UPDATE"""
    with tx.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(pick, {"after": after, "newest": vault.newest}).fetchall()
    if rows:
        sealed = [sealed_row(vault, shelf, row["ref"], opened(vault, shelf, row)) for row in rows]
        tx.execute(SEALED[shelf.table], [as_json(sealed)])
    return (rows[-1]["ref"], len(rows)) if rows else None


def register(tx: Tx, vault: Vault) -> list[str]:
    """Notes the name of the newest key; the names of keys that rows are sealed with and that are not here."""
    tx.execute(REGISTER, [vault.newest])
    return missing(tx, vault)


def missing(tx: Tx, vault: Vault) -> list[str]:
    """The names of keys that rows are sealed with and that are not here."""
    return [name for (name,) in tx.execute(MISSING, [vault.names])]


def retire(tx: Tx, vault: Vault) -> None:
    """Notes that no row is sealed with any key but the newest."""
    tx.execute(REGISTER, [vault.newest])
    tx.execute(RETIRE, [vault.newest])


def _hex(value: bytes) -> str:
    return f"\\x{value.hex()}"
