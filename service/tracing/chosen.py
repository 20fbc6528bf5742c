"""The tracing that the settings ask for."""

from __future__ import annotations

from urllib.parse import urlsplit

from config.settings import Settings, SettingsInvalid
from service.extras import require_extras
from service.tracing import NO_TRACING, Tracing

TRACES_PATH = "/v1/traces"


def tracing_of(settings: Settings) -> Tracing:
    """Return what tells the collector of the settings, or nobody.

    Raises ``SettingsInvalid`` where that cannot be done.
    """
    if not settings.otlp_endpoint:
        return NO_TRACING
    require_extras(settings)
    from service.tracing.telling import OpenTelemetryTracing, exporter_to

    exporter = exporter_to(traces_url(settings.otlp_endpoint), headers_of(settings.otlp_headers))
    return OpenTelemetryTracing(exporter, settings.otlp_sample)


def traces_url(endpoint: str) -> str:
    """Return the address traces go to: the one named, or the collector's standard path there.

    Raises ``SettingsInvalid``.
    """
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise SettingsInvalid("ECLUSE_OTLP_ENDPOINT: an address that begins with http(s)://")
    return endpoint if parts.path not in {"", "/"} else endpoint.rstrip("/") + TRACES_PATH


def headers_of(pairs: tuple[str, ...]) -> dict[str, str]:
    """Return headers from ``name=value``.

    Raises ``SettingsInvalid``.
    """
    split = [pair.partition("=") for pair in pairs]
    if not all(name.strip() and equals for name, equals, _ in split):
        raise SettingsInvalid("ECLUSE_OTLP_HEADERS: `name=value`, with commas between")
    return {name.strip(): value.strip() for name, _, value in split}
