"""A real Prometheus beside the house."""

import json
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.local import scraping

PROGRAM = shutil.which("prometheus")
NEEDED = pytest.mark.skipif(PROGRAM is None, reason="prometheus is missing: apt-get install prometheus")


class Prometheus:
    """A running one."""

    def __init__(self, address: str) -> None:
        self._address = address

    def get(self, path: str) -> Any:
        """What its HTTP API says, None while it does not answer."""
        try:
            with urllib.request.urlopen(f"{self._address}{path}", timeout=5) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def ask(self, expression: str) -> dict[str, float]:
        """The value of an expression by process and service."""
        found = self.get(f"/api/v1/query?{urllib.parse.urlencode({'query': expression})}") or {"result": []}
        return {
            f"{each['metric'].get('process', '')}{each['metric'].get('service', '')}": float(each["value"][1])
            for each in found["result"]
        }


@contextmanager
def watching(run: Path, folder: Path) -> Iterator[Prometheus]:
    """One that scrapes the house of a run folder every second."""
    document = json.loads((run / "endpoints.json").read_text())
    path = folder / "prometheus.yml"
    path.write_text(scraping.configuration(document, every="1s"))
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    argv = [PROGRAM, f"--config.file={path}", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]  # fmt: skip
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([str(word) for word in argv], stdout=log, stderr=log)
    try:
        yield Prometheus(f"http://127.0.0.1:{port}")
    finally:
        running.terminate()
        running.wait(20)
