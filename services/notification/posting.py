"""The webhooks' turn: each subscriber by itself, and whoever hangs or fails in a lane of their own."""

import logging
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from msgspec import Struct

from chassis import clock, failpoints, policy
from chassis.database import Database, Tx
from chassis.line import Deadline
from chassis.settings import Settings
from services.notification import channel_store, webhook_store
from services.notification.breaker import Breaker
from services.notification.channels import webhook
from services.notification.correspondence import Outcome
from services.notification.subscribers import Queued, Subscriber, fate
from services.notification.webhook_store import Try

ROUND = 3.0
"""Seconds after which a turn begins no further message; what was begun ends within the drain."""
AT_ONCE = 50
"""Messages claimed for one subscriber in one turn, which is one a second: nobody is flooded."""
SIDE_BY_SIDE = 8
"""Subscribers that are told at the same time."""
ALARMING = 3
"""Failed tries of one message after which an operator should know."""

log = logging.getLogger(__name__)


class Rules(Struct, frozen=True):
    """The policy in force: seconds between tries, and after how many bad days a subscriber is left out."""

    seconds: list[float]
    disable_days: float


class Posting:
    """The webhooks of one process, with a breaker for each subscriber."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._breakers: dict[str, Breaker] = {}
        self._resting: dict[str, datetime] = {}

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
        deadline = Deadline(ROUND)
        with ThreadPoolExecutor(min(len(busy), SIDE_BY_SIDE)) as pool:
            turns = [pool.submit(self._turn, each, claimed[each.id], now, rules, deadline) for each in busy]
        for turn in turns:
            turn.result()

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

    def _turn(
        self,
        subscriber: Subscriber,
        claimed: Sequence[Queued],
        now: datetime,
        rules: Rules,
        deadline: Deadline,
    ) -> None:
        rest = list(claimed)
        while rest and deadline.left:
            outcome = self._send(subscriber, rest.pop(0), rules)
            failpoints.reach("after_send")
            self._breaker(subscriber.id).note(outcome.error is None, outcome.fault, clock.now())
            if outcome.error == webhook.GONE:
                return
            if outcome.fault or outcome.wait:
                pause = max(outcome.wait, 1.0)
                self._resting[subscriber.id] = clock.now() + timedelta(seconds=pause)
                self._put_back(rest, pause, now)
                return
        self._put_back(rest, 0.0, now)

    def _put_back(self, rest: Sequence[Queued], pause: float, claimed_at: datetime) -> None:
        if rest:
            with self._database.statements() as tx:
                webhook_store.put_back(tx, rest, claimed_at, clock.now() + timedelta(seconds=pause))

    def _send(self, subscriber: Subscriber, message: Queued, rules: Rules) -> Outcome:
        """One try, recorded before the next begins."""
        settings, at, begun = self._settings, clock.now(), time.monotonic()
        status, outcome = webhook.send(
            message,
            subscriber,
            settings.notify_token,
            settings.webhook_networks,
            at,
            settings.outside_timeout,
        )
        after = fate(message, outcome, rules.seconds, clock.now(), random.random())  # noqa: S311
        took = int(1000 * (time.monotonic() - begun))
        done = Try(message=message, fate=after, at=at, status=status, error=outcome.error, ms=took)
        with self._database.transaction() as tx:
            webhook_store.record(tx, subscriber.id, done)
            _tell_operators(tx, subscriber, done, outcome, rules)
        return outcome


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
