"""Publishes the requests of a demo at an even pace, each confirmed by the broker."""

import threading
import time
from collections.abc import Sequence

from cli.sheet import Submission, enveloped
from contracts.problem import ContractViolation
from contracts.publisher import INSIDE, Publisher, PublishFailed

PACE = 40
"""Requests a second."""
AT_ONCE = 10


class Crowd(threading.Thread):
    """The outside systems that submit requests; `confirmed` of them are with the broker."""

    def __init__(self, url: str, submissions: Sequence[Submission]) -> None:
        super().__init__(name="crowd", daemon=True)
        self._url, self._submissions = url, submissions
        self._stopping = threading.Event()
        self.confirmed: list[Submission] = []
        self.unsent: list[str] = []
        """What the contract forbids to send, by external id and reason."""
        self.failure: Exception | None = None

    def run(self) -> None:
        """Publishes all, or until stopped; `failure` says why it ended early."""
        began = time.monotonic()
        try:
            with Publisher(self._url, source="urn:fengge:demo", timeout=60, exchange=INSIDE) as publisher:
                for start in range(0, len(self._submissions), AT_ONCE):
                    self._send(publisher, self._submissions[start : start + AT_ONCE])
                    if self._stopping.wait(max(0.0, began + (start + AT_ONCE) / PACE - time.monotonic())):
                        return
        except PublishFailed as error:
            self.failure = error

    def stop(self) -> None:
        """Sends nothing more."""
        self._stopping.set()
        if self.is_alive():
            self.join(5)

    def _send(self, publisher: Publisher, submissions: Sequence[Submission]) -> None:
        try:
            publisher.submit_many([enveloped(each) for each in submissions])
        except ContractViolation as violation:
            if len(submissions) > 1:  # one of them is wrong: find it, sending the others with the same ids
                for each in submissions:
                    self._send(publisher, [each])
                return
            self.unsent.append(f"{submissions[0].request.external_id}: {violation.detail}")
        else:
            self.confirmed += submissions
