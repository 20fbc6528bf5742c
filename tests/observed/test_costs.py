"""What is not asked for costs nothing: not even an import."""

from __future__ import annotations

import subprocess
import sys

LOOK = """
import sys
import service.app, service.error_reports, service.tracing.chosen, workers.runner
ours = ("opentelemetry.exporter", "opentelemetry.proto", "sentry_sdk", "service.tracing.telling")
print(*sorted(name for name in sys.modules if name.startswith(ours)))
"""
"""redis-py loads OpenTelemetry's metrics by itself, where they are installed."""


def test_neither_traces_nor_reports_are_loaded_unless_they_are_asked_for() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK], capture_output=True, text=True, timeout=60, check=True
    )
    assert not done.stdout.strip()
