"""The room's cookies: one secret, of a session or of none yet, and the language."""

from werkzeug.wrappers import Request, Response

from services.console.session import csrf_of, drawn

LANGUAGE = "fengge_language"
YEAR = 31_536_000
NEW = "_fengge_new_token"
"""Under this name an answer carries the secret that the browser gets; the header never leaves the room."""


class Jar:
    """The secret that came with a request, or a new one that leaves with its answer."""

    def __init__(self, request: Request, *, https: bool) -> None:
        self._https = https
        given = request.cookies.get(self.name, "")
        self._given = given if 20 <= len(given) <= 100 and given.isascii() else ""
        self.token = self._given or drawn()

    @property
    def name(self) -> str:
        """With https a name that no other host can set."""
        return "__Host-fengge" if self._https else "fengge_room"

    @property
    def csrf(self) -> str:
        """What forms have to carry."""
        return csrf_of(self.token)

    def keep(self, response: Response) -> None:
        """Hands the browser its secret, where it has another one than it came with."""
        token = response.headers.pop(NEW, self.token)
        if token != self._given:
            response.set_cookie(self.name, token, path="/", secure=self._https, httponly=True, samesite="Lax")


def renew(response: Response) -> str:
    """Gives the browser a new secret with this answer: the old one opens nothing any more."""
    token = drawn()
    response.headers[NEW] = token
    return token


def choose_language(response: Response, language: str, *, https: bool) -> None:
    """Keeps the language."""
    response.set_cookie(
        LANGUAGE, language, max_age=YEAR, path="/", secure=https, httponly=True, samesite="Lax"
    )
