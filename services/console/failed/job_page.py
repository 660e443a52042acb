"""Decisions about many: the dry run, the job that follows, how far it is, its end and its undoing."""

from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

from chassis.database import Tx
from services.console.failed import jobs
from services.console.failed.domain import Plan, Scope
from services.console.failed.forms import group_scope, kind_of, rate_of
from services.console.failed.jobs import JobError
from services.console.failed.telling import KINDS, STATES, plan_lines, progress_line
from services.console.failed.words import NO_JOB, WORDS
from services.console.page import Route
from services.console.roles import Role
from services.console.visit import Refused, Visit

OF_A_GROUP = ("retry", "archive")


def plan_group(visit: Visit) -> Response:
    """The dry run for a group."""
    form = visit.request.args
    kind, key, rate = kind_of(form, *OF_A_GROUP), form.get("group", ""), rate_of(form)
    with visit.reading() as tx:
        plan = jobs.plan(tx, kind, group_scope(tx, key), rate)
    return _shown(visit, plan, "/failed/begin", Role.OPERATOR, {"kind": kind, "group": key})


def plan_all(visit: Visit) -> Response:
    """The dry run for everything that is open."""
    rate = rate_of(visit.request.args)
    with visit.reading() as tx:
        plan = jobs.plan(tx, "retry", Scope(), rate)
    return _shown(visit, plan, "/failed/begin-all", Role.SUPERVISOR, {})


def plan_undo(visit: Visit) -> Response:
    """The dry run for taking back what a job has done."""
    job = int(visit.arguments["job"])
    with visit.reading() as tx:
        kind, scope, rate = _known(tx, job)
        plan = jobs.plan(tx, kind, scope, rate)
    return _shown(visit, plan, f"/failed/job/{job}/undo", Role.SUPERVISOR, {})


def begin(visit: Visit) -> Response:
    """Begins a job about a group."""
    form = visit.request.form
    kind, key, rate, reason = kind_of(form, *OF_A_GROUP), form.get("group", ""), rate_of(form), visit.reason()
    with visit.acting(key, reason) as deed:
        job = jobs.begin(deed.tx, kind, group_scope(deed.tx, key), rate, visit.who, reason)
        deed.after = {"kind": kind, "rate": rate, "job": job}
    return visit.see(f"/failed/job/{job}")


def begin_all(visit: Visit) -> Response:
    """Begins a job about everything that is open."""
    rate, reason = rate_of(visit.request.form), visit.reason()
    with visit.acting("*", reason) as deed:
        job = jobs.begin(deed.tx, "retry", Scope(), rate, visit.who, reason)
        deed.after = {"kind": "retry", "rate": rate, "job": job}
    return visit.see(f"/failed/job/{job}")


def show(visit: Visit) -> Response:
    """One job."""
    return visit.show("failed/templates/job.html", WORDS, **_values(visit))


def part(visit: Visit) -> Response:
    """How far a job is, again and again while it runs."""
    return visit.show("failed/templates/job_part.html", WORDS, **_values(visit))


def stop(visit: Visit) -> Response:
    """Stops a job."""
    return _turned(visit, jobs.stop)


def go_on(visit: Visit) -> Response:
    """Lets a stopped job go on."""
    return _turned(visit, jobs.go_on)


def _turned(visit: Visit, turn: Callable[[Tx, int], None]) -> Response:
    job, reason = int(visit.arguments["job"]), visit.reason()
    with visit.acting(f"job:{job}", reason) as deed:
        try:
            turn(deed.tx, job)
        except JobError:
            raise Refused(409, NO_JOB, "job") from None
    return visit.see(f"/failed/job/{job}")


def undo(visit: Visit) -> Response:
    """Stops a job and begins the one that takes it back."""
    job, reason = int(visit.arguments["job"]), visit.reason()
    with visit.acting(f"job:{job}", reason) as deed:
        _known(deed.tx, job)
        undone = jobs.undo(deed.tx, job, visit.who, reason)
        deed.after = {"job": undone}
    return visit.see(f"/failed/job/{undone}")


def _shown(visit: Visit, plan: Plan, path: str, role: Role, hidden: dict[str, str]) -> Response:
    return visit.show(
        "failed/templates/plan.html", WORDS, plan=plan, lines=list(plan_lines(plan)), path=path,
        may=visit.may(role), hidden=hidden | {"rate": f"{plan.rate:g}"}, confirm=f"do_{plan.kind}",
    )  # fmt: skip


def _values(visit: Visit) -> dict[str, Any]:
    job = int(visit.arguments["job"])
    with visit.reading() as tx:
        try:
            found = jobs.progress(tx, job)
        except JobError:
            raise Refused(404, NO_JOB, "job") from None
    return {
        "job": found, "line": progress_line(found), "kinds": KINDS, "states": STATES,
        "may": visit.may(Role.OPERATOR), "may_undo": visit.may(Role.SUPERVISOR),
    }  # fmt: skip


def _known(tx: Tx, job: int) -> tuple[str, Scope, float]:
    try:
        return jobs.undo_plan(tx, job)
    except JobError:
        raise Refused(404, NO_JOB, "job") from None


ROUTES = (
    Route("/failed/plan", plan_group),
    Route("/failed/plan-all", plan_all),
    Route("/failed/begin", begin, role=Role.OPERATOR, method="POST", action="failed-begin"),
    Route("/failed/begin-all", begin_all, role=Role.SUPERVISOR, method="POST", action="failed-begin-all"),
    Route("/failed/job/<int:job>", show),
    Route("/failed/job/<int:job>/part", part, fragment=True),
    Route("/failed/job/<int:job>/stop", stop, role=Role.OPERATOR, method="POST", action="failed-stop"),
    Route("/failed/job/<int:job>/go-on", go_on, role=Role.OPERATOR, method="POST", action="failed-go-on"),
    Route("/failed/job/<int:job>/plan-undo", plan_undo),
    Route("/failed/job/<int:job>/undo", undo, role=Role.SUPERVISOR, method="POST", action="failed-undo"),
)
