"""One request to real endpoints, among them every kind that would like to keep us."""

import contextlib
import hmac
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from deploy.local.tls import authority
from services.notification.channels import gateway
from services.notification.channels import post as post_
from services.notification.channels.gateway import Gateway
from services.notification.channels.post import LARGEST, LONGEST_PAUSE, Answer, Unreachable, post
from services.notification.channels.reach import trusted

SECONDS = 0.4
BODY = "体".encode()
HELLO = b"\x16"
"""The first byte of a TLS handshake."""
Behaviour = Callable[[socket.socket], None]


@contextlib.contextmanager
def endpoint(
    behaviour: Behaviour, asked: list[bytes] | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """A server that reads one request and then behaves; its URL."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            with connection if tls is None else tls.wrap_socket(connection, server_side=True) as connection:
                request = b""
                while (
                    not request.endswith(BODY) and request[:1] != HELLO
                ):  # what is left unread would reset the connection
                    if not (piece := connection.recv(65536)):
                        return
                    request += piece
                if asked is not None:
                    asked.append(request)
                behaviour(connection)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/in?x=1"
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        assert not thread.is_alive()


def says(status: str, *headers: str, body: bytes = b"") -> Behaviour:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""])
    return lambda connection: connection.sendall(head.encode() + body)


def drips(head: bytes, piece: bytes) -> Behaviour:
    """Sends a little every now and then for as long as anybody listens: no single wait is long."""

    def behaviour(connection: socket.socket) -> None:
        connection.sendall(head)
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(piece)
                time.sleep(SECONDS / 20)

    return behaviour


def silent(connection: socket.socket) -> None:
    """Never answers; returns when the other end has had enough."""
    connection.recv(1)


def posted(url: str, seconds: float = 5.0) -> Answer:
    return post(trusted(url), BODY, {"Content-Type": "application/json"}, seconds)


def test_what_is_posted_arrives_with_host_path_and_headers() -> None:
    asked: list[bytes] = []
    with endpoint(says("200 OK", body=b'{"id":"1"}'), asked) as url:
        assert posted(url) == Answer(200, b'{"id":"1"}')
    head, _, body = asked[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /in?x=1 HTTP/1.1"
    assert f"Host: {url.split('/')[2]}" in lines
    assert {"Content-Type: application/json", "Content-Length: 3"} <= set(lines)
    assert body == BODY


@pytest.mark.parametrize(
    "status", ["204 No Content", "302 Found", "400 No", "410 Gone", "500 Broken", "503 Busy"]
)
def test_every_status_is_an_answer_and_no_redirect_is_followed(status: str) -> None:
    with endpoint(says(status, "Location: http://127.0.0.1:1/")) as url:
        assert posted(url).status == int(status[:3])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("99999999", LONGEST_PAUSE),
        ("-1", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_in_seconds(text: str, seconds: float | None) -> None:
    with endpoint(says("429 Slow down", f"Retry-After: {text}")) as url:
        assert posted(url).retry_after == seconds


@pytest.mark.parametrize(("ahead", "least", "most"), [(120, 110, 121), (-120, 0, 0), (10**7, 86400, 86400)])
def test_retry_after_as_a_date(ahead: int, least: float, most: float) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    with endpoint(says("503 Busy", f"Retry-After: {date}")) as url:
        pause = posted(url).retry_after
    assert pause is not None
    assert least <= pause <= most


@pytest.mark.parametrize(
    "behaviour",
    [
        silent,
        drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"."),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["never answers", "drips headers", "drips a body", "says 100 for ever"],
)
def test_who_would_keep_us_is_left_when_the_time_is_over(behaviour: Behaviour) -> None:
    with endpoint(behaviour) as url, pytest.raises(Unreachable) as left:
        posted(url, SECONDS)
    assert left.value.code in ("timeout", "unreachable")


def test_of_a_huge_answer_only_the_beginning_is_read() -> None:
    with endpoint(says("200 OK", body=b"x" * (4 * LARGEST))) as url:
        assert len(posted(url).body) <= LARGEST


@pytest.mark.parametrize(
    "behaviour",
    [
        lambda connection: None,
        lambda connection: connection.sendall(b"SSH-2.0-OpenSSH\r\n"),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"),
        lambda connection: connection.sendall(b"HTTP/1.1 abc\r\n\r\n"),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    ],
    ids=["hangs up", "is no HTTP", "too many headers", "too long a header", "no status", "bad chunks"],
)
def test_who_does_not_speak_http_is_unreachable(behaviour: Behaviour) -> None:
    with endpoint(behaviour) as url, pytest.raises(Unreachable):
        posted(url)


def test_a_closed_port_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    with pytest.raises(Unreachable, match="unreachable"):
        posted(url)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl: no certificate can be made")
def test_a_certificate_must_be_known_and_say_the_name_of_the_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca = authority(tmp_path, "hook.example.org")
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(ca.with_name("server.pem"), ca.with_name("server.key"))
    knowing = ssl.create_default_context(cafile=str(ca))

    def loopback(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", loopback)

    def status(host: str) -> int:
        with endpoint(says("200 OK"), tls=served) as url:
            return posted(f"https://{host}:{url.split(':')[2]}").status

    with pytest.raises(Unreachable, match="tls"):
        status("hook.example.org")  # nobody has told us to trust that authority
    monkeypatch.setattr(post_, "_tls", lambda: knowing)
    assert status("hook.example.org") == 200
    with pytest.raises(Unreachable, match="tls"):
        status("other.example.org")


def test_a_gateway_gets_a_signed_document_with_one_key_for_all_tries() -> None:
    asked: list[bytes] = []
    for _ in range(2):
        with endpoint(says("202 Accepted"), asked) as url:
            assert gateway.asked(Gateway(url, "fengge:word", SECONDS), BODY, "e1.requester.sms").status == 202
    for request in asked:
        head = dict(line.split(": ", 1) for line in request.decode().split("\r\n\r\n")[0].split("\r\n")[1:])
        said = "\n".join(("POST", "/in?x=1", head["X-Timestamp"], head["X-Nonce"], sha256(BODY).hexdigest()))
        wanted = hmac.new(b"word", said.encode(), "sha256").hexdigest()
        assert (head["X-Key"], head["X-Signature"]) == ("fengge", f"hmac-sha256 {wanted}")
        assert head["Idempotency-Key"] == "e1.requester.sms"
    assert asked[0].partition(b"X-Nonce")[2] != asked[1].partition(b"X-Nonce")[2]


def test_plain_http_behind_https_is_no_tls() -> None:
    with endpoint(says("400 Bad Request")) as url, pytest.raises(Unreachable, match="tls"):
        posted(url.replace("http:", "https:"))
