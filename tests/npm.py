"""Libraries of others from npm, each in a folder of its own: two lanes may ask for two of them at once."""

import shutil
import subprocess
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[1] / ".run" / "npm"


def node_with(package: str, otherwise: str) -> tuple[str, Path]:
    """The program node and a folder in which it finds `package` (name@version).

    Skips where they cannot be had; `otherwise` says what has been shown all the same.
    """
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        pytest.skip(f"node and npm are not installed: {otherwise}")
    name = package.rpartition("@")[0]  # of @scope/name@1.2.3, too
    folder = CACHE / name
    if not (folder / "node_modules" / name).exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}")
        argv = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", package]
        try:
            got = subprocess.run(argv, cwd=folder, capture_output=True, timeout=60).returncode == 0
        except subprocess.TimeoutExpired:
            got = False
        if not got:
            pytest.skip(f"npm cannot install {package} here: {otherwise}")
    return program, folder
