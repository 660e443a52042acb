"""A private RabbitMQ: its node, its own port mapper, its users, its start and its stop."""

import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pika
import pika.exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from contracts.broker import parameters_of
from deploy.local import LocalFailure, daemon
from deploy.local.binaries import RabbitPrograms
from deploy.local.definitions import definitions
from deploy.local.install import rabbitmq_programs
from deploy.local.ready import await_ready
from deploy.local.records import recorded_ports, write_private
from deploy.local.unprivileged import Account, account_for

FIGURES = "broker-figures"
PORT_NAMES = ("amqp", "distribution", "epmd", FIGURES)
NODE = "fengge@localhost"
LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"
PLUGINS = "[rabbitmq_consistent_hash_exchange].\n"
WATCHED = "[rabbitmq_consistent_hash_exchange,rabbitmq_prometheus].\n"
TOLD = "prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {port}\n"
ADVANCED = Path(__file__).parents[1] / "rabbitmq" / "advanced.config"
START_SECONDS = 90
STOP = ((signal.SIGTERM, 30.0), (signal.SIGKILL, 5.0))
STOP_EPMD = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))

PLAIN = "listeners.tcp.local = 127.0.0.1:{amqp}\n"
SECURED = """\
listeners.tcp = none
listeners.ssl.local = 127.0.0.1:{amqp}
ssl_options.cacertfile = {folder}/tls/ca.pem
ssl_options.certfile = {folder}/tls/server.pem
ssl_options.keyfile = {folder}/tls/server.key
ssl_options.verify = verify_none
ssl_options.fail_if_no_peer_cert = false
"""
SETTINGS = """\
load_definitions = {folder}/definitions.json
heartbeat = 20
log.console = true
log.console.level = warning
log.file = false
disk_free_limit.absolute = 200MB
raft.wal_max_size_bytes = 268435456
cluster_partition_handling = pause_minority
"""


def launch(
    folder: Path,
    programs: RabbitPrograms,
    account: Account,
    ports: Mapping[str, int],
    passwords: Mapping[str, str],
    *,
    secured: bool = False,
) -> None:
    """Starts what is missing of RabbitMQ in a folder that `account` owns; does not wait for it."""
    environ = environment(folder, ports)
    if daemon.recall(folder / "epmd.pid") is None:
        # Started by ourselves, for one that the node starts would stay behind when the node stops.
        argv = [*account.prefix, str(programs.epmd), "-port", str(ports["epmd"]), "-address", "127.0.0.1"]
        daemon.spawn(argv, environ, folder / "epmd.log", folder / "epmd.pid")
    if daemon.recall(folder / "pid") is None:
        listeners = SECURED if secured else PLAIN
        own = listeners.format(folder=folder, amqp=ports["amqp"]) + TOLD.format(port=ports[FIGURES])
        _write_settings(folder, account, own, passwords)
        daemon.spawn([*account.prefix, str(programs.server)], environ, folder / "log", folder / "pid")


def wait(folder: Path, url: str) -> None:
    """Returns once RabbitMQ has loaded its users and lets in the user of this URL."""
    port = urlsplit(url).port or 0
    await_ready("RabbitMQ", folder / "pid", folder / "log", START_SECONDS, lambda: answers(url, port))


def stop(folder: Path) -> None:
    """Stops the node and its port mapper if they run in this folder."""
    daemon.end(folder / "pid", STOP)
    daemon.end(folder / "epmd.pid", STOP_EPMD)


def control(run: Path, *words: str, said: str = "") -> str:
    """What rabbitmqctl says to the running node of a run folder; raises LocalFailure if it fails."""
    folder = run / "rabbitmq"
    environ = environment(folder, recorded_ports(run))
    argv = [*account_for(folder, ["rabbitmq"]).prefix, str(rabbitmq_programs().control), "--silent", *words]
    done = subprocess.run(argv, env=environ, input=said, capture_output=True, text=True)
    if done.returncode != 0:
        raise LocalFailure(f"The broker refused {words[0]}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def answers(url: str, port: int) -> bool:
    """Whether the node at this port lets in the user of this URL."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()  # pika would log each refusal
        pika.BlockingConnection(parameters_of(url)).close()
    except (OSError, pika.exceptions.AMQPConnectionError, AMQPConnectorException):
        return False
    return True


def _write_settings(folder: Path, account: Account, listeners: str, passwords: Mapping[str, str]) -> None:
    files = {
        folder / "rabbitmq.conf": listeners + SETTINGS.format(folder=folder),
        folder / "advanced.config": ADVANCED.read_text(encoding="utf-8"),
        folder / "enabled_plugins": WATCHED,
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


def _schedulers() -> str:
    """Erlang's schedulers on half of the cores: two that share what one could do wake each other in vain."""
    half = max(1, (os.cpu_count() or 1) // 2)
    return f"+S {half}:{half}"


def environment(folder: Path, ports: Mapping[str, int], node: str = NODE) -> dict[str, str]:
    """What RabbitMQ's programs are told in this folder, about this node."""
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin",
        "LANG": "C.UTF-8",
        "HOME": str(folder / "home"),
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_CRASH_DUMP_BYTES": "0",
        "RABBITMQ_NODENAME": node,
        "RABBITMQ_DIST_PORT": str(ports["distribution"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{LOOPBACK} {_schedulers()}",
        # Bound to a core each, they would wait for what others do there while the next core is free.
        "RABBITMQ_SCHEDULER_BIND_TYPE": "u",
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        # Further settings come from this folder as well, never from those of a broker of the machine.
        "RABBITMQ_CONFIG_FILES": str(folder / "conf.d" / "*.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_PID_FILE": str(folder / "node.pid"),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        # Together they make the script become the node instead of watching it, so that one id names both.
        "RABBITMQ_ALLOW_INPUT": "true",
        "RABBITMQ_SERVER_START_ARGS": "-noinput",
    }
