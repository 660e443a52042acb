"""A gateway as one system asks it, with Python's own HTTP."""

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from contracts.gateway.operation import Problem
from contracts.problem import problem_type

PROBLEM = "application/problem+json"


class Unreachable(Exception):
    """Nobody answers there, or not as HTTP asks; says why."""


class Answer(Struct, frozen=True):
    """Status, headers (small letters) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def problem(self) -> Problem | None:
        """What it says is wrong; None where it says nothing of the kind."""
        try:
            return msgspec.json.decode(self.body, type=Problem)
        except msgspec.DecodeError:
            return None

    def told(self) -> str:
        """Status and problem in a few words."""
        problem = self.problem()
        said = f" {problem.type.rpartition(':')[2]} ({problem.detail})" if problem else ""
        return f"{self.status}{said}"


class Door:
    """Where a gateway is (http or https URL), and the API key or token of the system that asks."""

    def __init__(self, url: str, key: str, timeout: float = 20.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreachable(f"{url} is no http or https URL")
        self._where, self._timeout = parts, timeout
        self._access = {"X-API-Key": key} if key.startswith("fgk.") else {"Authorization": f"Bearer {key}"}

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None,
        *, known: bool = True,
    ) -> Answer:  # fmt: skip
        """One request, as oneself or (not `known`) as nobody; raises Unreachable."""
        kind = http.client.HTTPSConnection if self._where.scheme == "https" else http.client.HTTPConnection
        connection = kind(str(self._where.hostname), self._where.port, timeout=self._timeout)
        sent = {**(headers or {}), **(self._access if known else {})}
        try:
            target = self._where.path.rstrip("/") + path
            connection.request(method, target, body, sent)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())
        except (OSError, http.client.HTTPException) as error:
            where = f"{self._where.scheme}://{self._where.netloc}"
            raise Unreachable(f"{where} does not answer: {type(error).__name__} {error}") from None
        finally:
            connection.close()


def refused(
    answer: Answer, status: int, problem: str, pointer: str | None = None, instance: str | None = None
) -> str | None:
    """What of an answer is not the refusal that it should be (RFC 9457); None if all is."""
    said = answer.problem()
    if said is None:
        return f"expected a problem {problem}; got {answer.told()}"
    checks = {
        f"status {status}": answer.status == said.status == status,
        f"content type {PROBLEM}": answer.headers.get("content-type", "").startswith(PROBLEM),
        f"problem {problem}": said.type == problem_type(problem),
        "the trace of X-Trace-Id": said.trace == answer.headers.get("x-trace-id"),
        f"an error at {pointer}": pointer in (None, *(fault.pointer for fault in said.errors)),
        f"instance {instance}": instance in (None, said.instance),
    }
    missing = [name for name, there in checks.items() if not there]
    return f"expected {', '.join(missing)}; got {answer.told()}" if missing else None


def taken(answer: Answer, status: int, **members: str) -> str | None:
    """What of an answer is not as it should be; None if all is."""
    if answer.status != status:
        return f"expected status {status}; got {answer.told()}"
    said = msgspec.json.decode(answer.body)
    wrong = {name: said.get(name) for name, value in members.items() if said.get(name) != value}
    return f"expected {members}; got {wrong}" if wrong else None
