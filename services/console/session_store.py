"""Who is signed in: sessions by the digest of the browser's secret, with two ends, one for idleness."""

from datetime import timedelta

from chassis.database import Tx
from services.console.roles import ROLES
from services.console.session import Session

BEGIN = """
INSERT INTO console.session (digest, account, ends_at, address)
VALUES (%s, %s, now() + %s, %s)
"""
FIND = """
SELECT account.name, account.role FROM console.session
JOIN console.account ON account.name = session.account
WHERE digest = %s AND ends_at > now() AND seen_at > now() - %s AND NOT locked
"""
SEEN = (
    "UPDATE console.session SET seen_at = now() WHERE digest = %s AND seen_at < now() - interval '30 seconds'"
)
END = "DELETE FROM console.session WHERE digest = %s"
END_ALL = "DELETE FROM console.session WHERE account = %s"
TIDY = "DELETE FROM console.session WHERE ends_at < now() OR seen_at < now() - %s"


def begin(tx: Tx, digest: bytes, account: str, lasts: timedelta, address: str) -> None:
    """Signs an account in."""
    tx.execute(BEGIN, [digest, account, lasts, address])


def find(tx: Tx, digest: bytes, idle: timedelta) -> Session | None:
    """Who is signed in with this secret and not locked out meanwhile; their role as it is now."""
    row: tuple[str, str] | None = tx.execute(FIND, [digest, idle]).fetchone()
    return Session(row[0], ROLES[row[1]]) if row else None


def seen(tx: Tx, digest: bytes) -> None:
    """Somebody is there: the time of idleness begins anew."""
    tx.execute(SEEN, [digest])


def end(tx: Tx, digest: bytes) -> None:
    """Signs out."""
    tx.execute(END, [digest])


def end_all(tx: Tx, account: str) -> int:
    """Signs an account out everywhere."""
    return tx.execute(END_ALL, [account]).rowcount


def tidy(tx: Tx, idle: timedelta) -> None:
    """Lets go of sessions that have ended."""
    tx.execute(TIDY, [idle])
