"""The notification service: what it hears, and how each channel takes its turn."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from chassis import clock, policy
from chassis.database import Database, Tx
from chassis.doors import answers
from chassis.metrics import Metric
from chassis.model import Model
from chassis.settings import Settings
from chassis.shell import DUE_AT_ONCE, Service, consumes, errand, every
from contracts import notification, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import Event, type_of
from contracts.public import TOLD
from contracts.subscriptions import Asked
from contracts.terms import NotificationChannel
from services.notification import channel_store, domain, figure_store, store, subscriptions, webhook_store
from services.notification.channels import WAYS, console, receipts, sms
from services.notification.commands import PassOn, RecordOutcome, RecordReceipt, ShowOnConsole, Tell
from services.notification.correspondence import Outcome
from services.notification.messages import NOTES
from services.notification.posting import Posting
from services.notification.rounds import Round
from services.notification.store import Known
from services.notification.wanting import Wanted

OTHERS = tuple(event for event in TOLD if event not in NOTES)
"""Facts that nobody here is told of, but a subscriber may want."""
HEARD = frozenset([*map(type_of, NOTES), type_of(ticket.SeverityChanged)])
NOT_REACHED = Outcome(error="not_reached", again=True)


class NotificationService(Service):
    """Tells requesters, assignees, the desk and other systems; keeps count of what got there."""

    name = "notification"
    model = Model(notification, domain, store)
    gather = 0.3

    def begin(self, settings: Settings, database: Database) -> None:
        """Gives every channel a worker of its own."""
        super().begin(settings, database)
        self.rounds = {name: Round(name, way, settings, database) for name, way in WAYS.items()}
        self.posting = Posting(settings, database)
        self._ways = {name for name, way in WAYS.items() if way.configured(settings)}
        self._subscribed: webhook_store.Subscribed | None = None

    def passes(self, event_type: str) -> bool:
        """Whether nobody here wants to know of such an event."""
        subscribed = self._subscribed
        return event_type not in HEARD and subscribed is not None and event_type not in subscribed

    @consumes(*NOTES)
    def tell(self, event: CloudEvent[Event], known: Known) -> Tell:
        """Something happened that somebody should know."""
        return Tell(
            event=event.id, fact=event.data, channels=self._channels(event.data, known), page=console.page,
            at=known.now, newest=known.newest, wanted=self._wanted(event, known),
        )  # fmt: skip

    @consumes(*OTHERS)
    def pass_on(self, event: CloudEvent[Event], known: Known) -> PassOn:
        """Something happened that only other systems may want to know."""
        return PassOn(fact=event.data, wanted=self._wanted(event, known))

    @every(1.0, store.due_on_console)
    def show(self, ticket_no: str, known: Known) -> ShowOnConsole:
        """Messages that no other channel could deliver: claimed, shown and recorded in one transaction."""
        pages = {delivery.key: console.page(delivery) for delivery in known.on_console(ticket_no)}
        return ShowOnConsole(pages=pages, at=known.now)

    @errand(1.0)
    def mail(self, now: datetime) -> Sequence[RecordOutcome]:
        """Messages for the mail server, which may take its time: claimed first, recorded afterwards."""
        return self.rounds["smtp"].take(now)

    @errand(1.0)
    def text(self, now: datetime) -> Sequence[RecordOutcome]:
        """The same for the SMS gateway."""
        return self.rounds["sms"].take(now)

    @errand(1.0)
    def push(self, now: datetime) -> Sequence[RecordOutcome]:
        """The same for the app gateway."""
        return self.rounds["app"].take(now)

    @errand(2.0)
    def ring(self, now: datetime) -> Sequence[RecordOutcome]:
        """Operators are a channel, too: what came of the calls they have made."""
        with self.database.statements() as tx:
            made = channel_store.calls_made(tx, DUE_AT_ONCE)
            retries = policy.in_force(tx)["retry_callback"].value["seconds"] if made else []
        return [
            RecordOutcome(
                ticket=number, key=key, channel="callback", attempt=attempt, retries=retries, at=now,
                outcome=Outcome() if reached else NOT_REACHED,
            )
            for number, key, attempt, reached in made
        ]  # fmt: skip

    @errand(5.0)
    def receive(self, now: datetime) -> Sequence[RecordReceipt]:
        """What the SMS gateway says of what it had taken; all that has its effect before more is asked."""
        settings = self.settings
        if not settings.sms_receipts_url:
            return []
        with self.database.statements() as tx:
            channel_store.give_up_receipts(tx, now)
            after = channel_store.receipts_after(tx, "sms")
        told = receipts.fetch(replace(sms.account(settings), url=settings.sms_receipts_url), after)
        if told is None or told.after == after:
            return []
        with self.database.statements() as tx:
            open_ = channel_store.awaited(tx, "sms", [receipt.key for receipt in told.receipts])
            if not open_:
                channel_store.receipts_read(tx, "sms", told.after)
        return [
            RecordReceipt(
                ticket=open_[receipt.key].ticket,
                key=receipt.key,
                channel="sms",
                arrived=receipt.arrived,
                at=now,
            )
            for receipt in told.receipts
            if receipt.key in open_ and open_[receipt.key].handed
        ]

    @errand(1.0)
    def post(self, now: datetime) -> Sequence[RecordOutcome]:
        """Events for other systems whose last answer was good."""
        with self.database.statements() as tx:
            self._subscribed = webhook_store.subscribed(tx)
        if self._subscribed:
            self.posting.take(now, doubtful=False)
        return []

    @errand(1.0)
    def post_again(self, now: datetime) -> Sequence[RecordOutcome]:
        """The same for those that hang or fail, who thus delay nobody else."""
        if self._subscribed and self.posting.any_doubtful:
            self.posting.take(now, doubtful=True)
        return []

    @errand(3600.0)
    def tidy(self, now: datetime) -> Sequence[RecordOutcome]:
        """Forgets what is of no use any more."""
        with self.database.statements() as tx:
            keep = policy.in_force(tx)["retry_webhook"].value["keep_days"]
            webhook_store.tidy(tx, now - timedelta(days=keep))
            channel_store.forget_pace(tx, now)
        return []

    @answers("POST", "/subscriptions")
    def subscriptions(self, request: Request) -> Any:
        """What the gateway asks for a system about its own subscriptions (contracts/subscriptions.py)."""
        try:
            asked = msgspec.json.decode(request.get_data(), type=Asked)
        except msgspec.MsgspecError as error:
            raise BadRequest from error
        with self.database.transaction() as tx:
            return subscriptions.answer(tx, self.settings, asked)

    def metrics(self, tx: Tx) -> Sequence[Metric]:
        """What its tables say, and which channels are down for this process."""
        down = sum(each.breaker.open for each in self.rounds.values())
        return [figure_store.DOWN(down), *figure_store.figures(tx, clock.now())]

    def _channels(self, fact: Event, known: Known) -> list[NotificationChannel]:
        """In which order a requester is reached: what is configured, and in the end a person or a page."""
        rule = known.policies["channels"].value
        last: NotificationChannel = "callback" if NOTES[type(fact)].name in rule["call_back"] else "console"
        ways = [name for name in rule["order"] if name in self._ways]
        return [*ways, last] if ways else ["console"]

    def _wanted(self, event: CloudEvent[Event], known: Known) -> Wanted | None:
        self._subscribed = known.subscribed
        by = known.subscribed.get(event.type)
        return None if by is None else Wanted(event, by)
