"""Every return code with what it needs, and every unit of a contract from the offer to the settlement."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from contracts import dispatch
from contracts.problem import Refusal
from contracts.terms import ReturnCode
from services.dispatch import commands
from services.dispatch.domain import decide
from services.dispatch.filters import Option
from services.dispatch.quota import month_of, reserved
from services.dispatch.records import ContractCommitted, ContractReleased, ContractReserved
from services.dispatch.rules import RULES
from tests.unit.test_dispatch_domain import (
    BARBERS,
    MONTH,
    NOON,
    WINDOWS,
    accept,
    contact,
    expire,
    give_back,
    given,
    names,
    report,
    start,
)  # fmt: skip

BASIS, UNIT = "basis", "proposed_unit"
NEEDED: dict[str, set[str]] = {
    "not_our_area": {BASIS, UNIT},
    "not_our_duty": {BASIS, UNIT},
    "outside_contract": {BASIS},
    "duplicate": set(),
    "insufficient_info": set(),
    "unsafe": set(),
    "capacity": set(),
    "conflict_of_interest": set(),
}
FULL = {BASIS: "不在清单内", UNIT: "bureau"}


def returned(code: Any, told: set[str]) -> commands.ReturnAssignment:
    """A return with a code, and of basis and unit what is told."""
    said: dict[str, Any] = {name: FULL[name] if name in told else None for name in FULL}
    command: commands.ReturnAssignment = replace(give_back(1, "SO-1"), code=code, **said)
    return command


@pytest.mark.parametrize("code", get_args(ReturnCode))
def test_a_code_is_taken_with_what_it_needs_and_the_next_is_asked(code: str) -> None:
    facts = decide(given(start()), returned(code, NEEDED[code]))
    told = [one for one in facts if isinstance(one, dispatch.AssignmentReturned)]
    assert [(one.code, one.assignee, one.proposed_unit) for one in told] == [
        (code, "SO-1", "bureau" if UNIT in NEEDED[code] else None)
    ]
    assert [one.assignee for one in facts if isinstance(one, dispatch.OfferMade)] == ["GO-1"]
    assert ContractReleased("HT-1", MONTH) in facts


@pytest.mark.parametrize(
    ("code", "missing"), [(code, name) for code, needed in NEEDED.items() for name in sorted(needed)]
)
def test_a_code_without_what_it_needs_is_refused_and_nothing_changes(code: str, missing: str) -> None:
    (refused,) = decide(given(start()), returned(code, NEEDED[code] - {missing}))
    assert isinstance(refused, Refusal)
    assert refused.detail == f"{code} needs a {missing.replace('_', ' ')}"


def organization(left: int | None, of: int, contract: str | None = "HT-1") -> Option:
    """An organisation whose contract still allows so much."""
    return replace(BARBERS, contract=contract, quota_left=left, quota=of)


@pytest.mark.parametrize(
    ("left", "of", "warned"),
    [(100, 100, False), (22, 100, False), (21, 100, True), (20, 100, False), (1, 100, False), (1, 4, True),
     (2, 10, False), (3, 10, True)],
)  # fmt: skip
def test_the_unit_that_leaves_a_fifth_is_told_once(left: int, of: int, warned: bool) -> None:
    facts = reserved(organization(left, of), RULES, NOON)
    alarms = [one for one in facts if isinstance(one, dispatch.DispatchAlarmed)]
    assert facts[0] == ContractReserved("HT-1", MONTH)
    assert [(one.reason, one.about, one.left, one.quota) for one in alarms] == (
        [("quota_low", "HT-1", left - 1, of)] if warned else []
    )


def test_who_has_no_contract_holds_no_unit() -> None:
    assert reserved(organization(None, 0, contract=None), RULES, NOON) == []


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (datetime(2026, 11, 30, 15, 59, tzinfo=UTC), "2026-11-01"),
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), "2026-12-01"),
    ],
)
def test_a_month_begins_at_midnight_in_china(at: datetime, month: str) -> None:
    assert month_of(at) == month
    assert reserved(organization(5, 5), RULES, at)[0] == ContractReserved("HT-1", month)


DECEMBER = datetime(2026, 12, 5, tzinfo=UTC)


def units(facts: list[Any]) -> list[Any]:
    return [one for one in facts if isinstance(one, ContractReserved | ContractReleased | ContractCommitted)]


@pytest.mark.parametrize(
    ("happened", "command", "unit"),
    [
        ((), give_back(1, "SO-1"), ContractReleased("HT-1", MONTH)),
        ((), expire(DECEMBER), ContractReleased("HT-1", MONTH)),
        ((), commands.WithdrawAssignment(reason="ticket_cancelled"), ContractReleased("HT-1", MONTH)),
        ((accept(1, "SO-1"), contact(1, "SO-1")), replace(report(1, "SO-1"), at=DECEMBER),
         ContractCommitted("HT-1", MONTH)),
    ],
    ids=["returned", "expired", "cancelled", "done in the next month"],
)  # fmt: skip
def test_a_unit_is_freed_or_used_up_once_in_the_month_it_was_held_in(
    happened: tuple[Any, ...], command: Any, unit: Any
) -> None:
    assert units(decide(given(start(), *happened), command)) == [unit]
    over = given(start(), *happened, command)
    assert over.contract is None
    assert units(decide(over, commands.WithdrawAssignment(reason="ticket_cancelled"))) == []


def test_a_rework_uses_up_no_second_unit() -> None:
    done = (start(), accept(1, "SO-1"), contact(1, "SO-1"), report(1, "SO-1"))
    again = commands.ReopenAssignment(windows=WINDOWS, at=NOON)
    assert names(decide(given(*done), again)) == ["AssignmentReopened"]
    facts = decide(given(*done, again, contact(1, "SO-1")), report(1, "SO-1"))
    assert units(facts) == []
