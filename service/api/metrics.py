"""`/metrics` for Prometheus, and who may read it."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from flask import Blueprint, Response, request
from prometheus_client import exposition

from config.settings import Settings, SettingsInvalid
from service.api.callers import bearer_token
from service.api.problems import Problem
from service.api.services import services

Network = IPv4Network | IPv6Network
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA")

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Tell what the service did and does, in the format that Prometheus asks for."""
    _refuse_strangers(services().settings)
    encode, content_type = exposition.choose_encoder(request.headers.get("Accept", ""))
    body = encode(services().collector.registry())
    return Response(body, 200, {"Cache-Control": "no-store"}, content_type=content_type)


@lru_cache(maxsize=1)
def networks_of(names: Sequence[str]) -> Sequence[Network]:
    """Return the networks that may read without a token.

    Raises ``SettingsInvalid``.
    """
    try:
        return [ip_network(each.strip()) for each in names]
    except ValueError as error:
        raise SettingsInvalid(f"ECLUSE_METRICS_ALLOW: {error}") from None


def _refuse_strangers(settings: Settings) -> None:
    if settings.metrics_token:
        if not hmac.compare_digest(bearer_token().encode(), settings.metrics_token.encode()):
            headers = {"WWW-Authenticate": 'Bearer realm="ecluse metrics"'}
            raise Problem(401, "unauthorised", "Who you are is not known.", headers=headers)
    elif not _is_near(settings):
        raise Problem(
            403,
            "address-not-allowed",
            "This address may not read the metrics.",
            detail="ECLUSE_METRICS_TOKEN or ECLUSE_METRICS_ALLOW says who may.",
        )


def _is_near(settings: Settings) -> bool:
    """Say whether the caller's address may read.

    Whatever comes through a proxy that the settings do not tell of has the proxy's address,
    often this machine's own: it is nobody's.
    """
    if not settings.trusted_proxies and any(name in request.environ for name in FORWARDED):
        return False
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain in network for network in networks_of(settings.metrics_allow))
