"""A mail server that delivers into a folder: a demo sends real mail and nobody outside receives it."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LIMIT = 10_000_000  # bytes per message


class Mailbox:
    """Writes each accepted message into one file, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Stores a message with its envelope on top; aiosmtpd calls this by name."""
        content = (
            envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        )
        path = self._folder / f"{time.time_ns()}-{next(self._numbers)}.eml"
        draft = path.with_suffix(".part")
        draft.write_bytes(_envelope_lines(envelope) + content)
        draft.rename(path)
        return "250 Message accepted for delivery"


def _envelope_lines(envelope: Envelope) -> bytes:
    recipients = ", ".join(envelope.rcpt_tos)
    return f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {recipients}\r\n".encode()


async def serve(folder: Path, port: int) -> None:
    """Takes mail on the loopback until SIGTERM or SIGINT."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    box = Mailbox(folder)
    server = await loop.create_server(
        lambda: SMTP(box, data_size_limit=LIMIT, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", port
    )
    async with server:
        await stopped.wait()


def main(environ: Mapping[str, str] = os.environ) -> None:
    """Runs the mailbox that SMTP_PORT and MAIL_FOLDER describe."""
    asyncio.run(serve(Path(environ["MAIL_FOLDER"]), int(environ["SMTP_PORT"])))


if __name__ == "__main__":
    main()
