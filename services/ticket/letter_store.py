"""The post between tickets, in the database."""

from collections.abc import Sequence
from datetime import datetime

from chassis.database import Tx
from chassis.rows import as_json, from_json, texts
from services.ticket.letters import Letter

POST = """
INSERT INTO letter (ticket, sender, body)
SELECT ticket, sender, body FROM json_populate_recordset(null::letter, %s)
"""
# Whoever reads a ticket's post holds this lock until he has: it may be for a ticket that is not there yet.
DUE = """
SELECT DISTINCT ticket FROM (SELECT ticket FROM letter ORDER BY no LIMIT %s) oldest
WHERE pg_try_advisory_xact_lock(hashtextextended(ticket, 5))
"""
FOR = "SELECT to_json(l)::text FROM letter l WHERE ticket = ANY(%s) ORDER BY no"
DONE = "DELETE FROM letter WHERE no = ANY(%s)"


def post(tx: Tx, letters: Sequence[Letter]) -> None:
    """Puts letters on their way, in this order."""
    tx.execute(POST, [as_json(letters)])


def due(tx: Tx, now: datetime, limit: int) -> list[str]:  # noqa: ARG001 (a letter is due at once)
    """Tickets for which there is post, those that wait longest first; nobody else reads it meanwhile."""
    return [ticket for (ticket,) in tx.execute(DUE, [limit])]


def letters_for(tx: Tx, tickets: Sequence[str]) -> dict[str, list[Letter]]:
    """All post of these tickets, in the order in which it was posted."""
    found: dict[str, list[Letter]] = {}
    for letter in from_json(Letter, tx.execute(FOR, [texts(tickets)])):
        found.setdefault(letter.ticket, []).append(letter)
    return found


def done(tx: Tx, numbers: Sequence[int]) -> None:
    """These letters have been read."""
    tx.execute(DONE, [list(numbers)])
