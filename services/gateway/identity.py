"""Who asks: the client that an API key, a signature or a token belongs to."""

import hmac
import re
from datetime import datetime, timedelta

from msgspec import Struct

from contracts.signing import SIGNERS, Spoken, said
from services.gateway.clients import PREFIX, Client, Credential, Register, digest, secret
from services.gateway.problems import Refused
from services.gateway.tokens import BadToken, Issuer, NoKeys

SKEW = timedelta(minutes=5)
"""By which the time of a signature may differ from ours."""
NONCE = re.compile(r"[0-9A-Za-z_-]{8,64}")
PROOFS = ("Authorization", "X-API-Key")
"""Headers of which one says who asks."""
PART = re.compile(r"\s*(\w+)=([^,\s]+)\s*")


class Keyring(Struct, frozen=True):
    """What identities are verified with."""

    register: Register
    root: str
    issuer: Issuer | None
    now: datetime


def identify(request: Spoken, keyring: Keyring) -> Client:
    """The client that makes a request; raises Refused (401, or 503 where that cannot be told now)."""
    headers = request.headers
    scheme, _, rest = headers.get("Authorization", "").partition(" ")
    if scheme in SIGNERS:
        return _by_signature(scheme, rest, request, keyring)
    if scheme.lower() == "bearer" and rest.startswith(f"{PREFIX}."):
        return _by_key(rest.strip(), keyring)
    if scheme.lower() == "bearer":
        return _by_token(rest.strip(), keyring)
    if key := headers.get("X-API-Key"):
        return _by_key(key.strip(), keyring)
    raise _unknown(
        "send X-API-Key (api_key by Open311), a bearer token, or a signature (docs/integrators.md)"
    )


def _by_key(key: str, keyring: Keyring) -> Client:
    _, name, number, *_ = [*key.split(".", 3), "", "", ""]
    client, credential = _credential(name, number, "api-key", keyring)
    if not credential.digest or not hmac.compare_digest(digest(key), credential.digest):
        raise _unknown("the API key is not known")
    return client


def _by_signature(scheme: str, rest: str, request: Spoken, keyring: Keyring) -> Client:
    parts = {found[1]: found[2] for part in rest.split(",") if (found := PART.fullmatch(part))}
    name, _, number = parts.get("Key", "").partition(".")
    timestamp, nonce = parts.get("Timestamp", ""), parts.get("Nonce", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 13 and NONCE.fullmatch(nonce)):
        raise _unknown(
            "the signature needs Key, Timestamp (seconds), Nonce (8 to 64 of A-Za-z0-9_-), Signature"
        )
    client, credential = _credential(name, number, "hmac", keyring)
    signer = SIGNERS[scheme]
    text = said(signer, request, parts["Key"], timestamp, nonce)
    expected = signer.sign(secret(keyring.root, client.id, credential.number), text)
    if not keyring.root or not hmac.compare_digest(expected.encode(), parts.get("Signature", "").encode()):
        raise _unknown("the signature is not right")
    if abs(keyring.now.timestamp() - int(timestamp)) > SKEW.total_seconds():
        raise _unknown("the signature's Timestamp is more than five minutes off")
    return client


def _by_token(token: str, keyring: Keyring) -> Client:
    if keyring.issuer is None:
        raise _unknown("no issuer of tokens is configured here")
    try:
        subject = keyring.issuer.subject(token)
    except BadToken as error:
        raise _unknown(f"the token is not good ({error})") from None
    except NoKeys:
        raise Refused("unavailable", 503, "the issuer of tokens does not answer", retry_after=10) from None
    client = keyring.register.by_subject.get(subject)
    if client is None or client.kind != "oauth":
        raise _unknown("the token's client has no access here")
    return client


def _credential(name: str, number: str, kind: str, keyring: Keyring) -> tuple[Client, Credential]:
    client = keyring.register.by_name.get(name)
    if client is not None and client.kind == kind:
        for credential in client.credentials:
            if str(credential.number) == number and credential.good(keyring.now):
                return client, credential
    raise _unknown("the key is not known, or not good any more")


def _unknown(why: str) -> Refused:
    return Refused("unauthorized", 401, why)
