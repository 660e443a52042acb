"""An answer that is not as it is written is told with what should have come and what came."""

from typing import Any

import msgspec
import pytest

from contracts.conformance.door import Answer, Door, Unreachable, refused, taken
from contracts.conformance.finding import Step
from contracts.conformance.over_amqp import Expected
from contracts.intake import EventRefused

HEADERS = {"content-type": "application/problem+json", "x-trace-id": "t"}
PROBLEM: dict[str, Any] = {
    "type": "urn:fengge:problem:data", "title": "t", "status": 422, "detail": "d", "trace": "t",
    "instance": "i", "errors": [{"pointer": "/data/title", "detail": "d"}],
}  # fmt: skip


def answer(status: int = 422, headers: dict[str, str] = HEADERS, **members: Any) -> Answer:
    return Answer(status, headers, msgspec.json.encode(PROBLEM | members))


def judged(told: Answer) -> str | None:
    return refused(told, 422, "data", "/data/title", "i")


def test_a_refusal_as_it_is_written_is_right() -> None:
    assert judged(answer()) is None


@pytest.mark.parametrize(
    ("told", "word"),
    [
        (answer(400), "status 422"),
        (answer(headers=HEADERS | {"content-type": "application/json"}), "content type"),
        (answer(type="urn:fengge:problem:envelope"), "problem data"),
        (answer(trace="another"), "the trace"),
        (answer(errors=[]), "an error at /data/title"),
        (answer(instance="another"), "instance i"),
        (Answer(422, HEADERS, b"no"), "expected a problem data"),
    ],
)
def test_a_refusal_that_is_not_is_told(told: Answer, word: str) -> None:
    failure = judged(told)
    assert failure
    assert word in failure
    assert "got" in failure


def test_an_answer_with_other_members_is_told() -> None:
    told = Answer(202, {}, b'{"state": "accepted"}')
    assert taken(told, 202, state="accepted") is None
    assert "status 200" in str(taken(told, 200))
    assert "repeated" in str(taken(told, 202, state="repeated"))


def refusal(instance: str | None, problem: str = "data", status: int = 422) -> EventRefused:
    return EventRefused(
        problem=f"urn:fengge:problem:{problem}", title="t", status=status, detail="d", instance=instance
    )


def test_a_reply_belongs_to_the_message_of_its_id_or_if_it_has_none_of_its_problem() -> None:
    named, nameless = Expected("a", "data", 422, "i"), Expected("b", "unreadable", 400, None)
    assert named.answered(refusal("i", "envelope"))
    assert not named.answered(refusal("j"))
    assert nameless.answered(refusal(None, "unreadable"))
    assert not nameless.answered(refusal(None, "content-type"))
    assert not nameless.answered(refusal("i", "unreadable"))


def test_a_reply_with_another_problem_is_a_failure() -> None:
    expected = Expected("a", "data", 422, "i")
    assert expected.judged(refusal("i")) == Step(name="a")
    assert "got 400" in str(expected.judged(refusal("i", "data", 400)))
    assert "envelope" in str(expected.judged(refusal("i", "envelope")))


@pytest.mark.parametrize("url", ["amqp://x", "x", "http://"])
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(Unreachable, match="no http"):
        Door(url, "key")
