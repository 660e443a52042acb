"""A house to break: private servers behind proxies, the real services as processes, one mail receiver."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pika

from bench.stage import furnish
from contracts.registry import CONSOLE, LEDGERS
from deploy import topology
from deploy.local import doors, servers
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from deploy.local.processes import MAILBOX, ProcessSpec, endpoints_document, process_table
from deploy.local.rabbitmq import NODE
from deploy.schemas import bring_up_to_date
from tests.faults.rig.cluster import Node, joined
from tests.faults.rig.load import listen
from tests.faults.rig.proxy import Proxy, through
from tests.faults.rig.victims import Victim
from tests.integration.process import until

SHARDS = 4
HEARTBEAT = 4
"""Seconds; a broken line is found within two."""
START = 60.0
"""Seconds that a process may take to start on a machine that has much else to do."""
SETTINGS = {"HEARTBEAT": str(HEARTBEAT), "CONFIRM_TIMEOUT": "5", "SHARDS": str(SHARDS)}
"""What all services are told besides where their servers are; short waits make short accidents."""


@dataclass
class Process:
    """One service process of the house."""

    popen: subprocess.Popen[bytes]
    door: str
    plain: bool = True
    """Whether it is the service with the settings of the house."""

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self.popen.poll() is None

    def stopped(self, sign: signal.Signals) -> int:
        """Sends it a signal and waits for its end; returns its status."""
        self.popen.send_signal(sign)
        return self.popen.wait(20)

    def ready(self) -> bool:
        """Whether all its lines stand; fails if it has ended instead."""
        assert self.lives, f"process {self.popen.pid} ended with {self.popen.poll()} while starting"
        return doors.is_ready(self.door)

    def lines(self) -> dict[str, bool]:
        """Which of its lines stand, by its own word: consumer, relay, database."""
        try:
            with urlopen(f"{self.door}/readyz", timeout=5) as answer:
                return dict(json.load(answer))
        except HTTPError as error:
            with error:
                return dict(json.load(error))


class House:
    """The processes of one run folder; services and the world reach the servers through wires."""

    def __init__(self, run: Path, endpoints: Endpoints, inside: Endpoints, *wires: Proxy) -> None:
        self.run, self.endpoints = run, endpoints
        self.broker_wire, self.database_wire, self.outside_wire = self.wires = wires
        self.broker, self.database = Victim(run, "rabbitmq"), Victim(run, "postgres")
        self.fellows: Sequence[Node] = ()
        environ = {**os.environ, **SETTINGS, "INSTANCES": "1"}
        self.specs: Mapping[str, ProcessSpec] = {s.name: s for s in process_table(inside, environ)}
        self.processes: dict[str, Process] = {}
        document = endpoints_document(endpoints, list(self.specs.values()))
        (run / "endpoints.json").write_text(json.dumps(document))

    @property
    def brokers(self) -> dict[str, Victim]:
        """Every node of the broker by its name."""
        return {NODE: self.broker, **{node.name: node for node in self.fellows}}

    @property
    def letters(self) -> Path:
        """The folder into which the mail receiver delivers."""
        return self.run / "mail"

    def launch(self, name: str, service: str = "", twin: str = "", **extra: str) -> Process:
        """Starts a service, or the class `service` in its place, or a `twin` beside it; does not wait."""
        spec = self.specs[name]
        argv = [*spec.argv[:-1], service] if service else list(spec.argv)
        env = {**spec.env, **extra} | ({"HEALTH_PORT": "0"} if twin else {})
        log = self.run / "log" / f"{twin or name}.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("ab") as output:
            popen = subprocess.Popen(argv, env=env, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        self.processes[twin or name] = Process(popen, spec.door, not (service or twin or extra))
        return self.processes[twin or name]

    def start(self, *names: str, **extra: str) -> None:
        """Starts services and waits until they are ready."""
        started = [self.launch(name, **extra) for name in names]
        for process in started:
            until(process.ready, START)

    def kill(self, *names: str, sign: signal.Signals = signal.SIGKILL) -> None:
        """Sends each of these processes a signal and waits for its end."""
        for name in names:
            self.processes[name].popen.send_signal(sign)
        for name in names:
            self.processes.pop(name).popen.wait(20)

    def restart(self, *names: str, **extra: str) -> None:
        """Stops services in order and starts them anew with these settings."""
        self.kill(*names, sign=signal.SIGTERM)
        self.start(*names, **extra)

    def dies(self, name: str, seconds: float = 20.0) -> int:
        """Waits until this process has ended by itself; returns its status."""
        status = self.processes[name].popen.wait(seconds)
        del self.processes[name]
        return status

    def said(self, name: str) -> str:
        """The log of a process."""
        return (self.run / "log" / f"{name}.log").read_text()

    def mend(self) -> None:
        """Everything as it was at first: servers and services up with their own settings, wires open."""
        for wire in self.wires:
            wire.heal()
            wire.taps.clear()
        self.broker.revive()
        self.kill(*(n for n, process in self.processes.items() if not process.plain), sign=signal.SIGTERM)
        self.start(*(name for name in (MAILBOX, *LEDGERS) if name not in self.processes))
        for process in self.processes.values():
            until(process.ready, START)

    def close(self) -> None:
        """Ends all service processes, whatever state they are in."""
        for process in self.processes.values():
            process.popen.kill()
            process.popen.wait()
        self.processes.clear()


@contextmanager
def opened(run: Path, *, direct: bool = False, nodes: int = 1) -> Iterator[House]:
    """A furnished house in an empty run folder, with everything up; its broker has so many nodes.

    `direct` leaves the wires unused.
    """
    with ExitStack() as stack:
        endpoints = stack.enter_context(servers.running(run))
        fellows = stack.enter_context(joined(endpoints, nodes - 1))
        brokers = [endpoints.ports["amqp"], *(node.port for node in fellows)]
        behind = [brokers, [endpoints.ports["postgres"]], brokers]
        wires = [stack.enter_context(Proxy(*ports)) for ports in behind]
        bring_up_to_date(endpoints.database_url(OWNER))
        topology.apply(endpoints.amqp_url("admin"), SHARDS, ["intake", "world"])
        topology.hand_over(endpoints.database_url(CONSOLE), SHARDS, ["intake", "world"])
        with pika.BlockingConnection(pika.URLParameters(endpoints.amqp_url("world"))) as connection:
            listen(connection.channel(), SHARDS)
        furnish(endpoints.database_url("dispatch"))
        inside = endpoints if direct else _behind(endpoints, *wires[:2])
        house = House(run, endpoints, inside, *wires)
        house.fellows = fellows
        stack.callback(house.close)
        house.start(MAILBOX, *LEDGERS)
        yield house


def _behind(endpoints: Endpoints, broker_wire: Proxy, database_wire: Proxy) -> Endpoints:
    """The same servers by way of the proxies."""
    return replace(
        endpoints,
        amqp={user: through(broker_wire, url) for user, url in endpoints.amqp.items()},
        database={role: through(database_wire, url) for role, url in endpoints.database.items()},
    )
