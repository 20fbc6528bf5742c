"""Traces by OpenTelemetry, sent to a collector in the background (OTLP over HTTP).

A request begins a trace of its own: whoever sends a ``traceparent`` is linked to, not obeyed,
or any visitor could have all of their requests recorded. A comment's entry in the inbox carries
the trace on. A worker reviews comments in batches, so the batch has a trace of its own that
links to theirs, and each comment's trace gets one span for its part in it.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import version
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service.tracing import NO_TRACING, TracedBatch, Wsgi

SCOPE = "ecluse"
SEND_EVERY_MS = 2_000
SEND_WITHIN_S = 2.0
FLUSH_WITHIN_MS = 3_000
MOST_WAITING = 8_192
"""Spans kept for a collector that is away; the oldest go."""
MOST_LINKS = 1_024
_NO_PARENT = Context()
_headers = TraceContextTextMapPropagator()


def exporter_to(url: str, headers: Mapping[str, str]) -> SpanExporter:
    """Return what sends spans to a collector."""
    return OTLPSpanExporter(endpoint=url, headers=dict(headers), timeout=SEND_WITHIN_S)


class OpenTelemetryTracing:
    """Tell a collector where time goes."""

    is_on = True

    def __init__(self, exporter: SpanExporter, sample: float) -> None:
        self._processor = BatchSpanProcessor(
            exporter,
            max_queue_size=MOST_WAITING,
            schedule_delay_millis=SEND_EVERY_MS,
            max_export_batch_size=512,
        )
        self._requests = self._tracer(ParentBased(TraceIdRatioBased(sample)))
        # A batch is traced where one of its comments is, which was decided at the door.
        self._batches = self._tracer(ParentBased(ALWAYS_ON))

    def wrap(self, app: Wsgi) -> Wsgi:
        """Return the application with a span for each request."""

        def traced(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            links = _links([environ.get("HTTP_TRACEPARENT", "")])
            with self._requests.start_as_current_span(
                "request", _NO_PARENT, SpanKind.SERVER, links=links, record_exception=False
            ):
                return app(environ, start_response)

        return traced

    def describe(self, name: str, facts: Mapping[str, str | int]) -> None:
        """Name the request's span, once it is known what it is about."""
        span = trace.get_current_span()
        span.update_name(name)
        span.set_attributes(dict(facts))
        if int(facts.get("http.response.status_code", 0)) >= 500:
            span.set_status(Status(StatusCode.ERROR))

    def span(self, name: str) -> AbstractContextManager[object]:
        """Return a step of the work in hand; without any there is nothing to be told."""
        if not trace.get_current_span().is_recording():
            return nullcontext()
        return self._step(name)

    def carried(self) -> str:
        """Return the current trace as a ``traceparent``, or nothing where none is recorded."""
        context = trace.get_current_span().get_span_context()
        if not context.is_valid or not context.trace_flags.sampled:
            return ""
        carrier: dict[str, str] = {}
        _headers.inject(carrier)
        return carrier.get("traceparent", "")

    @contextmanager
    def batch(self, site: str, traces: Sequence[str]) -> Iterator[TracedBatch]:
        """Return the review of comments that bring their own traces; where none does, nothing."""
        links = _links(traces)
        if not links:
            yield NO_TRACING
            return
        began_ns = time.time_ns()
        facts: dict[str, str | int] = {"ecluse.site": site, "ecluse.batch.size": len(traces)}
        with self._step("moderate batch", _NO_PARENT, SpanKind.CONSUMER, links, facts) as span:
            yield _Batch(self._batches, site, span.get_span_context(), began_ns)

    def about(self) -> Mapping[str, str]:
        """Return what a log line says of the current trace."""
        context = trace.get_current_span().get_span_context()
        return {"trace": f"{context.trace_id:032x}"} if context.is_valid else {}

    def flush(self) -> None:
        """Send what has not been sent."""
        self._processor.force_flush(FLUSH_WITHIN_MS)

    def close(self) -> None:
        """Send what has not been sent; the process ends."""
        self._processor.shutdown()  # type: ignore[no-untyped-call]

    def _tracer(self, sampler: Sampler) -> trace.Tracer:
        provider = TracerProvider(
            sampler,
            Resource(
                {
                    "service.name": SCOPE,
                    "service.version": version("ecluse"),
                    "host.name": socket.gethostname(),
                }
            ),
            span_limits=SpanLimits(max_links=MOST_LINKS),
        )
        provider.add_span_processor(self._processor)
        return provider.get_tracer(SCOPE)

    @contextmanager
    def _step(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        links: Sequence[Link] = (),
        facts: Mapping[str, str | int] | None = None,
    ) -> Iterator[Span]:
        """Be a span; an error that passes marks it by its type: its words may be a visitor's."""
        with self._batches.start_as_current_span(
            name, context, kind, facts, links, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise


class _Batch:
    """Add each comment's part in a batch to the comment's own trace."""

    def __init__(self, tracer: trace.Tracer, site: str, batch: SpanContext, began_ns: int) -> None:
        self._tracer = tracer
        self._site = site
        self._links = [Link(batch)]
        self._began_ns = began_ns

    def judged(self, trace: str, comment_id: str, status: str) -> None:
        """Add a comment's verdict to its trace, if it has one."""
        if not trace:
            return
        facts = {
            "ecluse.site": self._site,
            "ecluse.comment": comment_id,
            "ecluse.status": str(status),
        }
        parent = _headers.extract({"traceparent": trace}, _NO_PARENT)
        self._tracer.start_span(
            "moderate", parent, SpanKind.CONSUMER, facts, self._links, self._began_ns
        ).end()


def _links(traceparents: Iterable[str]) -> list[Link]:
    """Return a link to each trace that is named and can be read."""
    found = []
    for text in traceparents:
        if not text:
            continue
        carried = _headers.extract({"traceparent": text}, _NO_PARENT)
        context = trace.get_current_span(carried).get_span_context()
        if context.is_valid:
            found.append(Link(context))
    return found
