"""Which cell an address or a point lies in, pure: by the names and the boundaries that the directory lists.

An address is read by the longest names in it. All that it names must lie on one way up the grid tree: the
lowest of them is meant, and a name that several cells have is told apart by the others. Where two places
may be meant, none is guessed.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from contracts.intake import Location
from contracts.terms import Datum, GridLevel, PlaceDoubt, PlaceWay
from services.ticket.place import coordinates
from services.ticket.place.address import building, normal
from services.ticket.place.boundaries import Boundaries, Outline
from services.ticket.place.coordinates import MILLION, Point

WORKABLE: tuple[GridLevel, ...] = ("community", "compound", "building")
"""Where somebody can be sent; a district or a subdistrict is too wide."""
SHOWN = 5


class Listed(Struct, frozen=True, kw_only=True):
    """A cell as the directory lists it; `path` leads down to it, `boundary` is WKT in degrees of `datum`."""

    code: str
    path: Sequence[str]
    level: GridLevel
    names: Sequence[str]
    boundary: str | None = None
    datum: Datum = "wgs84"


class Known(Struct, frozen=True):
    """What is kept of a cell."""

    name: str
    path: Sequence[str]
    level: GridLevel


class Found(Struct, frozen=True, kw_only=True):
    """The cell and by what it is known, or why nobody can tell and which it may be."""

    cell: str | None = None
    by: PlaceWay | None = None
    doubt: PlaceDoubt | None = None
    candidates: Sequence[str] = ()


UNLISTED = Found(doubt="not_listed")
OUTSIDE = Found(doubt="outside")


class Gazetteer:
    """The names and boundaries of cells, whose names are `spelled`, ready to be searched."""

    def __init__(self, cells: Iterable[Listed]) -> None:
        self._cells: dict[str, Known] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._buildings: dict[tuple[str, str], str | None] = {}
        outlines: list[Outline] = []
        for cell in cells:
            self._cells[cell.code] = Known(next(iter(cell.names), cell.code), tuple(cell.path), cell.level)
            self._enter(cell)
            if cell.boundary:
                outlines.append((cell.code, cell.boundary, cell.datum))
        self._longest = max(map(len, self._names), default=0)
        self._boundaries = Boundaries(outlines) if outlines else None

    def find(self, address: str | None, location: Location | None) -> Found:
        """The cell by the address, else by the point; else what is in doubt about the address."""
        by_address = self.by_address(address) if address else None
        if by_address and by_address.cell:
            return by_address
        by_point = self.by_location(location) if location else None
        if by_point and by_point.cell:
            return by_point
        return by_address or by_point or UNLISTED

    def name(self, code: str) -> str:
        """The name of a cell."""
        return self._cells[code].name

    def by_address(self, address: str) -> Found:
        """The cell that an address names."""
        text = normal(address)
        named = self._named(text)
        if not named:
            return UNLISTED
        found = self._told(self._meant(named), "address")
        inside = self._buildings.get((found.cell or "", building(text) or ""))
        return Found(cell=inside, by="address") if inside else found

    def by_location(self, location: Location) -> Found:
        """The cell in which a point lies; where nobody says its datum, only if that makes no difference."""
        point = (location.lon / MILLION, location.lat / MILLION)
        if location.datum:
            return self._around(_as_wgs84(point, location.datum))
        by_datum = [self._around(point), self._around(coordinates.to_wgs84(point))]
        if by_datum[0] == by_datum[1]:
            return by_datum[0]
        cells = [found.cell for found in by_datum if found.cell]
        return Found(doubt="datum", candidates=cells)

    def _enter(self, cell: Listed) -> None:
        """A building is also known by its number below what it stands in, if no other there has the same."""
        for name in cell.names:
            number = building(name) if cell.level == "building" else None
            if number and len(cell.path) > 1:
                key = (cell.path[-2], number)
                self._buildings[key] = cell.code if self._buildings.get(key, cell.code) == cell.code else None
            if name != number:
                self._names[name] = (*self._names.get(name, ()), cell.code)

    def _named(self, text: str) -> list[tuple[str, ...]]:
        """The cells of each name in the text; a name within a longer one does not count."""
        found: list[tuple[str, ...]] = []
        reached = 0
        for start in range(len(text)):
            end = self._end_of_name(text, start)
            if end > reached:
                found.append(self._names[text[start:end]])
                reached = end
        return found

    def _end_of_name(self, text: str, start: int) -> int:
        """Where the longest name from `start` on ends; 0 where none begins. No number is cut in two."""
        if _in_number(text, start):
            return 0
        for end in range(min(len(text), start + self._longest), start, -1):
            if text[start:end] in self._names and not _in_number(text, end):
                return end
        return 0

    def _meant(self, named: Sequence[Sequence[str]]) -> list[str]:
        """The lowest cells that fit all names; where no cell fits all, every cell that was named."""
        told = sorted({code for codes in named for code in codes})
        ways = [(set(codes), {step for code in codes for step in self._cells[code].path}) for codes in named]
        fitting = [
            code for code in told
            if all(code in way or not own.isdisjoint(self._cells[code].path) for own, way in ways)
        ]  # fmt: skip
        if not fitting:
            return told
        above = {step for code in fitting for step in self._cells[code].path if step != code}
        return [code for code in fitting if code not in above]

    def _told(self, meant: Sequence[str], by: PlaceWay) -> Found:
        if len(meant) > 1:
            return Found(doubt="ambiguous", candidates=meant[:SHOWN])
        if self._cells[meant[0]].level not in WORKABLE:
            return Found(doubt="too_wide", candidates=meant)
        return Found(cell=meant[0], by=by)

    def _around(self, point: Point) -> Found:
        codes = self._boundaries.around(point) if self._boundaries else []
        return self._told(self._meant([[code] for code in codes]), "coordinates") if codes else OUTSIDE


def spelled(cell: Listed) -> Listed:
    """The cell with its names as they are compared."""
    return replace(cell, names=list(dict.fromkeys(filter(None, map(normal, cell.names)))))


def _in_number(text: str, place: int) -> bool:
    return 0 < place < len(text) and text[place - 1].isdigit() and text[place].isdigit()


def _as_wgs84(point: Point, datum: Datum) -> Point:
    return coordinates.to_wgs84(point) if datum == "gcj02" else point
