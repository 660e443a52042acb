"""Requests that wait for the database share one transaction, and nobody suffers for another's."""

import threading
from collections.abc import Sequence

import pytest

from services.gateway.together import Together


class Books:
    """Keeps what it is given in rounds; the first round waits until it is let go."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def keep(self, jobs: Sequence[int]) -> list[int]:
        self.begun.set()
        assert self.go.wait(10)
        self.rounds.append(list(jobs))
        if any(job < 0 for job in jobs):
            raise ValueError([job for job in jobs if job < 0])
        if 13 in jobs:
            raise TimeoutError
        return [10 * job for job in jobs]


def played(books: Books, first: int, *rest: int) -> dict[int, object]:
    """What each got: one comes first, the others while its round runs."""
    together = Together(books.keep, lambda error: isinstance(error, TimeoutError))
    got: dict[int, object] = {}

    def come(job: int) -> None:
        try:
            got[job] = together.do(job)
        except Exception as error:  # noqa: BLE001 (looked at below)
            got[job] = error

    threads = [threading.Thread(target=come, args=[first])]
    threads[0].start()
    assert books.begun.wait(10)
    for job in rest:
        threads.append(threading.Thread(target=come, args=[job]))
        threads[-1].start()
    while len(together._waiting) < len(rest):
        continue
    books.go.set()
    for thread in threads:
        thread.join(10)
    return got


def test_all_who_came_meanwhile_share_the_next_round_and_each_gets_its_own() -> None:
    books = Books()
    assert played(books, 1, 2, 3, 4) == {1: 10, 2: 20, 3: 30, 4: 40}
    assert [sorted(each) for each in books.rounds] == [[1], [2, 3, 4]]


def test_one_that_fails_fails_alone() -> None:
    books = Books()
    got = played(books, 1, 2, -3, 4)
    assert isinstance(got.pop(-3), ValueError)
    assert got == {1: 10, 2: 20, 4: 40}
    assert sorted(books.rounds[1]) == [-3, 2, 4]
    assert sorted(books.rounds[2:]) == [[-3], [2], [4]]


def test_what_is_nobodys_fault_is_told_to_all_at_once() -> None:
    books = Books()
    got = played(books, 1, 13, 2)
    assert isinstance(got[2], TimeoutError)
    assert isinstance(got[13], TimeoutError)
    assert (got[1], len(books.rounds)) == (10, 2)


def test_who_comes_when_all_is_quiet_waits_for_nobody() -> None:
    books = Books()
    books.go.set()
    together = Together(books.keep, lambda error: False)
    assert [together.do(job) for job in (1, 2)] == [10, 20]
    with pytest.raises(ValueError, match="-1"):
        together.do(-1)
    assert together.do(3) == 30
