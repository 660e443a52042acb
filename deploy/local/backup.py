"""Backs up the house of a run folder while it works: database at one point, users, queues, secrets."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from chassis.keys import FILE, read_keys
from contracts.registry import SCHEMAS
from deploy.local import LocalFailure, servers
from deploy.local.accounts import SUPERUSER
from deploy.local.endpoints import Endpoints
from deploy.local.install import postgres_programs
from deploy.local.rabbitmq import control
from deploy.local.records import VAULT_KEYS, write_private
from services.ticket.privacy.vault import Vault

FORM = 1
"""Of the folder; a later form gets a higher number."""
OVERLAP = timedelta(hours=1)
"""How long before the back-up publishers begin to send again: what lay in a queue then is not in it."""
MANIFEST, DATABASE, BROKER, SECRETS = "backup.json", "postgres", "broker.json", "secrets.json"

MIGRATED = "SELECT schemaname FROM pg_tables WHERE tablename = '_yoyo_migration' AND schemaname = ANY(%s)"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Manifest:
    """What a back-up is and what it needs; written last, so that a back-up without it is no back-up."""

    form: int
    began: str
    replay_from: str
    """Outside systems send again what they have sent since then, with the same ids."""
    versions: Mapping[str, str]
    migrations: Mapping[str, int]
    bytes: int
    seconds: float
    vault_keys: Sequence[str] = ()
    """Names of the keys of the identity vault; older back-ups have none."""


def back_up(run: Path, to: Path, say: Say = print) -> Manifest:
    """Writes a complete back-up into the new folder `to`, or nothing; raises LocalFailure."""
    if to.exists():
        raise LocalFailure(f"{to} exists already; a back-up gets a new folder.")
    if not (run / "postgres" / "data").exists():
        raise LocalFailure(f"There is no database of ours in {run}; `make up` makes one. {ELSEWHERE}")
    idle = not servers.pids(run)
    draft = to.with_name(f"{to.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    try:
        manifest = _write(servers.start(run), draft, say)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    finally:
        if idle:
            servers.stop(run)
    draft.rename(to)
    return manifest


ELSEWHERE = "Servers named in AMQP_URL and DATABASE_URL: docs/runbooks/production.md."


def read(folder: Path) -> Manifest:
    """The manifest of a back-up; raises LocalFailure where there is none, or one of a later form."""
    path = folder / MANIFEST
    if not path.exists():
        raise LocalFailure(f"{folder} is no back-up: it has no {MANIFEST}.")
    found = json.loads(path.read_text())
    if found.get("form") != FORM:
        raise LocalFailure(f"{folder} has form {found.get('form')}; this version reads form {FORM}.")
    return Manifest(**found)


def _write(endpoints: Endpoints, folder: Path, say: Say) -> Manifest:
    began, clock = datetime.now(UTC), time.monotonic()
    say("copying the database; it goes on working meanwhile")
    _copy_database(endpoints.database_url(SUPERUSER), folder / DATABASE)
    say("copying users, rights, exchanges and queues of the broker")
    broker = control(endpoints.run, "export_definitions", "-")
    write_private(folder / BROKER, broker)
    write_private(folder / SECRETS, (endpoints.run / "secrets.json").read_text())
    vault_keys = _copy_vault_keys(endpoints.run, folder)
    manifest = Manifest(
        form=FORM,
        began=began.isoformat(timespec="seconds"),
        replay_from=(began - OVERLAP).isoformat(timespec="seconds"),
        versions=_versions(endpoints, json.loads(broker)),
        migrations=_migrations(endpoints),
        vault_keys=vault_keys,
        bytes=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        seconds=round(time.monotonic() - clock, 1),
    )
    write_private(folder / MANIFEST, json.dumps(asdict(manifest), indent=1))
    return manifest


def _copy_vault_keys(run: Path, folder: Path) -> list[str]:
    """The house's own keys, and their names; whoever sets VAULT_KEYS keeps them elsewhere."""
    path = run / VAULT_KEYS
    if not path.exists():
        return []
    write_private(folder / VAULT_KEYS, path.read_text())
    return Vault(read_keys(f"{FILE}{path}")).names


def _copy_database(url: str, to: Path) -> None:
    """With its write-ahead log and a checksum for every file; transaction numbers stay what they are."""
    parts = urlsplit(url)
    server = parts._replace(netloc=f"{parts.username}@{parts.hostname}:{parts.port}").geturl()
    argv = [
        str(postgres_programs().basebackup), f"--dbname={server}", "--no-password", f"--pgdata={to}",
        "--wal-method=stream", "--checkpoint=fast", "--manifest-checksums=SHA256", "--label=fengge",
    ]  # fmt: skip
    environ = {**os.environ, "PGPASSWORD": parts.password or ""}
    done = subprocess.run(argv, env=environ, capture_output=True, text=True)
    if done.returncode != 0:
        hint = (
            "Restart the house once: an older one does not let back-ups in."
            if "pg_hba" in done.stderr
            else ""
        )
        raise LocalFailure(f"The database could not be copied: {done.stderr.strip()}\n{hint}".strip())


def _versions(endpoints: Endpoints, broker: Mapping[str, str]) -> dict[str, str]:
    with psycopg.connect(endpoints.database_url(SUPERUSER)) as tx:
        postgres = tx.info.parameter_status("server_version") or ""
    return {"fengge": version("fengge"), "postgresql": postgres, "rabbitmq": broker["rabbit_version"]}


def _migrations(endpoints: Endpoints) -> dict[str, int]:
    """How many migrations each schema has seen; an older house lacks the newest schema."""
    with psycopg.connect(endpoints.database_url(SUPERUSER)) as tx:
        there = [name for (name,) in tx.execute(MIGRATED, [list(SCHEMAS)])]
        counts = {
            name: tx.execute(f"SELECT count(*) FROM {name}._yoyo_migration").fetchone() for name in there
        }
    return {name: int(row[0]) for name, row in counts.items() if row}
