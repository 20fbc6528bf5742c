"""What the views work with, made once per process and held by the app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from config.settings import Settings
from service.api.answers import Answers
from service.api.deliverability import Deliverability
from service.api.readiness import Readiness
from service.api.silence import Silence
from service.api.streams import Streams
from service.api.waiting import Waiters
from service.combining import Combiner
from service.metrics.collector import ServiceCollector
from service.metrics.requests import RequestCounts
from service.moderation.cascade import Cascade
from service.moderation.learning.meaning import Embedder
from service.moderation.pipeline import Pipeline
from service.provider import Provider
from service.store.doorbell import Doorbell
from service.store.learning.layers import Layers
from service.store.store import Store
from service.store.telemetry.telemetry import Telemetry
from service.tracing import Tracing

CACHED_ANSWERS = 512


@dataclass(frozen=True)
class Services:
    """Hold the store, the doorbell and the judge; ``clock`` gives seconds since the epoch.

    ``models`` returns what the judge's checks ask, or raises ``ModelBroken``;
    ``embedder`` returns the judge's encoder, or None without models. ``layers`` are what the
    sites have learned, for what is judged here and not by a worker, and ``judging`` lets
    requests of the same moment be judged together.
    """

    settings: Settings
    store: Store
    doorbell: Doorbell
    pipeline: Callable[[], Pipeline]
    models: Callable[[], Cascade]
    embedder: Callable[[], Embedder | None]
    layers: Layers
    waiters: Waiters
    deliverability: Deliverability
    readiness: Readiness
    silence: Silence
    clock: Callable[[], float]
    requests: RequestCounts
    collector: ServiceCollector
    tracing: Tracing
    telemetry: Telemetry
    disposable_domains: frozenset[str] = field(default=frozenset())
    provider: Provider | None = None
    answers: Answers = field(default_factory=lambda: Answers(CACHED_ANSWERS))
    judging: Combiner = field(default_factory=Combiner)
    streams: Streams = field(default_factory=Streams)


def services() -> Services:
    """Return the current app's services, which a request asks for a dozen times."""
    proxy: Any = current_app
    found: Services = proxy._get_current_object().extensions["ecluse"]
    return found


def now_ms() -> int:
    """Return the time in ms since the epoch."""
    return int(services().clock() * 1000)
