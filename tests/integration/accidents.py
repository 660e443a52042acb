"""A ticket service that dies of certain requests; run by the real runner in real processes."""

import os

from chassis.shell import consumes
from contracts import intake
from contracts.cloudevent import CloudEvent
from services.ticket.commands import RegisterRequest
from services.ticket.service import TicketService
from services.ticket.store import Known

DEADLY = "kills the process"


class DeadlyTicketService(TicketService):
    """Dies whenever it is to register a certain request."""

    @consumes(intake.RequestSubmitted)
    def register(self, event: CloudEvent[intake.RequestSubmitted], known: Known) -> RegisterRequest:
        """Kills the process, or registers the request."""
        if event.data.title == DEADLY:
            os._exit(9)
        return super().register(event, known)
