"""What a gateway answers to a system: to what is right, to every kind of wrong, and to the same again."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from contracts.cloudevent import BATCH, SINGLE
from contracts.conformance.door import Answer, Door, refused, taken
from contracts.conformance.finding import Step
from contracts.conformance.wrong import WRONG, Wrong, request
from contracts.event import type_of
from contracts.gateway.events import DEEPEST
from contracts.intake import RequestCancelled
from contracts.numbering import ticket_number

Trying = Callable[[], str | None]
"""What was not as it should be; None if all was."""


class Trial:
    """One run against a gateway as the system that owns `source`; it leaves requests that it takes back."""

    def __init__(self, door: Door, source: str, wait: float) -> None:
        self._door, self._source, self._wait = door, source, wait
        self._run = f"conformance-{secrets.token_hex(8)}"
        self._ticket = ticket_number(source, self._run)
        self._event = self._made("1")

    def steps(self) -> Iterator[Step]:
        """Everything, in order; raises Unreachable."""
        for name, trying in self._tries():
            yield Step(name=name, failure=trying())

    def _tries(self) -> Iterator[tuple[str, Trying]]:
        yield "who does not say who they are", self._stranger
        yield "one event, structured", self._taken
        yield "the same event again", self._repeated
        yield "another event with the same id", self._reused
        yield "the same event, binary", self._binary
        yield "a batch of a right and a wrong one", self._batch
        yield "the same request again under an idempotency key", self._idempotent
        for wrong in WRONG:
            yield f"wrong: {wrong.name}", lambda wrong=wrong: self._wrong(wrong)  # type: ignore[misc]
        yield f"wrong: more than {DEEPEST} levels of JSON", self._deep
        yield "an event of another source", self._foreign
        yield "a ticket that is not theirs", self._not_theirs
        yield "their own ticket", self._theirs
        yield "reconciliation", self._reconciled
        yield "taking it back", self._cancelled

    def _made(self, ident: str, **members: Any) -> dict[str, Any]:
        return request(self._source, self._run, datetime.now(UTC).isoformat(), ident) | members

    def _send(
        self, body: bytes | dict[str, Any], kind: str = SINGLE, more: Mapping[str, str] | None = None
    ) -> Answer:
        written = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self._door.ask("POST", "/events", written, {"Content-Type": kind, **(more or {})})

    def _stranger(self) -> str | None:
        body = msgspec.json.encode(self._event)
        answer = self._door.ask("POST", "/events", body, {"Content-Type": SINGLE}, known=False)
        return refused(answer, 401, "unauthorized")

    def _taken(self) -> str | None:
        return taken(self._send(self._event), 202, state="accepted", ticket=self._ticket)

    def _repeated(self) -> str | None:
        return taken(self._send(self._event), 202, state="repeated", ticket=self._ticket)

    def _reused(self) -> str | None:
        other = self._event | {"data": self._event["data"] | {"title": "another"}}
        return refused(self._send(other), 409, "id-reused", instance=self._event["id"])

    def _binary(self) -> str | None:
        """The same event says the same in either mode."""
        names = ("specversion", "id", "source", "type", "time")
        envelope = {f"ce-{name}": str(self._event[name]) for name in names}
        answer = self._send(msgspec.json.encode(self._event["data"]), "application/json", envelope)
        return taken(answer, 202, state="repeated", ticket=self._ticket)

    def _batch(self) -> str | None:
        right, wrong = self._event, self._made("batch", specversion="0.3")
        answer = self._send(msgspec.json.encode([right, wrong]), BATCH)
        if answer.status != 207:
            return f"expected status 207; got {answer.told()}"
        statuses = [each.get("status") for each in msgspec.json.decode(answer.body).get("results", [])]
        return None if statuses == [202, 400] else f"expected results 202 and 400; got {statuses}"

    def _idempotent(self) -> str | None:
        key = {"Idempotency-Key": self._run}
        first, again = self._send(self._event, more=key), self._send(self._event, more=key)
        if (first.status, first.body) != (again.status, again.body):
            return f"expected the same answer; got {first.told()}, then {again.told()}"
        other = self._event | {"subject": "another"}
        return refused(self._send(other, more=key), 422, "key-reused")

    def _wrong(self, wrong: Wrong) -> str | None:
        event = self._made(secrets.token_hex(4))
        answer = self._send(wrong.made(event), wrong.content_type)
        instance = event["id"] if wrong.named else None
        return refused(answer, wrong.status, wrong.problem, wrong.pointer, instance)

    def _deep(self) -> str | None:
        return refused(self._send(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1)), 400, "too-deep")

    def _foreign(self) -> str | None:
        event = self._made("foreign", source=f"urn:{self._run}")
        return refused(self._send(event), 403, "forbidden", instance=event["id"])

    def _not_theirs(self) -> str | None:
        number = ticket_number(f"urn:{self._run}", "nobody's")
        return refused(self._door.ask("GET", f"/tickets/{number}"), 404, "unknown-ticket")

    def _theirs(self) -> str | None:
        """The ticket is there as soon as the services have made it."""
        end = time.monotonic() + self._wait
        answer = self._door.ask("GET", f"/tickets/{self._ticket}")
        while answer.status == 404 and time.monotonic() < end:
            time.sleep(0.2)  # nobody tells us
            answer = self._door.ask("GET", f"/tickets/{self._ticket}")
        return taken(answer, 200, source=self._source, external_id=self._run)

    def _reconciled(self) -> str | None:
        moment = datetime.fromisoformat(self._event["time"])
        begin, end = moment - timedelta(seconds=1), moment + timedelta(hours=1)
        period = {"source": self._source, "from": begin.isoformat(), "to": end.isoformat()}
        answer = self._door.ask("GET", f"/reconcile?{urlencode(period)}")
        if answer.status != 200:
            return f"expected status 200; got {answer.told()}"
        found = msgspec.json.decode(answer.body)
        known = [entry["id"] for name in ("held", "under_way") for entry in found[name]]
        return None if self._event["id"] in known else f"expected {self._event['id']} among what is held"

    def _cancelled(self) -> str | None:
        event = self._made("2", type=type_of(RequestCancelled), data={"ticket": self._ticket})
        return taken(self._send(event), 202, ticket=self._ticket)
