"""What of a fact leaves the house: codes, choices, numbers and moments; neither persons nor their words."""

from functools import cache
from typing import Any

from msgspec import NODEFAULT, Struct, defstruct, field, inspect
from msgspec.structs import FieldInfo, fields

from contracts import dispatch, evaluation, terms, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import Event, type_of
from contracts.registry import events_of
from contracts.ticket import orders

TOLD = tuple(
    event
    for event in (*events_of(ticket), *events_of(dispatch), *events_of(evaluation))
    if event.__module__ != orders.__name__
)
"""Facts that others can subscribe to; when somebody is visited at home is nobody else's to know."""
TYPES = {type_of(event): event for event in TOLD}

PERSONAL = frozenset(
    {
        "requester_ref",
        "assignee",
        "external_id",
        "owner",
        "former",
        "by",
        "asked_by",
        "proposed_by",
        "lives_alone",
        "reachable_by",
    }
)
"""Members that stand for a person, lead to one, or tell of one."""
LABELS = frozenset({"category"})
"""Members of free form that name things of a list; all other free text stays inside."""
PLAIN = (
    inspect.IntType, inspect.BoolType, inspect.DateTimeType, inspect.LiteralType, inspect.NoneType,
)  # fmt: skip
CODES = frozenset(
    inspect.type_info(kind).pattern  # type: ignore[attr-defined]
    for kind in (terms.Code, terms.TicketNo, terms.Source)
)


def shown(event: CloudEvent[Event]) -> CloudEvent[Struct]:
    """The same event for others: its public members, and nothing of who or what has caused it."""
    told = PUBLIC[type(event.data)]
    data = told(**{name: getattr(event.data, name) for name in told.__struct_fields__})
    return CloudEvent(
        specversion="1.0", id=event.id, source=event.source, type=event.type, time=event.time, data=data,
        partitionkey=event.partitionkey, sequence=event.sequence, sequencetype=event.sequencetype,
    )  # fmt: skip


@cache
def members(event: type[Event]) -> frozenset[str]:
    """The names of its members that name nobody and quote nobody."""
    return frozenset(each.name for each in fields(PUBLIC.get(event) or _public(event)))


def _public(event: type[Event]) -> type[Struct]:
    """An event with its public members alone."""
    kinds = {member.name: member.type for member in _shape(event).fields}
    mine = [each for each in fields(event) if each.name not in PERSONAL]
    told = [_declared(each) for each in mine if each.name in LABELS or _plain(kinds[each.name])]
    doc = {"__doc__": event.__doc__}
    return defstruct(event.__name__, told, namespace=doc, frozen=True, kw_only=True, module=__name__)


def _shape(event: type[Event]) -> inspect.StructType:
    shape = inspect.type_info(event)
    assert isinstance(shape, inspect.StructType)
    return shape


def _declared(member: FieldInfo) -> Any:
    if member.required:
        return member.name, member.type
    if member.default_factory is NODEFAULT:
        return member.name, member.type, member.default
    return member.name, member.type, field(default_factory=member.default_factory)


def _plain(kind: Any) -> bool:
    """Numbers, moments, yes and no, choices, codes, and lists of them: nothing to write a name in."""
    if isinstance(kind, inspect.UnionType):
        return all(_plain(each) for each in kind.types)
    if isinstance(kind, inspect.ListType):
        return _plain(kind.item_type)
    if isinstance(kind, inspect.StrType):
        return kind.pattern in CODES
    return isinstance(kind, PLAIN)


PUBLIC: dict[type[Event], type[Struct]] = {event: _public(event) for event in TOLD}
"""Each fact as others see it."""
