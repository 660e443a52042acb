"""Whose word stands for a requester's: a publisher's, or that of one source that the gateway vouches for."""

from datetime import UTC, datetime

import pytest

from chassis.policy import Policy
from contracts.cloudevent import CloudEvent
from contracts.event import type_of
from contracts.intake import RatingGiven
from services.evaluation.store import Known

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SAID = RatingGiven(ticket="7K3M-9QXR-2B4D-T8WZ", resolved="yes", satisfaction="satisfied")
HOTLINE = "urn:hotline:12345:kangning"


@pytest.mark.parametrize(
    ("publisher", "source", "trusted"),
    [
        ("intake", "urn:any", True), ("gateway", HOTLINE, True), ("gateway", "urn:other", False),
        ("stranger", HOTLINE, False), (None, HOTLINE, False), (None, "", False),
    ],
)  # fmt: skip
def test_a_source_is_trusted_only_through_the_door_that_has_checked_it(
    publisher: str | None, source: str, trusted: bool
) -> None:
    rule = {"trusted": ["intake", f"gateway {HOTLINE}"]}
    event = CloudEvent(
        specversion="1.0", id="e", source=source, type=type_of(RatingGiven), time=NOW, data=SAID
    )
    policies = {"rating_publishers": Policy(name="rating_publishers", version=2, value=rule)}
    known = Known(NOW, policies, publishers={(source, "e"): publisher})
    assert known.trusts(event) is trusted
