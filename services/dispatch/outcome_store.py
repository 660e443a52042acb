"""The SQL of what was reported in words, for whoever tells it to the requester's hotline."""

from collections.abc import Sequence

from msgspec import Struct

from chassis.database import Tx
from chassis.rows import texts

LAST = """
SELECT DISTINCT ON (ticket) ticket, text FROM outcome
WHERE ticket = ANY(%s::text[]) ORDER BY ticket, at DESC
"""


class Said(Struct, frozen=True):
    """The words of the last report of a ticket's work."""

    ticket: str
    text: str


def last(tx: Tx, tickets: Sequence[str]) -> list[Said]:
    """The last report of each ticket that has one."""
    return [Said(ticket, text) for ticket, text in tx.execute(LAST, [texts(tickets)])]
