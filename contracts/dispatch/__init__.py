"""Facts of the dispatch service: who was offered the work, who took it, and why."""

from contracts.dispatch.calling import (
    DepartmentArrived,
    DepartmentCalled,
    DepartmentMissed,
)
from contracts.dispatch.explanation import (
    Candidate,
    Exclusion,
    Explanation,
    Fence,
    Mode,
    Ordered,
    Precedent,
)
from contracts.dispatch.holding import (
    AssignmentAccepted,
    AssignmentDone,
    AssignmentReopened,
    AssignmentReturned,
    AssignmentRevoked,
    AssignmentWithdrawn,
    FirstContactMade,
    ObjectionOpened,
    ObjectionRuled,
    ResponseHastened,
)
from contracts.dispatch.placing import (
    ClaimOpened,
    DispatchAlarmed,
    DispatchBlocked,
    DispatchStarted,
    OfferExpired,
    OfferMade,
    RotaGapForeseen,
)
