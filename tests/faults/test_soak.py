"""What `make soak` lets happen is decided by its seed."""

from tests.faults.soak import ACCIDENTS, schedule


def test_the_same_seed_lets_the_same_happen_again() -> None:
    assert list(schedule(7, 40)) == list(schedule(7, 40))
    assert list(schedule(7, 40)) != list(schedule(8, 40))


def test_every_kind_of_accident_has_its_turn() -> None:
    assert {accident.name for accident in schedule(7, len(ACCIDENTS))} == set(ACCIDENTS)
