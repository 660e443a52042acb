"""Frames come out as they were sent, however the bytes arrive."""

from collections.abc import Callable, Iterator

import pytest
from amqp.exceptions import UnexpectedFrame
from hypothesis import given
from hypothesis import strategies as st

from chassis.frames import Frames

Frame = tuple[int, int, bytes]
ONE = st.tuples(st.sampled_from([1, 2, 3, 8]), st.integers(0, 2047), st.binary(max_size=300))


def sent(frames: list[Frame]) -> bytes:
    """What the broker writes."""
    return b"".join(
        bytes([kind]) + channel.to_bytes(2, "big") + len(payload).to_bytes(4, "big") + payload + b"\xce"
        for kind, channel, payload in frames
    )


def receiving(pieces: Iterator[bytes | Exception]) -> Callable[[int], bytes]:
    """A socket that gives these pieces, one a call."""

    def receive(_size: int) -> bytes:
        piece = next(pieces, b"")
        if isinstance(piece, Exception):
            raise piece
        return piece

    return receive


@given(st.lists(ONE, max_size=9), st.lists(st.integers(1, 400)), st.booleans())
def test_frames_are_whole_wherever_bytes_are_cut(frames: list[Frame], cuts: list[int], late: bool) -> None:
    rest, pieces = sent(frames), list[bytes | Exception]()
    for cut in [*cuts, len(rest)]:
        pieces += [rest[:cut]] if rest else []
        pieces += [TimeoutError()] if late else []
        rest = rest[cut:]
    reader, read = Frames(receiving(iter(pieces))), list[Frame]()
    while len(read) < len(frames):
        try:
            read.append(reader.read())
        except TimeoutError:
            continue
    assert read == frames
    assert not reader.left


def test_a_connection_that_is_closed_says_so() -> None:
    with pytest.raises(OSError, match="closed"):
        Frames(receiving(iter([b"\x01\x00"]))).read()


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(UnexpectedFrame):
        Frames(receiving(iter([sent([(1, 1, b"abc")])[:-1] + b"x"]))).read()
