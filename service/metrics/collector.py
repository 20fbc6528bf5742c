"""All that `/metrics` tells, read from the servers when it is asked for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from itertools import accumulate
from threading import Lock

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from service.metrics.doors import door_families
from service.metrics.requests import BOUNDS_S, BUCKETS, RequestCounts
from service.metrics.servers import Info, infos_of, server_families
from service.metrics.sites import READ, site_families
from service.metrics.webhooks import webhook_families
from service.metrics.work import (
    check_families,
    queue_families,
    work_families,
    worker_families,
)
from service.store.server.connection import Client, connect
from service.store.server.embedded import ServerUrls
from service.store.store import Store
from service.store.telemetry.telemetry import Telemetry
from service.store.traffic import Served, Tally, Traffic

PATIENCE_S = 2.0
"""How long a server may take to answer at all: Prometheus gives up after ten seconds."""

logger = logging.getLogger(__name__)


class ServiceCollector(Collector):
    """Tell what the whole service did and does, whichever process is asked.

    All figures lie in Redis, where web processes and workers put them: it does not matter
    how many of them there are, whether they fork, or that some have ended. A part that cannot
    be read is left out and named by ``ecluse_metrics_part_ok``; nothing here raises.
    """

    def __init__(
        self,
        urls: ServerUrls,
        store: Store,
        telemetry: Telemetry,
        requests: RequestCounts,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._urls = urls
        self._store = store
        self._telemetry = telemetry
        self._requests = requests
        self._traffic = Traffic(store.client)
        self._clock = clock
        self._probes: dict[str, Client] = {}
        self._one_at_a_time = Lock()

    def registry(self) -> CollectorRegistry:
        """Return the registry that holds this collector alone."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return registry

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        with self._one_at_a_time:
            families = list(self._read())
        yield from families

    def _read(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("ecluse_build", "The release that runs.", labels=["version"])
        build.add_metric([version("ecluse")], 1)
        yield build
        infos = self._infos()
        yield from server_families(infos)
        is_ok = GaugeMetricFamily(
            "ecluse_metrics_part_ok", "1 where this part could be read.", labels=["part"]
        )
        # Where a server is away, each part would wait for it in vain, one after the other.
        is_there = None not in infos.values()
        for part, read in self._parts.items():
            found = self._tried(part, read) if is_there else None
            is_ok.add_metric([part], float(found is not None))
            yield from found or ()
        yield is_ok

    def _tried(self, part: str, read: Callable[[], Iterator[Metric]]) -> list[Metric] | None:
        try:
            return list(read())
        except (RedisError, OSError) as error:
            about = {"part": part, "error_type": type(error).__name__}
            logger.warning("metrics are incomplete", extra=about)
            return None

    @property
    def _parts(self) -> Mapping[str, Callable[[], Iterator[Metric]]]:
        telemetry, now_ms = self._telemetry, int(self._clock() * 1000)
        return {
            "requests": self._traffic_families,
            "sites": lambda: self._site_families(now_ms),
            "doors": lambda: door_families(self._store.door_counts.unknown()),
            "workers": lambda: worker_families(telemetry.workers(now_ms), now_ms),
            "queues": lambda: queue_families(
                telemetry.rq_queues(now_ms), is_suspended=telemetry.is_suspended()
            ),
            "work": lambda: work_families(telemetry.totals()),
            "checks": lambda: check_families(telemetry.checks(now_ms)),
            "webhooks": lambda: webhook_families(
                telemetry.webhooks(self._store.sites.names()[:READ], now_ms)
            ),
        }

    def _infos(self) -> dict[str, Info | None]:
        """Return what the servers tell; RQ's only where it is another than the comments'."""
        infos: dict[str, Info | None] = {}
        for name, url in (("store", self._urls.store), ("queue", self._urls.queue)):
            known = {info["run_id"] for info in infos.values() if info}
            try:
                found = infos_of(name, self._short_of_patience(url))
            except (RedisError, OSError):
                infos[name] = None
                continue
            infos |= {key: info for key, info in found.items() if info["run_id"] not in known}
        return infos

    def _traffic_families(self) -> Iterator[Metric]:
        self._requests.flush()
        yield request_family(self._traffic.totals(BUCKETS))

    def _site_families(self, now_ms: int) -> Iterator[Metric]:
        names = self._store.sites.names()
        return site_families(len(names), self._telemetry.inboxes(names[:READ], now_ms))

    def _short_of_patience(self, url: str) -> Client:
        if url not in self._probes:
            self._probes[url] = connect(url, retries=0, timeout_s=PATIENCE_S)
        return self._probes[url]


def request_family(totals: Mapping[Served, Tally]) -> Metric:
    """Return the requests by method, route and class of answer, as a histogram of their time."""
    family = HistogramMetricFamily(
        "ecluse_http_request_duration_seconds",
        "Requests, and the time until their answers began.",
        labels=["method", "route", "status"],
    )
    bounds = [*map(str, BOUNDS_S), "+Inf"]
    for served, tally in sorted(totals.items()):
        steps = list(zip(bounds, map(float, accumulate(tally.counts)), strict=True))
        family.add_metric([served.method, served.route, served.answer], steps, tally.us / 1e6)
    return family
