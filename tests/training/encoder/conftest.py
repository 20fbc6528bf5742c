"""A network of chance, exported, for the tests of what is made of it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="package")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small network, made in a process of its own."""
    folder = tmp_path_factory.mktemp("exported")
    command = [sys.executable, "-m", "tests.training.encoder.small_network", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=300)
    return folder
