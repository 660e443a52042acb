"""The gateway: what it takes in over HTTP, and what it hears of it afterwards."""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chassis.database import Database
from chassis.model import Model, Outgoing
from chassis.refusal import publisher_reply
from chassis.relay import Relay
from chassis.service import Service, consumes, errand
from chassis.settings import Settings
from chassis.topology import FACTS
from contracts import gateway
from contracts.cloudevent import CloudEvent, encode
from contracts.event import type_of
from contracts.intake import EventRefused
from contracts.public import TOLD, shown
from contracts.subscriptions import Vouch
from services.gateway import client_store, domain, keeping, store
from services.gateway.channels import ENDPOINTS
from services.gateway.channels.amqp import AtTheBroker
from services.gateway.domain import FOLLOWED, Follow, NoteRefusal, PassOn
from services.gateway.edge import Edge, Means
from services.gateway.inside import Inside
from services.gateway.library.shelf import shelf
from services.gateway.limits import Pace
from services.gateway.problems import Refused
from services.gateway.store import Known
from services.gateway.tokens import Issuer

log = logging.getLogger(__name__)

STATEMENT, LOCK = 5.0, 2.0
"""Seconds that the database has for a request: who asks is told 503 rather than kept."""
VOUCH_SECONDS = 5.0
"""Within which a system that is shut out hears of nothing more by webhook."""


OTHERS = tuple(event for event in TOLD if event not in FOLLOWED)
"""Facts that say nothing of how a ticket stands, but somebody outside may want."""
HEARD_HERE = frozenset([*map(type_of, FOLLOWED), type_of(EventRefused)])


class GatewayService(Service):
    """Keeps events before it answers, hands them to the broker, and knows how their tickets stand."""

    name = "gateway"
    model = Model(gateway, domain, store)
    gather = 0.3
    linger = 0.02
    needs = ("gateway_port", "gateway_token")

    def begin(self, settings: Settings, database: Database) -> None:
        """Knows of nobody outside yet."""
        super().begin(settings, database)
        self._heard, self._heard_at = frozenset[str](), -math.inf
        self._inside = Inside(settings.notification_url, settings.internal_token)

    def passes(self, event_type: str) -> bool:
        """Whether nobody wants to know of such an event, as of the last second."""
        fresh = time.monotonic() - self._heard_at < client_store.heard.seconds
        return fresh and event_type not in HEARD_HERE and event_type not in self._heard

    @consumes(*FOLLOWED)
    def follow(self, event: CloudEvent[Any], known: Known) -> Follow:
        """A ticket has moved."""
        return Follow(fact=event.data, at=event.time, post=self._post(event, known))

    @consumes(*OTHERS)
    def pass_on(self, event: CloudEvent[Any], known: Known) -> PassOn | None:
        """Something happened that only systems outside may want to know."""
        post = self._post(event, known)
        return PassOn(post=post) if post else None

    @consumes(EventRefused)
    def note_refusal(self, event: CloudEvent[Any], known: Known) -> NoteRefusal:
        """A service did not take an event that was taken in here; its sender at the broker is told."""
        told = event.data
        sender = known.senders.get((told.source or "", told.instance or ""))
        post = Outgoing(*publisher_reply(self.name, sender, told)) if sender else None
        return NoteRefusal(fact=told, post=post)

    @errand(VOUCH_SECONDS)
    def vouch(self, now: datetime) -> Sequence[Any]:
        """Says who may enter, so that nobody else hears by webhook of what happens."""
        if self._inside.known:
            with self.database.statements() as tx:
                owners = sorted(client_store.known(tx).by_name)
            try:
                self._inside.ask(Vouch(owners=owners))
            except Refused as refused:
                log.warning("nobody hears who may enter", extra={"cause": refused.detail})
        return []

    @errand(600.0)
    def tidy(self, now: datetime) -> Sequence[Any]:
        """Lets go of what is old enough."""
        keeping.tidy(self.database, now)
        return []

    def door(self) -> AtTheBroker:
        """Other systems may come to the broker as well."""
        return AtTheBroker()

    def edge(self, relay: Relay) -> Edge:
        """The HTTP application; its database gives up sooner than the loops' own."""
        chosen = self.settings
        impatient = replace(
            chosen,
            statement_timeout=min(chosen.statement_timeout, STATEMENT),
            lock_timeout=min(chosen.lock_timeout, LOCK),
        )
        issuer = (
            Issuer(chosen.oauth_issuer, chosen.oauth_audience, chosen.oauth_jwks_url)
            if chosen.oauth_jwks_url
            else None
        )
        means = Means(
            Database(impatient, "gateway edge"), relay.hand_over, Pace(chosen.gateway_rate),
            chosen.gateway_token, issuer, chosen.hotlines, self._inside, chosen.gateway_url,
        )  # fmt: skip
        return Edge(means, ENDPOINTS, shelf())

    def _post(self, event: CloudEvent[Any], known: Known) -> Outgoing | None:
        """The fact as others see it, for the queues of whoever hears it."""
        self._heard, self._heard_at = known.heard, time.monotonic()
        if event.type not in known.heard:
            return None
        content_type, body = encode([shown(event)])
        return Outgoing(FACTS, event.type, content_type, body.decode())
