"""One request on its way through the operators' room: who asks, in which language, and how it is answered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql
from werkzeug.wrappers import Request, Response

from chassis.database import Database, Tx
from chassis.settings import Settings
from contracts.registry import LEDGERS
from services.console import record_store as record
from services.console.issuer import Issuer
from services.console.record_store import Action
from services.console.render import Renderer
from services.console.roles import Role
from services.console.session import Session
from services.console.words import Language, Pair, said

LONGEST_REASON = 500


class Refused(Exception):
    """The request is not done, and nothing has changed; `pair` says why, in both languages."""

    def __init__(self, status: int, pair: Pair | None = None, problem: str = "") -> None:
        super().__init__(problem or f"status {status}")
        self.status, self.pair, self.problem = status, pair, problem


@dataclass(frozen=True)
class Means:
    """What the room works with."""

    database: Database
    settings: Settings
    renderer: Renderer
    issuer: Issuer | None = None
    watching: Any = None
    """A services.console.now.watching.Watching, which the page *Now* knows."""


@dataclass
class Deed:
    """An action while it is done: what it found and what it leaves, for the record."""

    tx: Tx
    before: Any = None
    after: Any = None


@dataclass
class Visit:
    """A request with all that a page needs to answer it."""

    request: Request
    means: Means
    language: Language
    token: str = ""
    """The secret in the visitor's cookie, of a session or of none; what `csrf` is derived from."""
    csrf: str = ""
    session: Session | None = None
    action: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def who(self) -> str:
        """The account's name, `-` for nobody."""
        return self.session.account if self.session else "-"

    @property
    def role(self) -> Role | None:
        """What the visitor may do; None: nothing."""
        return self.session.role if self.session else None

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return self.request.remote_addr or ""

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks."""
        return "HX-Request" in self.request.headers

    def may(self, role: Role) -> bool:
        """Whether the visitor has at least this role."""
        return self.role is not None and self.role >= role

    def say(self, pair: Pair) -> str:
        """The half of a pair that the visitor reads."""
        return said(pair, self.language)

    def show(self, template: str, words: Mapping[str, Pair], /, status: int = 200, **values: Any) -> Response:
        """A page, or a part of one, e.g. `failed/templates/list.html`; it finds `words` as `w`."""
        return Response(
            self.means.renderer.rendered(template, self, words, values),
            status, content_type="text/html; charset=utf-8",
        )  # fmt: skip

    def see(self, path: str) -> Response:
        """Sends the browser to another page of the room."""
        if self.is_fragment:
            return Response("", 204, {"HX-Redirect": path})
        return Response("", 303, {"Location": path})

    def reason(self) -> str:
        """What the form gives as the reason; raises Refused where there is none."""
        reason = self.request.form.get("reason", "").replace("\0", "").strip()
        if not 3 <= len(reason) <= LONGEST_REASON:
            raise Refused(400, REASON, "reason")
        return reason

    @contextmanager
    def reading(self, service: str = "") -> Iterator[Tx]:
        """A transaction to look with; in the schema of `service`, where the chassis' functions look there."""
        with self.means.database.transaction() as tx:
            _inside(tx, service)
            yield tx

    @contextmanager
    def acting(
        self, target: str, reason: str | None = None, service: str = "", what: str = ""
    ) -> Iterator[Deed]:
        """One transaction for an action and its record: both commit, or neither does."""
        with self.means.database.transaction() as tx:
            _inside(tx, service)
            deed = Deed(tx)
            yield deed
            self.note(tx, target, "done", reason, deed.before, deed.after, what=what)

    def note(
        self, tx: Tx, target: str, outcome: str, reason: str | None = None, before: Any = None,
        after: Any = None, *, what: str = "", who: str = "",
    ) -> None:  # fmt: skip
        """Puts on record what is done, looked at (`looked`) or refused."""
        record.note(tx, Action(
            who=who or self.who, role=self.role.word if self.role else None, what=what or self.action,
            target=target, reason=reason, outcome=outcome, before=before, after=after, address=self.address,
        ))  # fmt: skip


REASON: Pair = (
    "请写明理由（3 至 500 字），理由将记入审计。",
    "Give a reason of 3 to 500 characters; it goes on record.",
)


def _inside(tx: Tx, service: str) -> None:
    if service:
        assert service in LEDGERS, service
        tx.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(service)))
