"""No URL of a stranger leads back into the house, whatever it looks like or its name resolves to."""

import socket
from ipaddress import ip_network
from typing import Any

import pytest

from services.notification.channels.reach import NoWay, foreign, trusted


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Every name has these addresses."""

    def found(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def refusal(url: str, *intranet: str) -> str:
    with pytest.raises(NoWay) as caught:
        foreign(url, [ip_network(each) for each in intranet])
    return caught.value.code


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_private_addresses_are_refused_in_every_disguise(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolving(monkeypatch, address)
    assert refusal("https://harmless.example/hook") == "forbidden_address"


@pytest.mark.parametrize(
    "url", ["https://127.1/", "https://2130706433/", "https://0x7f.1/", "https://[::1]/"]
)
def test_odd_spellings_of_the_own_machine_are_refused(url: str) -> None:
    assert refusal(url) in ("forbidden_address", "unknown_host")


def test_one_private_address_among_public_ones_is_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.216.34", "10.0.0.1")
    assert refusal("https://two-faced.example/") == "forbidden_address"


def test_a_public_address_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.216.34")
    place = foreign("https://hooks.example:8443/in?key=1", [])
    assert (place.host, place.port, place.path) == ("hooks.example", 8443, "/in?key=1")
    assert (place.address, place.secure) == ("93.184.216.34", True)


def test_without_tls_only_into_a_network_that_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.216.34")
    assert refusal("http://hooks.example/") == "tls_required"
    resolving(monkeypatch, "10.20.1.1")
    assert refusal("http://hooks.example/", "10.21.0.0/16") == "forbidden_address"
    assert not foreign("http://hooks.example/", [ip_network("10.20.0.0/16")]).secure


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/", "https://", "https://user:word@a.example/", "https://a.example:99999/",
        "https://a.example/a b", "https://a.example/\r\nX: 1", "https://[::1/", "file:///etc/passwd",
        "https://a.example/路", "gopher://a.example/",
    ],
)  # fmt: skip
def test_what_is_no_plain_url_is_refused_before_it_is_looked_up(url: str) -> None:
    assert refusal(url) == "bad_url"


def test_a_name_that_nobody_knows_is_said_to_be_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert refusal("https://nobody.example/") == "unknown_host"


def test_the_houses_own_gateways_may_stand_inside() -> None:
    assert trusted("http://127.0.0.1:8080/sms").address == "127.0.0.1"
