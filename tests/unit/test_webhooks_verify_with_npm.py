"""What we sign, the npm library of Standard Webhooks takes as the Python one does, and nothing else."""

import json
import subprocess
from datetime import UTC, datetime

import standardwebhooks

from services.notification.signing import webhook_headers, webhook_secret, written
from tests.npm import node_with

NPM = "standardwebhooks@1.1.1"
OTHERWISE = "nobody but Python has verified the signatures"
VERIFY = """
const { Webhook, WebhookVerificationError } = require("standardwebhooks");
const told = JSON.parse(require("fs").readFileSync(0, "utf8")).map(({ secret, headers, body }) => {
  try {
    return new Webhook(secret).verify(body, headers);
  } catch (error) {
    if (error instanceof WebhookVerificationError) return "refused";
    throw error;
  }
});
console.log(JSON.stringify(told));
"""

IDENT = "msg_7K3M-9QXR-2B4D-T8WZ_ticket_2"
BODY = '{"type":"cn.fengge.ticket.TicketAccepted.v1","data":{"grid":"网格一","category":"独居老人关怀 🏠"}}'
CHANGED = BODY.replace("独居", "独屋")
NEW, OLD, FOREIGN = (webhook_secret("root", name, 1) for name in ("new", "old", "foreign"))


def signed(*secrets: bytes, body: str = BODY, ident: str = IDENT) -> dict[str, str]:
    """The headers of a message that goes out now."""
    return webhook_headers(secrets, ident, int(datetime.now(UTC).timestamp()), body.encode())


def verdict(secret: bytes, headers: dict[str, str], body: str) -> object:
    """What the Python library says."""
    try:
        return standardwebhooks.Webhook(written(secret)).verify(body, headers)
    except standardwebhooks.WebhookVerificationError:
        return "refused"


Case = tuple[bytes, dict[str, str], str, object]


def cases() -> dict[str, Case]:
    """Secret, headers, body, and what a receiver should say; made now, for old messages are refused."""
    taken = json.loads(BODY)
    return {
        "as it was sent": (NEW, signed(NEW), BODY, taken),
        "by the new secret while two sign": (NEW, signed(NEW, OLD), BODY, taken),
        "by the old secret while two sign": (OLD, signed(NEW, OLD), BODY, taken),
        "one character changed": (NEW, signed(NEW), CHANGED, "refused"),
        "with a stranger's secret": (FOREIGN, signed(NEW, OLD), BODY, "refused"),
        "under another id": (NEW, signed(NEW) | {"webhook-id": "msg_2"}, BODY, "refused"),
        "at another time": (NEW, signed(NEW) | {"webhook-timestamp": "1700000000"}, BODY, "refused"),
    }


def test_the_npm_library_and_the_python_one_say_the_same() -> None:
    (program, folder), sent = node_with(NPM, OTHERWISE), cases()
    asked = [
        {"secret": written(secret), "headers": headers, "body": body}
        for secret, headers, body, _ in sent.values()
    ]
    told = subprocess.run(
        [program, "-e", VERIFY], input=json.dumps(asked), cwd=folder, text=True, capture_output=True,
        timeout=30,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    expected = {name: answer for name, (*_, answer) in sent.items()}
    assert {name: verdict(*case[:3]) for name, case in sent.items()} == expected
    assert dict(zip(sent, json.loads(told.stdout), strict=True)) == expected
