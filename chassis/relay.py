"""Publishes the outbox: handed over after COMMIT, confirmed by the broker, swept up when a hand-over died."""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import takewhile

import psycopg
from amqp.basic_message import Message as AmqpMessage

from chassis import failpoints, outbox
from chassis.database import Database
from chassis.line import BROKEN, Deadline, Line, pauses, reason
from chassis.meter import Meter
from chassis.outbox import LAST, Message
from chassis.recovery import TransientFailure
from chassis.settings import Settings
from chassis.topology import INBOUND, declare, of_service

log = logging.getLogger(__name__)

PIPELINE = 200
"""Messages published before their confirms are awaited."""
IN_MEMORY = 2_000
"""Messages in hand; beyond this the sweeper reads them from the outbox when their turn comes."""
SWEEP_EVERY = 1.0
MARK_EVERY = 0.25
"""Seconds for which confirmed messages may stay unmarked: one transaction marks many."""


Behind = Callable[..., list[Message]]
"""(tx, older than, limit) → messages that were left."""


class Relay:
    """Moves committed messages to the broker; at least once, and marked as sent only when confirmed."""

    def __init__(
        self, settings: Settings, database: Database, name: str, meter: Meter, linger: float = 0.0
    ) -> None:
        self._settings, self._database, self._name, self._meter = settings, database, name, meter
        self._linger, self._enough = linger, threading.Event()
        self._in_hand: deque[Message] = deque()
        self._confirmed: list[int] = []
        self._wake = threading.Event()
        self._swept_to = self._made_good_to = 0
        # How often messages were left in the outbox, and up to which of these times that has been made good.
        # At the start there may be some of the process before.
        self._left, self._made_good = 1, 0
        self._stopping = False
        self.connected = False

    def hand_over(self, messages: Sequence[Message]) -> None:
        """Takes messages whose transaction has just been committed."""
        if len(self._in_hand) + len(messages) <= IN_MEMORY:
            self._in_hand.extend(messages)
        else:
            self._left += 1
        if len(self._in_hand) >= PIPELINE:
            self._enough.set()
        self._wake.set()

    def stop(self) -> None:
        """Lets `run` return once everything in hand is published."""
        self._stopping = True
        self._wake.set()
        self._enough.set()

    def run(self) -> None:
        """Publishes until stopped; a broken connection is opened anew, and nothing in hand is forgotten."""
        pause = pauses()
        while not (self._stopping and not self._in_hand):
            try:
                with Line(self._settings, f"{self._name} relay") as line:
                    publisher = Confirmed(line, self._settings.confirm_timeout, self._meter)
                    declare(line.channel, of_service(self._name, [], 0))
                    self.connected = True
                    pause = pauses()
                    self._publish_until_stopped(publisher)
            except (*BROKEN, TransientFailure) as error:
                log.warning("relay interrupted", extra=reason(error))
                self._wake.clear()
                if self._stopping:
                    return
                self._wake.wait(next(pause))
            finally:
                self.connected = False

    def _publish_until_stopped(self, publisher: "Confirmed") -> None:
        while True:
            try:
                self._work(publisher)
            except psycopg.Error as error:
                log.warning("relay without its database", extra={"cause": type(error).__name__})
                if self._stopping:
                    return
                self._wake.clear()
                self._wake.wait(SWEEP_EVERY)
            else:
                return

    def _work(self, publisher: "Confirmed") -> None:
        """Publishes, marks and sweeps until stopped; raises psycopg.Error."""
        sweep = mark = Deadline(0)
        while not (self._stopping and not self._in_hand):
            if self._left != self._made_good:
                self._make_good(publisher)
            elif self._in_hand:
                self._let_gather()
                self._publish_in_hand(publisher)
            else:
                self._wake.wait(min(sweep.left, mark.left) if self._confirmed else sweep.left)
                self._wake.clear()
            if self._confirmed and not mark.left:
                self._mark()
                mark = Deadline(MARK_EVERY)
            if not sweep.left:
                publisher.line.drain(0)
                sweep = Deadline(0 if self._sweep(publisher) else SWEEP_EVERY)
        self._mark()

    def _let_gather(self) -> None:
        """Waits a moment for more to go with what is in hand, where nobody waits for it."""
        if self._linger and not self._stopping:
            self._enough.wait(self._linger)
            self._enough.clear()

    def _publish_in_hand(self, publisher: "Confirmed", below: int = LAST) -> None:
        first = (self._in_hand[index] for index in range(min(PIPELINE, len(self._in_hand))))
        messages = list(takewhile(lambda message: message.id < below, first))
        self._confirmed += publisher.publish(messages)
        for _ in messages:
            self._in_hand.popleft()

    def _make_good(self, publisher: "Confirmed") -> None:
        """One step: what was left in the outbox and what is in hand go in the order of their ids.

        So nothing that comes after it about the same ticket overtakes a message that was left.
        """
        left, in_hand = self._left, [message.id for message in self._in_hand.copy()]
        behind = partial(outbox.unsent, after=self._made_good_to, besides=in_hand + self._confirmed)
        with self._database.statements() as tx:
            first = behind(tx, 0.0, limit=1)
        if not first:
            self._made_good, self._made_good_to = left, 0
        elif in_hand and in_hand[0] < first[0].id:
            self._publish_in_hand(publisher, first[0].id)
        else:
            messages = self._publish_left(
                publisher, partial(behind, below=in_hand[0] if in_hand else LAST), 0.0
            )
            self._made_good_to = messages[-1].id if messages else self._made_good_to

    def _publish_left(self, publisher: "Confirmed", behind: Behind, age: float) -> Sequence[Message]:
        """Publishes and marks messages of the outbox; returns them, also those that no queue takes."""
        with self._database.transaction() as tx:
            messages = behind(tx, age, limit=PIPELINE)
            sent = publisher.publish(messages) if messages else []
            if sent:
                log.info("outbox swept", extra={"messages": len(sent)})
                outbox.mark_sent(tx, sent)
        return messages

    def _mark(self) -> None:
        failpoints.reach("before_mark")
        with self._database.statements() as tx:
            outbox.mark_sent(tx, self._confirmed)
        self._confirmed.clear()

    def _sweep(self, publisher: "Confirmed") -> bool:
        """Publishes messages whose hand-over died; whether there may be more."""
        in_hand = [message.id for message in self._in_hand.copy()] + self._confirmed
        behind = partial(outbox.unsent, after=self._swept_to, besides=in_hand)
        with self._database.statements() as tx:
            if not behind(tx, self._settings.sweep_after, limit=1):
                self._swept_to = 0
                return False
        messages = self._publish_left(publisher, behind, self._settings.sweep_after)
        # Goes round: messages that no queue takes must not stand in the way of those behind them.
        more = len(messages) == PIPELINE
        self._swept_to = messages[-1].id if more else 0
        return more


class Confirmed:
    """A channel in confirm mode: publishes many messages, then waits for the broker's word on all of them."""

    def __init__(self, line: Line, timeout: float, meter: Meter) -> None:
        self.line, self._timeout, self._meter = line, timeout, meter
        self._tag = 0
        self._open: dict[int, int] = {}
        self._returned: set[int] = set()
        channel = line.channel
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        channel.events["basic_return"].add(self._on_return)

    def publish(self, messages: Sequence[Message]) -> list[int]:
        """Publishes all; returns the ids that reached a queue; raises TransientFailure without a confirm."""
        begun, error = time.monotonic(), "unconfirmed"
        try:
            self._publish(messages)
            error = ""
        finally:
            self._tell(messages, time.monotonic() - begun, error)
        return [message.id for message in messages if message.id not in self._returned]

    def _publish(self, messages: Sequence[Message]) -> None:
        self._returned.clear()
        with self.line.writing:
            for message in messages:
                self._send(message)
        failpoints.reach("before_confirm")
        deadline = Deadline(self._timeout)
        while self._open:
            self.line.drain(deadline.left)
            if self._open and not deadline.left:
                raise TransientFailure(f"{len(self._open)} messages were not confirmed in {self._timeout} s")
        if self._returned:
            log.error(
                "no queue took messages; they stay in the outbox", extra={"messages": len(self._returned)}
            )

    def _tell(self, messages: Sequence[Message], seconds: float, error: str) -> None:
        returned = self._returned if not error else set[int]()
        sent = Counter(message.exchange for message in messages if message.id not in returned)
        self._meter.published(sent, seconds, error)
        if returned:
            lost = Counter(message.exchange for message in messages if message.id in returned)
            self._meter.sent(lost, "unroutable")

    def _send(self, message: Message) -> None:
        body = AmqpMessage(
            message.body.encode(),
            content_type=message.content_type,
            delivery_mode=2,
            message_id=str(message.id),
            **self._vouched(message),
        )
        self._tag += 1
        self._open[self._tag] = message.id
        self.line.channel.basic_publish(
            body, message.exchange, message.routing_key, mandatory=True, timeout=self._timeout
        )
        failpoints.reach("in_relay_batch")

    def _vouched(self, message: Message) -> dict[str, str]:
        """What goes to the intake is answered to whom the broker vouches for; facts need nobody's word."""
        return {"user_id": self.line.user} if message.exchange == INBOUND else {}

    def _on_ack(self, delivery_tag: int, multiple: bool) -> None:
        if multiple:
            for tag in [tag for tag in self._open if tag <= delivery_tag]:
                del self._open[tag]
        else:
            self._open.pop(delivery_tag, None)

    def _on_nack(self, *_refused: object) -> None:
        raise TransientFailure("the broker refused a message")

    def _on_return(self, *returned: object) -> None:
        message = returned[-1]
        assert isinstance(message, AmqpMessage)
        self._returned.add(int(message.properties["message_id"]))
