"""What can go wrong on the way to the broker, and what to do about it."""

from collections.abc import Sequence

from pika import exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorException

TROUBLE = (exceptions.AMQPError, AMQPConnectorException)
"""What pika raises; a timeout in the handshake with a silent broker is none of its AMQP errors."""


class PublishFailed(Exception):
    """The broker did not take everything; the message says why."""


class AccessRefused(PublishFailed):
    """The broker knows us and says no: check user, password, virtual host and the user's rights."""


class NotConfirmed(PublishFailed):
    """No confirm in time: the events `ids` may or may not have arrived; send them again with the same ids."""

    def __init__(self, ids: Sequence[str], why: str) -> None:
        super().__init__(f"{len(ids)} not confirmed ({why}); send them again with the same ids")
        self.ids = list(ids)


class Unroutable(PublishFailed):
    """The broker returned the events `ids`: no service listens; start Fengge, then send them again."""

    def __init__(self, ids: Sequence[str], why: str = "no queue takes them") -> None:
        super().__init__(f"{len(ids)} not routed ({why}); has Fengge been started on this broker?")
        self.ids = list(ids)


class Broken(Exception):
    """The connection is gone; another attempt may succeed."""


def reading_of(error: BaseException) -> Exception:
    """The broker's closing words as one of ours."""
    code = getattr(error, "reply_code", None)
    refused = exceptions.ProbableAuthenticationError | exceptions.ProbableAccessDeniedError
    if isinstance(error, refused | exceptions.AuthenticationError) or code in (403, 530):
        return AccessRefused(f"{error}: check user, password, virtual host and the user's rights")
    if code == 404:
        return Unroutable([], str(error))
    if code == 406:
        return AccessRefused(f"{error}: the publisher must be the user that is logged in")
    return Broken(f"{type(error).__name__}: {error}")
