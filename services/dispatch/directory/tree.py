"""The grid tree as plain values: the path of every cell, and what is wrong with a tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.dispatch.directory.schemas import LEVELS

Parents = Mapping[str, str | None]
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell stands: its level and the cell above it."""

    level: str
    parent: str | None


def paths(parents: Parents) -> dict[str, Path]:
    """Codes from the top down to the cell, for every cell that has a way to the top."""
    found: dict[str, Path] = {}
    for code in parents:
        chain = _climb(code, parents, found)
        for step in reversed(chain):
            above = parents[step]
            if above is None:
                found[step] = (step,)
            elif above in found:
                found[step] = (*found[above], step)
    return found


def cycles(parents: Parents) -> dict[str, Path]:
    """Cells that are their own ancestor, each with the ring that leads back to it."""
    rings: dict[str, Path] = {}
    good = paths(parents)
    for code in parents:
        if code in good or code in rings:
            continue
        chain = _climb(code, parents, good)
        back = parents[chain[-1]]
        if back in chain:
            ring = chain[chain.index(back) :]
            rings |= {step: (*ring[n:], *ring[:n], step) for n, step in enumerate(ring)}
    return rings


def misplaced(places: Mapping[str, Place]) -> dict[str, str]:
    """Cells at or above the level of their parent, or without the parent they need, with the reason."""
    reasons = {}
    for code, place in places.items():
        if place.parent is None and LEVELS.index(place.level) > LEVELS.index("subdistrict"):
            reasons[code] = f"a {place.level} needs a cell above it"
        elif (above := places.get(place.parent or "")) and LEVELS.index(above.level) >= LEVELS.index(
            place.level
        ):
            reasons[code] = f"a {place.level} cannot lie in a {above.level}"
    return reasons


def _climb(code: str, parents: Parents, known: Mapping[str, Path]) -> list[str]:
    """The cell and those above it, up to a known one, the top, a missing parent or the start of a ring."""
    chain = [code]
    seen = {code}
    while (above := parents[chain[-1]]) is not None and above in parents and above not in known:
        if above in seen:
            break
        chain.append(above)
        seen.add(above)
    return chain
