"""The working calendar in the database: what the notices say, and what a place has changed."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct
from psycopg.rows import class_row

from chassis.database import Tx
from chassis.lately import Lately
from contracts.terms import CHINA
from contracts.worktime import Calendar, covered

ENOUGH = 60
"""Days ahead that have to be decided; the notice for a year comes out in the November before."""

YEARS = "SELECT year FROM calendar_year"
DAYS = "SELECT day, works, name, by FROM calendar_day WHERE day BETWEEN %s AND %s ORDER BY day"
SET_DAY = """
INSERT INTO calendar_day (day, works, name, by) VALUES (%s, %s, %s, %s)
ON CONFLICT (day) DO UPDATE SET works = EXCLUDED.works, name = EXCLUDED.name, by = EXCLUDED.by
"""
FORGET_YEAR = "DELETE FROM calendar_day WHERE day BETWEEN %s AND %s"
SET_YEAR = """
INSERT INTO calendar_year (year, notice) VALUES (%s, %s)
ON CONFLICT (year) DO UPDATE SET notice = EXCLUDED.notice
"""
# Orders look again, once every process knows the calendar.
WAKE_ORDERS = """
UPDATE standing_order SET due_at = least(due_at, now() + interval '10 s') WHERE due_at IS NOT NULL
"""


class Day(Struct, frozen=True):
    """A day that differs from its week: a weekday that is free, or a weekend that is worked."""

    day: date
    works: bool
    name: str
    by: str


def days(tx: Tx, first: date, last: date) -> list[Day]:
    """The days between the two, both included, that differ from their week."""
    with tx.cursor(row_factory=class_row(Day)) as cursor:
        return cursor.execute(DAYS, [first, last]).fetchall()


def set_day(tx: Tx, day: Day) -> None:
    """Says of a day whether it is worked; deadlines set from now on count so, visits to come are moved."""
    tx.execute(SET_DAY, [day.day, day.works, day.name, day.by])
    tx.execute(WAKE_ORDERS)


def set_year(tx: Tx, year: int, notice: str, found: Sequence[Day]) -> None:
    """Enters the notice for a year in the place of whatever was said of it before."""
    tx.execute(FORGET_YEAR, [date(year, 1, 1), date(year, 12, 31)])
    for day in found:
        set_day(tx, day)
    tx.execute(SET_YEAR, [year, notice])


def load(tx: Tx) -> Calendar:
    """The calendar as it stands."""
    years = {year for (year,) in tx.execute(YEARS)}
    differs = {day.day: day.works for day in days(tx, date.min, date.max)}
    return Calendar(differs, covered(years))


in_force = Lately(5.0, load)
"""The calendar of the last five seconds."""


def days_ahead(calendar: Calendar, now: datetime) -> int:
    """For how many days from `now` it is decided which are worked; negative where it no longer is."""
    return (calendar.covered - now.astimezone(CHINA).date()).days
