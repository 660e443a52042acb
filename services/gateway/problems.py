"""Why a request, or one event of it, is not done: raised at the edge, answered as RFC 9457 says."""

from collections.abc import Sequence

from contracts.gateway.operation import TITLES, Fault, Problem
from contracts.problem import TITLES as OF_EVENTS
from contracts.problem import ContractViolation, FieldError, problem_type


class Refused(Exception):
    """The request is not done, and nothing has changed; `retry_after` are seconds."""

    def __init__(
        self, problem: str, status: int, detail: str, errors: Sequence[FieldError] = (),
        *, instance: str | None = None, ticket: str | None = None, retry_after: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(detail)
        self.problem, self.status, self.detail, self.errors = problem, status, detail, errors
        self.instance, self.ticket, self.retry_after = instance, ticket, retry_after

    def told(self, trace: str) -> Problem:
        """What the sender is told."""
        return Problem(
            type=problem_type(self.problem), status=self.status, detail=self.detail, trace=trace,
            title=TITLES.get(self.problem) or OF_EVENTS.get(self.problem) or self.problem,
            errors=[Fault(pointer=error.pointer, detail=error.detail) for error in self.errors],
            instance=self.instance, ticket=self.ticket,
        )  # fmt: skip


def violated(violation: ContractViolation) -> Refused:
    """An event's contract is broken, in the words of the gate."""
    return Refused(
        violation.problem, violation.status, violation.detail, violation.errors,
        instance=violation.about.get("id"),
    )  # fmt: skip


UNAVAILABLE = Refused("unavailable", 503, "nothing can be committed now; ask again", retry_after=1)
