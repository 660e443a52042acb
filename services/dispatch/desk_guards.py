"""What must hold before an order of the desk is followed: small named functions that say why not, or None."""

from services.dispatch import desk
from services.dispatch.case import Case
from services.dispatch.engine import Pool, known_item
from services.dispatch.filters import DESK, OF_DESKS, OF_ORDERED, hindrance
from services.dispatch.guards import Guard

OF_THE_DESK = ("operator", "supervisor")
WHO_SEES_ARRIVALS = (*OF_THE_DESK, "assignee")
MOST_DEPARTMENTS = 10
"""Of one ticket that are called and not there yet."""


def a_desk_speaks(_state: Case, command: desk.Order | desk.BlowWhistle) -> str | None:
    """Operators and supervisors order."""
    role = command.actor.role
    return None if role in OF_THE_DESK else f"this is not for a {role}; it is for: {', '.join(OF_THE_DESK)}"


def somebody_else(state: Case, command: desk.AssignTicket) -> str | None:
    """Nobody is asked for what he has, or was just asked for."""
    if command.named is None or state.state not in ("offered", "accepted", "contacted"):
        return None
    asked, who = (state.assignee, *(one.assignee for one in state.beside)), command.named.assignee
    return f"{who} has it, or has been asked, already" if who in asked else None


def ordered_assignee_known(_state: Case, command: desk.AssignTicket) -> str | None:
    """The directory has the assignee, or the unit one."""
    return None if command.named else f"the directory has no assignee or unit {command.said}"


def covers_the_place(_state: Case, command: desk.AssignTicket) -> str | None:
    """Nobody is sent outside his cells."""
    return None if command.option else f"{command.said} does not cover this place"


def within_the_lists(_state: Case, command: desk.AssignTicket) -> str | None:
    """The work fence: the lists say who may do such work; the refusal names list, version and who may."""
    item, option, pool = known_item(command.pool), command.option, command.pool
    if option is None or option.kind in (DESK, *item.kinds):
        return None
    if not item.kinds:
        return f"no list has this category and place; only the community desk can have it{_fence(pool)}"
    able = (one for one in pool.options if one.kind in item.kinds)
    proposed = next((one.unit or one.assignee for one in able), None)
    hint = f"; proposed: {proposed}" if proposed else ""
    return (
        f"list {item.list}, version {item.version} of {item.category}, allows no {option.kind}; "
        f"it allows {', '.join(item.kinds)}{hint}"
    )


def _fence(pool: Pool) -> str:
    """Which lists, and whose it may be by them."""
    if pool.fence is None:
        return ""
    unit = f", proposed: {pool.fence.proposed_unit}" if pool.fence.proposed_unit else ""
    return f" (lists version {pool.fence.lists_version}{unit})"


def nothing_binding(_state: Case, command: desk.AssignTicket) -> str | None:
    """Conflicts of interest, identity, contracts, duty and opting out bind a desk as well."""
    option = command.option
    names = OF_DESKS if option and option.kind == DESK else OF_ORDERED
    why = hindrance(known_item(command.pool), option, names) if option else None
    return f"{option.assignee} cannot be asked: {why}" if option and why else None


def departments_named(_state: Case, command: desk.BlowWhistle) -> str | None:
    """Somebody is called."""
    return None if command.departments else "say which departments"


def departments_known(_state: Case, command: desk.BlowWhistle) -> str | None:
    """The directory has every department that is called, once, and it is one."""
    found = [command.named.get(code) for code in command.departments]
    unknown = [
        code
        for code, one in zip(command.departments, found, strict=True)
        if one is None or one.kind != "department"
    ]
    if unknown:
        return f"the directory has no department {', '.join(unknown)}"
    called = [one.assignee for one in found if one]
    return "a department is named twice" if len(set(called)) < len(called) else None


def time_to_arrive(_state: Case, command: desk.BlowWhistle) -> str | None:
    """Nobody is called for a time that is over."""
    return None if command.arrive_by > command.at else "the time to arrive must lie ahead"


def not_awaited_yet(state: Case, command: desk.BlowWhistle) -> str | None:
    """Who is called already is awaited; only so many at once."""
    awaited = {one.assignee for one in state.calls if one.arrived_at is None}
    again = sorted(awaited & {one.assignee for one in command.named.values()})
    if again:
        return f"{', '.join(again)} was called already and is awaited"
    many = len(awaited) + len(command.departments) > MOST_DEPARTMENTS
    return f"at most {MOST_DEPARTMENTS} departments are awaited at once" if many else None


def an_onlooker_speaks(_state: Case, command: desk.ReportArrival) -> str | None:
    """The department itself says that it is there, or the desk."""
    actor = command.actor
    if actor.role not in WHO_SEES_ARRIVALS:
        return f"this is not for a {actor.role}; it is for: {', '.join(WHO_SEES_ARRIVALS)}"
    return None


def itself(state: Case, command: desk.ReportArrival) -> str | None:
    """A department speaks for itself alone."""
    if command.actor.role != "assignee":
        return None
    own = {code for one in state.calls if one.bears(command.department) for code in (one.assignee, one.unit)}
    stranger = command.actor.id not in own
    return f"{command.actor.id} does not speak for {command.department}" if stranger else None


def awaited(state: Case, command: desk.ReportArrival) -> str | None:
    """Only who was called arrives, and once."""
    mine = [one for one in state.calls if one.bears(command.department)]
    if not mine:
        return f"no department {command.department} was called"
    return "it has arrived already" if all(one.arrived_at for one in mine) else None


def has_happened(_state: Case, command: desk.ReportArrival) -> str | None:
    """Nobody has arrived tomorrow."""
    return None if command.arrived_at <= command.at else "that lies ahead"


ORDERING: tuple[Guard, ...] = (
    a_desk_speaks, ordered_assignee_known, somebody_else, covers_the_place, within_the_lists, nothing_binding
)  # fmt: skip
TAKING_BACK: tuple[Guard, ...] = (a_desk_speaks,)
WHISTLING: tuple[Guard, ...] = (
    a_desk_speaks, departments_named, departments_known, time_to_arrive, not_awaited_yet
)  # fmt: skip
ARRIVING: tuple[Guard, ...] = (an_onlooker_speaks, awaited, itself, has_happened)
