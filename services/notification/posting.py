"""The webhooks' turn: each subscriber by itself, and whoever hangs or fails in a lane of their own."""

import logging
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from chassis import clock, failpoints, policy
from chassis.database import Database, Tx
from chassis.line import Deadline
from chassis.settings import Settings
from services.notification import channel_store, webhook_store
from services.notification.breaker import Breaker
from services.notification.channels import webhook
from services.notification.correspondence import Outcome
from services.notification.hotlines import Answers, Hotlines
from services.notification.subscribers import Queued, Subscriber, fate
from services.notification.webhook_store import Try

ROUND = 3.0
"""Seconds after which a turn begins no further message; what was begun ends within the drain."""
AT_ONCE = 50
"""Messages claimed for one subscriber in one turn, which is one a second: nobody is flooded."""
SIDE_BY_SIDE = 8
"""Subscribers that are told at the same time."""
PAUSE = 3.0
"""Seconds after which messages are tried again for which no words were to be had: no try of theirs."""
ALARMING = 3
"""Failed tries of one message after which an operator should know."""

NO_WORDS = Outcome(error="no_mapping", again=True)
"""The city's file has no words for it: an operator has to see to that."""

log = logging.getLogger(__name__)


class Rules(Struct, frozen=True):
    """The policy in force: seconds between tries, and after how many bad days a subscriber is left out."""

    seconds: list[float]
    disable_days: float


class Turn(Struct, frozen=True):
    """What holds for all messages of one turn; `answers` are what hotlines are told in words."""

    now: datetime
    rules: Rules
    deadline: Deadline
    answers: Answers = {}


class Posting:
    """The webhooks of one process, with a breaker for each subscriber."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._breakers: dict[str, Breaker] = {}
        self._resting: dict[str, datetime] = {}
        self._hotlines = Hotlines(settings, database)

    def take(self, now: datetime, *, doubtful: bool) -> None:
        """One turn of those whose last try was good, or of those in doubt: these delay nobody else."""
        if not self._settings.notify_token:
            return
        with self._database.statements() as tx:
            subscribers = [
                each for each in webhook_store.active(tx) if self._breaker(each.id).doubtful == doubtful
            ]
            claimed = {each.id: self._claimed(tx, each, now) for each in subscribers}
            rules = _rules(tx) if any(claimed.values()) else None
        busy = [each for each in subscribers if claimed[each.id]]
        if not rules or not busy:
            return
        turn = Turn(now, rules, Deadline(ROUND))
        with ThreadPoolExecutor(min(len(busy), SIDE_BY_SIDE)) as pool:
            running = [pool.submit(self._turn, each, claimed[each.id], turn) for each in busy]
        for each in running:
            each.result()

    @property
    def any_doubtful(self) -> bool:
        """Whether the last answer of any subscriber was none."""
        return any(breaker.doubtful for breaker in self._breakers.values())

    def _breaker(self, subscriber: str) -> Breaker:
        return self._breakers.setdefault(subscriber, Breaker())

    def _claimed(self, tx: Tx, subscriber: Subscriber, now: datetime) -> list[Queued]:
        if now < self._resting.get(subscriber.id, now):
            return []
        wanted = self._breaker(subscriber.id).allowed(now, AT_ONCE)
        return webhook_store.claim(tx, subscriber.id, now, wanted) if wanted else []

    def _turn(self, subscriber: Subscriber, claimed: Sequence[Queued], turn: Turn) -> None:
        """What needs no words of others comes first: whoever has them may not answer."""
        asking = self._hotlines.asking(subscriber, claimed)
        if not self._told(subscriber, [each for each in claimed if each not in asking], turn):
            self._put_back(asking, 1.0, turn.now)
        elif asking and turn.deadline.left and (answers := self._hotlines.answers(asking)) is not None:
            self._told(subscriber, asking, replace(turn, answers=answers))
        else:
            self._put_back(asking, PAUSE, turn.now)

    def _told(self, subscriber: Subscriber, messages: Sequence[Queued], turn: Turn) -> bool:
        """Sends one after the other while there is time; False once the subscriber is to be left alone."""
        rest = list(messages)
        while rest and turn.deadline.left:
            outcome = self._send(subscriber, rest.pop(0), turn)
            failpoints.reach("after_send")
            self._breaker(subscriber.id).note(outcome.error is None, outcome.fault, clock.now())
            if outcome.error == webhook.GONE:
                return False
            if outcome.fault or outcome.wait:
                pause = max(outcome.wait, 1.0)
                self._resting[subscriber.id] = clock.now() + timedelta(seconds=pause)
                self._put_back(rest, pause, turn.now)
                return False
        self._put_back(rest, 0.0, turn.now)
        return True

    def _put_back(self, rest: Sequence[Queued], pause: float, claimed_at: datetime) -> None:
        if rest:
            with self._database.statements() as tx:
                webhook_store.put_back(tx, rest, claimed_at, clock.now() + timedelta(seconds=pause))

    def _send(self, subscriber: Subscriber, message: Queued, turn: Turn) -> Outcome:
        """One try, recorded before the next begins."""
        at, begun, rules = clock.now(), time.monotonic(), turn.rules
        status, outcome = self._posted(subscriber, message, turn, at)
        after = fate(message, outcome, rules.seconds, clock.now(), random.random())  # noqa: S311
        took = int(1000 * (time.monotonic() - begun))
        done = Try(message=message, fate=after, at=at, status=status, error=outcome.error, ms=took)
        with self._database.transaction() as tx:
            webhook_store.record(tx, subscriber.id, done)
            _tell_operators(tx, subscriber, done, outcome, rules)
        return outcome

    def _posted(
        self, subscriber: Subscriber, message: Queued, turn: Turn, at: datetime
    ) -> tuple[int | None, Outcome]:
        settings = self._settings
        written = self._hotlines.in_its_words(subscriber, message, turn.answers)
        if written is None:
            return None, NO_WORDS
        return webhook.send(
            written, subscriber, settings.notify_token, settings.webhook_networks, at,
            settings.outside_timeout,
        )  # fmt: skip


def _tell_operators(tx: Tx, subscriber: Subscriber, done: Try, outcome: Outcome, rules: Rules) -> None:
    """Raises an alarm for who keeps failing, clears it for who is back, and ends what has no future."""
    failing_since = subscriber.failing_since or done.at
    if outcome.error is None:
        if subscriber.failing_since:
            channel_store.clear_alarm(tx, "webhook", subscriber.id, done.at)
    elif outcome.error == webhook.GONE:
        _end(tx, subscriber, "gone", "it answered 410")
    elif done.at - failing_since >= timedelta(days=rules.disable_days):
        _end(tx, subscriber, "disabled", f"failing since {failing_since:%Y-%m-%d %H:%M}Z")
    elif done.fate.attempt >= ALARMING or done.fate.state == "failed":
        said = f"{outcome.error}, try {done.fate.attempt}"
        if channel_store.raise_alarm(tx, "webhook", subscriber.id, said):
            log.error("webhook keeps failing", extra={"subscriber": subscriber.id, "cause": outcome.error})


def _end(tx: Tx, subscriber: Subscriber, state: str, reason: str) -> None:
    webhook_store.end(tx, subscriber.id, state, reason)
    channel_store.raise_alarm(tx, "webhook_ended", subscriber.id, f"{state}: {reason}")
    log.error("webhook ended", extra={"subscriber": subscriber.id, "reason": reason})


def _rules(tx: Tx) -> Rules:
    value = policy.in_force(tx)["retry_webhook"].value
    return Rules(list(value["seconds"]), value["disable_days"])
