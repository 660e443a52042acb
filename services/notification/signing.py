"""What is signed and with what: requests to gateways, webhooks, and the fingerprints of addresses."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

BYTES = 32


def gateway_headers(key: str, secret: str, path: str, body: bytes, moment: int, nonce: str) -> dict[str, str]:
    """Headers by which a gateway knows us: HMAC over method, path, time, nonce and digest of the body.

    A secret that begins with `sm3:` signs and digests with SM3 (GB/T 32905), any other with SHA-256.
    """
    name, secret = ("sm3", secret.removeprefix("sm3:")) if secret.startswith("sm3:") else ("sha256", secret)
    digest = hashlib.new(name, body).hexdigest()
    said = "\n".join(("POST", path, str(moment), nonce, digest))
    signature = hmac.new(secret.encode(), said.encode(), name).hexdigest()
    return {
        "X-Key": key, "X-Timestamp": str(moment), "X-Nonce": nonce,
        "X-Signature": f"hmac-{name} {signature}",
    }  # fmt: skip


def webhook_secret(root: str, subscriber: str, number: int) -> bytes:
    """The `number`-th secret of a subscriber: derived, so that no table and no back-up holds it."""
    return hmac.digest(root.encode(), f"webhook {subscriber} {number}".encode(), "sha256")[:BYTES]


def written(secret: bytes) -> str:
    """A secret as a subscriber enters it (Standard Webhooks 1.0, secret serialization)."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def webhook_headers(secrets: Sequence[bytes], ident: str, moment: int, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks 1.0: one signature for each secret that is valid now."""
    said = f"{ident}.{moment}.".encode() + body
    signed = [base64.b64encode(hmac.digest(secret, said, "sha256")).decode() for secret in secrets]
    return {
        "webhook-id": ident, "webhook-timestamp": str(moment),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signed),
    }  # fmt: skip


def fingerprint(root: str, address: str) -> str:
    """What stands for an address where only equality matters; nobody without `root` finds it by trying.

    A telephone number may be grouped, and a mobile one of China may have its country code.
    """
    plain = "".join(address.split()).casefold()
    if "@" not in plain:
        plain = re.sub(r"\D", "", plain)
        plain = re.sub(r"^(00)?86(?=1\d{10}$)", "", plain)
    return hmac.digest(root.encode(), f"address {plain}".encode(), "sha256").hex()
