"""The way up from a grid cell, read from its code: 楼栋 → 小区 → 社区 → 街道 → 区."""

from msgspec import Struct

from contracts.terms import GridLevel

LENGTHS: tuple[tuple[GridLevel, int], ...] = (
    ("building", 17), ("compound", 14), ("community", 12), ("subdistrict", 9), ("district", 6),
)  # fmt: skip
"""Digits that name a cell of each level; the first twelve are those of the National Bureau of Statistics."""
OFFICIAL = 12


class Cell(Struct, frozen=True):
    """A cell and its level."""

    code: str
    level: GridLevel


def path(code: str | None) -> list[Cell]:
    """The cell and all above it, the lowest first; empty where the code has another structure."""
    if code is None or not (code.isascii() and code.isdigit() and len(code) in (12, 14, 17)):
        return []
    told = code.rstrip("0") if len(code) == OFFICIAL else code
    lowest = next((n for _, n in reversed(LENGTHS) if n >= len(told)), len(code))
    return [Cell(code[:n].ljust(OFFICIAL, "0"), level) for level, n in LENGTHS if n <= lowest]


def above(code: str | None) -> Cell | None:
    """The next cell up; None at the top, or where nobody can tell."""
    return next(iter(path(code)[1:]), None)


def together(one: str, other: str) -> bool:
    """Whether one of the cells is the other, or above it."""
    return (
        one == other
        or any(cell.code == one for cell in path(other))
        or any(cell.code == other for cell in path(one))
    )
