"""All that `/metrics` tells, read from the servers when it is asked for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import version
from itertools import accumulate
from threading import Lock

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError

from service.metrics.requests import BOUNDS_S, BUCKETS, RequestCounts
from service.metrics.servers import Info, infos_of, server_families
from service.metrics.sites import site_families
from service.metrics.tasks import task_families
from service.store.connection import Client, connect
from service.store.embedded import ServerUrls
from service.store.traffic import Served, Tally, Traffic

PATIENCE_S = 2.0
"""Prometheus itself gives up after ten seconds; four parts of this length are below it."""

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
        requests: RequestCounts,
        traffic: Traffic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._urls = urls
        self._requests = requests
        self._traffic = traffic
        self._clock = clock
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
        is_ok = GaugeMetricFamily(
            "ecluse_metrics_part_ok", "1 where this part could be read.", labels=["part"]
        )
        for part, read in self._parts.items():
            try:
                found = list(read())
                is_ok.add_metric([part], 1)
            except (RedisError, OSError) as error:
                about = {"part": part, "error_type": type(error).__name__}
                logger.warning("metrics are incomplete", extra=about)
                found = []
                is_ok.add_metric([part], 0)
            yield from found
        yield is_ok

    @cached_property
    def _parts(self) -> Mapping[str, Callable[[], Iterator[Metric]]]:
        return {
            "servers": lambda: server_families(self._infos()),
            "requests": self._traffic_families,
            "sites": lambda: site_families(self._store, int(self._clock() * 1000)),
            "tasks": lambda: task_families(self._queue, self._clock()),
        }

    def _infos(self) -> dict[str, Info | None]:
        """Return what the servers tell; RQ's only where it is another than the comments'."""
        infos: dict[str, Info | None] = {}
        for name, client in (("store", self._store), ("queue", self._queue)):
            known = {info["run_id"] for info in infos.values() if info}
            try:
                found = infos_of(name, client)
            except (RedisError, OSError):
                infos[name] = None
                continue
            infos |= {key: info for key, info in found.items() if info["run_id"] not in known}
        return infos

    def _traffic_families(self) -> Iterator[Metric]:
        self._requests.flush()
        yield request_family(self._traffic.totals(self._store, BUCKETS))

    @cached_property
    def _store(self) -> Client:
        return connect(self._urls.store, retries=0, timeout_s=PATIENCE_S)

    @cached_property
    def _queue(self) -> Redis:
        queue = connect(self._urls.queue, retries=0, timeout_s=PATIENCE_S)
        assert isinstance(queue, Redis)  # noqa: S101  server_urls refuses clusters
        return queue


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
