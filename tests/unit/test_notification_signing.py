"""Signatures that others can check: gateways with HMAC, subscribers by Standard Webhooks."""

import hashlib
import hmac

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from services.notification.signing import (
    fingerprint,
    gateway_headers,
    webhook_headers,
    webhook_secret,
    written,
)

ROOT = "root-of-secrets-root-of-secrets-root"
BODY = '{"type":"cn.fengge.ticket.TicketAccepted.v1","data":{"category":"养老服务/助餐"}}'.encode()


def test_a_gateway_can_recompute_the_signature_from_what_it_receives() -> None:
    headers = gateway_headers("fengge", "word", "/sms", BODY, 1_700_000_000, "abcd")
    said = "\n".join(("POST", "/sms", "1700000000", "abcd", hashlib.sha256(BODY).hexdigest()))
    wanted = hmac.new(b"word", said.encode(), "sha256").hexdigest()
    assert headers["X-Signature"] == f"hmac-sha256 {wanted}"
    assert (headers["X-Key"], headers["X-Timestamp"], headers["X-Nonce"]) == ("fengge", "1700000000", "abcd")


@pytest.mark.skipif("sm3" not in hashlib.algorithms_available, reason="this OpenSSL knows no SM3")
def test_a_secret_marked_sm3_signs_with_sm3() -> None:
    headers = gateway_headers("fengge", "sm3:word", "/sms", BODY, 1_700_000_000, "abcd")
    said = "\n".join(("POST", "/sms", "1700000000", "abcd", hashlib.new("sm3", BODY).hexdigest()))
    assert headers["X-Signature"] == f"hmac-sm3 {hmac.new(b'word', said.encode(), 'sm3').hexdigest()}"


def verified(secret: bytes, headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(written(secret)).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def now() -> int:
    from chassis import clock

    return int(clock.now().timestamp())


def test_the_reference_library_verifies_a_chinese_body_and_no_changed_byte() -> None:
    secret = webhook_secret(ROOT, "city", 1)
    headers = webhook_headers([secret], "msg_1", now(), BODY)
    assert verified(secret, headers, BODY)
    assert not any(
        verified(secret, headers, BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :])
        for at in range(len(BODY))
    )


def test_a_changed_header_or_an_old_message_fails() -> None:
    secret = webhook_secret(ROOT, "city", 1)
    headers = webhook_headers([secret], "msg_1", now(), BODY)
    assert not verified(secret, headers | {"webhook-id": "msg_2"}, BODY)
    assert not verified(secret, headers | {"webhook-timestamp": str(now() + 1)}, BODY)
    assert not verified(secret, webhook_headers([secret], "msg_1", now() - 3600, BODY), BODY)


def test_while_two_secrets_are_valid_either_verifies() -> None:
    old, new = webhook_secret(ROOT, "city", 1), webhook_secret(ROOT, "city", 2)
    headers = webhook_headers([new, old], "msg_1", now(), BODY)
    assert verified(old, headers, BODY)
    assert verified(new, headers, BODY)
    assert not verified(webhook_secret(ROOT, "province", 1), headers, BODY)


def test_a_fingerprint_says_only_whether_two_addresses_are_the_same() -> None:
    assert fingerprint(ROOT, "138 0013 8000") == fingerprint(ROOT, "13800138000")
    assert fingerprint(ROOT, "+86 138-0013-8000") == fingerprint(ROOT, "13800138000")
    assert fingerprint(ROOT, "0086(138)00138000") == fingerprint(ROOT, "13800138000")
    assert fingerprint(ROOT, "010-8613800") != fingerprint(ROOT, "13800")
    assert fingerprint(ROOT, "A@b.example") == fingerprint(ROOT, "a@B.example")
    assert fingerprint(ROOT, "13800138000") != fingerprint(ROOT + "x", "13800138000")
