"""Accounts of operators, what they failed to sign in with, and sign-ins under way at an issuer."""

from dataclasses import dataclass
from typing import Any

from psycopg.rows import class_row, dict_row

from chassis.database import Tx
from services.console.issuer import Handshake, Identity
from services.console.lockout import Limit

FIND = "SELECT name, role, password, issuer, locked FROM console.account WHERE name = %s"
ADD = """
INSERT INTO console.account (name, role, password, made_by) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING name
"""
OF_ISSUER = """
INSERT INTO console.account (name, role, issuer, subject, made_by) VALUES (%s, %s, %s, %s, 'issuer')
ON CONFLICT (issuer, subject) DO UPDATE SET role = EXCLUDED.role, changed_at = CASE
    WHEN account.role = EXCLUDED.role THEN account.changed_at ELSE now() END
RETURNING name, role, password, issuer, locked
"""
TAKEN = "SELECT 1 FROM console.account WHERE name = %s AND (issuer, subject) IS DISTINCT FROM (%s, %s)"
LIST = """
SELECT name, role, locked, issuer, made_by, made_at, changed_at,
       (SELECT max(seen_at) FROM console.session WHERE account = name) AS seen_at
FROM console.account ORDER BY name
"""
SET_HASH = "UPDATE console.account SET password = %s, changed_at = now() WHERE name = %s AND issuer IS NULL"
SET_ROLE = "UPDATE console.account SET role = %s, changed_at = now() WHERE name = %s AND issuer IS NULL"
SET_LOCKED = "UPDATE console.account SET locked = %s, changed_at = now() WHERE name = %s"
TRY = """
INSERT INTO console.failure AS f (kind, key, count) VALUES (%(kind)s, %(key)s, 1)
ON CONFLICT (kind, key) DO UPDATE SET
    count = CASE WHEN f.since < now() - %(window)s THEN 1 ELSE f.count + 1 END,
    since = CASE WHEN f.since < now() - %(window)s THEN now() ELSE f.since END,
    until = CASE WHEN f.until > now() THEN f.until
                 WHEN f.since >= now() - %(window)s AND f.count >= %(most)s THEN now() + %(lock)s END
RETURNING until > now() IS TRUE
"""
FORGIVE = "UPDATE console.failure SET count = greatest(count - 1, 0) WHERE kind = %s AND key = %s"
FORGET = "DELETE FROM console.failure WHERE kind = 'account' AND key = %s"
TIDY = "DELETE FROM console.failure WHERE since < now() - interval '1 day' AND until > now() IS NOT TRUE"
TIDY_SHAKES = "DELETE FROM console.handshake WHERE made_at < now() - interval '10 minutes'"
SHAKE = "INSERT INTO console.handshake (state, nonce, verifier, next) VALUES (%s, %s, %s, %s)"
SHOOK = """
DELETE FROM console.handshake WHERE state = %s RETURNING nonce, verifier, next,
    made_at > now() - interval '10 minutes'
"""


@dataclass(frozen=True)
class Account:
    """Who may sign in, and what they may do."""

    name: str
    role: str
    password: str | None
    issuer: str | None
    locked: bool


def find(tx: Tx, name: str) -> Account | None:
    """The account of this name."""
    with tx.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(FIND, [name]).fetchone()


def add(tx: Tx, name: str, role: str, password: str, by: str) -> bool:
    """Makes an account with this hash; False if there is one of that name."""
    return tx.execute(ADD, [name, role, password, by]).fetchone() is not None


def of_issuer(tx: Tx, identity: Identity, role: str) -> Account | None:
    """The account of somebody whom an issuer vouches for, made at first; None: the name is another's."""
    who = [identity.issuer, identity.subject]
    if tx.execute(TAKEN, [identity.name, *who]).fetchone():
        return None
    with tx.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(OF_ISSUER, [identity.name, role, *who]).fetchone()


def listed(tx: Tx) -> list[dict[str, Any]]:
    """All accounts, without their passwords."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LIST).fetchall()


def set_password(tx: Tx, name: str, password: str) -> bool:
    """Gives an account of our own another password."""
    return tx.execute(SET_HASH, [password, name]).rowcount == 1


def set_role(tx: Tx, name: str, role: str) -> bool:
    """Gives an account of our own another role."""
    return tx.execute(SET_ROLE, [role, name]).rowcount == 1


def set_locked(tx: Tx, name: str, locked: bool) -> bool:
    """Shuts an account out, or lets it in again."""
    return tx.execute(SET_LOCKED, [locked, name]).rowcount == 1


def tried(tx: Tx, kind: str, key: str, limit: Limit) -> bool:
    """Counts an attempt before it is judged, so that many at a time are no way round; False: locked out."""
    values = {"kind": kind, "key": key, "window": limit.window, "most": limit.most, "lock": limit.lock}
    row = tx.execute(TRY, values).fetchone()
    return row is not None and not row[0]


def forgive(tx: Tx, account: str, address: str) -> None:
    """An attempt was right: it counts for nothing, and the account's failures are forgotten."""
    tx.execute(FORGET, [account])
    tx.execute(FORGIVE, ["address", address])


def forget(tx: Tx, account: str) -> None:
    """Ends the lock-out of an account."""
    tx.execute(FORGET, [account])


def shake(tx: Tx, handshake: Handshake, target: str) -> None:
    """Keeps what a sign-in at an issuer must come back with."""
    tx.execute(SHAKE, [handshake.digest, handshake.nonce, handshake.verifier, target])


def shook(tx: Tx, state: bytes) -> tuple[str, str, str] | None:
    """Nonce, verifier and where to go next, once; None where there is none, or it took too long."""
    row: tuple[str, str, str, bool] | None = tx.execute(SHOOK, [state]).fetchone()
    return row[:3] if row and row[3] else None


def tidy(tx: Tx) -> None:
    """Lets go of what is over."""
    tx.execute(TIDY)
    tx.execute(TIDY_SHAKES)
