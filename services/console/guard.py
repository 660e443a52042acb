"""Who may pass: the right host, the right origin, a session, a role, a token; judged before any page runs."""

from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from services.console import session
from services.console.page import Route
from services.console.visit import Refused, Visit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def check_origin(request: Request, route: Route, url: str) -> None:
    """Refuses what another site sends, and what asks for a host that is not ours (DNS rebinding)."""
    if not _is_ours(request, url):
        raise Refused(400, problem="host")
    site = request.headers.get("Sec-Fetch-Site")
    if route.method == "POST":
        origin = request.headers.get("Origin")
        if (origin is None and site is None) or site not in (None, "same-origin"):
            raise Refused(403, problem="cross-site")
        if origin is not None and origin != _own(request, url):
            raise Refused(403, problem="cross-site")
    elif site not in (None, "same-origin", "none") and (route.fragment or not _is_navigation(request)):
        raise Refused(403, problem="cross-site")


def check_role(visit: Visit, route: Route) -> None:
    """Refuses who is not signed in (401), or may not (403)."""
    if route.role is None:
        return
    if visit.session is None:
        raise Refused(401, problem="signed-out")
    if not visit.may(route.role):
        raise Refused(403, problem="role")


def check_token(visit: Visit, route: Route) -> None:
    """Refuses an action whose form was not made for this session."""
    if route.method == "POST" and not session.fits(visit.request.form.get("csrf", ""), visit.token):
        raise Refused(403, problem="csrf")


def safe_next(target: str | None) -> str:
    """The path to go on to, where it is one of ours; else the start."""
    if not target or len(target) > 1000 or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    if any(character <= " " or character == "\\" or character == "\x7f" for character in target):
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc else target


def _is_ours(request: Request, url: str) -> bool:
    host = request.headers.get("Host", "")
    if url:
        return host == urlsplit(url).netloc
    return host.rpartition(":")[0] in LOOPBACK or host in LOOPBACK


def _own(request: Request, url: str) -> str:
    if url:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}"
    return f"http://{request.headers.get('Host', '')}"


def _is_navigation(request: Request) -> bool:
    """Whether somebody follows a link to here, e.g. in a mail."""
    mode, target = request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest")
    return mode == "navigate" and target == "document"
