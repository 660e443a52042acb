"""The publisher of an outside system: every event confirmed by the broker, or an exception that names it."""

import random
import time as clock
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from uuid import uuid4

import msgspec

from contracts import intake
from contracts.cloudevent import SINGLE, CloudEvent, encode, opened
from contracts.cloudevent import decode as decode_events
from contracts.envelope import Envelope
from contracts.event import Event, type_of
from contracts.intake import EventRefused
from contracts.problem import ContractViolation
from contracts.publisher.errors import Broken, NotConfirmed, Unroutable
from contracts.publisher.line import OUTSIDE, Line, parameters
from contracts.publisher.replies import refusals
from contracts.publisher.sending import Message, Sending, Verdict
from contracts.registry import INBOUND

Progress = Callable[[int], None]


class Publisher:
    """Sends events of `source` as the AMQP user of `amqp_url`; use it as a context manager, in one thread.

    `exchange` is another than the one for outside systems only where a program of the house itself sends.

    It reconnects by itself. A call ends with NotConfirmed when no confirm came for `timeout` seconds and
    reconnecting for as long again did not help.
    """

    def __init__(
        self,
        amqp_url: str,
        *,
        source: str,
        publisher: str | None = None,
        exchange: str = OUTSIDE,
        timeout: float = 30.0,
        window: int = 1000,
    ) -> None:
        self._asked = parameters(amqp_url, timeout)
        self._exchange = exchange
        self._source, self._timeout, self._window = source, timeout, window
        self._publisher = publisher or self._asked.credentials.username
        self._line: Line | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; the publisher connects again when it is used again."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def submit(self, event: Event, id: str | None = None, time: datetime | None = None) -> str:
        """Sends one event and waits for its confirm; returns its id, which a second attempt must repeat."""
        ready = self.enveloped(event, id, time)
        self.submit_many([ready])
        return ready.id

    def submit_many(
        self, events: Iterable[Event | CloudEvent[Event]], *, progress: Progress | None = None
    ) -> int:
        """Sends many events, at most `window` ahead of the confirms; returns how many were confirmed.

        Raises NotConfirmed, AccessRefused, and, after all others are confirmed, Unroutable. An event that
        would be refused ends the stream with ContractViolation, after all before it are confirmed.
        """
        flaws: list[ContractViolation] = []
        sending = Sending(self._messages(events, flaws), self._window)
        try:
            self._carry(sending, progress or (lambda confirmed: None))
        except BaseException:
            self.close()  # what is still on its way must not be taken for the next call's
            raise
        if sending.unroutable:
            raise Unroutable(sending.unroutable)
        if flaws:
            raise flaws[0]
        return sending.confirmed

    def replies(self, timeout: float) -> Iterator[EventRefused]:
        """The refusals for us, until none comes for `timeout` seconds; each is acked once it is handled."""
        return refusals(self._asked, self._publisher, timeout)

    def enveloped(
        self, event: Event, id: str | None = None, time: datetime | None = None
    ) -> CloudEvent[Event]:
        """The event in its envelope, with an id of its own."""
        return CloudEvent(
            specversion="1.0", id=id or str(uuid4()), source=self._source, type=type_of(type(event)),
            time=time or datetime.now(UTC), data=event,
        )  # fmt: skip

    def _messages(
        self, events: Iterable[Event | CloudEvent[Event]], flaws: list[ContractViolation]
    ) -> Iterator[Message]:
        for event in events:
            try:
                yield self._message(event)
            except ContractViolation as violation:
                flaws.append(violation)
                return

    def _message(self, event: Event | CloudEvent[Event]) -> Message:
        ready = event if isinstance(event, CloudEvent) else self.enveloped(event)
        _, body = encode([ready])
        check(body)
        return Message(ready.id, intake.routing_key(ready.source, ready.data), body)

    def _carry(self, sending: Sending, progress: Progress) -> None:
        deadline, pause = None, 0.2
        while not sending.over:
            try:
                self._step(sending)
                progress(sending.confirmed)
                deadline, pause = None, 0.2
            except Broken as broken:
                self.close()
                sending.broke()
                deadline = deadline or clock.monotonic() + self._timeout
                if clock.monotonic() + pause > deadline:
                    raise NotConfirmed(sending.ids, str(broken)) from broken
                clock.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311  jitter needs no secrecy
                pause = min(pause * 2, 5.0)

    def _step(self, sending: Sending) -> None:
        """Sends what there is room for and takes the next verdicts; a nack is a reason to pause."""
        messages = sending.next()
        self._line = self._line or Line(self._asked, self._exchange)
        self._line.send(messages)
        if sending.over:
            return
        verdicts = self._line.verdicts(self._timeout)
        sending.take(verdicts)
        if Verdict.NACKED in verdicts.values():
            raise Broken("the broker could not take them (nack)")


def check(body: bytes) -> None:
    """Refuses here what the gate would refuse there; raises ContractViolation."""
    try:
        envelope = msgspec.json.decode(body, type=Envelope)
    except msgspec.ValidationError as error:
        raise ContractViolation("envelope", 400, str(error)) from error
    if envelope.type not in INBOUND:
        raise ContractViolation("unknown-type", 422, f"{envelope.type!r} is not taken from outside")
    (event,) = decode_events(SINGLE, body)
    opened(event)
