"""Facts of the ticket service: the life of a request as the resident sees it."""

from contracts.ticket.children import (
    ChildMoved,
    ChildOpened,
    ChildReleased,
    ChildState,
    ChildWaived,
    OutcomeKept,
    ParentEnded,
)
from contracts.ticket.desk import (
    DeadlineExtended,
    ExtensionRefused,
    ExtensionRequested,
    FinalAnswerGiven,
    FinalAnswerProposed,
    InfoProvided,
    InfoRequested,
    ReworkRequested,
    SeverityChanged,
    SuspensionRefused,
    SuspensionRequested,
    TicketCommented,
    TicketEscalated,
    TicketReminded,
    TicketResumed,
    TicketSupervised,
    TicketSuspended,
)
from contracts.ticket.knowing import CategoryCorrected, PlaceUnknown, Suggested
from contracts.ticket.life import (
    DeadlineSet,
    TicketAccepted,
    TicketCancelled,
    TicketClosed,
    TicketDeclined,
    TicketDueSoon,
    TicketHandled,
    TicketOverdue,
    TicketReceived,
    TicketReopened,
    TicketTransferred,
    TicketVerified,
)
from contracts.ticket.merge import (
    Alike,
    DuplicateSuspected,
    FollowerJoined,
    FollowerLeft,
    ReopeningRefused,
    TicketMerged,
    TicketUnmerged,
)
from contracts.ticket.objecting import DeclineObjected
from contracts.ticket.orders import (
    StandingOrderChanged,
    StandingOrderEnded,
    StandingOrderOpened,
    StandingOrderPaused,
    StandingOrderResumed,
    VisitConfirmed,
    VisitDue,
    VisitMissed,
    VisitSkipped,
)
from contracts.ticket.sensors import (
    AlarmRepeated,
    EmergencyHandedOver,
    SensorAlarmCleared,
    SensorAlarmRaised,
    SensorWentOffline,
)
