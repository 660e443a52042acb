"""The evaluation service: what it hears, and which command follows."""

from chassis.model import Model
from chassis.policy import Known
from chassis.shell import Service, consumes, every
from contracts import dispatch, evaluation, intake, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from services.evaluation import domain, store


class EvaluationService(Service):
    """Asks the requester, takes the answer, and keeps what the rates are made of."""

    name = "evaluation"
    model = Model(evaluation, domain, store)
    gather = 0.1

    @consumes(
        ticket.TicketReceived, ticket.TicketTransferred, ticket.TicketDeclined, ticket.TicketAccepted,
        ticket.TicketHandled, ticket.TicketVerified, ticket.TicketReopened, ticket.TicketClosed,
        ticket.TicketCancelled, ticket.TicketUnmerged, ticket.DeclineObjected, ticket.SeverityChanged,
        dispatch.OfferMade, dispatch.OfferExpired, dispatch.AssignmentReturned, dispatch.AssignmentAccepted,
        dispatch.ResponseHastened, dispatch.FirstContactMade,
    )  # fmt: skip
    def observe(self, event: CloudEvent[Event], known: Known) -> domain.Observe:
        """What ticket and dispatch publish; after TicketVerified the requester is asked (row 17)."""
        return domain.Observe(
            fact=event.data, happened_at=event.time, now=known.now, window=store.rating_window(known)
        )

    @consumes(intake.RatingGiven)
    def rate(self, event: CloudEvent[intake.RatingGiven], known: Known) -> domain.TakeRating:
        """The requester answers both questions: row 18."""
        return domain.TakeRating(said=event.data)

    @every(1.0, store.windows_over)
    def expire(self, ticket_no: str, known: Known) -> domain.ExpireRating:
        """The window ended without an answer: unrated, row 18."""
        return domain.ExpireRating()
