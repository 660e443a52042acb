"""Where a URL leads, looked up before anything is sent: no stranger's URL leads back into the house."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from msgspec import Struct

from chassis.settings import Network

Address = IPv4Address | IPv6Address

NAT64 = ip_network("64:ff9b::/96")
PORTS = {"http": 80, "https": 443}


class Place(Struct, frozen=True):
    """One address to connect to; `host` is what the URL calls it and its certificate must say."""

    host: str
    port: int
    path: str
    address: str
    secure: bool


class NoWay(Exception):
    """Nothing may be sent there; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def trusted(url: str) -> Place:
    """Where the URL leads that the house itself has set; raises NoWay."""
    scheme, host, port, path = _parts(url)
    return Place(host, port, path, str(_looked_up(host, port)[0]), scheme == "https")


def foreign(url: str, intranet: Sequence[Network]) -> Place:
    """Where somebody else's URL leads: an address of the world, or of `intranet`; raises NoWay.

    All addresses of the name must be allowed, and one of them is what is connected to: a second look-up
    could say something else. Without TLS only into `intranet`.
    """
    scheme, host, port, path = _parts(url)
    found = _looked_up(host, port)
    meant = [_meant(address) for address in found]
    inside = all(any(address in network for network in intranet) for address in meant)
    if not inside and not all(address.is_global and not address.is_multicast for address in meant):
        raise NoWay("forbidden_address")
    if not inside and scheme != "https":
        raise NoWay("tls_required")
    return Place(host, port, path, str(found[0]), scheme == "https")


def _parts(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NoWay("bad_url") from None
    plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in PORTS or not parts.hostname or parts.username or not plain:
        raise NoWay("bad_url")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, parts.hostname, port or PORTS[parts.scheme], path


def _looked_up(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoWay("unknown_host") from None
    return [ip_address(str(item[4][0]).partition("%")[0]) for item in found]


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does (RFC 4291 §2.5.5.2, 6052, 3056)."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
