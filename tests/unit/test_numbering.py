"""A ticket's number is known before the ticket is, and its shard with it."""

from collections import Counter

from contracts.numbering import ALPHABET, ORDER, order_number, shard_of, ticket_number


def test_the_same_request_has_the_same_number_forever() -> None:
    assert ticket_number("urn:hotline:12345", "GD-1") == ticket_number("urn:hotline:12345", "GD-1")
    assert ticket_number("urn:hotline:12345:qinghe", "GD20261121000173") == "PQ42-1RE6-5GQJ-WJVC"


def test_another_source_or_another_number_is_another_ticket() -> None:
    numbers = {
        ticket_number(source, number) for source in ("a", "b", "a:1") for number in ("1", "2", "街道-1")
    }
    assert len(numbers) == 9


def test_a_number_can_be_said_on_the_phone() -> None:
    number = ticket_number("urn:hotline:12345", "GD-1")
    assert [len(group) for group in number.split("-")] == [4, 4, 4, 4]
    assert set(number) - {"-"} <= set(ALPHABET)
    assert len(ALPHABET) == 32
    assert not set("ILOU") & set(ALPHABET)


def test_a_hundred_thousand_requests_share_no_number() -> None:
    assert len({ticket_number("urn:hotline:12345", f"GD-{number}") for number in range(100_000)}) == 100_000


def test_all_letters_of_the_alphabet_occur_at_every_place() -> None:
    numbers = [ticket_number("urn:sensor", str(number)).replace("-", "") for number in range(2000)]
    assert all(len({number[place] for number in numbers}) == 32 for place in range(16))


def test_shards_are_evenly_filled() -> None:
    for shards in (1, 2, 3, 4, 8, 16):
        filled = Counter(shard_of(ticket_number("urn:hotline", str(n)), shards) for n in range(16_000))
        assert set(filled) == set(range(shards))
        mean = 16_000 / shards
        assert all(0.8 * mean < count < 1.2 * mean for count in filled.values())


def test_a_standing_order_has_a_number_that_no_ticket_has() -> None:
    number = order_number("urn:s", "7")
    assert number.startswith(ORDER)
    assert number.removeprefix(ORDER) != ticket_number("urn:s", "7")
    assert order_number("urn:s", "7") == number != order_number("urn:s", "8")
