"""What a request left open: found out as it came where that is sure, else left to the desk with a reason."""

from typing import Any

import pytest

from contracts import ticket
from contracts.event import Event
from contracts.intake import Location, RequestSubmitted
from contracts.ticket import Suggested
from services.ticket import suggesting
from services.ticket.category.classifier import Guess
from services.ticket.commands import RegisterRequest, TriageTicket
from services.ticket.domain import decide, evolve, initial
from services.ticket.place.gazetteer import Found
from tests.unit.ticketing import BUILDING, CALENDAR, NOW, RULES, command_of, names

HOME = "惠民路18号3栋501室"
FOUND = Found(cell=BUILDING, by="address")
DOUBTFUL = Found(doubt="ambiguous", candidates=["A", "B"])
SURE = Suggested(category="lighting", confidence=97, model="m-1", taken=True)
UNSURE = Suggested(category="lighting", confidence=55, model="m-1", taken=False)


def asked(**said: Any) -> RequestSubmitted:
    told = {"external_id": "7", "channel": "resident", "title": "灯不亮", "address": HOME}
    return RequestSubmitted(**(told | said))


def registered(said: RequestSubmitted, **known: Any) -> list[Any]:
    command = RegisterRequest(source="urn:s", request=said, at=NOW, rules=RULES, calendar=CALENDAR, **known)
    return decide(initial("T"), command)


def after(facts: list[Any]) -> Any:
    state = initial("T")
    for fact in facts:
        state = evolve(state, fact)
    return state


def one(facts: list[Any], kind: type) -> Any:
    (found,) = (fact for fact in facts if isinstance(fact, kind))
    return found


def test_a_request_whose_place_is_found_is_accepted_there() -> None:
    facts = registered(asked(category="lighting"), found=FOUND)
    assert names(facts) == ["RequestRecorded", "TicketReceived", "TicketAccepted", "DeadlineSet"]
    received = one(facts, ticket.TicketReceived)
    assert (received.grid, received.grid_by) == (BUILDING, "address")
    assert one(facts, ticket.TicketAccepted).grid == BUILDING


def test_an_unknown_place_raises_an_alarm_and_goes_to_the_desk() -> None:
    facts = registered(asked(category="lighting"), found=DOUBTFUL)
    assert names(facts) == ["RequestRecorded", "TicketReceived", "PlaceUnknown", "DeadlineSet"]
    alarm = one(facts, ticket.PlaceUnknown)
    assert (alarm.reason, alarm.candidates) == ("ambiguous", ["A", "B"])
    assert after(facts).state == "received"
    assert one(facts, ticket.DeadlineSet).kind == "triage"


def test_no_published_fact_tells_the_home_or_the_point() -> None:
    said = asked(location=Location(lon=119_405_001, lat=32_395_002, datum="gcj02"))
    told = repr([fact for fact in registered(said, found=DOUBTFUL) if isinstance(fact, Event)])
    assert "501" not in told
    assert "惠民路" not in told
    assert "119405001" not in told


def test_a_sure_suggestion_is_the_category_and_an_unsure_one_is_kept_for_the_desk() -> None:
    sure = registered(asked(), found=FOUND, suggested=SURE)
    assert one(sure, ticket.TicketAccepted).category == "lighting"
    assert one(sure, ticket.TicketReceived).suggested == SURE
    unsure = registered(asked(), found=FOUND, suggested=UNSURE)
    assert "TicketAccepted" not in names(unsure)
    assert (after(unsure).category, after(unsure).more.suggested) == (None, UNSURE)


@pytest.mark.parametrize(("suggestion", "grid"), [(UNSURE, BUILDING), (SURE, None)])
def test_a_desk_that_sets_another_category_corrects_the_model(suggestion: Suggested, grid: Any) -> None:
    waiting = after(registered(asked(grid=grid, address=None), suggested=suggestion))
    facts = decide(waiting, command_of_triage("trees"))
    correction = one(facts, ticket.CategoryCorrected)
    assert (correction.category, correction.suggested, correction.model) == ("trees", "lighting", "m-1")
    assert correction.confidence == suggestion.confidence
    assert correction.by.id == "a-operator"
    accepted = waiting
    for fact in facts:
        accepted = evolve(accepted, fact)
    assert (accepted.category, accepted.more.suggested) == ("trees", None)


def command_of_triage(category: str) -> Any:
    return command_of(TriageTicket, "operator", category=category)


def test_a_desk_that_agrees_or_was_suggested_nothing_corrects_nobody() -> None:
    for known in ({"suggested": UNSURE}, {}):
        waiting = after(registered(asked(), **known))
        assert "CategoryCorrected" not in names(decide(waiting, command_of_triage("lighting")))


class Echo:
    """A model that takes the title for the category and is sure where that ends with an exclamation mark."""

    name = "m-echo"

    def guess(self, text: str) -> Guess:
        title = text.split(maxsplit=1)[0]
        return Guess(title.rstrip("!"), 0.996 if title.endswith("!") else 0.4, title.endswith("!"))


@pytest.fixture
def echo() -> Any:
    suggesting.use(Echo())
    yield
    suggesting.use(None)


@pytest.mark.usefixtures("echo")
def test_only_requests_without_a_category_are_put_to_the_model() -> None:
    said = {"a": asked(title="trees!"), "b": asked(title="trees"), "c": asked(category="noise")}
    found = suggesting.suggested(said, {})
    assert found.keys() == {"a", "b"}
    assert (found["a"].taken, found["a"].confidence, found["b"].taken) == (True, 99, False)


@pytest.mark.usefixtures("echo")
def test_a_model_hands_nothing_to_an_emergency_line() -> None:
    found = suggesting.suggested({"a": asked(title="119!")}, {"119": "119"})
    assert (found["a"].category, found["a"].taken) == ("119", False)


def test_without_a_model_or_with_one_that_cannot_be_read_nothing_is_suggested(
    tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken.npz").write_text("no model")
    for path in ("", str(tmp_path / "broken.npz"), str(tmp_path / "nowhere.npz")):
        suggesting.use(suggesting.opened(path))
        assert suggesting.suggested({"a": asked()}, {}) == {}
    assert len(caplog.records) == 2
