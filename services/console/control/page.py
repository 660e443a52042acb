"""The page *Control*: what is paused, and what can be done; every act has a reason and goes on record."""

from typing import Any

from werkzeug.wrappers import Response

from chassis.line import BROKEN
from contracts.registry import LEDGERS
from services.console.control import (
    acts,
    form,
    grid_store,
    replay_store,
    restart_store,
    scale,
    topology,
    topology_store,
)
from services.console.control.acts import CHANNELS, NotPossible
from services.console.control.grid_store import Cell
from services.console.control.words import WORDS
from services.console.now import store
from services.console.page import Page, Route
from services.console.roles import Role
from services.console.visit import Refused, Visit

LACKING = 60
"""Minutes of which what did not arrive is sent again, unless the form says otherwise."""
MOST_LACKING = 7 * 1440


def control(visit: Visit) -> Response:
    """What is paused, what was sent again, and the forms."""
    with visit.reading() as tx:
        values: dict[str, Any] = {
            "pauses": store.pauses(tx), "shards": store.shards(tx), "hears": store.hears(tx),
            "replays": replay_store.listed(tx), "restarts": restart_store.newest(tx),
        }  # fmt: skip
    hints = scale.hints(visit.means.watching.picture().sight)
    return visit.show(
        "control/templates/control.html", WORDS, ledgers=LEDGERS, channels=CHANNELS, hints=hints,
        may_act=visit.may(Role.OPERATOR), may_more=visit.may(Role.SUPERVISOR), **values,
    )  # fmt: skip


def ask(visit: Visit) -> Response:
    """One act, asked for from *Now*: what it is about, and why."""
    name = visit.arguments["name"]
    if name not in ("resume", "repair", "retry", "hang", "restart"):
        raise Refused(404)
    fields = {key: value for key, value in visit.request.args.items() if key in FIELDS}
    way, homes = _lies(visit) if name == "hang" else ([], [])
    return visit.show(
        "control/templates/ask.html",
        WORDS,
        name=name,
        service=form.service(visit),
        fields=fields,
        way=way,
        homes=homes,
    )


def _lies(visit: Visit) -> tuple[list[Cell], list[Cell]]:
    """The way to the grid that is asked about, and where it could lie."""
    grid = form.text(visit, "grid")
    with visit.reading() as tx:
        return grid_store.way(tx, grid), grid_store.homes(tx, grid)


def pause(visit: Visit) -> Response:
    """Pauses, or drains."""
    service, what, reason = form.service(visit), form.what(visit), visit.reason()
    if what.part == "all" and not visit.may(Role.SUPERVISOR):
        raise Refused(403, problem="role")
    try:
        with visit.acting(service, reason, service) as deed:
            no = acts.begin_pause(deed.tx, service, what, visit.who, reason)
            deed.after = {"pause": no, **form.plain(what)}
    except NotPossible as error:
        raise Refused(409, _pair(error), "pause") from None
    return visit.see("/control")


def resume(visit: Visit) -> Response:
    """Ends a pause."""
    service, reason = form.service(visit), visit.reason()
    no = form.number(visit, "pause", 1, 2**62) or 0
    try:
        with visit.acting(service, reason, service) as deed:
            acts.resume(deed.tx, no, visit.who, reason)
            deed.before = {"pause": no}
    except NotPossible as error:
        raise Refused(409, _pair(error), "resume") from None
    return visit.see("/control")


def restart(visit: Visit) -> Response:
    """Wants a service started anew."""
    service, reason = form.service(visit), visit.reason()
    with visit.acting(service, reason) as deed:
        deed.after = {"restart": acts.restart(deed.tx, service, visit.who, reason)}
    return visit.see("/control")


def retry(visit: Visit) -> Response:
    """Tries a group of parked records again."""
    service, reason = form.service(visit), visit.reason()
    type_, why = form.text(visit, "type"), form.text(visit, "why")
    with visit.acting(service, reason, service) as deed:
        deed.after = {
            "type": type_, "reason": why, "records": acts.retry(deed.tx, type_, why, visit.who, reason),
        }  # fmt: skip
    return visit.see("/now")


def hang(visit: Visit) -> Response:
    """Lets a grid lie elsewhere."""
    reason, grid, home = visit.reason(), form.text(visit, "grid"), form.text(visit, "home")
    try:
        with visit.acting(f"grid {grid}"[:100], reason) as deed:
            deed.before, deed.after = {"parent": acts.hang(deed.tx, grid, home)}, {"parent": home}
    except NotPossible as error:
        raise Refused(409, _pair(error), "grid") from None
    return visit.see("/now")


def repair(visit: Visit) -> Response:
    """Declares everything again, and sends again what the subscribers lack."""
    reason, minutes = visit.reason(), form.number(visit, "minutes", 1, MOST_LACKING) or LACKING
    chosen = [form.service(visit)] if form.text(visit, "service") else list(LEDGERS)
    with visit.reading() as tx:
        declared, hears = topology_store.declared(tx), store.hears(tx)
    try:
        topology.repair(visit.means.settings.amqp_url, declared)
    except BROKEN:
        raise Refused(503, WORDS["broker_away"], "broker") from None
    with visit.acting(",".join(chosen), reason) as deed:
        replays = [
            acts.lost(service, form.shards(visit), hears[service], minutes)
            for service in chosen if service in hears
        ]  # fmt: skip
        numbers = [replay_store.begin(deed.tx, each, visit.who, reason) for each in replays]
        deed.after = {"replays": numbers, "minutes": minutes}
    return visit.see("/control")


def check(visit: Visit) -> Response:
    """What of the topology is missing."""
    with visit.reading() as tx:
        declared = topology_store.declared(tx)
    try:
        missing = topology.missing(visit.means.settings.amqp_url, declared)
    except BROKEN:
        raise Refused(503, WORDS["broker_away"], "broker") from None
    return visit.show("control/templates/check.html", WORDS, missing=missing)


def count(visit: Visit) -> Response:
    """How many messages a replay would send."""
    with visit.reading() as tx:
        wanted = form.wanted(visit, store.hears(tx))
        counts = replay_store.count(tx, wanted)
    return visit.show(
        "control/templates/count.html", WORDS, counts=counts,
        fields={name: form.text(visit, name) for name in ("subscriber", "shards", "from", "to", "rate")},
    )  # fmt: skip


def replay(visit: Visit) -> Response:
    """Begins to send a period again; the console's process does it, chunk by chunk."""
    reason = visit.reason()
    with visit.acting(form.text(visit, "subscriber")[:100], reason) as deed:
        wanted = form.wanted(visit, store.hears(deed.tx))
        deed.after = {"replay": replay_store.begin(deed.tx, wanted, visit.who, reason), **form.said(wanted)}
    return visit.see("/control")


def stop(visit: Visit) -> Response:
    """Ends a replay where it is."""
    no = form.number(visit, "replay", 1, 2**62) or 0
    with visit.acting(f"replay {no}", visit.reason()) as deed:
        deed.after = {"stopped": replay_store.stop(deed.tx, no)}
    return visit.see("/control")


def _pair(error: NotPossible) -> tuple[str, str]:
    zh, _, en = str(error).partition(" · ")
    return (zh, en)


FIELDS = ("service", "pause", "shards", "type", "reason", "grid")
PAGE = Page(
    path="/control",
    title=WORDS["title"],
    role=Role.VIEWER,
    routes=(
        Route("/control", control),
        Route("/control/do/<name>", ask, role=Role.OPERATOR),
        Route("/control/check", check, role=Role.OPERATOR),
        Route("/control/count", count, role=Role.SUPERVISOR),
        Route("/control/pause", pause, role=Role.OPERATOR, method="POST", action="pause"),
        Route("/control/resume", resume, role=Role.OPERATOR, method="POST", action="resume"),
        Route("/control/restart", restart, role=Role.OPERATOR, method="POST", action="restart"),
        Route("/control/retry", retry, role=Role.OPERATOR, method="POST", action="retry"),
        Route("/control/hang", hang, role=Role.OPERATOR, method="POST", action="hang"),
        Route("/control/repair", repair, role=Role.OPERATOR, method="POST", action="repair"),
        Route("/control/replay", replay, role=Role.SUPERVISOR, method="POST", action="replay"),
        Route("/control/stop", stop, role=Role.SUPERVISOR, method="POST", action="stop_replay"),
    ),
)
