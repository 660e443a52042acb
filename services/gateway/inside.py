"""The notification service, asked at its inside door about the subscriptions of other systems."""

from threading import BoundedSemaphore

import msgspec

from chassis.asking import NotAnswered, asked
from contracts.subscriptions import Asked, Told
from services.gateway.problems import Refused

AT_ONCE = 4
"""Threads that may wait for the door at the same time: events must not wait behind a service that hangs."""
AWAY = Refused("unavailable", 503, "nobody can look after webhooks now; ask again", retry_after=5)


class Inside:
    """The inside door; without its address there are no subscriptions here."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        self._free = BoundedSemaphore(AT_ONCE)

    @property
    def known(self) -> bool:
        """Whether anybody can be asked."""
        return bool(self._url)

    def ask(self, question: Asked) -> Told:
        """What it tells; raises Refused: with its own reason, 404 or 503 where nobody is to be asked."""
        if not self._url:
            raise Refused("not-found", 404, "there are no webhooks here: NOTIFICATION_URL is not set")
        if not self._free.acquire(blocking=False):
            raise AWAY
        try:
            answer = asked(self._url, "/subscriptions", self._token, msgspec.json.encode(question))
            told = msgspec.json.decode(answer, type=Told)
        except (NotAnswered, msgspec.DecodeError):
            raise AWAY from None
        finally:
            self._free.release()
        if told.problem:
            raise Refused(told.problem, told.status, told.detail)
        return told
