"""Makes the .env of a compose deployment: .env.example with a random secret wherever one is missing.

Run it again after an upgrade: what .env says already stays, and what is new is added. It needs no library.
"""

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
BYTES = {"_PASSWORD": 24, "_TOKEN": 24, "_KEYS": 32}
"""Of a new secret, by how its name ends."""


def settled(example: str, known: dict[str, str]) -> Iterator[str]:
    """The lines of the example with the values of `known`, and a new secret for each that has none."""
    for line in example.splitlines():
        name, is_setting, value = line.partition("=")
        if not is_setting or name.startswith("#"):
            yield line
            continue
        value = known.get(name) or value
        length = next((length for ending, length in BYTES.items() if name.endswith(ending)), 0)
        if not value and length:
            value = secrets.token_hex(length)  # hexadecimal, for it becomes part of URLs
        yield f"{name}={value}"


def settings_in(text: str) -> dict[str, str]:
    """Names and values of an .env file."""
    pairs = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: value for name, equals, value in pairs if equals}


def write_private(path: Path, text: str) -> None:
    """Replaces a file at once with one that only its owner can read."""
    draft = path.with_name(".env.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def main() -> int:
    """Writes .env beside docker-compose.yml, readable by its owner alone."""
    path, example = PROJECT / ".env", (PROJECT / ".env.example").read_text(encoding="utf-8")
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    known = settings_in(old)
    lines = list(settled(example, known))
    own = known.keys() - settings_in(example).keys()
    lines += [f"{name}={known[name]}" for name in sorted(own)]
    write_private(path, "\n".join(lines) + "\n")
    print(f"{path} is complete; it holds every secret of this deployment: keep a copy in a safe place")
    return 0


if __name__ == "__main__":
    sys.exit(main())
