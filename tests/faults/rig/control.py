"""What only the broker's own tool can say or change: its connections, its leaders, its alarms."""

from pathlib import Path

from contracts.registry import SERVICES
from deploy.local import rabbitmq
from deploy.local.accounts import VHOST


class Control:
    """A node of one run folder, told by `rabbitmqctl`."""

    def __init__(self, run: Path, node: str = rabbitmq.NODE) -> None:
        self._run, self._node = run.resolve(), node

    def __call__(self, *command: str) -> str:
        """Carries out one command; its output."""
        return rabbitmq.control(self._run, "--node", self._node, *command)

    def connections(self) -> set[str]:
        """The services' connections, each by the name of its process in the broker."""
        rows = [line.split() for line in self("list_connections", "user", "pid").splitlines()]
        return {row[1] for row in rows if row[0] in SERVICES}

    def leader(self, queue: str) -> str:
        """The node that leads a quorum queue."""
        rows = [line.split() for line in self("list_queues", "--vhost", VHOST, "name", "leader").splitlines()]
        return next(row[1] for row in rows if row[0] == queue)
