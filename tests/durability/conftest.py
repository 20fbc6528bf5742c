"""The service under fire, and readable failures from the rounds' own assertions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.durability.rounds")

from tests.durability.rounds import service_in  # noqa: E402  rewritten first
from tests.processes.service_up import ServiceUp  # noqa: E402


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceUp]:
    """A strict service that is up, for round after round, each on a site of its own."""
    made = service_in(tmp_path_factory.mktemp("rounds") / "var").start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end()
