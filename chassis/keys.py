"""Secret keys from a setting: written out, or in a file; the newest first."""

import re
from pathlib import Path

FILE = "file:"
KEY = re.compile(r"[0-9a-f]{64}")


def read_keys(text: str) -> tuple[bytes, ...]:
    """Keys of 32 bytes in hexadecimal, with commas between them; or one a line of the file in `file:/path`.

    Raises ValueError, which repeats no key.
    """
    words = _lines(Path(text.removeprefix(FILE))) if text.startswith(FILE) else text.split(",")
    found = [word.strip() for word in words if word.strip()]
    if not all(KEY.fullmatch(word) for word in found):
        raise ValueError("is not a list of keys of 64 hexadecimal digits, nor file:/path of one")
    if len(set(found)) != len(found):
        raise ValueError("is a list in which a key stands twice")
    return tuple(bytes.fromhex(word) for word in found)


def _lines(path: Path) -> list[str]:
    try:
        return [line.partition("#")[0] for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"is not a file that can be read ({type(error).__name__})") from error
