"""What a run folder keeps from one start to the next: its ports, its secrets, and who may change them now."""

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Below the range from which Linux draws outgoing ports, so that a port stays ours between starts.
PORTS = range(20000, 32000)
VAULT_KEYS = "vault.keys"


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Holds the run folder for one starter or stopper at a time."""
    run.mkdir(parents=True, exist_ok=True)
    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_private(path: Path, text: str) -> None:
    """Replaces a file at once with one that only its owner can read."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def kept_secrets(run: Path, names: Sequence[str]) -> dict[str, str]:
    """One random secret per name, drawn when the name is first asked for."""
    path = run / "secrets.json"
    kept = _read(path)
    missing = [name for name in names if name not in kept]
    if missing:
        kept |= {name: secrets.token_hex(20) for name in missing}
        write_private(path, json.dumps(kept, indent=1))
    return {name: kept[name] for name in names}


def kept_vault_keys(run: Path) -> Path:
    """The file with the keys of the identity vault, the newest first; made with one key at first use."""
    path = run / VAULT_KEYS
    if not path.exists():
        write_private(path, f"{secrets.token_hex(32)}\n")
    return path


def recorded_ports(run: Path) -> dict[str, int]:
    """The ports this run folder uses, by name."""
    return _read(run / "ports.json")


def reserve_ports(run: Path, names: Sequence[str]) -> dict[str, int]:
    """A free port per name; a port used before is used again unless somebody took it meanwhile."""
    kept = recorded_ports(run)
    for name in names:
        others = {port for other, port in kept.items() if other != name}
        if name not in kept or not is_free(kept[name]):
            kept[name] = _free_port(others)
    write_private(run / "ports.json", json.dumps(kept, indent=1))
    return {name: kept[name] for name in names}


def is_free(port: int) -> bool:
    """True if nobody listens on this port of any address."""
    with socket.socket() as probe:
        # Else a port in TIME_WAIT after our own last stop would look taken; a listener still refuses it.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


def _free_port(taken: set[int]) -> int:
    draws = (secrets.choice(PORTS) for _ in range(10_000))
    return next(port for port in draws if port not in taken and is_free(port))


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.exists() else {}
