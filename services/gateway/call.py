"""One request on its way through the gateway, and what an endpoint is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Request

from chassis.database import Tx
from chassis.outbox import Message
from contracts.gateway.operation import Operation
from contracts.hotline.city import Cities
from services.gateway.clients import Client
from services.gateway.inside import Inside
from services.gateway.intake_store import Access
from services.gateway.limits import Pace
from services.gateway.manner import PLAIN, Answer, Manner
from services.gateway.places import Places
from services.gateway.reading import Found

__all__ = ["Answer", "Call", "Endpoint"]


@dataclass
class Call:
    """A request, who makes it (None: nobody said), under which trace; what it leaves to record and relay."""

    request: Request
    trace: str
    now: datetime
    pace: Pace
    cities: Cities
    inside: Inside
    places: Places
    address: str
    """At which the gateway is reached."""
    manner: Manner = PLAIN
    client: Client | None = None
    body: bytes = b""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    events: int = 0
    problem: str | None = None
    noted: bool = False
    """Whether the access is on record already, in this transaction."""
    messages: Sequence[Message] = ()

    @property
    def caller(self) -> Client:
        """Who makes the request, where that has been made sure of."""
        assert self.client is not None
        return self.client

    def access(self, status: int) -> Access:
        """The request for the record, with the status of its answer."""
        return Access(
            client=self.client.id if self.client else None, address=self.request.remote_addr or "",
            method=self.request.method, path=self.request.path[:200].replace("\0", ""), status=status,
            trace=self.trace, problem=self.problem, events=self.events,
        )  # fmt: skip

    @property
    def traceparent(self) -> str:
        """The trace in W3C's form."""
        return f"00-{self.trace}-{self.trace[:16]}-01"


@dataclass(frozen=True)
class Endpoint:
    """An operation and how it is answered: inside one transaction, which commits with the access's record."""

    operation: Operation
    answer: Callable[[Call, Tx], Answer]
    manner: Manner = PLAIN
    found: Callable[[Call], tuple[Sequence[Found], bool]] | None = None
    """The events of a request, and whether they are a batch, where it does nothing but hand them over."""
