"""The service over a fresh database, with the site `demo` in French."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from config.settings import Settings
from service.store.sites import Site
from tests.api.house import ORIGIN, House, app_over, pipeline


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    built = House(app_over(settings))
    built.replace(pipeline=pipeline)
    built.make_passwords_cheap()
    built.services.store.sites.create(Site("demo", origins=(ORIGIN,), lang="fr"))
    yield built
    built.services.store.client.close()
