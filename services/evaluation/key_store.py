"""SQL of the rating keys: their fingerprints are kept, and who asked for them."""

from collections.abc import Sequence
from datetime import datetime

from chassis.database import Tx
from chassis.rows import columns, texts
from services.evaluation.keyring import Key, Print, drawn, printed

VALID = 3
"""The last so many keys of a ticket hold, since a message may have gone out although nobody could tell."""
ASKED = """
SELECT id, round, window_ends_at FROM casefile
WHERE id = ANY(%s) AND state = 'asked' AND window_ends_at > %s ORDER BY id
"""
KEEP = """
INSERT INTO rating_key (ticket, round, token, code, who, made_at)
SELECT ticket, round, token, code, %s, %s
FROM unnest(%s::text[], %s::int[], %s::bytea[], %s::bytea[]) AS made (ticket, round, token, code)
"""
PRINTS = """
SELECT asked.ticket, k.round, k.token, k.code FROM unnest(%s::text[]) AS asked (ticket)
CROSS JOIN LATERAL (SELECT round, token, code FROM rating_key WHERE rating_key.ticket = asked.ticket
                    ORDER BY no DESC LIMIT %s) k
"""


def make(tx: Tx, secret: str, tickets: Sequence[str], who: str, now: datetime) -> list[Key]:
    """A new key for each of the tickets whose requester is asked now; the others get none."""
    keys = [drawn(*row) for row in tx.execute(ASKED, [texts(tickets), now]).fetchall()]
    if keys:
        prints = [printed(secret, key) for key in keys]
        rows = [(key.ticket, key.round, p.token, p.code) for key, p in zip(keys, prints, strict=True)]
        tx.execute(KEEP, [who, now, *columns(rows, 4)])
    return keys


def prints(tx: Tx, tickets: Sequence[str]) -> dict[str, list[Print]]:
    """What is kept of the last keys of these tickets, the newest first."""
    found: dict[str, list[Print]] = {}
    for ticket, *row in tx.execute(PRINTS, [texts(tickets), VALID]):
        found.setdefault(ticket, []).append(Print(*row))
    return found
