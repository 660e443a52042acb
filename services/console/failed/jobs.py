"""Decisions about many records: what one would do, how it is begun, stopped and undone, how far it is."""

from collections.abc import Sequence

from msgspec.structs import replace

from chassis.database import Tx
from contracts.registry import LEDGERS
from services.console.failed import job_store, store
from services.console.failed.domain import INVERSE, Group, Plan, Progress, Scope, group_key


class JobError(Exception):
    """There is no such job or group, or what is asked of it cannot be done now; the message says why."""


def groups(tx: Tx, services: Sequence[str] = LEDGERS) -> list[Group]:
    """All that is open, the urgent first, then the oldest."""
    found: list[Group] = []
    for service in services:
        store.enter(tx, service)
        found += store.groups(tx, service)
    return sorted(found, key=lambda group: (-group.urgent, group.oldest))


def scope_of(tx: Tx, key: str) -> Scope:
    """The records of the group of this name; raises JobError."""
    service, _, _ = key.partition(":")
    if service in LEDGERS:
        store.enter(tx, service)
        for scope in store.scopes(tx, service):
            if group_key(scope) == key:
                return scope
    raise JobError(f"there is no group {key} (any more)")


def group(tx: Tx, key: str) -> Group:
    """The group of this name; raises JobError."""
    scope = scope_of(tx, key)
    for found in store.groups(tx, str(scope.service), scope):
        return found
    raise JobError(f"there is no group {key} any more")


def plan(tx: Tx, kind: str, scope: Scope, rate: float) -> Plan:
    """The dry run: what the decision would do as things stand."""
    shares, tickets = [], []
    for service in _services(scope):
        store.enter(tx, service)
        found = store.shares(tx, service, kind, scope)
        shares += found
        tickets += store.tickets(tx, kind, scope) if found else []
    some = dict(sorted(tickets, key=lambda each: (not each[1], each[0])))
    return Plan(kind=kind, rate=rate, shares=shares, some=list(some)[: store.SOME])


def begin(
    tx: Tx, kind: str, scope: Scope, rate: float, who: str, reason: str, undoes: int | None = None
) -> int:
    """Makes a job for the records that are meant at this moment, unless one is at it; returns its number."""
    if same := job_store.running(tx, kind, scope, rate):
        return same
    job = job_store.made(tx, kind, rate, who, reason, undoes)
    for service in _services(scope):
        store.enter(tx, service)
        total, upto = store.bounds(tx, kind, scope)
        if total:
            job_store.add_part(tx, job, kind, service, scope, total, upto)
    return job


def stop(tx: Tx, job: int) -> None:
    """Stops a job: what it has not come to stays as it is. Raises JobError."""
    if not job_store.ended(tx, job, "stopped"):
        raise JobError(f"job {job} is not running")


def go_on(tx: Tx, job: int) -> None:
    """Lets a stopped job go on where it was. Raises JobError."""
    if not job_store.gone_on(tx, job):
        raise JobError(f"job {job} is not stopped")
    for part in job_store.parts(tx, job):
        store.enter(tx, part.service)
        job_store.trusted(tx, job, part.service, store.last(tx))


def undo_plan(tx: Tx, job: int) -> tuple[str, Scope, float]:
    """What undoes a job: the decision, about which records, at which rate; raises JobError."""
    found = progress(tx, job)
    return INVERSE[found.kind], Scope(job=job), found.rate


def undo(tx: Tx, job: int, who: str, reason: str) -> int:
    """Stops a job and begins one that takes back what it has done; returns the number of that one."""
    kind, scope, rate = undo_plan(tx, job)
    job_store.ended(tx, job, "stopped")
    return begin(tx, kind, scope, rate, who, reason, undoes=job)


def progress(tx: Tx, job: int) -> Progress:
    """How far a job is; raises JobError."""
    found = job_store.listed(tx, job)
    if not found:
        raise JobError(f"there is no job {job}")
    return Progress(came_back=came_back(tx, job) if found[0]["kind"] == "retry" else 0, **found[0])


def all_progress(tx: Tx, limit: int = 20) -> list[Progress]:
    """The newest jobs; what came back is not counted here."""
    return [Progress(came_back=0, **row) for row in job_store.listed(tx, None, limit)]


def came_back(tx: Tx, job: int) -> int:
    """How many records were parked for the same cause since the job began."""
    back = 0
    for part in job_store.parts(tx, job):
        store.enter(tx, part.service)
        back += store.came_back(tx, replace(part.wanted, job=None, no=None), part.upto)
    return back


def _services(scope: Scope) -> Sequence[str]:
    return [scope.service] if scope.service else LEDGERS
