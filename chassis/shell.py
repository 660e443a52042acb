"""The shell around a service, and with the runner the only module that knows nameko: its lifecycle."""

from typing import Any

from nameko.extensions import DependencyProvider

from chassis import service
from chassis.loops import DUE_AT_ONCE, Loops
from chassis.service import consumed_by, consumes, errand, every, marked

__all__ = ["DUE_AT_ONCE", "Service", "Shell", "consumed_by", "consumes", "errand", "every", "marked"]


class Shell(DependencyProvider):  # type: ignore[misc]
    """The loops of a service, started and stopped with its container, each in a green thread."""

    def setup(self) -> None:
        """Wires the loops; nothing connects yet."""
        spawn = self.container.spawn_managed_thread
        self.loops = Loops(self.container.service_cls, self.container.config["settings"], spawn)

    def start(self) -> None:
        """Starts them."""
        self.loops.start()

    def stop(self) -> None:
        """Drains them."""
        self.loops.stop()

    def get_dependency(self, worker_ctx: Any) -> Loops:  # noqa: ARG002 (nameko's signature)
        """The loops themselves."""
        return self.loops


class Service(service.Service):
    """What a service author inherits: a name, a model, a database, and the loops that run it all."""

    loops = Shell()
