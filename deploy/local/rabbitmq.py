"""A private RabbitMQ: its node, its own port mapper, its users, its start and its stop."""

import os
import secrets
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

import pika
import pika.exceptions

from deploy.local import daemon
from deploy.local.accounts import VHOST
from deploy.local.binaries import RabbitPrograms
from deploy.local.definitions import definitions
from deploy.local.ready import await_ready
from deploy.local.records import write_private
from deploy.local.unprivileged import Account

PORT_NAMES = ("amqp", "distribution", "epmd")
NODE = "fengge@localhost"
PLUGINS = "[rabbitmq_consistent_hash_exchange].\n"
START_SECONDS = 90
STOP = ((signal.SIGTERM, 30.0), (signal.SIGKILL, 5.0))
STOP_EPMD = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))

SETTINGS = """\
listeners.tcp.local = 127.0.0.1:{amqp}
load_definitions = {folder}/definitions.json
heartbeat = 20
log.console = true
log.console.level = warning
log.file = false
disk_free_limit.absolute = 200MB
raft.wal_max_size_bytes = 67108864
"""


def launch(
    folder: Path,
    programs: RabbitPrograms,
    account: Account,
    ports: Mapping[str, int],
    passwords: Mapping[str, str],
) -> None:
    """Starts what is missing of RabbitMQ in a folder that `account` owns; does not wait for it."""
    environment = _environment(folder, ports)
    if daemon.recall(folder / "epmd.pid") is None:
        # Started by ourselves, for one that the node starts would stay behind when the node stops.
        argv = [*account.prefix, str(programs.epmd), "-port", str(ports["epmd"]), "-address", "127.0.0.1"]
        daemon.spawn(argv, environment, folder / "epmd.log", folder / "epmd.pid")
    if daemon.recall(folder / "pid") is None:
        _write_settings(folder, account, ports, passwords)
        daemon.spawn([*account.prefix, str(programs.server)], environment, folder / "log", folder / "pid")


def wait(folder: Path, port: int, password: str) -> None:
    """Returns once RabbitMQ has loaded its users and lets the admin in."""
    url = f"amqp://admin:{password}@127.0.0.1:{port}/{VHOST}"
    await_ready("RabbitMQ", folder / "pid", folder / "log", START_SECONDS, lambda: _answers(url, port))


def stop(folder: Path) -> None:
    """Stops the node and its port mapper if they run in this folder."""
    daemon.end(folder / "pid", STOP)
    daemon.end(folder / "epmd.pid", STOP_EPMD)


def _answers(url: str, port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()  # pika would log each refusal
        pika.BlockingConnection(pika.URLParameters(url)).close()
    except (OSError, pika.exceptions.AMQPConnectionError):
        return False
    return True


def _write_settings(
    folder: Path, account: Account, ports: Mapping[str, int], passwords: Mapping[str, str]
) -> None:
    files = {
        folder / "rabbitmq.conf": SETTINGS.format(folder=folder, amqp=ports["amqp"]),
        folder / "enabled_plugins": PLUGINS,
        folder / "definitions.json": definitions(passwords),
    }
    for path, text in files.items():
        write_private(path, text)
        account.own(path)
    _write_cookie(folder, account)


def _write_cookie(folder: Path, account: Account) -> None:
    home = folder / "home"
    home.mkdir(exist_ok=True, mode=0o700)
    cookie = home / ".erlang.cookie"
    if not cookie.exists():
        write_private(cookie, secrets.token_hex(20))
        cookie.chmod(0o400)
    account.own(home, cookie)


def _environment(folder: Path, ports: Mapping[str, int]) -> dict[str, str]:
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin",
        "LANG": "C.UTF-8",
        "HOME": str(folder / "home"),
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_CRASH_DUMP_BYTES": "0",
        "RABBITMQ_NODENAME": NODE,
        "RABBITMQ_DIST_PORT": str(ports["distribution"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_PID_FILE": str(folder / "node.pid"),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        # Together they make the script become the node instead of watching it, so that one id names both.
        "RABBITMQ_ALLOW_INPUT": "true",
        "RABBITMQ_SERVER_START_ARGS": "-noinput",
    }
