"""More nodes beside the broker of a run folder, so that its queues have a majority to lose."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from shutil import copyfile
from urllib.parse import urlsplit

from deploy.local import daemon, rabbitmq
from deploy.local.definitions import definitions
from deploy.local.endpoints import Endpoints
from deploy.local.install import rabbitmq_programs
from deploy.local.ready import await_ready
from deploy.local.records import recorded_ports, reserve_ports, write_private
from deploy.local.unprivileged import account_for
from tests.faults.rig.victims import Victim

JOINS = """\
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.classic_config.nodes.1 = {first}
cluster_formation.classic_config.nodes.2 = {name}
"""


class Node(Victim):
    """A further node of the cluster; it joins the first one when it starts for the first time."""

    def __init__(self, endpoints: Endpoints, number: int) -> None:
        super().__init__(endpoints.run, f"rabbitmq-{number}")
        self.name = f"fengge-{number}@localhost"
        self._first, self._folder = endpoints.run / "rabbitmq", endpoints.run / f"rabbitmq-{number}"
        names = {name: f"{name}-{number}" for name in ("amqp", "distribution")}
        own = reserve_ports(endpoints.run, list(names.values()))
        self._ports = recorded_ports(endpoints.run) | {name: own[key] for name, key in names.items()}
        self.port = self._ports["amqp"]
        self._urls = endpoints.amqp

    def url(self, user: str) -> str:
        """This very node as seen by a user of the broker."""
        parts = urlsplit(self._urls[user])
        return parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{self.port}").geturl()

    def launch(self) -> None:
        """Starts it unless it runs; does not wait."""
        if daemon.recall(self._folder / "pid"):
            return
        account = account_for(self._folder, ["rabbitmq"])
        self._furnish()
        account.own(*self._folder.iterdir(), *(self._folder / "home").iterdir())
        argv = [*account.prefix, str(rabbitmq_programs().server)]
        environ = rabbitmq.environment(self._folder, self._ports, self.name)
        daemon.spawn(argv, environ, self._folder / "log", self._folder / "pid")

    def revive(self) -> None:
        """Starts it unless it runs; returns once it answers."""
        self.launch()
        await_ready(self.name, self._folder / "pid", self._folder / "log", 90.0, self.answers)

    def answers(self) -> bool:
        """Whether it lets a client in."""
        return rabbitmq.answers(self.url("admin"), self.port)

    def _furnish(self) -> None:
        passwords = {user: urlsplit(url).password or "" for user, url in self._urls.items()}
        settings = (rabbitmq.PLAIN + rabbitmq.SETTINGS).format(folder=self._folder, amqp=self.port)
        joins = JOINS.format(first=rabbitmq.NODE, name=self.name)
        write_private(self._folder / "rabbitmq.conf", settings + joins)
        write_private(self._folder / "advanced.config", rabbitmq.ADVANCED.read_text(encoding="utf-8"))
        write_private(self._folder / "enabled_plugins", rabbitmq.PLUGINS)
        write_private(self._folder / "definitions.json", definitions(passwords))
        home, cookie = self._folder / "home", "home/.erlang.cookie"
        home.mkdir(exist_ok=True, mode=0o700)
        (self._folder / cookie).unlink(missing_ok=True)
        copyfile(self._first / cookie, self._folder / cookie)
        (self._folder / cookie).chmod(0o400)


@contextmanager
def joined(endpoints: Endpoints, count: int) -> Iterator[Sequence[Node]]:
    """So many further nodes for the length of a block, one after the other part of the cluster."""
    nodes = [Node(endpoints, number) for number in range(2, count + 2)]
    try:
        for node in nodes:
            node.revive()
        yield nodes
    finally:
        for node in nodes:
            node.kill()
