"""Clients from npm, fetched once into a cache of this machine, at the versions locked here."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import warnings
from functools import cache
from pathlib import Path

import pytest

LOCKED = Path(__file__).with_name("node")
FETCH_WITHIN_S = 240


@cache
def node_modules() -> Path:
    """Return the folder with the locked packages.

    Skips the test, and says so in the summary, where there is no node or no registry.
    """
    if not shutil.which("node") or not shutil.which("npm"):
        _skip("there is no node or no npm on this machine")
    lock = (LOCKED / "package-lock.json").read_bytes()
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "ecluse-tests" / hashlib.sha256(lock).hexdigest()[:16]
    if not (folder / "node_modules").is_dir():
        _fetch(folder)
    return folder / "node_modules"


def run_node(script: str, environment: dict[str, str]) -> str:
    """Return what a script says; it finds the packages by their names."""
    modules = node_modules()
    ran = subprocess.run(
        [shutil.which("node") or "node", "-e", script],
        cwd=modules.parent,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _fetch(folder: Path) -> None:
    """Install beside the place and move there, so that a half-fetched folder is never used."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        beside = Path(name) / "clients"
        shutil.copytree(LOCKED, beside)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            subprocess.run(
                command, cwd=beside, capture_output=True, timeout=FETCH_WITHIN_S, check=True
            )
        except (subprocess.SubprocessError, OSError) as error:
            _skip(f"the npm registry gave no packages ({type(error).__name__})")
        if not folder.exists():
            beside.rename(folder)


def _skip(why: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"NOT TESTED with clients from npm: {why}", stacklevel=2)
    pytest.skip(f"NOT TESTED with clients from npm: {why}")
