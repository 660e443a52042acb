"""A TCP proxy that does to connections what networks do: hold, forget, delay, chop, half close, reset."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

Direction = Literal["up", "down"]
"""`up` is towards the server."""
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends a reset."""


@dataclass(frozen=True)
class Rule:
    """What happens to the bytes of one direction."""

    drop: bool = False
    delay: float = 0.0
    piece: int = 65536
    cut_after: int | None = None
    cut_at: bytes = b""


PASS = Rule()
GREETING = 4096


@dataclass(eq=False)
class Link:
    """One connection through the proxy; what was once dropped makes its direction dead for ever."""

    near: socket.socket
    far: socket.socket
    greeting: bytes = b""
    """The first bytes that the client sent; in them it says who it is."""
    dead: set[Direction] = field(default_factory=set)
    left: int = 0
    leaving: threading.Lock = field(default_factory=threading.Lock)

    def reset(self, *ends: socket.socket) -> None:
        """Ends it as a crashed machine would: whoever writes or reads next is told off."""
        for end in ends or (self.near, self.far):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                end.shutdown(socket.SHUT_RD)


Tap = Callable[[Link, Direction, bytes], None]


class Proxy:
    """Listens on `port` of this machine and carries bytes to one of `servers` that answers, and back."""

    def __init__(self, *servers: int) -> None:
        self._servers = list(servers)
        self._door = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._door.getsockname()[1]
        self.sprung = threading.Event()
        self._rules: dict[Direction, Rule] = {"up": PASS, "down": PASS}
        self._flowing = threading.Event()
        self._flowing.set()
        self._links: list[Link] = []
        self.taps: list[Tap] = []
        """Told of every piece that arrives, before it is passed on."""
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> "Proxy":
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.heal()
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._threads[0].join()
        self.reset()
        for thread in self._threads:
            thread.join()

    def heal(self) -> None:
        """From now on bytes pass again, what was held first; what was thrown away stays lost."""
        self._rules = {"up": PASS, "down": PASS}
        self._flowing.set()

    def freeze(self) -> None:
        """From now on no byte arrives, and no connection is lost."""
        self._flowing.clear()

    def blackhole(self, *directions: Direction) -> None:
        """Throws bytes away without a word; the connections that suffer it never recover."""
        self.rule(Rule(drop=True), *directions)

    def slow(self, delay: float, piece: int = 65536) -> None:
        """Delivers `piece` bytes at a time, each `delay` seconds late."""
        self.rule(Rule(delay=delay, piece=piece))

    def cut_at(self, pattern: bytes) -> None:
        """Once: lets the bytes with `pattern` reach the server and cuts before its answer; sets `sprung`."""
        self.sprung.clear()
        self.rule(Rule(cut_at=pattern), "up")

    def cut_after(self, count: int, direction: Direction) -> None:
        """Once: resets the connection that carries the `count`-th byte from now on; sets `sprung`."""
        self.sprung.clear()
        self.rule(Rule(cut_after=count), direction)

    def rule(self, rule: Rule, *directions: Direction) -> None:
        """What happens to the bytes of these directions (default: both) from now on."""
        self._rules = self._rules | dict.fromkeys(directions or ("up", "down"), rule)

    def reset(self) -> None:
        """Every connection that stands is reset at both ends."""
        for link in list(self._links):
            link.reset()

    def cut(self) -> None:
        """Every connection that stands ends in order."""
        self._shut("near", "far")

    def half_close(self) -> None:
        """The servers hear that their clients have no more to say; the clients hear nothing of it."""
        self._shut("far")

    def _shut(self, *ends: Literal["near", "far"]) -> None:
        how = socket.SHUT_RDWR if len(ends) == 2 else socket.SHUT_WR
        for link in list(self._links):
            for end in ends:
                with contextlib.suppress(OSError):
                    getattr(link, end).shutdown(how)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._door.accept()
                near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open(near)

    def _open(self, near: socket.socket) -> None:
        far = self._server()
        if far is None:
            Link(near, near).reset(near)
            near.close()
            return
        link = Link(near, far)
        self._links = [*(other for other in self._links if other.near.fileno() >= 0), link]
        directions: tuple[Direction, Direction] = ("up", "down")
        for direction in directions:
            self._threads.append(threading.Thread(target=self._carry, args=(link, direction)))
            self._threads[-1].start()

    def _server(self) -> socket.socket | None:
        """A connection to the next server that takes one; a different one each time."""
        for _ in self._servers:
            self._servers.append(self._servers.pop(0))
            with contextlib.suppress(OSError):
                far = socket.create_connection(("127.0.0.1", self._servers[-1]), timeout=None)
                far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return far
        return None

    def _carry(self, link: Link, direction: Direction) -> None:
        try:
            self._carry_all(link, direction)
        except OSError:
            if direction not in link.dead:
                link.reset()
        with link.leaving:
            link.left += 1
            if link.left == 2:
                link.near.close()
                link.far.close()

    def _carry_all(self, link: Link, direction: Direction) -> None:
        source, sink = (link.near, link.far) if direction == "up" else (link.far, link.near)
        while data := source.recv(65536):
            self._flowing.wait()
            if direction == "up" and len(link.greeting) < GREETING:
                link.greeting += data[:GREETING]
            for tap in self.taps:
                tap(link, direction, data)
            rule = self._rules[direction]
            if rule.drop:
                link.dead.add(direction)
            if direction not in link.dead:
                self._pass_on(link, direction, sink, rule, data)
        self._flowing.wait()
        if direction not in link.dead:
            sink.shutdown(socket.SHUT_WR)

    def _pass_on(
        self, link: Link, direction: Direction, sink: socket.socket, rule: Rule, data: bytes
    ) -> None:
        if rule.cut_at and rule.cut_at in data:
            self._spring(direction)
            link.dead.add("down")
            sink.sendall(data)
            link.reset(link.near)
            return
        if rule.cut_after is not None:
            self._rules = self._rules | {direction: Rule(cut_after=rule.cut_after - len(data))}
            if len(data) >= rule.cut_after:
                self._spring(direction)
                sink.sendall(data[: rule.cut_after])
                link.reset()
                return
        for start in range(0, len(data), rule.piece):
            time.sleep(rule.delay)
            sink.sendall(data[start : start + rule.piece])

    def _spring(self, direction: Direction) -> None:
        self._rules = self._rules | {direction: PASS}
        self.sprung.set()


def through(wire: Proxy, url: str) -> str:
    """The same server by way of the proxy."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{wire.port}").geturl()
