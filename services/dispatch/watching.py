"""The rota of a cell is watched, pure: each gap is told once, days before, and again only where it grows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chassis.states import Stored
from contracts import dispatch
from contracts.numbering import ROTA
from services.dispatch.shifts import Gap, Shift, gaps


class Watch(Stored, frozen=True, kw_only=True):
    """What has been told of the rota of one cell."""

    told: tuple[Gap, ...] = ()

    @property
    def cell(self) -> str:
        """The cell whose rota it is."""
        return self.id.removeprefix(ROTA)


class ForeseeGaps(Struct, frozen=True, kw_only=True):
    """The gaps ahead, as the rota stands."""

    ticket: str
    gaps: tuple[Gap, ...]
    at: datetime


class GapsSeen(Struct, frozen=True):
    """The gaps that have been told and are still ahead; private."""

    gaps: tuple[Gap, ...]


def news(told: Sequence[Gap], ahead: Sequence[Gap]) -> list[Gap]:
    """The gaps that nobody has been told of."""
    return [gap for gap in ahead if not any(gap.within(other) for other in told)]


def stale(told: Sequence[Gap], ahead: Sequence[Gap]) -> bool:
    """Whether something that was told is filled or over."""
    return any(not any(gap.within(other) for gap in ahead) for other in told)


def foreseen(
    rotas: Mapping[str, Sequence[Shift]], told: Mapping[str, Sequence[Gap]], now: datetime, until: datetime
) -> list[ForeseeGaps]:
    """The rotas, by cell, of which something new has to be told, or what was told is past."""
    found = []
    for cell, shifts in rotas.items():
        key, ahead = f"{ROTA}{cell}", tuple(gaps(shifts, now, until))
        known = told.get(key, ())
        if news(known, ahead) or stale(known, ahead):
            found.append(ForeseeGaps(ticket=key, gaps=ahead, at=now))
    return found


def foresee(state: Watch, command: ForeseeGaps) -> list[Any]:
    """An alarm for each gap that is new; what was filled is forgotten, so that it would be told again."""
    new = news(state.told, command.gaps)
    if not new and not stale(state.told, command.gaps):
        return []
    alarms = [
        dispatch.RotaGapForeseen(cell=state.cell, starts_at=gap.from_at, ends_at=gap.to_at)
        for gap in new
    ]  # fmt: skip
    return [*alarms, GapsSeen(command.gaps)]


def evolve(state: Watch, fact: Any) -> Watch:
    """The watch after `fact`."""
    return replace(state, told=fact.gaps) if isinstance(fact, GapsSeen) else state
