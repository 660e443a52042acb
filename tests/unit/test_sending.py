"""The window of unconfirmed messages: nothing is forgotten, nothing is counted twice."""

from contracts.publisher.sending import PORTION, Message, Sending, Verdict


def messages(count: int) -> list[Message]:
    return [Message(str(number), "request.x", b"{}") for number in range(count)]


def confirmed(sent: list[Message]) -> dict[str, Verdict]:
    return {message.id: Verdict.CONFIRMED for message in sent}


def test_nothing_to_send_is_over_after_one_look() -> None:
    sending = Sending(iter([]), 10)
    assert sending.next() == []
    assert sending.over


def test_no_more_than_the_window_is_unconfirmed() -> None:
    sending = Sending(iter(messages(25)), 10)
    first = sending.next()
    assert first == messages(10)
    assert sending.next() == []
    sending.take(confirmed(first[:4]))
    assert [message.id for message in sending.next()] == ["10", "11", "12", "13"]


def test_a_wide_window_is_filled_in_portions() -> None:
    sending = Sending(iter(messages(1000)), 10_000)
    assert len(sending.next()) == PORTION


def test_all_confirmed_is_over() -> None:
    sending = Sending(iter(messages(25)), 10)
    while not sending.over:
        sending.take(confirmed(sending.next()))
    assert (sending.confirmed, sending.ids, sending.unroutable) == (25, [], [])


def test_after_a_break_the_unconfirmed_go_again_first_and_in_order() -> None:
    sending = Sending(iter(messages(8)), 6)
    sending.take(confirmed(sending.next()[:2]))
    sending.broke()
    assert sending.ids == ["2", "3", "4", "5"]
    assert [message.id for message in sending.next()] == ["2", "3", "4", "5", "6", "7"]


def test_a_nacked_message_goes_again_and_a_returned_one_is_told() -> None:
    sending = Sending(iter(messages(3)), 10)
    sending.next()
    sending.take({"0": Verdict.NACKED, "1": Verdict.RETURNED, "2": Verdict.CONFIRMED, "9": Verdict.CONFIRMED})
    assert sending.next() == messages(1)
    assert (sending.confirmed, sending.unroutable, sending.ids) == (1, ["1"], ["0"])
