"""How a system signs its requests to Fengge: one Signer, with SHA-256 or with SM3 (GB/T 32905)."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

SIGNED_HEADERS = ("content-type", "idempotency-key")
"""Headers under the signature besides all that begin with `ce-`, which are the envelope in binary mode."""


class Signer(Protocol):
    """A way of signing; `scheme` is its word in the Authorization header."""

    @property
    def scheme(self) -> str: ...
    def digest(self, body: bytes) -> str: ...
    def sign(self, secret: bytes, said: str) -> str: ...


class Hmac(Struct, frozen=True):
    """HMAC (RFC 2104) over a hash of the standard library."""

    scheme: str
    algorithm: str

    def digest(self, body: bytes) -> str:
        """The hash of a body, hexadecimal."""
        return hashlib.new(self.algorithm, body).hexdigest()

    def sign(self, secret: bytes, said: str) -> str:
        """The signature of what is said, hexadecimal."""
        return hmac.new(secret, said.encode(), self.algorithm).hexdigest()


SHA256 = Hmac("FENGGE-HMAC-SHA256", "sha256")
SM3 = Hmac("FENGGE-HMAC-SM3", "sm3")
SIGNERS: Mapping[str, Signer] = {signer.scheme: signer for signer in (SHA256, SM3)}


class Spoken(Struct, frozen=True):
    """A request as it is signed; `target` is path and query as sent."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def said(signer: Signer, request: Spoken, key: str, timestamp: str, nonce: str) -> str:
    """The text under the signature: a line each for who, when and what, then the signed headers."""
    names = sorted(
        (name.lower(), value.strip())
        for name, value in request.headers.items()
        if name.lower() in SIGNED_HEADERS or name.lower().startswith("ce-")
    )
    lines = [signer.scheme, key, timestamp, nonce, request.method.upper(), request.target]
    return "\n".join([*lines, *(f"{name}:{value}" for name, value in names), signer.digest(request.body)])


def authorization(
    signer: Signer, secret: bytes, key: str, request: Spoken, timestamp: int, nonce: str
) -> str:
    """The Authorization header of a request; `key` is the name of the secret, e.g. `hotline.1`."""
    signature = signer.sign(secret, said(signer, request, key, str(timestamp), nonce))
    return f"{signer.scheme} Key={key}, Timestamp={timestamp}, Nonce={nonce}, Signature={signature}"
