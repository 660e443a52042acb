"""The image holds what the services need, all of it exists, and its health check tells the truth."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
DOCKERFILE = (PROJECT / "deploy/docker/Dockerfile").read_text(encoding="utf-8")
LINES = re.sub(r"\\\n\s*", "", DOCKERFILE).splitlines()
FINAL = LINES[max(number for number, line in enumerate(LINES) if line.startswith("FROM")) :]
HEALTHCHECK = PROJECT / "deploy/docker/healthcheck.py"


def let_in(path: str) -> bool:
    """Whether .dockerignore lets a path into the build."""
    allowed = False
    for line in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        if pattern == "*" or path == pattern or path.startswith(f"{pattern}/"):
            allowed = line.startswith("!")
    return allowed


def test_everything_it_copies_exists_and_is_let_into_the_build() -> None:
    copied = [line.split()[-2] for line in LINES if line.startswith("COPY ") and "--from" not in line]
    assert copied
    assert [path for path in copied if not (PROJECT / path).exists() or not let_in(path)] == []


def test_the_build_never_sees_secrets_tests_or_what_runs_here() -> None:
    assert not any(map(let_in, (".env", ".git", ".run/secrets.json", ".venv", "tests", "docs")))


def test_every_package_of_the_services_is_in_it() -> None:
    copied = {line.split()[1] for line in LINES if line.startswith("COPY ")}
    assert {"contracts", "chassis", "services", "cli", "deploy"} <= copied


def test_libraries_are_checked_by_hash_and_never_compiled() -> None:
    (install,) = [line for line in LINES if "pip --python" in line]
    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install
    assert "apt-get" not in DOCKERFILE


def test_the_last_stage_runs_as_a_user_without_rights() -> None:
    assert [line for line in FINAL if line.startswith("USER")] == ["USER 10001:10001"]
    assert not any("pip" in line for line in FINAL)


def test_the_health_check_of_the_image_is_the_one_tested_here() -> None:
    (check,) = [line for line in FINAL if line.startswith("HEALTHCHECK")]
    assert f"/app/{HEALTHCHECK.relative_to(PROJECT)}" in check


@pytest.fixture(params=[200, 503])
def door(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """A door that answers /readyz with one status, and that status."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(request.param if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port, request.param
        server.shutdown()
        thread.join()


def health_of(port: int) -> int:
    argv = [sys.executable, "-IS", str(HEALTHCHECK)]
    return subprocess.run(argv, env={"HEALTH_PORT": str(port)}, capture_output=True, check=False).returncode


def test_a_container_is_healthy_when_its_service_is_ready(door: tuple[int, int]) -> None:
    port, status = door
    assert health_of(port) == (0 if status == 200 else 1)


def test_a_container_whose_service_does_not_answer_is_not_healthy() -> None:
    assert health_of(1) == 1
