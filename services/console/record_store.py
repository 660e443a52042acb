"""The record of every action, refusal, sign-in and look: written once, never changed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from chassis.database import Tx

NOTE = """
INSERT INTO console.action (who, role, what, target, reason, outcome, before, after, address)
VALUES (%(who)s, %(role)s, %(what)s, %(target)s, %(reason)s, %(outcome)s, %(before)s, %(after)s, %(address)s)
"""
LIST = """
SELECT no, at, who, role, what, target, reason, outcome, before, after, address FROM console.action
WHERE (%(who)s::text IS NULL OR who = %(who)s) AND (%(what)s::text IS NULL OR what = %(what)s)
  AND (%(target)s::text IS NULL OR target = %(target)s)
  AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
  AND (%(below)s::bigint IS NULL OR no < %(below)s)
ORDER BY no DESC LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Action:
    """What somebody did; `outcome` is done, refused, looked or failed."""

    who: str
    role: str | None
    what: str
    target: str
    outcome: str
    address: str
    reason: str | None = None
    before: Any = None
    after: Any = None


@dataclass(frozen=True, kw_only=True)
class Noted(Action):
    """The same on record."""

    no: int
    at: datetime


def note(tx: Tx, action: Action) -> None:
    """Puts an action on record."""
    row = asdict(action)
    for name in ("before", "after"):
        row[name] = None if row[name] is None else Jsonb(row[name])
    tx.execute(NOTE, row)


def listed(
    tx: Tx, wanted: Mapping[str, str | None], below: int | None = None, limit: int = 100
) -> list[Noted]:
    """The newest first; `wanted` names who, what, target, outcome, None for any."""
    values = {**dict.fromkeys(("who", "what", "target", "outcome")), **wanted, "below": below, "limit": limit}
    with tx.cursor(row_factory=class_row(Noted)) as cursor:
        return cursor.execute(LIST, values).fetchall()
