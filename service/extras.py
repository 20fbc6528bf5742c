"""What some options need beyond the service's own packages."""

from __future__ import annotations

from importlib.util import find_spec

from config.settings import Settings, SettingsInvalid

EXTRAS = {
    "otel": ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
    "sentry": ("sentry_sdk",),
}


def require_extras(settings: Settings) -> None:
    """Return where everything is installed that the settings ask for.

    Raises ``SettingsInvalid`` naming the command that installs it.
    """
    asked = {"otel": settings.otlp_endpoint, "sentry": settings.sentry_dsn}
    options = {"otel": "ECLUSE_OTLP_ENDPOINT", "sentry": "ECLUSE_SENTRY_DSN"}
    for extra, modules in EXTRAS.items():
        if asked[extra] and not all(map(is_installed, modules)):
            raise SettingsInvalid(
                f"{options[extra]} needs packages that are not installed: "
                f"pip install 'ecluse[{extra}]'"
            )


def is_installed(module: str) -> bool:
    """Say whether a module can be imported, without importing it."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
