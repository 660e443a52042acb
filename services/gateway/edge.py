"""The gateway's WSGI application: who asks, one transaction, an answer; in the manner of the path."""

import hashlib
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from chassis.clock import now
from chassis.database import Database, Tx, passing, too_slow
from chassis.outbox import Message
from contracts.gateway.events import MOST_BYTES
from contracts.gateway.operation import Operation
from contracts.hotline.city import Cities
from contracts.signing import Spoken
from services.gateway import client_store, intake_store
from services.gateway.call import Answer, Call, Endpoint
from services.gateway.clients import Client
from services.gateway.handing_over import access, parcel, told
from services.gateway.identity import PROOFS, Keyring, identify
from services.gateway.inside import Inside
from services.gateway.library.shelf import HEADERS, Leaf
from services.gateway.limits import Pace
from services.gateway.manner import manner_of
from services.gateway.places import Places
from services.gateway.problems import UNAVAILABLE, Refused
from services.gateway.reading import Found
from services.gateway.taking import Outcome, Parcel, take_in_all
from services.gateway.together import Together
from services.gateway.tokens import Issuer

log = logging.getLogger(__name__)

KEY = re.compile(r"[!-~]{1,128}")
TRACE = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
STRANGERS_A_SECOND = 20.0
"""Requests of one address that nobody vouches for; each is on record, and must not fill it."""
PAUSE = 0.5
"""Seconds after a failure of the database in which nobody else waits for it."""


@dataclass(frozen=True)
class Means:
    """What the edge works with."""

    database: Database
    hand_over: Callable[[Sequence[Message]], None]
    pace: Pace
    root: str
    issuer: Issuer | None
    cities: Cities
    inside: Inside
    address: str = ""


class Edge:
    """Routes requests to endpoints; an endpoint is one file among the channels."""

    def __init__(self, means: Means, endpoints: Sequence[Endpoint], shelf: Mapping[str, Leaf]) -> None:
        self._means, self._shelf = means, shelf
        self._strangers, self._places = Pace(STRANGERS_A_SECOND), Places(means.root)
        self._manners = {each.manner.under: each.manner for each in endpoints}
        self._endpoints = {each.operation.name: each for each in endpoints}
        rules = [_rule(each) for each in endpoints]
        rules += [Rule(path, methods=["GET"], endpoint="") for path in shelf]
        self._map = Map(rules, merge_slashes=False)
        operations = [each.operation for each in endpoints]
        self._plain = {(each.method, each.path): each.name for each in operations if "{" not in each.path}
        self._down_until = 0.0
        self._together = Together(self._taken, _common)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answers one request, within the database's deadlines; nothing it says quotes the request."""
        request = Request(environ)
        call = self._call(request)
        try:
            name, call.arguments = self._found(environ)
            response = self._answered(call, self._endpoints[name]) if name else self._read(request)
        except Refused as refused:
            response = self._refused(call, refused)
        except MethodNotAllowed as error:
            response = _problem(call, Refused("method", 405, "not by this method"))
            response.headers["Allow"] = ", ".join(error.valid_methods or ())
        except HTTPException as error:
            response = _problem(call, Refused("not-found", error.code or 404, error.name))
        except Exception:
            log.exception("request failed", extra={"trace": call.trace})
            response = _problem(call, Refused("internal", 500, "it is on record under this trace"))
        response.headers["X-Trace-Id"] = call.trace
        return response(environ, start_response)

    def _call(self, request: Request) -> Call:
        means, address = self._means, self._means.address or request.host_url
        return Call(
            request, _trace(request), now(), means.pace, means.cities, means.inside, self._places,
            address.rstrip("/"), manner_of(request.path, self._manners),
        )  # fmt: skip

    def _found(self, environ: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """What a request names, plain paths at once; raises HTTPException where there is none."""
        plain = self._plain.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        return (plain, {}) if plain else self._map.bind_to_environ(dict(environ)).match()

    def _read(self, request: Request) -> Response:
        leaf = self._shelf[request.path]
        return Response(leaf.body, content_type=leaf.content_type, headers=HEADERS)

    def _answered(self, call: Call, endpoint: Endpoint) -> Response:
        try:
            if time.monotonic() < self._down_until:
                raise UNAVAILABLE
            call.body = _body(call.request)
            headers = call.manner.credentials(call.request, call.body)
            if endpoint.operation.anybody and not any(map(headers.get, PROOFS)):
                self._strangers.take(call.request.remote_addr or "")
            else:
                call.client = self._identified(call, headers)
                call.pace.take(call.client.id)
            if endpoint.found and "Idempotency-Key" not in call.request.headers:
                return self._handed_over(call, endpoint.found)
            return self._committed(call, endpoint)
        except psycopg.Error as error:
            if not _common(error):
                raise
            self._down_until = time.monotonic() + PAUSE
            log.warning("nothing can be committed", extra={"cause": type(error).__name__})
            raise UNAVAILABLE from None

    def _identified(self, call: Call, headers: Mapping[str, str]) -> Client:
        with self._means.database.statements() as tx:
            register = client_store.known(tx)
        request = call.request
        spoken = Spoken(request.method, _target(request), headers, call.body)
        return identify(spoken, Keyring(register, self._means.root, self._means.issuer, call.now))

    def _committed(self, call: Call, endpoint: Endpoint) -> Response:
        """One transaction for the effect, the answer under its idempotency key, and the access's record."""
        with self._means.database.transaction() as tx:
            response = self._once(call, tx, endpoint)
            if not call.noted:
                intake_store.note(tx, call.access(response.status_code))
        if call.messages:
            self._means.hand_over(call.messages)
        return response

    def _handed_over(self, call: Call, found: Callable[[Call], tuple[Sequence[Found], bool]]) -> Response:
        """The same for who only hands events over, in one transaction with all who wait for theirs."""
        events, batch = found(call)
        outcome = self._together.do(parcel(call, events, batch=batch))
        return _response(call, told(call, outcome, batch=batch))

    def _taken(self, parcels: Sequence[Parcel]) -> list[Outcome]:
        with self._means.database.transaction() as tx:
            outcomes, messages = take_in_all(tx, parcels)
            for each, outcome in zip(parcels, outcomes, strict=True):
                if not outcome.noted:
                    intake_store.note(tx, access(each, outcome))
        self._means.hand_over(messages)
        return outcomes

    def _once(self, call: Call, tx: Tx, endpoint: Endpoint) -> Response:
        key = call.request.headers.get("Idempotency-Key")
        if key is None or "Idempotency-Key" not in endpoint.operation.headers:
            return _response(call, endpoint.answer(call, tx))
        if not KEY.fullmatch(key):
            raise Refused("query", 422, "Idempotency-Key: 1 to 128 visible ASCII characters")
        if not intake_store.claimed(tx, call.caller.id, key):
            raise Refused("in-flight", 409, "ask again when it is answered", retry_after=1)
        digest = _digest(call)
        before = intake_store.answered(tx, call.caller.id, key)
        if before is None:
            response = _response(call, endpoint.answer(call, tx))
            if response.status_code < 400:
                body = response.get_data(as_text=True)
                intake_store.answer(tx, call.caller.id, key, digest, response.status_code, body)
            return response
        if before[0] != digest:
            raise Refused("key-reused", 422, "it was another request; take a new key")
        kind = call.manner.kind(call.request.path, before[1])
        return Response(before[2], before[1], {"Idempotency-Replayed": "true"}, content_type=kind)

    def _refused(self, call: Call, refused: Refused) -> Response:
        """Puts what was refused on record, unless somebody would make us write without end."""
        try:
            if call.client is None and refused.status not in (429, 503):
                self._strangers.take(call.request.remote_addr or "")
            if refused is not UNAVAILABLE and refused.status != 429:
                call.problem, call.events = refused.problem, 0
                with self._means.database.statements() as tx:
                    intake_store.note(tx, call.access(call.manner.refuse(refused, call.trace).status))
        except Refused as too_often:
            refused = too_often
        except psycopg.Error as error:
            log.warning("an access is not on record", extra={"cause": type(error).__name__})
            refused = UNAVAILABLE
        return _problem(call, refused)


def _common(error: Exception) -> bool:
    """Whether the database is away or busy, which is no request's own fault."""
    return passing(error) or too_slow(error)


def _rule(endpoint: Endpoint) -> Rule:
    operation = endpoint.operation
    path = re.sub(r"\{(\w+)\}", lambda found: f"<{_step(operation, found[1])}>", operation.path)
    return Rule(path, methods=[operation.method], endpoint=operation.name)


def _step(operation: Operation, name: str) -> str:
    """One step of a path for werkzeug: any text, or one of those that the document lists."""
    choice = operation.steps.get(name, {}).get("enum")
    return f"any({','.join(choice)}):{name}" if choice else name


def _trace(request: Request) -> str:
    found = TRACE.fullmatch(request.headers.get("traceparent", ""))
    return found[1] if found and found[1].strip("0") else secrets.token_hex(16)


def _body(request: Request) -> bytes:
    if (request.content_length or 0) > MOST_BYTES:
        raise Refused("too-large", 413, f"{request.content_length} bytes; at most {MOST_BYTES} are taken")
    body: bytes = request.environ["wsgi.input"].read(MOST_BYTES + 1)  # the server has all of it, and its end
    if len(body) > MOST_BYTES:
        raise Refused("too-large", 413, f"{len(body)} bytes; at most {MOST_BYTES} are taken")
    return body


def _target(request: Request) -> str:
    """Path and query as they were sent, which is what is signed."""
    return str(request.environ.get("REQUEST_URI") or request.full_path.removesuffix("?"))


def _digest(call: Call) -> str:
    """Of all that makes the request what it is."""
    names = sorted(
        (name.lower(), value)
        for name, value in call.request.headers.items()
        if name.lower() == "content-type" or name.lower().startswith("ce-")
    )
    said = msgspec.json.encode([call.request.method, _target(call.request), names])
    return hashlib.blake2b(said + b"\n" + call.body, digest_size=16).hexdigest()


def _response(call: Call, answer: Answer) -> Response:
    path = call.request.path
    written, kind = call.manner.write(path, answer.body), call.manner.kind(path, answer.status)
    return Response(written, answer.status, content_type=kind)


def _problem(call: Call, refused: Refused) -> Response:
    headers: Mapping[str, str] = {"Retry-After": str(refused.retry_after)} if refused.retry_after else {}
    response = _response(call, call.manner.refuse(refused, call.trace))
    response.headers.update(headers)
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="fengge"'
    return response
