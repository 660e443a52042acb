"""Which events are on their way: a window over the events to send, kept until each is confirmed."""

from collections.abc import Iterator
from enum import Enum
from itertools import islice

from msgspec import Struct

PORTION = 200


class Message(Struct, frozen=True):
    """One event ready for the broker; `id` is the event's own."""

    id: str
    routing_key: str
    body: bytes


class Verdict(Enum):
    """What the broker says about one message."""

    CONFIRMED = "confirmed"
    NACKED = "nacked"
    RETURNED = "returned"


class Sending:
    """The unconfirmed part of a stream of messages; never more than `window` of them."""

    def __init__(self, messages: Iterator[Message], window: int) -> None:
        self._fresh = messages
        self._window = window
        self._sent: dict[str, Message] = {}
        self._again: list[Message] = []
        self._exhausted = False
        self.confirmed = 0
        self.unroutable: list[str] = []

    @property
    def over(self) -> bool:
        """All that was to be sent has its verdict."""
        return self._exhausted and not self._sent and not self._again

    @property
    def ids(self) -> list[str]:
        """The events without a verdict."""
        return [*self._sent, *(message.id for message in self._again)]

    def next(self) -> list[Message]:
        """What to send now: what broke off before, then fresh messages while the window has room."""
        batch, self._again = self._again, []
        room = self._window - len(self._sent) - len(batch)
        if room > 0 and not self._exhausted:
            portion = min(room, PORTION)
            fresh = list(islice(self._fresh, portion))
            self._exhausted = len(fresh) < portion
            batch += fresh
        self._sent |= {message.id: message for message in batch}
        return batch

    def take(self, verdicts: dict[str, Verdict]) -> None:
        """Strikes out what has its verdict; what the broker nacked goes once more."""
        for ident, verdict in verdicts.items():
            message = self._sent.pop(ident, None)
            if message is None:
                continue
            if verdict is Verdict.CONFIRMED:
                self.confirmed += 1
            elif verdict is Verdict.RETURNED:
                self.unroutable.append(ident)
            else:
                self._again.append(message)

    def broke(self) -> None:
        """The connection is gone: all without a verdict goes again, in order, with the same ids."""
        self._again = [*self._sent.values(), *self._again]
        self._sent = {}
