"""Where the broker is: an AMQP URL, over TLS where it begins with amqps, checked against host name and CA."""

import base64
import hashlib
import secrets
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pika

CA = "cacertfile"
"""The URL's parameter that names a file of CAs to trust instead of the system's (RabbitMQ URI parameters)."""


@dataclass(frozen=True)
class Broker:
    """An AMQP URL without what its readers would not know, and how to trust the server."""

    url: str
    host: str
    tls: bool
    ca: str | None

    def context(self) -> ssl.SSLContext:
        """For TLS 1.2 or newer with a certificate for this host, signed by a trusted CA."""
        return ssl.create_default_context(cafile=self.ca)

    def kombu(self) -> dict[str, Any] | bool:
        """What kombu calls `ssl`; left to itself py-amqp would not compare host names."""
        if not self.tls:
            return False
        return {"server_hostname": self.host, "cert_reqs": ssl.CERT_REQUIRED, "ca_certs": self.ca}

    def pika(self) -> pika.URLParameters:
        """pika's parameters of the connection."""
        parameters = pika.URLParameters(self.url)
        if self.tls:
            parameters.ssl_options = pika.SSLOptions(self.context(), self.host)
        return parameters


def broker(amqp_url: str) -> Broker:
    """Reads an amqp:// or amqps:// URL; raises ValueError where it asks for what would not be secure."""
    parts = urlsplit(amqp_url)
    query = dict(parse_qsl(parts.query))
    ca, tls = query.pop(CA, None), parts.scheme == "amqps"
    if ca and not tls:
        raise ValueError(f"names a {CA}, but not amqps://")
    if ca and not Path(ca).is_file():
        raise ValueError(f"its {CA} is no file")
    url = parts._replace(query=urlencode(query)).geturl()
    return Broker(url, parts.hostname or "localhost", tls, ca)


def parameters_of(amqp_url: str) -> pika.URLParameters:
    """pika's parameters of an AMQP URL; raises ValueError."""
    return broker(amqp_url).pika()


def password_hash(password: str, salt: bytes | None = None) -> str:
    """RabbitMQ's form of a password: base64 of a 4-byte salt and the SHA-256 of salt and password."""
    salt = secrets.token_bytes(4) if salt is None else salt
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
