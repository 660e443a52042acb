"""Wrong codes of one publisher: a share at once, then one in a while, whatever tickets they are about."""

from datetime import UTC, datetime, timedelta

from services.evaluation.guessing import Share, note, shut

NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
SHARE = Share(burst=200, seconds=60)
DAY = 86_400


def looked_at(times: int, every: timedelta) -> int:
    """How many of so many guesses are looked at, one each `every`."""
    used: dict[str, datetime] = {}
    count = 0
    for number in range(times):
        now = NOON + number * every
        if not shut(used.get("portal"), SHARE, now):
            note(used, "portal", SHARE, now)
            count += 1
    return count


def test_at_once_the_share_is_looked_at_and_no_more() -> None:
    assert looked_at(10_000, timedelta(0)) == 200


def test_in_a_day_of_guesses_a_share_and_one_a_minute() -> None:
    assert looked_at(DAY, timedelta(seconds=1)) in range(200 + DAY // 60 - 1, 200 + DAY // 60 + 2)


def test_who_mistypes_less_than_once_a_minute_is_never_shut_out() -> None:
    assert looked_at(10_000, timedelta(seconds=61)) == 10_000


def test_one_publishers_share_is_not_anothers() -> None:
    used: dict[str, datetime] = {}
    for _ in range(200):
        note(used, "portal", SHARE, NOON)
    assert shut(used["portal"], SHARE, NOON)
    assert not shut(used.get("app"), SHARE, NOON)
