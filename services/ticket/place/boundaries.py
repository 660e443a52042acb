"""The outlines of cells under a spatial index; shapely is loaded only where the directory draws some."""

from collections.abc import Sequence
from typing import Any

from contracts.terms import Datum
from services.ticket.place.coordinates import Point, to_wgs84

Outline = tuple[str, str, Datum]
"""The code of a cell, its boundary as WKT in degrees, and what these refer to."""


class Boundaries:
    """In which cells a point lies."""

    def __init__(self, outlines: Sequence[Outline]) -> None:
        import shapely

        self._point = shapely.Point
        self._codes = [code for code, _, _ in outlines]
        self._tree = shapely.STRtree([_in_wgs84(wkt, datum) for _, wkt, datum in outlines])

    def around(self, point: Point) -> list[str]:
        """The codes of the cells around a WGS-84 point, or on whose border it lies."""
        found: Any = self._tree.query(self._point(point), predicate="intersects")
        return [self._codes[index] for index in found]


def _in_wgs84(wkt: str, datum: Datum) -> Any:
    import numpy as np
    import shapely

    shape = shapely.from_wkt(wkt)
    if datum == "wgs84":
        return shape
    return shapely.transform(shape, lambda points: np.array([to_wgs84((x, y)) for x, y in points]))
