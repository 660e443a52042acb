"""The commands behind the Makefile: up, foreground, down, status, servers, backup, restore."""

import argparse
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from deploy.local import DEFAULT_RUN, LocalFailure, backup, house, restore, room, scraping, servers
from deploy.local.accounts import OWNER
from deploy.local.records import VAULT_KEYS

BACKUPS = DEFAULT_RUN.with_name("backups")


def main() -> int:
    """Runs one command; returns its exit status."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    command: Callable[[argparse.Namespace], None] = arguments.command
    try:
        command(arguments)
    except LocalFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument(
        "--run", type=Path, default=DEFAULT_RUN, help="run folder (default: .run of the project)"
    )
    commands = parser.add_subparsers(required=True)
    commands.add_parser("up", help="start all in the background").set_defaults(command=_up)
    foreground = commands.add_parser("foreground", help="start all and stay until Ctrl-C")
    foreground.add_argument("--tied", type=int, help="also stop when this parent process dies")
    foreground.set_defaults(command=_foreground)
    commands.add_parser("down", help="drain and stop all").set_defaults(command=_down)
    commands.add_parser("servers", help="start only broker and database").set_defaults(command=_servers)
    backup_ = commands.add_parser("backup", help="back up what runs, while it runs")
    backup_.add_argument("--to", type=Path, help="new folder (default: backups/<now> of the project)")
    backup_.set_defaults(command=_backup)
    restore_ = commands.add_parser("restore", help="make the house what a back-up holds")
    restore_.add_argument("source", type=Path, help="folder of a back-up, or of a house that was set aside")
    restore_.add_argument("--force", action="store_true", help="set the house that is there aside")
    restore_.set_defaults(command=_restore)
    for each in (backup_, restore_):
        each.add_argument("--json", action="store_true")
    status = commands.add_parser("status", help="say what runs")
    status.add_argument("--json", action="store_true")
    status.set_defaults(command=_status)
    return parser


def _up(arguments: argparse.Namespace) -> None:
    print(f"starting broker, database and services (logs: {arguments.run}/log)", flush=True)
    (arguments.run / house.PLAYED).unlink(missing_ok=True)  # from now on the data may be somebody's work
    house.up(arguments.run)
    _status(argparse.Namespace(run=arguments.run, json=False))
    print(f"ready; addresses are in {arguments.run}/endpoints.json")
    print(room.invitation(arguments.run))
    print(f"to watch it: prometheus --config.file={arguments.run}/{scraping.CONFIGURATION}")


def _foreground(arguments: argparse.Namespace) -> None:
    house.stay(arguments.run, arguments.tied)


def _down(arguments: argparse.Namespace) -> None:
    house.down(arguments.run)
    print("all stopped")


def _servers(arguments: argparse.Namespace) -> None:
    found = servers.start(arguments.run)
    print(f"broker   {found.amqp_url('admin')}\ndatabase {found.database_url(OWNER)}")


def _backup(arguments: argparse.Namespace) -> None:
    to = arguments.to or BACKUPS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    manifest = backup.back_up(arguments.run.resolve(), to.resolve(), _say)
    if arguments.json:
        print(json.dumps({"backup": str(to.resolve()), **asdict(manifest)}, indent=1))
    else:
        print(f"{to} holds all of it: {manifest.bytes / 1e6:.0f} MB in {manifest.seconds} s")
        print("It holds secrets and personal data: keep it as safe as the house, and on another disk.")
        print(f"{to / VAULT_KEYS} opens the identity vault: move it to another place than the rest. Whoever")
        print("restores puts it back there; without it nobody can read who asked and what they said.")


def _restore(arguments: argparse.Namespace) -> None:
    done = restore.restore(arguments.run.resolve(), arguments.source.resolve(), arguments.force, _say)
    if arguments.json:
        print(json.dumps(asdict(done), indent=1))
        return
    print("restored; `make up` starts it")
    if done.replay_from:
        print(f"Publishers now send again, with the same ids, what they have sent since {done.replay_from}.")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _status(arguments: argparse.Namespace) -> None:
    rows = house.processes(arguments.run)
    if arguments.json:
        print(json.dumps({"supervisor": house.supervisor(arguments.run), "processes": rows}, indent=1))
    elif not rows:
        print("nothing runs")
    for row in [] if arguments.json else rows:
        print(f"{row['name']:<14}{row['state']:<10}pid {row['pid'] or '-':<9}restarts {row['restarts']}")


if __name__ == "__main__":
    sys.exit(main())
