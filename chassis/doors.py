"""The small HTTP door of every process: /livez, /readyz, /metrics, and what a service answers to others."""

import hmac
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from chassis.metrics import CONTENT_TYPE

F = TypeVar("F", bound=Callable[..., Any])

log = logging.getLogger(__name__)

Answer = Callable[[Request], Any]
"""Request in, JSON-able answer out; raises werkzeug's HTTP exceptions."""


def answers(method: str, path: str) -> Callable[[F], F]:
    """Marks a service's method as the answer to an HTTP request of another service (bearer token needed)."""

    def mark(function: F) -> F:
        function.answers = (method, path)  # type: ignore[attr-defined]
        return function

    return mark


class Door:
    """A WSGI application: `open_paths` answer everybody, `paths` only who knows the internal token."""

    def __init__(
        self,
        open_paths: Mapping[tuple[str, str], Answer],
        paths: Mapping[tuple[str, str], Answer],
        token: str,
    ) -> None:
        self._answers: dict[str, Answer] = {}
        rules = []
        for (method, path), answer in [*open_paths.items(), *paths.items()]:
            self._answers[path] = answer
            rules.append(Rule(path, methods=[method], endpoint=path))
        self._map, self._guarded, self._token = Map(rules), {path for _, path in paths}, token

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answers one request; errors are JSON too and never quote the request."""
        request = Request(environ)
        try:
            endpoint, _ = self._map.bind_to_environ(environ).match()
            response = self._answer(endpoint, request)
        except HTTPException as error:
            response = _json({"title": error.name, "status": error.code}, error.code or 500)
        except Exception:
            log.exception("request failed", extra={"path": request.path})
            response = _json({"title": "Internal error", "status": 500}, 500)
        return response(environ, start_response)

    def _answer(self, endpoint: str, request: Request) -> Response:
        if endpoint in self._guarded and not self._known(request):
            return _json({"title": "Unauthorized", "status": 401}, 401)
        answer = self._answers[endpoint](request)
        return answer if isinstance(answer, Response) else _json(answer, 200)

    def _known(self, request: Request) -> bool:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return bool(self._token) and hmac.compare_digest(given.encode(), self._token.encode())


def refused(status: int, reason: str) -> Response:
    """The answer that something is not to be had, and why; `reason` quotes no request."""
    return _json({"title": HTTP_STATUS_CODES[status], "status": status, "detail": reason}, status)


def health(ready: Callable[[], Mapping[str, bool]]) -> dict[tuple[str, str], Answer]:
    """/livez: the process turns; /readyz: all its lines stand (503 names those that do not)."""

    def readyz(_request: Request) -> Response:
        lines = dict(ready())
        return _json({"ready": all(lines.values()), **lines}, 200 if all(lines.values()) else 503)

    return {("GET", "/livez"): lambda request: {"live": True}, ("GET", "/readyz"): readyz}


def metrics(text: Callable[[], str]) -> dict[tuple[str, str], Answer]:
    """/metrics: figures in Prometheus' text format; no ticket and no person is in them."""
    return {("GET", "/metrics"): lambda request: Response(text(), content_type=CONTENT_TYPE)}


def _json(body: Any, status: int) -> Response:
    return Response(msgspec.json.encode(body), status=status, mimetype="application/json")
