"""Contacts in the database told by role and purpose, and each look noted in the same transaction."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from psycopg.rows import dict_row

from chassis import policy
from chassis.database import Tx
from contracts.privacy import Sought
from services.ticket.privacy import disclosure
from services.ticket.privacy.disclosure import Look, Verdict
from services.ticket.privacy.vault import Vault
from services.ticket.privacy.vault_store import CONTACT, CONTACTS, REQUEST, REQUESTS, opened

RELAY = "relay"
"""The role of who connects calls: it asks by relay number, and is told whom it stands for."""

NOTE = """
INSERT INTO reveal (refs, purpose, who, role, outcome, reason, words) VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
EXTENSIONS = "SELECT ref, extension FROM relay WHERE ref = ANY(%s)"
GIVE_EXTENSION = "INSERT INTO relay (ref, extension) VALUES (%s, %s) ON CONFLICT DO NOTHING"
BEHIND_EXTENSION = "SELECT ref FROM relay WHERE extension = %s"
BEHIND_PHONE = "SELECT ref FROM contact WHERE phone_mark = ANY(%s) ORDER BY ref LIMIT 200"
FIND = "find"
"""The purpose of who looks for somebody's tickets, and is told their numbers alone."""
REVEALS = """
SELECT at, who, role, purpose, outcome, reason, words, refs FROM reveal
WHERE %(ref)s::text IS NULL OR %(ref)s = ANY(refs) ORDER BY at DESC LIMIT %(limit)s
"""


def reveal(tx: Tx, vault: Vault, asked: Look) -> Verdict | list[dict[str, Any]]:
    """The contacts behind the refs as the role may see them, or why not; noted in the same transaction.

    Raises Locked.
    """
    if asked.acting_as == RELAY:
        asked = replace(asked, refs=[behind(tx, ref) or ref for ref in asked.refs])
    rules = policy.look(tx)  # not of the last second: a right that was taken away is gone at once
    found = disclosure.verdict(rules["reveal"].value, asked.acting_as, asked.purpose)
    note(tx, asked, found)
    if found.outcome == "refused":
        return found
    contacts = _rows(tx, CONTACTS, asked.refs)
    said = {row["ref"]: row for row in _rows(tx, REQUESTS, asked.refs)} if asked.words else {}
    relays: dict[str, str] = {}
    if found.outcome == "masked":
        relays = _relays(tx, [row["ref"] for row in contacts], rules["relay"].value["number"])
    return [_told(vault, row, said.get(row["ref"]), found, relays.get(row["ref"])) for row in contacts]


def refs_behind(tx: Tx, vault: Vault, sought: Sought) -> list[str]:
    """The contacts with a telephone number, found without opening any; noted in the same transaction."""
    refs = [ref for (ref,) in tx.execute(BEHIND_PHONE, [vault.marks(sought.phone)])]
    look = Look(refs=refs, purpose=FIND, who=sought.who, role=sought.role)
    note(tx, look, Verdict("full", sought.purpose))
    return refs


def note(tx: Tx, asked: Look, found: Verdict) -> None:
    """Writes down who has asked for what, and what the answer was."""
    values = [asked.refs, asked.purpose, asked.who, asked.acting_as, found.outcome, found.reason, asked.words]
    tx.execute(NOTE, values)


def _told(
    vault: Vault, row: Mapping[str, Any], said: Mapping[str, Any] | None, found: Verdict, relay: str | None
) -> dict[str, Any]:
    identity = opened(vault, CONTACT, row)
    told = {"ref": row["ref"], "language": row["language"]}
    told |= disclosure.contact(identity, found.outcome, relay)
    if said is not None:
        told["words"] = disclosure.words(opened(vault, REQUEST, said), found.outcome)
    return told


def _relays(tx: Tx, refs: Sequence[str], number: str) -> dict[str, str]:
    """The relay number of each ref, the same for ever; drawn when it is first asked for."""
    known: dict[str, str] = dict(tx.execute(EXTENSIONS, [refs]).fetchall())
    while missing := [ref for ref in refs if ref not in known]:
        for ref in missing:  # by chance, for whoever dials the next one must not reach somebody
            tx.execute(GIVE_EXTENSION, [ref, f"{secrets.randbelow(10**9):09}"])
        known = dict(tx.execute(EXTENSIONS, [refs]).fetchall())
    return {ref: f"{number},{extension}" for ref, extension in known.items()}


def behind(tx: Tx, relay: str) -> str | None:
    """Whom an extension reaches, with or without the number before it."""
    row = tx.execute(BEHIND_EXTENSION, [relay.rpartition(",")[2]]).fetchone()
    return str(row[0]) if row else None


def reveals(tx: Tx, ref: str | None, limit: int) -> list[dict[str, Any]]:
    """Who has looked at whose contact, the newest first."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(REVEALS, {"ref": ref, "limit": limit}).fetchall()


def _rows(tx: Tx, statement: str, refs: Sequence[str]) -> list[dict[str, Any]]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, [refs]).fetchall()
