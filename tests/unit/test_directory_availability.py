"""Weekly hours as people write them, and what they mean to the minute."""

import pytest

from services.dispatch.directory.availability import minute_of_week, multirange, read_hours, written


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Mon 18:00-21:00", [(1080, 1260)]),
        ("周一至周二 8:00-9:30", [(480, 570), (1920, 2010)]),
        ("Sat-Sun 09:00-12:00", [(7740, 7920), (9180, 9360)]),
        ("Sunday 22:00-06:00", [(9960, 10080), (0, 360)]),
        ("星期日 00:00-24:00", [(8640, 10080)]),
        ("Sun-Mon 10:00-11:00", [(9240, 9300), (600, 660)]),
    ],
)
def test_hours_are_read_in_both_languages_and_over_midnight(text: str, spans: list[tuple[int, int]]) -> None:
    assert read_hours(text) == spans


@pytest.mark.parametrize("text", ["", "18:00-21:00", "Mon 25:00-26:00", "周八 08:00-09:00", "Mon evening"])
def test_what_is_no_weekly_hour_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|no time"):
        read_hours(text)


def test_hours_are_a_multirange_and_can_be_written_again() -> None:
    spans = read_hours("Mon-Tue 18:00-21:00")
    assert multirange(spans) == "{[1080,1260),[2520,2700)}"
    assert written(spans) == ["Mon 18:00-21:00", "Tue 18:00-21:00"]
    assert [read_hours(text) for text in written(spans)] == [[span] for span in spans]
    assert minute_of_week(1, 18, 30) in range(*spans[1])
