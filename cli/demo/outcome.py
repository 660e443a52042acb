"""How a demo ended: the table for people, demo.json for scripts."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cli.demo.account import ENDED, Account, Row
from cli.reporting import percent
from cli.say import table

KINDS = {
    "grid_officer": "网格员 grid officer", "party_member": "党员 Party member",
    "social_organization": "社会组织 social organisation", "property_company": "物业公司 property company",
    "department": "职能部门 department", "volunteer_team": "志愿队 volunteer team",
    "rota": "24小时值班 rota", "community_desk": "社区受理台 community desk", "–": "无承办 nobody",
}  # fmt: skip
RATINGS = {
    "very_satisfied": "非常满意 very satisfied", "satisfied": "满意 satisfied",
    "basically_satisfied": "基本满意 basically satisfied", "dissatisfied": "不满意 dissatisfied",
    "very_dissatisfied": "非常不满意 very dissatisfied", "unrated": "未评价 unrated",
}  # fmt: skip
TITLES = (
    "工单\ntickets", "响应率\nresponse", "解决率\nresolved", "满意率\nsatisfied", "覆盖率\ncoverage",
    "退单\nreturns", "超时\nexpired", "重办\nreworks",
)  # fmt: skip
SHOWN_FAULTS = 10


def document(account: Account, seconds: float, told: Mapping[str, Any]) -> dict[str, Any]:
    """What demo.json says; rates are shares between 0 and 1, null where there was nothing to rate."""
    whole = account.whole
    return {
        "accepted": account.accepted,
        "closed": account.closed,
        "open": account.open,
        "parked": account.parked,
        "lost": len(account.lost),
        "doubled": len(account.doubled),
        "by_assignee_kind": {kind: asdict(row) for kind, row in sorted(account.by_kind.items())},
        "returns": whole.returns,
        "reworks": whole.reworks,
        "rated": whole.rated,
        "unrated": whole.unrated,
        "response_rate": whole.response_rate,
        "resolution_rate": whole.resolution_rate,
        "satisfaction_rate": whole.satisfaction_rate,
        "coverage": whole.coverage,
        "events": account.events,
        "seconds": round(seconds, 1),
        "states": dict(account.states),
        "open_past_deadline": account.stale,
        "parked_records": dict(account.parked_records),
        "faults": [*account.lost, *account.doubled],
        **told,
    }


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Writes demo.json."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def text(account: Account, seconds: float, told: Mapping[str, Any]) -> str:
    """The outcome table in Chinese and English."""
    kinds = {KINDS.get(kind, kind): row for kind, row in account.by_kind.items()}
    parts = [
        _group("承办类别\nby kind of assignee", dict(sorted(kinds.items())), account.whole),
        _group("社区\nby community", dict(sorted(account.by_grid.items())), account.whole),
        _ratings(account),
        _ends(account, told),
        _balance(account, seconds),
    ]
    return "\n\n".join(parts)


def _group(title: str, rows: Mapping[str, Row], whole: Row) -> str:
    lines = [(name, *_cells(row)) for name, row in rows.items()]
    return table((title, *TITLES), [*lines, ("合计 all", *_cells(whole))])


def _cells(row: Row) -> tuple[Any, ...]:
    return (
        row.tickets, percent(row.response_rate), percent(row.resolution_rate), percent(row.satisfaction_rate),
        percent(row.coverage), row.returns, row.expiries, row.reworks,
    )  # fmt: skip


def _ratings(account: Account) -> str:
    rows = [(words, account.ratings[level]) for level, words in RATINGS.items()]
    return table(("评价\nby rating", "工单\ntickets"), rows)


def _ends(account: Account, told: Mapping[str, Any]) -> str:
    ended = ", ".join(f"{state} {account.states[state]}" for state in ENDED if account.states[state])
    going = ", ".join(f"{state} {number}" for state, number in account.states.items() if state not in ENDED)
    parked = ", ".join(f"{reason} {number}" for reason, number in account.parked_records.items())
    refused = ", ".join(f"{problem} {number}" for problem, number in told.get("refused_answers", {}).items())
    rows = [
        ("已结 ended", ended or "–"),
        ("未结 open", going or "–"),
        ("搁置记录 parked records", parked or "–"),
        ("被拒的答复 refused answers", refused or "–"),
    ]
    return "\n".join(f"{name}: {words}" for name, words in rows)


def _balance(account: Account, seconds: float) -> str:
    sign = "=" if account.accepted == account.closed + account.open + account.parked else "≠"
    ended = f"已结 closed {account.closed} + 未结 open {account.open} + 搁置 parked {account.parked}"
    faults = f"丢失 lost {len(account.lost)}, 重复 doubled {len(account.doubled)}"
    spent = f"({account.events} events, {seconds:.1f} s)"
    lines = [f"接收 accepted {account.accepted} {sign} {ended};  {faults}  {spent}"]
    if account.stale:
        lines.append(f"{account.stale} open tickets are past their deadline")
    return "\n".join([*lines, *[*account.lost, *account.doubled][:SHOWN_FAULTS]])
