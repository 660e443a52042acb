"""What a trial of other rules came to: tickets that move, hops, work by kind and by assignee."""

from collections.abc import Iterable

from msgspec import Struct

from services.dispatch.backtest import Move, Trial


class Work(Struct, frozen=True, kw_only=True):
    """How often somebody, or a kind, was asked and would have been; `spread` is the most over the mean."""

    key: str
    kind: str
    before: int
    after: int
    spread_before: float | None = None
    spread_after: float | None = None


class Comparison(Struct, frozen=True, kw_only=True):
    """Before and after; `estimated` moves rest on whoever was not asked then."""

    tickets: int
    decisions: int
    moved: int
    estimated: int
    hops_before: int
    hops_after: float
    kinds: list[Work]
    assignees: list[Work]
    moves: list[Move]


def compared(trial: Trial) -> Comparison:
    """All of it; assignees with the greatest change first."""
    moves = sorted(trial.moves.values(), key=lambda move: (move.at, move.ticket))
    before = sum(len(way) for way in trial.ways.values())
    change = sum(move.hops_after - move.hops_before for move in moves)
    people = [_person(trial, who) for who in trial.asked_before.keys() | trial.asked_after.keys()]
    return Comparison(
        tickets=len(trial.ways), decisions=trial.decisions, moved=len(moves),
        estimated=sum(move.estimated for move in moves), hops_before=before,
        hops_after=round(before + change, 3), kinds=_kinds(people),
        assignees=sorted(people, key=lambda work: (-abs(work.after - work.before), work.key)), moves=moves,
    )  # fmt: skip


def _person(trial: Trial, who: str) -> Work:
    before, after = trial.asked_before[who], trial.asked_after[who]
    return Work(key=who, kind=trial.kinds.get(who, ""), before=before, after=after)


def _kinds(people: Iterable[Work]) -> list[Work]:
    by_kind: dict[str, list[Work]] = {}
    for one in people:
        by_kind.setdefault(one.kind, []).append(one)
    return [
        Work(
            key=kind, kind=kind, before=sum(one.before for one in peers),
            after=sum(one.after for one in peers), spread_before=_spread([one.before for one in peers]),
            spread_after=_spread([one.after for one in peers]),
        )
        for kind, peers in sorted(by_kind.items())
    ]  # fmt: skip


def _spread(asked: list[int]) -> float | None:
    return round(max(asked) * len(asked) / sum(asked), 3) if sum(asked) else None
