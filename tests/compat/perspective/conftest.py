"""One service for all tests of a module: they change nothing that another one reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from service.app import create_app
from service.store.sites import Site
from tests.api.house import ORIGIN, House, pipeline
from tests.compat.perspective.caller import Caller
from tests.conftest import fresh_database


@pytest.fixture(scope="module")
def house(valkey_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("house")
    settings = Settings(
        redis_url=fresh_database(valkey_server),
        queue_url=fresh_database(valkey_server),
        data_dir=folder,
        log_level="ERROR",
    )
    built = House(create_app(settings))
    built.replace(pipeline=pipeline)
    built.services.store.sites.create(Site("demo", origins=(ORIGIN,), lang="fr"))
    yield built
    built.services.store.client.close()


@pytest.fixture(scope="module")
def caller(house: House) -> Caller:
    return Caller.of(house)
