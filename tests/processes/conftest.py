"""Fixtures: the service, up or ready to be started, and never left behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.service_up import ServiceUp


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceUp]:
    made = ServiceUp(tmp_path / "var")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end(signal.SIGTERM)
