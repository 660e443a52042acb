"""Asks a process whether it is ready."""

import http.client
import socket
from urllib.parse import urlsplit

PATIENCE = 0.5  # seconds


def is_ready(door: str) -> bool:
    """True if an http door answers /readyz with 200, or an smtp door lets one in."""
    parts = urlsplit(door)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    try:
        return _says_ready(host, port) if parts.scheme == "http" else _opens(host, port)
    except (OSError, http.client.HTTPException):
        return False


def _says_ready(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    finally:
        connection.close()


def _opens(host: str, port: int) -> bool:
    with socket.create_connection((host, port), timeout=PATIENCE) as connection:
        connection.settimeout(PATIENCE)
        return connection.recv(3) == b"220"
