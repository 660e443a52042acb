"""Tickets in every state, the rules they live by, and who speaks to them; for the tests of the table."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from contracts import dispatch, evaluation
from contracts.actor import Actor
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.intake import Part, SensorOffline, SensorRaised
from contracts.plan import Plan
from contracts.problem import Refusal
from contracts.worktime import Calendar
from services.ticket import alarms, commands, desk, orders
from services.ticket.commands import Rule
from services.ticket.domain import decide, evolve
from services.ticket.orders import StandingOrder
from services.ticket.state import Asked, Desk, Intake, Pause, Ticket

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""A Monday afternoon in China."""
DAY = timedelta(days=1)
BUILDING = "99010100100101001"
SEVERITIES = ("emergency", "urgent", "general")
RULES = {
    "triage": Rule("triage", 1, {"emergency": "5min", "urgent": "5min", "general": "2h"}),
    "handling": Rule("handling", 1, {"emergency": "24h", "urgent": "3wd", "general": "15d"}),
    "rework": Rule("rework", 1, {"emergency": "24h", "urgent": "3wd", "general": "3wd"}),
    "information": Rule("information", 1, dict.fromkeys(SEVERITIES, "3wd")),
    "verification": Rule("verification", 1, dict.fromkeys(SEVERITIES, "1wd")),
    "verifier": Rule("verifier", 1, dict.fromkeys(SEVERITIES, "rule")),
    "escalation": Rule("escalation", 1, {"emergency": "30min", "urgent": "4h", "general": "1wd"}),
    "suspension": Rule("suspension", 1, {"at_most": "180d"}),
    "extension": Rule("extension", 1, {"times": 3, "each": "3wd"}),
    "reopening": Rule("reopening", 1, {"within": "15d"}),
    "reminder": Rule("reminder", 1, {"every": "10min"}),
    "supervision": Rule("supervision", 1, {"returns": 3, "reworks": 3}),
    "objection": Rule("objection", 1, {"emergency": "4h", "urgent": "4h", "general": "1wd"}),
    "decline_objection": Rule("decline_objection", 1, {"within": "15d"}),
    "emergency_lines": Rule("emergency_lines", 1, {"119": "119"}),
    "reworks_at_most": Rule("reworks_at_most", 1, {"reworks": 2}),
    "duplicates": Rule("duplicates", 1, {"days": 30}),
    "sensors": Rule("sensors", 1, dict.fromkeys(SEVERITIES, "5min") | {"maintenance": "sensor_maintenance"}),
    "visits": Rule(
        "visits",
        1,
        {
            "late": "24h",
            "confirm_within": 60,
            "welfare_check": {"category": "welfare_check", "severity": "urgent"},
        },
    ),
}
PRIMARY = commands.Primary(
    id="P", state="accepted", category="lighting", severity="urgent", grid="99010100100101",
    received_at=NOW - DAY,
)  # fmt: skip
BY_DESK = {**RULES, "verifier": Rule("verifier", 1, dict.fromkeys(SEVERITIES, "desk"))}
CALENDAR = Calendar()
ADJUDICATOR = Actor(role="adjudicator", id="a-adjudicator")
WHO: dict[str, Any] = {"assignment": "a1", "assignee": "li", "kind": "grid_officer"}
EXPLANATION = dispatch.Explanation(place=BUILDING, kinds=["grid_officer"], candidates=[])
STARTED = dispatch.DispatchStarted(
    category="lighting", grid=BUILDING, catalogue="duty", catalogue_version=1, mode="direct"
)
OFFERED = dispatch.OfferMade(**WHO, hop=1, expires_at=NOW, explanation=EXPLANATION)
TAKEN = dispatch.AssignmentAccepted(**WHO, hop=1, contact_due_at=NOW)
RETURNED = dispatch.AssignmentReturned(**WHO, hop=1, code="capacity")
DISPUTED = dispatch.ObjectionOpened(**WHO, cause="second_return", code="not_our_duty")
RULED = dispatch.ObjectionRuled(**WHO, hop=2, reason_code="in_their_list", by=ADJUDICATOR)
EXPIRED = dispatch.OfferExpired(**WHO, hop=1)
REVOKED = dispatch.AssignmentRevoked(**WHO, hop=1, reason_code="no_first_contact")
CALLED = dispatch.DepartmentCalled(
    whistle=1, assignee="fire", cause="emergency", arrive_by=NOW + timedelta(hours=2),
    reason_code="blocked_exit", by=Actor(role="supervisor", id="street"),
)  # fmt: skip
ARRIVED = dispatch.DepartmentArrived(
    whistle=1, assignee="fire", at=NOW, in_time=True, by=Actor(role="supervisor", id="street")
)
MISSED = dispatch.DepartmentMissed(whistle=1, assignee="fire", arrive_by=NOW)
CONTACTED = dispatch.FirstContactMade(assignment="a1", assignee="li", in_time=True)
DONE = dispatch.AssignmentDone(**WHO, resolved="yes")
BITTER = evaluation.RatingSubmitted(round=1, resolved="no", satisfaction="very_dissatisfied")
UNHAPPY = evaluation.RatingSubmitted(round=1, resolved="no", satisfaction="dissatisfied")
HAPPY = evaluation.RatingSubmitted(round=1, resolved="yes", satisfaction="satisfied")
UNRATED = evaluation.RatingExpired(round=1)


PLAN = Plan(category="medicine_delivery", grid=BUILDING, rule="FREQ=WEEKLY;BYDAY=MO", at="09:30",
            starts_on="2026-11-02")  # fmt: skip
OVER = replace(PLAN, ends_on="2026-11-10")
ORDER_STATES = ("active", "paused", "ended")


@dataclass
class Known:
    """The time of one decision, and the rules in force."""

    now: datetime
    rules: Any = field(default_factory=lambda: RULES)
    calendar: Calendar = CALENDAR

    def learn(self, fact: Any) -> None:
        """Nothing to learn."""


def by(role: Any, name: str | None = None) -> Actor:
    """Somebody in a role."""
    return Actor(role=role, id=name or {"assignee": "li"}.get(role, f"a-{role}"))


LI = by("assignee")
ASKED = Desk(
    suspension=Asked(LI, "spare_part", until=NOW + 10 * DAY), extension=Asked(LI, "weather", span="2wd"),
    sent_back=1, final=Asked(by("supervisor", "first"), "all_means_used"), declined_at=NOW - DAY,
)  # fmt: skip


def ticket_in(state: str, **more: Any) -> Ticket:
    """A ticket in `state` to which everything could happen that is legal there."""
    paused = state in ("pending_info", "suspended")
    pause = Pause(since=NOW - DAY, until=NOW + 2 * DAY, alarm_at=NOW + 9 * DAY) if paused else None
    held = state not in ("new", "received", "pending_info", "accepted", "dispatching")
    told: dict[str, Any] = {
        "severity": "urgent", "category": "lighting", "grid": BUILDING, "channel": "resident",
        "source": "urn:s",
        "external_id": "7", "clock": "handling", "since": NOW - 3 * DAY, "span": "15d",
        "due_at": NOW + 12 * DAY, "alarm_at": NOW + (2 * DAY if paused else 9 * DAY), "reworks": 1,
        "assignment": "a1" if held else None, "assignee": "li" if held else None,
        "closed_at": NOW - DAY if state == "closed" else None,
        "desk": Desk(**{name: getattr(ASKED, name) for name in Desk.__struct_fields__} | {"pause": pause}),
    }  # fmt: skip
    return Ticket(id="T", state=state, **(told | more))


def order_in(state: str, **more: Any) -> StandingOrder:
    """A standing order in `state`, whose next visit is a week ahead."""
    told: dict[str, Any] = {"plan": PLAN, "seen": NOW - DAY / 2, "source": "urn:s", "external_id": "7"}
    told["due_at"] = NOW + 6 * DAY if state == "active" else None
    return (
        StandingOrder(id="SO-T", state=state, **(told | more)) if state != "new" else StandingOrder(id="SO-T")
    )


def order(kind: type[desk.Order], role: Any, at: datetime = NOW, **said: Any) -> Any:
    """A person's command, with what it needs to be legal unless `said` otherwise."""
    actor = said.pop("actor", None) or by(role)
    told = {"at": at, "rules": RULES, "calendar": CALENDAR, **SAID.get(kind, {}), **said}
    return kind(actor=actor, **{name: told[name] for name in told if name in kind.__struct_fields__})


SAID: dict[type, dict[str, Any]] = {
    desk.RequestInformation: {"missing": ["where"]},
    desk.ProvideInformation: {"words": "三楼"},
    desk.AskSuspension: {"plan": "spare_part", "review_at": NOW + 10 * DAY, "requester_told": True},
    desk.RefuseSuspension: {"reason_code": "no_cause"},
    desk.ResumeTicket: {"reason_code": "part_arrived"},
    desk.AskExtension: {"span": "2wd", "reason_code": "weather"},
    desk.RefuseExtension: {"reason_code": "no_cause"},
    desk.SuperviseTicket: {"reason_code": "press"},
    desk.EscalateTicket: {"reason_code": "press"},
    desk.RequestRework: {"reason_code": "no_photo"},
    desk.ReopenTicket: {"resolved": "no", "satisfaction": "dissatisfied"},
    desk.ProposeFinalAnswer: {"answer_code": "all_means_used"},
    desk.GiveFinalAnswer: {"answer_code": "all_means_used"},
    desk.SplitTicket: {"parts": [Part(category="trees", grid=BUILDING)]},
    desk.WaiveChild: {"child": "C", "reason_code": "not_needed"},
    desk.UnmergeTicket: {"reason_code": "another_lamp"},
    desk.ChangeSeverity: {"severity": "emergency"},
    desk.RecordHandOver: {"line": "119", "reference": "A-1", "happened_at": NOW},
    desk.AddComment: {"words": "已核对", "internal": True},
    orders.OpenStandingOrder: {"source": "urn:s", "external_id": "7", "plan": PLAN,
                               "intake": Intake(title="每周一送药", body="")},
    orders.ChangeStandingOrder: {"plan": PLAN, "intake": None},
    orders.PauseStandingOrder: {"reason_code": "in_hospital"},
    orders.EndStandingOrder: {"reason_code": "moved_away"},
}  # fmt: skip
ORDER_COMMANDS = (orders.OpenStandingOrder, orders.ChangeStandingOrder, orders.PauseStandingOrder,
                  orders.ResumeStandingOrder, orders.EndStandingOrder)  # fmt: skip


def command_of(on: type, role: Any, **said: Any) -> Any:
    """A legal command of this kind by somebody in `role`; the rule speaks without a name."""
    actor = None if role == "rule" else by(role)
    told: dict[str, Any]
    if on is commands.TriageTicket:
        line = said.pop("line", None)
        told = {"category": line or "lighting", "grid": BUILDING, "severity": "urgent", "actor": actor} | said
        return commands.TriageTicket(at=NOW, rules=RULES, calendar=CALENDAR, **told)
    if on is commands.MergeTicket:
        told = {"primary": PRIMARY, "at": NOW, "actor": actor, **said}
        return commands.MergeTicket(rules=RULES, **told)
    assert actor
    if on is commands.DeclineTicket:
        told = {"reason_code": "court", "statutory_path": "go to court"} | said
        return commands.DeclineTicket(actor=actor, at=NOW, **told)
    if on is commands.CancelTicket:
        told = {"reason_code": "solved", "confirmed": True, "actor": actor}
        told |= said
        return commands.CancelTicket(**told)
    return order(on, role, **said)


def raised(at: datetime = NOW, *, severity: Any = "urgent", kind: str = "gas_alarm") -> commands.RaiseAlarm:
    """A device raises its alarm."""
    said = SensorRaised(device="GAS-1", kind=kind, grid=BUILDING, severity=severity)
    return alarms.raised_by(_heard(said), Known(at))


def silent(at: datetime = NOW) -> commands.ReportOffline:
    """Nothing is heard of a device."""
    said = SensorOffline(device="GAS-1", kind="gas_alarm", grid=BUILDING)
    return alarms.offline_by(_heard(said), Known(at))


def _heard(said: Any) -> CloudEvent[Any]:
    return CloudEvent(specversion="1.0", id="e1", source="urn:s", type="t", time=NOW, data=said)


def timed(kind: Any, at: datetime = NOW) -> Any:
    """A command of a timer, or of a device that has nothing more to say."""
    return kind(at=at, rules=RULES, calendar=CALENDAR)


def ring(at: datetime) -> commands.RingAlarm:
    """The timer looks at `at`."""
    return commands.RingAlarm(at=at, rules=RULES, calendar=CALENDAR)


def observe(fact: Event, at: datetime = NOW, rules: Any = RULES) -> commands.Observe:
    """Another service says so."""
    return commands.Observe(fact=fact, at=at, rules=rules, calendar=CALENDAR)


def after(state: Any, *said: Any) -> Any:
    """The ticket, or the order, after commands of which none may be refused."""
    for command in said:
        for fact in decide(state, command):
            assert not isinstance(fact, Refusal), fact
            state = evolve(state, fact)
    return state


def names(facts: list[Any]) -> list[str]:
    """What facts are called."""
    return [type(fact).__name__ for fact in facts]
