"""Coordinates told apart: GCJ-02, which maps published in China must use, and WGS-84, which satellites say.

The offset has no published standard; its approximation is the one in common use (Krasovsky 1940 ellipsoid),
exact to about a metre. Outside China both are the same.
"""

from math import cos, pi, sin, sqrt

from contracts.intake import Location

MILLION = 1_000_000
Point = tuple[float, float]
"""Degrees east, degrees north."""

AXIS = 6_378_245.0
ECCENTRICITY_SQUARED = 0.00669342162296594323
WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
ROUNDS = 3
"""Of the inverse, each about a hundred times closer: after three less than a centimetre is left."""


def spoken(location: Location | None) -> str | None:
    """Coordinates as people write them, e.g. `119.412966,32.394209 gcj02`."""
    if location is None:
        return None
    return f"{location.lon / MILLION:.6f},{location.lat / MILLION:.6f} {location.datum or ''}".strip()


def to_gcj02(point: Point) -> Point:
    """A WGS-84 point as maps in China show it."""
    lon, lat = point
    if not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
        return point
    east, north = _shift(lon - 105.0, lat - 35.0)
    radians = lat / 180.0 * pi
    bend = 1 - ECCENTRICITY_SQUARED * sin(radians) ** 2
    north = north * 180.0 / (AXIS * (1 - ECCENTRICITY_SQUARED) / (bend * sqrt(bend)) * pi)
    east = east * 180.0 / (AXIS / sqrt(bend) * cos(radians) * pi)
    return lon + east, lat + north


def to_wgs84(point: Point) -> Point:
    """A GCJ-02 point as satellites say it: the offset has no inverse in closed form."""
    lon, lat = point
    for _ in range(ROUNDS):
        shown_lon, shown_lat = to_gcj02((lon, lat))
        lon, lat = lon + point[0] - shown_lon, lat + point[1] - shown_lat
    return lon, lat


def _shift(x: float, y: float) -> Point:
    """The offset in metres, east and north, at `x` and `y` degrees from its origin."""
    root = sqrt(abs(x))
    wave = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    return east, north
