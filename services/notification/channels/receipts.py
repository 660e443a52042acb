"""What the SMS gateway says later of what it had taken: delivered, or not."""

from typing import Literal

import msgspec
from msgspec import Struct

from services.notification.channels.gateway import Gateway, asked
from services.notification.channels.post import Unreachable
from services.notification.channels.reach import NoWay


class Receipt(Struct, frozen=True):
    """The end of one message; `id` is its idempotency key."""

    id: str
    state: Literal["delivered", "undelivered"]

    @property
    def key(self) -> str:
        """The message's own key."""
        return self.id.rpartition(".")[0]

    @property
    def arrived(self) -> bool:
        """Whether the message is there."""
        return self.state == "delivered"


class Receipts(Struct, frozen=True):
    """Receipts in the order of the gateway; `after` asks for those that follow."""

    after: str
    receipts: list[Receipt] = msgspec.field(default_factory=list)


def fetch(gateway: Gateway, after: str) -> Receipts | None:
    """The receipts after those that have been read; None where the gateway does not tell now."""
    try:
        answer = asked(gateway, msgspec.json.encode({"after": after}))
        return msgspec.json.decode(answer.body, type=Receipts) if answer.status == 200 else None
    except (Unreachable, NoWay, msgspec.DecodeError):
        return None
