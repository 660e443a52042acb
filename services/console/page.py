"""What a page of the operators' room is: routes, each with the role it needs, under one entry of the menu."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from werkzeug.wrappers import Response

from services.console.roles import Role
from services.console.visit import Visit
from services.console.words import Pair

Answer = Callable[[Visit], Response]
"""What a route does; `visit.arguments` holds what the path says. Raises visit.Refused."""


@dataclass(frozen=True)
class Route:
    """One path and method. A POST is an action: it needs a token and names what it does in the record."""

    path: str
    """In werkzeug's form, e.g. /failed/<service>/<int:no>."""
    answer: Answer
    role: Role | None = Role.VIEWER
    """Who may; None: everybody, signed in or not."""
    method: str = "GET"
    action: str = ""
    """The name under which it goes on record."""
    fragment: bool = False
    """A part of a page, fetched by htmx; not to be opened from elsewhere."""

    @property
    def name(self) -> str:
        """Names it among all."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Page:
    """Routes that belong together; `path` and `title` make its entry in the menu, where it has one."""

    routes: Sequence[Route]
    path: str = ""
    title: Pair = ("", "")
    role: Role = Role.VIEWER
    """Who sees the entry."""
