"""Small disks: one that holds every outbox of a house and can be filled up, or one for any other folder."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from contracts.registry import SERVICES
from deploy.local.accounts import SUPERUSER
from deploy.local.unprivileged import Account, account_for
from tests.faults.rig.house import House

ROOM = 8_000_000
"""Bytes that the disk has beyond what lies on it at first."""
OUTBOXES = """
SELECT n.nspname, c.relname, pg_total_relation_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relname LIKE 'outbox%%' AND n.nspname = ANY(%s)
"""
MOVE = "ALTER TABLE {table} SET TABLESPACE {space}"
PACK = "VACUUM FULL {table}"
"""Leaves no room in the pages there are: the next row needs a new one."""
SPACE, HOME = sql.Identifier("small_disk"), sql.Identifier("pg_default")


class Disk:
    """The mounted disk."""

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Takes all the room there is."""
        with self._ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    def clear(self) -> None:
        """Gives the room back."""
        self._ballast.unlink(missing_ok=True)


def may_mount() -> bool:
    """Whether this process may mount a file system."""
    return (
        os.geteuid() == 0
        and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0
    )


@contextmanager
def small_disk(house: House) -> Iterator[Disk]:
    """All outboxes lie on a small disk until the block ends."""
    with psycopg.connect(house.endpoints.database_url(SUPERUSER), autocommit=True) as connection:
        tables = connection.execute(OUTBOXES, [list(SERVICES)]).fetchall()
        names = [sql.Identifier(schema, table) for schema, table, _ in tables]
        account = account_for(house.run / "postgres", ["postgres"])
        size = sum(size for *_, size in tables) + ROOM
        with mounted(house.run / "postgres" / "small", size, account) as folder:
            disk = Disk(folder)
            (folder / "space").mkdir(mode=0o700)
            account.own(folder / "space")
            connection.execute(
                sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(SPACE, sql.Literal(str(folder / "space")))
            )
            _move(connection, names, SPACE)
            try:
                yield disk
            finally:
                disk.clear()
                _move(connection, names, HOME)
                connection.execute(sql.SQL("DROP TABLESPACE {}").format(SPACE))


@contextmanager
def mounted(folder: Path, size: int, account: Account) -> Iterator[Path]:
    """A new folder of this account that is a disk of so many bytes, until the block ends."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        account.own(folder)
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()


def _move(connection: psycopg.Connection[Any], tables: list[sql.Identifier], space: sql.Identifier) -> None:
    for table in tables:
        for statement in (MOVE, PACK):
            connection.execute(sql.SQL(statement).format(table=table, space=space))
