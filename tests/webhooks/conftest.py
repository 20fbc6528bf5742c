"""A service whose site has a webhook, the receiver it leads to, and the worker who tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from service.store.sites import Changer
from service.store.telemetry.views import WebhooksView
from service.store.webhooks.webhooks import Webhook, What
from tests.api.conftest import house
from tests.api.house import Clock, House
from tests.webhooks.receiver import Receiver, receiving
from workers.deliver import Deliverer

__all__ = ["house"]


@dataclass
class Line:
    """A webhook of the site `demo` at work; the clock moves when it is told to."""

    house: House
    receiver: Receiver
    webhook: Webhook
    secret: str
    clock: Clock

    @property
    def store(self) -> Any:
        return self.house.services.store

    def deliverer(self, **options: Any) -> Deliverer:
        settings = replace(self.house.services.settings, **{"private_targets": True, **options})
        return Deliverer(self.store, self.house.services.doorbell, settings, self.clock)

    def deliver(self, **options: Any) -> int:
        return self.deliverer(**options).deliver("demo")

    def add(self, *events: What, url: str = "") -> tuple[Webhook, str]:
        """Add another webhook."""
        made: tuple[Webhook, str] = self.store.webhooks.create(
            "demo", url or self.receiver.url, events or tuple(What), "", self.by()
        )
        return made

    def by(self) -> Changer:
        return Changer("account:Ann", int(self.clock() * 1000))

    def now(self) -> Webhook:
        """Return the webhook as it is kept now."""
        found: Webhook = self.store.webhooks.get("demo", self.webhook.id)
        return found

    def seen(self) -> WebhooksView:
        """Return what an operator sees of the site's webhooks."""
        now_ms = int(self.clock() * 1000)
        (found,) = self.house.services.telemetry.webhooks(["demo"], now_ms)
        return found

    def health(self) -> Any:
        return self.store.deliveries.health("demo", self.webhook)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as here:
        yield here


@pytest.fixture
def line(house: House, receiver: Receiver) -> Line:
    clock = house.stop_the_clock()
    webhook, secret = house.services.store.webhooks.create(
        "demo", receiver.url, tuple(What), "chat", Changer("account:Ann", int(clock() * 1000))
    )
    return Line(house, receiver, webhook, secret, clock)
