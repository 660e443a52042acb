"""Failpoints do nothing unless named, and then act once, at the visit that was asked for."""

import pytest

from chassis import failpoints


def test_without_a_setting_nothing_is_watched() -> None:
    assert failpoints.switch("") is failpoints.switch("  ")


def test_a_point_acts_at_its_visit_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    deaths: list[str] = []
    monkeypatch.setitem(failpoints.ACTIONS, "kill", lambda: deaths.append("dead"))
    reach = failpoints.switch("after_commit:kill@2")
    seen = []
    for point in ("after_commit", "before_commit", "after_commit", "after_commit"):
        reach(point)
        seen.append(len(deaths))
    assert seen == [0, 0, 1, 1]


@pytest.mark.parametrize(
    "text", ["after_comit:kill", "after_commit:sleep", "after_commit", "after_commit:kill@x"]
)
def test_what_nobody_knows_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not like"):
        failpoints.switch(text)
