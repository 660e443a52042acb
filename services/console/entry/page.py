"""In and out: the sign-in form, the way through an issuer, signing out, the language."""

from datetime import timedelta
from urllib.parse import quote

from werkzeug.wrappers import Response

from chassis.database import Tx
from services.console import account_store, guard, issuer, passwords, session, session_store
from services.console.account_store import Account
from services.console.cookies import choose_language, renew
from services.console.entry import words
from services.console.issuer import IssuerAway, NotVouched
from services.console.lockout import OF_ACCOUNT, OF_ADDRESS
from services.console.page import Page, Route
from services.console.roles import Role
from services.console.visit import Refused, Visit
from services.console.words import LANGUAGES

BACK = "/sign-in/back"


def form(visit: Visit) -> Response:
    """The form, unless the visitor is in already."""
    if visit.session:
        return visit.see(_next(visit))
    return _form(visit)


def enter(visit: Visit) -> Response:
    """Signs in with name and password."""
    name = visit.request.form.get("name", "").strip().lower()[:64].replace("\0", "")
    password = visit.request.form.get("password", "")
    database = visit.means.database
    with database.transaction() as tx:
        free = account_store.tried(tx, "address", visit.address, OF_ADDRESS)
        free &= account_store.tried(tx, "account", name, OF_ACCOUNT)
        found = account_store.find(tx, name)
    # Outside any transaction, for it takes its time; also for a name that nobody has, for time tells.
    right = free and passwords.right(password, found.password if found else None)
    kept = found.password if found and right else None
    fresh = passwords.hashed(password) if kept and passwords.outdated(kept) else None
    with database.transaction() as tx:
        if not (right and found and not found.locked):
            if free:
                visit.note(tx, name or "-", "failed", who=name or "-")
            return _form(visit, failed=True)
        account_store.forgive(tx, name, visit.address)
        if fresh:
            account_store.set_password(tx, name, fresh)
        return _signed_in(visit, tx, found, _next(visit))


def leave(visit: Visit) -> Response:
    """Signs out; what the browser holds opens nothing any more."""
    with visit.acting(visit.who) as deed:
        session_store.end(deed.tx, session.digest(visit.token))
    response = visit.see("/sign-in")
    renew(response)
    return response


def to_issuer(visit: Visit) -> Response:
    """Sends the browser to the issuer."""
    known = _issuer(visit)
    shake = issuer.handshake(visit.token)
    try:
        target = known.address(shake, _back(visit))
    except (IssuerAway, NotVouched):
        raise Refused(503, words.ISSUER_AWAY) from None
    with visit.means.database.transaction() as tx:
        account_store.shake(tx, shake, _next(visit))
    return Response("", 303, {"Location": target})


def from_issuer(visit: Visit) -> Response:
    """Signs in whoever the issuer has sent back to the browser that went there."""
    known, state = _issuer(visit), visit.request.args.get("state", "")
    with visit.means.database.transaction() as tx:
        kept = account_store.shook(tx, session.digest(state)) if issuer.is_of(state, visit.token) else None
    if kept is None or "code" not in visit.request.args:
        raise Refused(403, words.NOT_VOUCHED, "handshake")
    nonce, verifier, target = kept
    try:
        identity = known.identity(visit.request.args["code"], nonce, verifier, _back(visit))
    except IssuerAway:
        raise Refused(503, words.ISSUER_AWAY) from None
    except NotVouched as doubt:
        raise Refused(403, words.NOT_VOUCHED, str(doubt)) from None
    role = identity.role(visit.means.settings.oidc_roles)
    with visit.means.database.transaction() as tx:
        account = account_store.of_issuer(tx, identity, role) if role else None
        if account and not account.locked:
            return _signed_in(visit, tx, account, guard.safe_next(target))
        visit.note(tx, identity.name, "refused", who=identity.name, what="sign-in")
    raise Refused(403, words.NAME_TAKEN if role and not account else words.NO_ROLE)


def start(visit: Visit) -> Response:
    """Goes on to the first page of the menu, where there is one for the visitor."""
    menu = visit.means.renderer.menu(visit)
    return visit.see(menu[0].path) if menu else visit.show("entry/templates/start.html", words.WORDS)


def language(visit: Visit) -> Response:
    """Chooses the language and goes back."""
    chosen = visit.arguments["language"]
    response = visit.see(_next(visit))
    if chosen in LANGUAGES:
        https = visit.means.settings.console_url.startswith("https:")
        choose_language(response, chosen, https=https)
    return response


def _signed_in(visit: Visit, tx: Tx, account: Account, target: str) -> Response:
    """Always under a new secret; what the browser had before ends."""
    response = visit.see(target)
    token, lasts = renew(response), timedelta(seconds=visit.means.settings.console_session)
    session_store.end(tx, session.digest(visit.token))
    session_store.begin(tx, session.digest(token), account.name, lasts, visit.address)
    visit.note(tx, account.name, "done", who=account.name, what="sign-in", after={"role": account.role})
    return response


def _form(visit: Visit, *, failed: bool = False) -> Response:
    target = _next(visit)
    return visit.show(
        "entry/templates/sign_in.html", words.WORDS, status=403 if failed else 200, failed=failed,
        target=target, with_issuer=f"/sign-in/issuer?next={quote(target, safe='/')}"
        if visit.means.issuer else "",
    )  # fmt: skip


def _next(visit: Visit) -> str:
    return guard.safe_next(visit.request.values.get("next"))


def _issuer(visit: Visit) -> issuer.Issuer:
    if visit.means.issuer is None:
        raise Refused(404)
    return visit.means.issuer


def _back(visit: Visit) -> str:
    """Where the issuer sends the browser back to."""
    url = visit.means.settings.console_url.rstrip("/") or f"http://{visit.request.host}"
    return f"{url}{BACK}"


PAGE = Page(
    routes=(
        Route("/", start),
        Route("/sign-in", form, role=None),
        Route("/sign-in", enter, role=None, method="POST", action="sign-in"),
        Route("/sign-in/issuer", to_issuer, role=None),
        Route(BACK, from_issuer, role=None),
        Route("/sign-out", leave, method="POST", action="sign-out", role=Role.VIEWER),
        Route("/language/<language>", language, role=None),
    )
)
