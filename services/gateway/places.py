"""Where a request is, kept so that its sender can read it back and no table or back-up tells it."""

import secrets
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.gateway.clients import secret

NONCE = 12
POINT = struct.Struct(">dd")


class Places:
    """Seals points with a key derived from GATEWAY_TOKEN (AES-256-GCM); each opens as its ticket's alone."""

    def __init__(self, root: str) -> None:
        self._cipher = AESGCM(secret(root, "places", 0))

    def seal(self, ticket: str, lat: float, long: float) -> bytes:
        """A point, sealed."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._cipher.encrypt(nonce, POINT.pack(lat, long), ticket.encode())

    def open(self, ticket: str, sealed: bytes | None) -> tuple[float | None, float | None]:
        """Latitude and longitude as they came; None where there is no point, or the token is another now."""
        if sealed is None:
            return None, None
        try:
            found = self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], ticket.encode())
        except InvalidTag:
            return None, None
        lat, long = POINT.unpack(found)
        return lat, long
