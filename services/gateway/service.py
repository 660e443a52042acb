"""The gateway: what it takes in over HTTP, and what it hears of it afterwards."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chassis.database import Database
from chassis.model import Model
from chassis.relay import Relay
from chassis.service import Service, consumes, errand
from contracts import gateway
from contracts.cloudevent import CloudEvent
from contracts.intake import EventRefused
from services.gateway import domain, intake_store, store
from services.gateway.channels import ENDPOINTS
from services.gateway.domain import FOLLOWED, Follow, NoteRefusal
from services.gateway.edge import Edge, Means
from services.gateway.library.shelf import shelf
from services.gateway.limits import Pace
from services.gateway.store import Known
from services.gateway.tokens import Issuer

STATEMENT, LOCK = 5.0, 2.0
"""Seconds that the database has for a request: who asks is told 503 rather than kept."""
KEEP_ANSWERS = timedelta(hours=24)


class GatewayService(Service):
    """Keeps events before it answers, hands them to the broker, and knows how their tickets stand."""

    name = "gateway"
    model = Model(gateway, domain, store)
    needs = ("gateway_port", "gateway_token")

    @consumes(*FOLLOWED)
    def follow(self, event: CloudEvent[Any], known: Known) -> Follow:
        """A ticket has moved."""
        return Follow(fact=event.data, at=event.time)

    @consumes(EventRefused)
    def note_refusal(self, event: CloudEvent[Any], known: Known) -> NoteRefusal:
        """A service did not take an event that was taken in here."""
        return NoteRefusal(fact=event.data)

    @errand(600.0)
    def tidy(self, now: datetime) -> Sequence[Any]:
        """Lets go of answers that nobody asks for any more."""
        with self.database.statements() as tx:
            while intake_store.forget_answers(tx, now - KEEP_ANSWERS):
                continue
        return []

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
            chosen.gateway_token, issuer,
        )  # fmt: skip
        return Edge(means, ENDPOINTS, shelf())
