"""Clients as their registries have them, kept in a folder between runs.

Where a registry cannot be reached, and nothing was kept, the tests that need it are skipped,
and say so.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

KEPT_IN = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ecluse-clients"
PATIENCE_S = 300


def fetched(name: str, fetch: Callable[[Path], None]) -> Path:
    """Return the folder ``name``, filled by ``fetch`` once; two processes fill it in turn."""
    KEPT_IN.mkdir(parents=True, exist_ok=True)
    folder = KEPT_IN / name
    with (KEPT_IN / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            draft = KEPT_IN / f"{name}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            fetch(draft)
            draft.rename(folder)
    return folder


def pip_install(folder: Path, *packages: str) -> None:
    """Install Python packages into a folder of their own; skip the test where that fails."""
    folder.mkdir()
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
          "--target", str(folder), *packages], folder)  # fmt: skip


def pip_source(folder: Path, package: str) -> None:
    """Unpack a Python package's source, with its tests, into a folder."""
    folder.mkdir()
    _run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
          "--no-deps", "--no-binary", ":all:", "--dest", str(folder), package], folder)  # fmt: skip
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")


def npm_install(folder: Path, *packages: str) -> None:
    """Install npm packages into a folder; skip the test where there is no Node."""
    if shutil.which("npm") is None:
        pytest.skip("SKIPPED, NOT PROVEN: no npm here; on Debian: apt-get install npm")
    _run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder),
          *packages], folder)  # fmt: skip


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"SKIPPED, NOT PROVEN: {command[0]} could not fetch: {done.stderr[-300:]}")
