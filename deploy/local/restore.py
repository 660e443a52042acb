"""Puts a back-up into the place of a house, which is set aside whole, so that the restore can be undone."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from chassis.keys import FILE, read_keys
from deploy.local import LocalFailure, backup, daemon, servers
from deploy.local.accounts import OWNER
from deploy.local.backup import BROKER, DATABASE, SECRETS, Manifest, Say
from deploy.local.endpoints import Endpoints
from deploy.local.house import PLAYED
from deploy.local.install import postgres_programs
from deploy.local.rabbitmq import control
from deploy.local.records import VAULT_KEYS, write_private
from deploy.local.unprivileged import account_for
from services.ticket.privacy import vault_store
from services.ticket.privacy.vault import Vault

HOLDINGS = ("postgres/data", "rabbitmq/data", "secrets.json", VAULT_KEYS, PLAYED)
"""What a house is, apart from its ports, logs and letters."""
ASIDE = "set-aside"


@dataclass(frozen=True)
class Restored:
    """What was done, and what is left to do."""

    backup: str
    replay_from: str
    set_aside: str | None
    """Where the house that was there is now."""
    resent: Mapping[str, Any]


def restore(run: Path, source: Path, force: bool = False, say: Say = print) -> Restored:
    """Makes the house of `run` what `source` holds, ready for `make up`. Raises LocalFailure.

    An occupied house is refused unless `force`; then it is set aside. A house that was set aside is a valid
    `source`, too: it is moved back.
    """
    _require_rest(run)
    if _holdings(run) and not force:
        raise LocalFailure(f"{run} holds a house already. FORCE=1 sets it aside and restores in its place.")
    manifest = None if (source / ASIDE).exists() else _checked(source, say)
    aside = _set_aside(run)
    if aside:
        say(f"the house that was here is in {aside}; `make restore FORCE=1 FROM={aside}` brings it back")
    if manifest is None:
        _move(source, run)
        return Restored(str(source), "", aside, {})
    _fill(run, source, say)
    return Restored(str(source), manifest.replay_from, aside, _carry_on(run, source, say))


def _require_rest(run: Path) -> None:
    if servers.pids(run) or daemon.recall(run / "supervisor.pid"):
        raise LocalFailure(f"Fengge runs in {run}; stop it with `make down` first.")


def _checked(source: Path, say: Say) -> Manifest:
    """The manifest of a back-up that is whole and fits this machine's servers."""
    manifest = backup.read(source)
    programs = postgres_programs()
    have = subprocess.run([programs.postgres, "--version"], capture_output=True, text=True).stdout.split()[2]
    need = manifest.versions["postgresql"]
    if have.split(".")[0] != need.split(".")[0]:
        raise LocalFailure(f"The back-up needs PostgreSQL {need.split('.')[0]}; here is {have}.")
    if manifest.vault_keys and not (source / VAULT_KEYS).exists():
        raise LocalFailure(
            f"{source} lacks {VAULT_KEYS} with the keys {', '.join(manifest.vault_keys)}: without them "
            "nobody can read who asked and what they said. Put the file there that was kept apart."
        )
    say("comparing the back-up with its checksums")
    done = subprocess.run([programs.verifybackup, source / DATABASE], capture_output=True, text=True)
    if done.returncode != 0:
        raise LocalFailure(f"The back-up is damaged: {done.stderr.strip()}")
    return manifest


def _holdings(run: Path) -> list[str]:
    return [name for name in HOLDINGS if (run / name).exists()]


def _set_aside(run: Path) -> str | None:
    if not _holdings(run):
        return None
    aside = run / f"before-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    aside.mkdir(mode=0o700)
    _move(run, aside)
    (aside / ASIDE).touch()
    return str(aside)


def _move(source: Path, to: Path) -> None:
    for name in _holdings(source):
        (to / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (source / name).rename(to / name)


def _fill(run: Path, source: Path, say: Say) -> None:
    """Secrets first: without them nobody could enter the database."""
    say("copying the database")
    run.mkdir(parents=True, exist_ok=True)
    write_private(run / "secrets.json", (source / SECRETS).read_text())
    if (source / VAULT_KEYS).exists():
        write_private(run / VAULT_KEYS, (source / VAULT_KEYS).read_text())
    folder = run / "postgres"
    account = account_for(folder, ["postgres"])
    draft = folder / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(source / DATABASE, draft, symlinks=True)
    draft.chmod(0o700)
    account.own(draft, *draft.rglob("*"))
    draft.rename(folder / "data")


def _carry_on(run: Path, source: Path, say: Say) -> dict[str, Any]:
    """Starts the servers for a moment, to make the broker know what it knew and to prepare both."""
    from deploy import resend  # loads every service to learn what it hears

    say("starting broker and database on it")
    with servers.running(run) as endpoints:
        said = (source / BROKER).read_text()
        control(run, "import_definitions", said=said)
        if (run / VAULT_KEYS).exists():
            _tell_missing_keys(endpoints, say)
        say("looking for what has to be sent again")
        owner, admin = endpoints.database_url(OWNER), endpoints.amqp_url("admin")
        return asdict(resend.prepare(owner, admin, _shards(json.loads(said))))


def _tell_missing_keys(endpoints: Endpoints, say: Say) -> None:
    """A vault that does not open is told now, and not when somebody has to be called back."""
    vault = Vault(read_keys(f"{FILE}{endpoints.run / VAULT_KEYS}"))
    with psycopg.connect(endpoints.database_url(OWNER), options="-c search_path=ticket") as tx:
        known = tx.execute("SELECT to_regclass('vault_key')").fetchone() != (None,)
        missing = vault_store.missing(tx, vault) if known else []
    if missing:
        say(f"{VAULT_KEYS} lacks {', '.join(missing)}: what these keys sealed cannot be read without them")


def _shards(broker: Mapping[str, Any]) -> int:
    """How many shards the house had: as many queues as one service had."""
    return sum(queue["name"].startswith("ticket.") for queue in broker["queues"])
