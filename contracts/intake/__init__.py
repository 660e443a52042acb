"""What outside systems, assignees' apps and residents tell us through the exchange `gov.inbound`."""

from contracts.intake.calling import CallbackMade
from contracts.intake.children import (
    Part,
    SplitOrdered,
    WaiverOrdered,
)
from contracts.intake.dispatching import (
    ArrivalReported,
    AssignmentOrdered,
    ReassignmentOrdered,
    WhistleBlown,
    WithdrawalOrdered,
)
from contracts.intake.excluding import ExclusionAsked, ExclusionDecided
from contracts.intake.merge import (
    MergeOrdered,
    UnmergeOrdered,
)
from contracts.intake.objecting import AssignmentDisputed, DeclineObjected, ObjectionRuled
from contracts.intake.orders import (
    OrderSaid,
    StandingOrderChanged,
    StandingOrderEnded,
    StandingOrderPaused,
    StandingOrderPlaced,
    StandingOrderResumed,
)
from contracts.intake.request import (
    EventRefused,
    FirstContactLogged,
    FromOutside,
    Inbound,
    Location,
    OfferAnswered,
    OfferClaimed,
    RatingGiven,
    RequestCancelled,
    RequestDeclined,
    Requester,
    RequestSubmitted,
    RequestTriaged,
    WorkReported,
)
from contracts.intake.routing import (
    routing_key,
    ticket_of,
)
from contracts.intake.said import (
    CommentAdded,
    ExtensionAsked,
    ExtensionDecided,
    FinalAnswerProposed,
    FinalAnswerSigned,
    HandOverReported,
    InformationAsked,
    InformationGiven,
    OutcomeVerified,
    ReminderSent,
    ReopeningAsked,
    Said,
    SeverityCorrected,
    SupervisionOrdered,
    SuspensionAsked,
    SuspensionDecided,
    SuspensionEnded,
)
from contracts.intake.scoring import DepartmentScored
from contracts.intake.sensors import (
    DeviceSaid,
    SensorCleared,
    SensorOffline,
    SensorRaised,
)
