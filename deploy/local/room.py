"""The first administrator of a run folder's operators' room; the password lies in a file of its owner."""

import json
import secrets
from pathlib import Path

import psycopg

from contracts.registry import CONSOLE
from deploy.local.endpoints import Endpoints
from deploy.local.records import write_private
from services.console import account_store, passwords

FILE = "console.password"
NAME = "admin"


def first_administrator(endpoints: Endpoints) -> None:
    """Makes the account `admin` with a random password, where nobody has an account yet."""
    with psycopg.connect(endpoints.database_url(CONSOLE), connect_timeout=10) as tx:
        if account_store.listed(tx):
            return
        password = secrets.token_urlsafe(18)
        account_store.add(tx, NAME, "administrator", passwords.hashed(password), "local")
        write_private(endpoints.run / FILE, f"{password}\n")


def invitation(run: Path) -> str:
    """Where the room is, and how to get in."""
    address = json.loads((run / "endpoints.json").read_text())["console"]
    path = run / FILE
    how = (
        f"account {NAME}, password in {path}" if path.exists() else "`fengge account list` says who may enter"
    )
    return f"operators' room 值班室: {address} ({how})"
