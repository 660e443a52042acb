"""Ticket services that die at the worst moment; run by the real runner in real processes."""

import os
from pathlib import Path

from chassis.policy import Known
from chassis.shell import consumes
from chassis.worker import Found, Worker
from contracts import intake
from contracts.cloudevent import CloudEvent
from services.ticket.commands import RegisterRequest
from services.ticket.service import TicketService

DEADLY = "kills the process"


class DeadlyTicketService(TicketService):
    """Dies whenever it is to register a certain request."""

    @consumes(intake.RequestSubmitted)
    def register(self, event: CloudEvent[intake.RequestSubmitted], known: Known) -> RegisterRequest:
        """Kills the process, or registers the request."""
        if event.data.title == DEADLY:
            os._exit(9)
        return super().register(event, known)


class DyingTicketService(TicketService):
    """Dies once, after its first commit and before the ack and the hand-over to the broker."""

    def begin(self, *arguments: object) -> None:
        """Sets the trap unless the file DIED says that it has sprung."""
        super().begin(*arguments)  # type: ignore[arg-type]
        if not Path(os.environ["DIED"]).exists():
            whole = Worker.take

            def take(worker: Worker, found: Found) -> bool:
                whole(worker, found)
                Path(os.environ["DIED"]).touch()
                os._exit(9)

            setattr(Worker, "take", take)  # noqa: B010 (a class is not meant to be changed like this)
