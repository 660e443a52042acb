"""The calendar in the database: seeded with the notices, edited by a place, watched for its end."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import chinese_calendar
import psycopg
import pytest

from chassis.database import Database, Tx
from chassis.settings import Settings
from contracts.terms import CHINA
from deploy.local.endpoints import Endpoints
from services.ticket import calendar
from services.ticket.calendar import Day
from services.ticket.service import TicketService

ALARM = "the working calendar ends; enter the next notice"


@pytest.fixture
def tx(migrated: Endpoints) -> Iterator[Tx]:
    """A transaction that leaves nothing behind."""
    connection = psycopg.connect(migrated.database_url("ticket"))
    yield connection
    connection.rollback()
    connection.close()


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_of_the_year_is_as_published(tx: Tx, year: int) -> None:
    found = calendar.load(tx)
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    wrong = [day for day in days if found.works(day) != chinese_calendar.is_workday(day)]
    assert wrong == []
    assert found.covered >= days[-1]


def test_a_place_may_differ_and_a_new_notice_replaces_the_year(tx: Tx) -> None:
    flood = Day(date(2026, 7, 1), False, "防汛停工", "chen")
    calendar.set_day(tx, flood)
    assert not calendar.load(tx).works(flood.day)
    assert calendar.days(tx, flood.day, flood.day) == [flood]
    eve = Day(date(2027, 1, 1), False, "元旦", "notice")
    calendar.set_year(tx, 2027, "a notice", [eve])
    assert calendar.load(tx).covered == date(2027, 12, 31)
    calendar.set_year(tx, 2027, "another", [])
    assert calendar.load(tx).works(eve.day)


@pytest.mark.parametrize(
    ("day", "alarms"), [(date(2026, 11, 1), 0), (date(2026, 11, 2), 1), (date(2027, 2, 1), 1)]
)
def test_the_end_of_the_calendar_is_alarmed_from_sixty_days_on(
    migrated: Endpoints, caplog: pytest.LogCaptureFixture, day: date, alarms: int
) -> None:
    service = TicketService()
    settings = Settings(
        amqp_url=migrated.amqp_url("ticket"),
        database_url=migrated.database_url("ticket"),
        vault_keys=(bytes(32),),
    )
    database = Database(settings, "ticket")
    service.begin(settings, database)
    service.look_ahead(datetime.combine(day, time(8), CHINA))
    database.close()
    assert [record.message for record in caplog.records].count(ALARM) == alarms
