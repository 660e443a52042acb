"""The evaluation service: what it hears, and which command follows."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, convert
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from chassis import clock, policy
from chassis.database import Tx
from chassis.doors import answers, refused
from chassis.metrics import Metric
from chassis.model import Model
from chassis.shell import Service, consumes, errand, every
from contracts import dispatch, evaluation, intake, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.terms import Code, TicketNo
from services.evaluation import domain, figure_store, key_store, scorecard_store, store
from services.evaluation.callback import RecordCall
from services.evaluation.case import Proof
from services.evaluation.exclusion import AskExclusion, DecideExclusion
from services.evaluation.guessing import Share
from services.evaluation.keyring import shown
from services.evaluation.rating import TakeRating
from services.evaluation.scoring import ScoreDepartment
from services.evaluation.store import Known
from services.evaluation.tally import month_of

log = logging.getLogger(__name__)


class Asked(Struct, frozen=True):
    """Who wants keys for which tickets."""

    tickets: Annotated[list[TicketNo], Meta(max_length=500)]
    who: Code


class EvaluationService(Service):
    """Asks the requester, takes the answer, and keeps what the rates are made of."""

    name = "evaluation"
    model = Model(evaluation, domain, store)
    gather = 0.3

    @consumes(
        ticket.TicketReceived, ticket.TicketTransferred, ticket.TicketDeclined, ticket.TicketAccepted,
        ticket.TicketHandled, ticket.TicketVerified, ticket.TicketReopened, ticket.TicketClosed,
        ticket.TicketCancelled, ticket.TicketUnmerged, ticket.DeclineObjected, ticket.SeverityChanged,
        dispatch.OfferMade, dispatch.OfferExpired, dispatch.AssignmentReturned, dispatch.AssignmentAccepted,
        dispatch.AssignmentDone, dispatch.ResponseHastened, dispatch.FirstContactMade,
        dispatch.ObjectionOpened, dispatch.ObjectionRuled, dispatch.DepartmentArrived,
        dispatch.DepartmentMissed,
    )  # fmt: skip
    def observe(self, event: CloudEvent[Event], known: Known) -> domain.Observe:
        """What ticket and dispatch publish; after TicketVerified the requester is asked (row 17)."""
        return domain.Observe(
            fact=event.data, happened_at=event.time, now=known.now, window=store.rating_window(known)
        )

    @consumes(intake.RatingGiven)
    def rate(self, event: CloudEvent[intake.RatingGiven], known: Known) -> TakeRating:
        """The requester answers both questions, and shows that he is the one: row 18."""
        said = event.data
        if said.token is None and said.code is None:
            proof = Proof(way="trusted") if known.trusts(event) else None
        else:
            proof = shown(self.settings.evaluation_token, said, known.prints.get(said.ticket, ()))
        publisher = known.publisher(event)
        return TakeRating(
            said=said, at=known.now, limits=known.limits, proof=proof, publisher=publisher,
            shut=known.shut(publisher), seen=known.seen(event.time),
        )  # fmt: skip

    @consumes(intake.CallbackMade)
    def call(self, event: CloudEvent[intake.CallbackMade], known: Known) -> RecordCall:
        """An operator has called who has not rated yet: row 17."""
        return RecordCall(said=event.data, at=known.now, rule=known.calls, trusted=known.trusts(event))

    @consumes(intake.ExclusionAsked)
    def ask_exclusion(self, event: CloudEvent[intake.ExclusionAsked], known: Known) -> AskExclusion:
        """A unit wants the case to count in no rate."""
        return AskExclusion(ground=event.data.ground, by=event.data.actor)

    @consumes(intake.ExclusionDecided)
    def decide_exclusion(self, event: CloudEvent[intake.ExclusionDecided], known: Known) -> DecideExclusion:
        """One of two people approves it, or does not; or what held is taken back."""
        said = event.data
        return DecideExclusion(
            approved=said.approved, by=said.actor, reason_code=said.reason_code or "not_said"
        )

    @consumes(intake.DepartmentScored)
    def score(self, event: CloudEvent[intake.DepartmentScored], known: Known) -> ScoreDepartment:
        """A subdistrict or community scores a department's work."""
        return ScoreDepartment(said=event.data, at=known.now, event=event.id)

    @every(5.0, store.contacts_missed)
    def miss(self, ticket_no: str, known: Known) -> domain.NoteMissedContact:
        """The requester was to be called by now, and was not."""
        return domain.NoteMissedContact(at=known.now)

    @every(2.0, store.windows_over)
    def expire(self, ticket_no: str, known: Known) -> domain.ExpireRating:
        """The window ended without an answer: unrated, row 18."""
        return domain.ExpireRating()

    @errand(3600.0)
    def issue(self, now: datetime) -> Sequence[Any]:
        """Scorecards of months that ended long enough ago are issued; it has no command."""
        with self.database.transaction() as tx:
            days = policy.in_force(tx)["scorecard"].value["days"]
            for month in scorecard_store.due(tx, month_of(now - timedelta(days=days))):
                scorecard_store.issue(tx, month, now)
                log.info("scorecards issued", extra={"month": month})
        return ()

    def metrics(self, tx: Tx) -> Sequence[Metric]:
        """What its tables say."""
        share = convert(policy.in_force(tx)["rating_guesses"].value, Share)
        return list(figure_store.figures(tx, share, clock.now()))

    @answers("POST", "/rating-keys")
    def rating_keys(self, request: Request) -> Any:
        """New keys for messages that go out now: {"tickets": […], "who"}; none where nobody is asked.

        This is the one place where a key can be seen.
        """
        try:
            wanted = msgspec.json.decode(request.get_data(), type=Asked)
        except msgspec.MsgspecError as error:
            raise BadRequest from error
        if not self.settings.evaluation_token:
            return refused(503, "EVALUATION_TOKEN is not set")
        with self.database.transaction() as tx:
            return key_store.make(tx, self.settings.evaluation_token, wanted.tickets, wanted.who, clock.now())
