"""`fengge vault key` and `rotate`: a new key for the vault, and everything sealed with it."""

import secrets
import sys
from typing import Any

import typer
from psycopg import Connection

from cli import person
from cli.place import Place
from cli.say import JsonFlag, as_json
from services.ticket.privacy import vault_store
from services.ticket.privacy.vault import Vault
from services.ticket.privacy.vault_store import SHELVES, Shelf


def key() -> None:
    """A new key, to be put before the others in VAULT_KEYS · 生成密钥.

    Then restart the ticket service and run `fengge vault rotate`; only after that take the old key out.
    """
    print(secrets.token_hex(32))


def rotate(context: typer.Context, json: JsonFlag = False) -> None:
    """Seal everything with the newest key, step by step · 轮换密钥.

    It may be stopped at any time: the next run goes on. Services work meanwhile.
    """
    place: Place = context.obj
    vault = place.vault()
    with place.connection("ticket") as connection:
        found = {shelf.table: _rotate(connection, vault, shelf) for shelf in SHELVES}
        with connection.transaction():
            left = sum(vault_store.count(connection, vault, shelf, clear=False) for shelf in SHELVES)
            if not left:
                vault_store.retire(connection, vault)
    if json:
        as_json({"key": vault.newest, "sealed": found, "left": left})
    elif left:
        print(f"{left} rows have come meanwhile; does the ticket service know the new key? Run it again.")
    else:
        print(f"all is sealed with key {vault.newest}; older keys are needed only for older back-ups")


def _rotate(connection: Connection[Any], vault: Vault, shelf: Shelf) -> int:
    total = vault_store.count(connection, vault, shelf, clear=False)
    done, after = 0, ""
    while True:
        with connection.transaction():
            last = person.opened(lambda: vault_store.reseal(connection, vault, shelf, after, clear=False))  # noqa: B023
        if last is None:
            return done
        after, done = last[0], done + last[1]
        print(f"{shelf.table}: {done} of {max(total, done)} rows sealed anew", file=sys.stderr)
