"""The WSGI application: a route, the guard, one answer; it has words also for when the database is away."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast
from urllib.parse import quote

import psycopg
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from chassis.database import Database, passing, too_slow
from chassis.settings import Settings
from services.console import guard, session, session_store
from services.console.cookies import LANGUAGE, Jar
from services.console.headers import secured
from services.console.issuer import Issuer
from services.console.now.watching import Watching
from services.console.page import Page, Route
from services.console.pages import PAGES
from services.console.render import STATIC, Entry, Renderer
from services.console.visit import Means, Refused, Visit
from services.console.words import LANGUAGES, PROBLEMS, Language

log = logging.getLogger(__name__)

MOST_BYTES = 1_000_000
PAUSE = 0.5
"""Seconds after a failure of the database in which nobody else waits for it."""
KINDS = {
    "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}  # fmt: skip
KEPT = "public, max-age=31536000, immutable"
"""Addresses of our files change with what they hold."""


class OurRequest(Request):
    """A request that may bring so much and no more."""

    max_content_length = MOST_BYTES
    max_form_memory_size = MOST_BYTES
    max_form_parts = 2000


class Room:
    """Routes requests to the pages."""

    def __init__(self, settings: Settings, database: Database, pages: Sequence[Page] = PAGES) -> None:
        menu = [Entry(page.path, page.title, page.role) for page in pages if page.path]
        issuer = (
            Issuer(settings.oidc_issuer, settings.oidc_client, settings.oidc_secret, settings.oidc_claim)
            if settings.oidc_issuer
            else None
        )
        self.watching = Watching(database, settings.amqp_url)
        self._means = Means(database, settings, Renderer(menu), issuer, self.watching)
        self._url, self._idle = settings.console_url, timedelta(seconds=settings.console_idle)
        self._https = self._url.startswith("https:")
        self.routes: Mapping[str, Route] = {route.name: route for page in pages for route in page.routes}
        self._map = Map([
            Rule(route.path, methods=[route.method], endpoint=route.name) for route in self.routes.values()
        ], merge_slashes=False)  # fmt: skip
        self._down_until = 0.0

    def close(self) -> None:
        """Closes what it holds open."""
        self.watching.close()
        self._means.database.close()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answers one request."""
        request = OurRequest(environ)
        name = request.path.removeprefix("/static/")
        if request.path != name and name in STATIC and request.method in ("GET", "HEAD"):
            response = Response(
                STATIC[name], content_type=KINDS[name.rpartition(".")[2]], headers={"Cache-Control": KEPT}
            )
        else:
            response = self._answered(request)
        return secured(response, https=self._https)(environ, start_response)

    def _answered(self, request: Request) -> Response:
        jar = Jar(request, https=self._https)
        visit = Visit(request, self._means, _language(request), token=jar.token, csrf=jar.csrf)
        try:
            route, visit.arguments = self._found(request)
            visit.action = route.action
            response = self._guarded(visit, route)
        except Refused as refused:
            response = self._refused(visit, refused)
        except HTTPException as error:
            response = self._problem(visit, error.code or 500)
        except Exception:
            log.exception("request failed", extra={"path": request.path})
            response = self._problem(visit, 500)
        jar.keep(response)
        return response

    def _found(self, request: Request) -> tuple[Route, Mapping[str, Any]]:
        name, arguments = self._map.bind_to_environ(request.environ).match()
        return self.routes[name], arguments

    def _guarded(self, visit: Visit, route: Route) -> Response:
        guard.check_origin(visit.request, route, self._url)
        try:
            if time.monotonic() < self._down_until:  # nobody else waits for it
                raise Refused(503)
            self._meet(visit, route)
            try:
                guard.check_role(visit, route)
                guard.check_token(visit, route)
            except Refused as refused:
                self._note_refusal(visit, refused)
                raise
            return route.answer(visit)
        except psycopg.DataError:  # a number too large, a NUL: nothing that a page of ours sends
            raise Refused(400) from None
        except psycopg.Error as error:
            if not (passing(error) or too_slow(error)):
                raise
            if passing(error):
                self._down_until = time.monotonic() + PAUSE
            log.warning("the database does not answer", extra={"cause": type(error).__name__})
            raise Refused(503) from None

    def _meet(self, visit: Visit, route: Route) -> None:
        """Finds out who it is; a part that a page fetches by itself is no sign that somebody is there."""
        with self._means.database.statements() as tx:
            digest = session.digest(visit.token)
            visit.session = session_store.find(tx, digest, self._idle)
            if visit.session and not route.fragment:
                session_store.seen(tx, digest)

    def _note_refusal(self, visit: Visit, refused: Refused) -> None:
        """Strangers cannot make us write without end: only who is signed in is worth a line."""
        if visit.session is not None:
            with self._means.database.transaction() as tx:
                visit.note(
                    tx, visit.request.path[:200], "refused", after={"problem": refused.problem},
                    what=visit.action or "look",
                )  # fmt: skip

    def _refused(self, visit: Visit, refused: Refused) -> Response:
        if refused.status == 401:
            target = visit.request.full_path.rstrip("?") if visit.request.method == "GET" else "/"
            path = f"/sign-in?next={quote(target, safe='/')}"
            if visit.is_fragment:
                return Response("", 401, {"HX-Redirect": "/sign-in"})
            if visit.request.method == "GET":
                return Response("", 303, {"Location": path})
        return self._problem(visit, refused.status, refused)

    def _problem(self, visit: Visit, status: int, refused: Refused | None = None) -> Response:
        words = PROBLEMS.get(status, PROBLEMS[500 if status >= 500 else 400])
        pair = refused.pair if refused and refused.pair else words
        template = "templates/problem_part.html" if visit.is_fragment else "templates/problem.html"
        response = visit.show(template, {}, status=status, pair=pair)
        if status == 503:
            response.headers["Retry-After"] = "5"
        return response


def behind_proxies(room: Room, proxies: int) -> Any:
    """The application as it knows who asks through so many proxies."""
    return ProxyFix(cast(Any, room), x_for=proxies, x_proto=0, x_host=0) if proxies else room


def _language(request: Request) -> Language:
    chosen = request.cookies.get(LANGUAGE, "")
    return next((each for each in LANGUAGES if each == chosen), LANGUAGES[0])
