"""The commands behind the Makefile: up, foreground, down, status, servers."""

import argparse
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.local import DEFAULT_RUN, LocalFailure, house, servers
from deploy.local.accounts import OWNER


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


def _foreground(arguments: argparse.Namespace) -> None:
    house.stay(arguments.run, arguments.tied)


def _down(arguments: argparse.Namespace) -> None:
    house.down(arguments.run)
    print("all stopped")


def _servers(arguments: argparse.Namespace) -> None:
    found = servers.start(arguments.run)
    print(f"broker   {found.amqp_url('admin')}\ndatabase {found.database_url(OWNER)}")


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
