"""The dispatch service: what it hears, and which command follows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from chassis import clock, policy
from chassis.database import Tx
from chassis.doors import answers
from chassis.metrics import Metric
from chassis.model import Model
from chassis.shell import Service, consumes, errand, every
from contracts import dispatch, intake, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.terms import TicketNo
from services.dispatch import (
    commands,
    desk,
    domain,
    figure_store,
    hearing,
    outcome_store,
    rota_store,
    store,
    watching,
)
from services.dispatch.pool import Known
from services.dispatch.watching import ForeseeGaps


class Wanted(Struct, frozen=True):
    """Of which tickets the outcome is asked."""

    tickets: list[TicketNo]


class DispatchService(Service):
    """Turns accepted tickets into offers, and offers into work that is done."""

    name = "dispatch"
    model = Model(dispatch, domain, store)

    def metrics(self, tx: Tx) -> Sequence[Metric]:
        """What its tables say."""
        return list(figure_store.figures(tx, clock.now()))

    @consumes(ticket.TicketAccepted)
    def start(self, event: CloudEvent[ticket.TicketAccepted], known: Known) -> commands.StartDispatch:
        """A ticket is accepted: find who does it (row 7)."""
        accepted = event.data
        known.asked[event.partitionkey] = (accepted.grid, accepted.category)
        return commands.StartDispatch(
            category=accepted.category, grid=accepted.grid, severity=accepted.severity,
            pool=known.pool(accepted.grid, accepted.category), windows=known.windows, at=known.now,
        )  # fmt: skip

    @consumes(intake.OfferAnswered)
    def answer(
        self, event: CloudEvent[intake.OfferAnswered], known: Known
    ) -> commands.AcceptAssignment | commands.ReturnAssignment:
        """The assignee takes the offer or gives it back (rows 8, 9)."""
        said = event.data
        if said.answer == "accept":
            return commands.AcceptAssignment(
                assignment=said.assignment, assignee=said.assignee, windows=known.windows, at=known.now,
                on_duty=said.assignee not in known.off_duty,
            )  # fmt: skip
        return commands.ReturnAssignment(
            assignment=said.assignment, assignee=said.assignee, code=said.return_code, basis=said.basis,
            basis_code=said.basis_code, proposed_unit=said.proposed_unit, disputed_at=known.disputed_at,
            pool=known.pool_of(event.partitionkey), windows=known.windows, at=known.now,
        )  # fmt: skip

    @consumes(intake.OfferClaimed)
    def claim(self, event: CloudEvent[intake.OfferClaimed], known: Known) -> commands.ClaimOffer:
        """Somebody wants what all may claim (抢单)."""
        said, number = event.data, event.partitionkey
        return commands.ClaimOffer(
            assignment=said.assignment, assignee=said.assignee, option=known.claimant(said.assignee, number),
            open_claims=known.claims.open[said.assignee], pool=known.pool_of(number), windows=known.windows,
            at=known.now,
        )  # fmt: skip

    @consumes(intake.AssignmentDisputed)
    def dispute(
        self, event: CloudEvent[intake.AssignmentDisputed], known: Known
    ) -> commands.DisputeAssignment:
        """A unit says that it is not its own: an adjudicator decides (row 10)."""
        said = event.data
        return commands.DisputeAssignment(
            assignment=said.assignment, assignee=said.assignee, code=said.code, basis=said.basis,
            basis_code=said.basis_code, proposed_unit=said.proposed_unit, at=known.now,
        )  # fmt: skip

    @consumes(intake.ObjectionRuled)
    def rule(self, event: CloudEvent[intake.ObjectionRuled], known: Known) -> commands.RuleObjection:
        """The adjudicator says whose it is (row 10)."""
        said, number = event.data, event.partitionkey
        return commands.RuleObjection(
            actor=said.actor, said=said.assignee, named=known.named_by(said.assignee, number),
            reason_code=said.reason_code, basis=said.basis, pool=known.pool_of(number),
            windows=known.windows, at=known.now,
        )  # fmt: skip

    @consumes(*hearing.HEARD)
    def order(self, event: CloudEvent[Event], known: Known) -> desk.Order | desk.BlowWhistle:
        """The desk names who is asked, takes work back, or calls departments to the place."""
        return hearing.order(event, known)

    @consumes(intake.ArrivalReported)
    def arrive(self, event: CloudEvent[intake.ArrivalReported], known: Known) -> desk.ReportArrival:
        """A department that was called is there."""
        said = event.data
        return desk.ReportArrival(
            actor=said.actor, department=said.department, arrived_at=said.at or known.now, at=known.now
        )

    @every(2.0, store.unarrived)
    def miss(self, ticket_no: str, known: Known) -> desk.MissArrivals:
        """A department that was called is not there in time."""
        return desk.MissArrivals(at=known.now)

    @every(2.0, store.expired)
    def expire(self, ticket_no: str, known: Known) -> commands.ExpireOffer:
        """Offers that nobody answered go to the next candidate (row 9)."""
        return commands.ExpireOffer(pool=known.pool_of(ticket_no), windows=known.windows, at=known.now)

    @consumes(ticket.AlarmRepeated)
    def ask_next(self, event: CloudEvent[ticket.AlarmRepeated], known: Known) -> commands.AskNext:
        """Nobody has reacted to an alarm: the offer that stands is withdrawn for the next candidate."""
        return commands.AskNext(pool=known.pool_of(event.partitionkey), windows=known.windows, at=known.now)

    @every(10.0, rota_store.changing_hands)
    def hand_over(self, ticket_no: str, known: Known) -> commands.HandOver:
        """A shift is over: what nobody has begun goes to who is on duty now."""
        return commands.HandOver(pool=known.pool_of(ticket_no), windows=known.windows, at=known.now)

    @errand(60.0)
    def look_ahead(self, now: datetime) -> Sequence[ForeseeGaps]:
        """Hours in which nobody will be on duty are told while there is time to find somebody."""
        with self.database.statements() as tx:
            days = policy.in_force(tx)["rota"].value["ahead_days"]
            rotas, told = rota_store.shifts(tx, now), rota_store.told(tx)
        return watching.foreseen(rotas, told, now, now + timedelta(days=days))

    @consumes(intake.FirstContactLogged)
    def contact(self, event: CloudEvent[intake.FirstContactLogged], known: Known) -> commands.LogFirstContact:
        """The assignee has reached the requester (row 11)."""
        said = event.data
        return commands.LogFirstContact(assignment=said.assignment, assignee=said.assignee, at=known.now)

    @consumes(intake.WorkReported)
    def report(self, event: CloudEvent[intake.WorkReported], known: Known) -> commands.ReportWork:
        """The lead reports the outcome (row 15)."""
        said = event.data
        return commands.ReportWork(
            assignment=said.assignment, assignee=said.assignee, resolved=said.resolved,
            unresolved_reason=said.unresolved_reason, outcome=said.outcome, evidence=list(said.evidence),
            minutes=said.minutes, at=known.now,
        )  # fmt: skip

    @consumes(ticket.SeverityChanged)
    def hasten(self, event: CloudEvent[ticket.SeverityChanged], known: Known) -> commands.ChangeSeverity:
        """It is graver than was thought: whoever was asked has less time."""
        return commands.ChangeSeverity(severity=event.data.severity, windows=known.windows, at=known.now)

    @consumes(ticket.TicketReopened, ticket.ReworkRequested)
    def reopen(self, event: CloudEvent[Event], known: Known) -> commands.ReopenAssignment:
        """The requester was not satisfied, or the verifier: the same lead works again (rows 16, 19)."""
        return commands.ReopenAssignment(windows=known.windows, at=known.now)

    @consumes(ticket.TicketCancelled)
    def withdraw(
        self, event: CloudEvent[ticket.TicketCancelled], known: Known
    ) -> commands.WithdrawAssignment:
        """The requester took the request back: whoever holds it is told (row 21)."""
        return commands.WithdrawAssignment(reason="ticket_cancelled")

    @answers("POST", "/outcomes")
    def outcomes(self, request: Request) -> Any:
        """What was done, in words, for the office whose request it was: {"tickets": […]}."""
        try:
            wanted = msgspec.json.decode(request.get_data(), type=Wanted)
        except msgspec.MsgspecError as error:
            raise BadRequest from error
        with self.database.statements() as tx:
            return outcome_store.last(tx, wanted.tickets)

    @consumes(ticket.TicketMerged)
    def leave(self, event: CloudEvent[ticket.TicketMerged], known: Known) -> commands.WithdrawAssignment:
        """Another ticket is about the same: nobody is asked twice (row 5)."""
        return commands.WithdrawAssignment(reason="ticket_merged")
