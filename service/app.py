"""The web application: settings in, a Flask app out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from time import perf_counter
from typing import Any

from disposable_email_domains import blocklist
from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import MapAdapter

from config.log import configure_log, tell_from
from config.settings import Settings, load_secrets
from service.api import (
    appeals,
    bans,
    cors,
    deciding,
    health,
    measurements,
    metrics,
    moderation,
    ops,
    problems,
    reports,
    sessions,
    submissions,
    tasks,
    threads,
    traced,
    webhooks,
)
from service.api.deliverability import Deliverability
from service.api.media import WholeRequest, asked
from service.api.openapi import DescribedApi
from service.api.readiness import readiness
from service.api.request_log import about_request, log_request
from service.api.services import Services, services
from service.api.silence import Silence
from service.api.waiting import Waiters
from service.compat.akismet import views as akismet
from service.compat.akismet.call import keyless_networks
from service.compat.coral import views as coral
from service.compat.errors import door_shape
from service.compat.openai import views as openai
from service.compat.perspective import views as perspective
from service.compat.wordpress import views as wordpress
from service.error_reports import report_errors
from service.judge import build_embedder, build_judge, cascade
from service.metrics.collector import ServiceCollector
from service.metrics.requests import RequestCounts
from service.provider import provider_of
from service.store.doorbell import Doorbell
from service.store.learning.layers import Layers
from service.store.server.awaited import await_servers
from service.store.server.connection import connect
from service.store.server.embedded import server_urls
from service.store.sites import CACHE_S
from service.store.store import open_store
from service.store.telemetry.telemetry import Telemetry, limits_of
from service.store.telemetry.troubles import Troubles
from service.store.traffic import Traffic
from service.tracing.chosen import tracing_of
from service.warm_start import warm_up_for_doors
from service.web import appeals as appeals_page
from service.web import author, by_mail, demo, embed
from service.web.docs import register_docs
from service.web.errors import problem_page
from service.web.history import views as history
from service.web.ops import views as ops_page
from service.web.queue import QUEUE_PAGES
from service.web.settings import blueprint as settings_room
from service.web.staff import (
    account,
    door,
    forgotten,
    joining,
    mailbox,
    oidc,
    people,
    people_log,
    second_factor,
)

API_VERSION = "1"
DESCRIPTION = {
    "API_TITLE": "Écluse",
    "API_VERSION": API_VERSION,
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {
            "description": "Self-hosted comment moderation. The doors in the shapes of others' APIs"
            " (Akismet, Perspective, OpenAI, Coral, WordPress) answer as those do, and are not"
            " described here: docs/migrate/ says what to change in their clients."
        },
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A site key (ek_…) or a session token (es_…).",
                }
            }
        },
    },
}
DESCRIBING = frozenset({"flask_smorest.blueprint", "flask_smorest.response"})
BLUEPRINTS = (
    submissions.blueprint,
    threads.blueprint,
    reports.blueprint,
    appeals.blueprint,
    moderation.blueprint,
    deciding.blueprint,
    bans.blueprint,
    webhooks.blueprint,
    ops.blueprint,
    measurements.blueprint,
    tasks.blueprint,
    sessions.blueprint,
    health.blueprint,
)
DOORS = (
    akismet.blueprint,
    perspective.blueprint,
    openai.blueprint,
    coral.blueprint,
    wordpress.blueprint,
)
PAGES = (
    demo.blueprint,
    embed.blueprint,
    author.blueprint,
    appeals_page.blueprint,
    door.blueprint,
    forgotten.blueprint,
    joining.blueprint,
    oidc.blueprint,
    *QUEUE_PAGES,
    account.blueprint,
    second_factor.blueprint,
    mailbox.blueprint,
    people.blueprint,
    by_mail.blueprint,
    people_log.blueprint,
    history.blueprint,
    ops_page.blueprint,
    settings_room,
)


WITHOUT_STORE = frozenset({"health.healthz", "health.readyz", "metrics.metrics", "static"})
"""The endpoints that are answered while the store's server hangs."""


class NoSessions(SessionInterface):
    """Keep no cookie sessions: people sign in with tokens that the store holds."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002
        """Return the one session that holds nothing."""
        return self._none


class App(Flask):
    """Flask without what none of our routes uses: coroutines, sub-domains, web sockets, sessions.

    Together they cost as much as a comment's validation (ARCHITECTURE.md, Accepting).
    """

    session_interface = NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``func`` itself."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what finds the view of a request by its path alone."""
        if request is None:
            return super().create_url_adapter(request)
        return MapAdapter(
            self.url_map,
            server_name=request.host,
            script_name=request.root_path,
            subdomain="",
            url_scheme=request.scheme,
            path_info=request.path,
            default_method=request.method,
            query_args=request.query_string.decode("latin-1"),
        )

    def process_response(self, response: Response) -> Response:
        """Tell callers what the whole application tells them; no view or blueprint adds to it."""
        for tell in reversed(self.after_request_funcs[None]):
            response = tell(response)
        return response

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Register a view without the wrappers by which flask-smorest describes it.

        Every view of ours answers with a response; the wrappers would only look whether
        it does.
        """
        bare = undescribed(view_func) if view_func else None
        super().add_url_rule(rule, endpoint, bare, provide_automatic_options, **options)


def undescribed(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view without the wrappers that only describe it; any other wrapper stays."""
    while _describes(view):
        view = view.__wrapped__  # type: ignore[attr-defined]
    return view


def _describes(view: Callable[..., Any]) -> bool:
    module = getattr(view, "__globals__", {}).get("__name__")
    return module in DESCRIBING and hasattr(view, "__wrapped__")


def create_app(settings: Settings | None = None) -> Flask:
    """Return the web application.

    Without ``settings``, which is how other web servers call it, the environment is read, its
    servers are waited for, and what a served application does in the background begins.

    Raises ``SettingsInvalid``, ``NotDurable``, ``StoreUnreachable`` or ``EmbeddedNotRunning``.
    """
    if settings is None:
        app = create_app(_from_environment())
        begin_service(app)
        return app
    app = assembled()
    furnish(app, settings)
    return app


def assembled() -> App:
    """Return what is the same whatever the settings: the routes, their description, the errors."""
    app = App("service", template_folder="web/templates", static_folder="web/static")
    app.request_class = WholeRequest
    app.url_map.merge_slashes = False
    app.config.update(DESCRIPTION)
    api = DescribedApi(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    for pages in (*PAGES, *DOORS):
        app.register_blueprint(pages)
    app.register_blueprint(metrics.blueprint)
    register_docs(app)
    _refuse_in_silence(app)
    problems.register(app, lambda: door_shape() or problem_page())
    return app


def furnish(app: Flask, settings: Settings) -> None:
    """Put into an application what it works with, as the settings say."""
    keyless_networks(settings.akismet_keyless)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.body_limit,
        MAX_FORM_MEMORY_SIZE=settings.body_limit,
        MAX_FORM_PARTS=100,
    )
    served = app.extensions["ecluse"] = make_services(settings)
    _count_requests(app, served.requests, is_logged=settings.access_log)
    _number_requests(app)
    if served.tracing.is_on:
        traced.register(app, served.tracing)
    cors.register(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops)  # type: ignore[method-assign]


def _from_environment() -> Settings:
    settings = Settings.from_environment()
    await_servers(settings)
    return settings


def begin_service(app: Flask) -> None:
    """Have an application that is served log, count into the store, and be warm for the doors."""
    served: Services = app.extensions["ecluse"]
    configure_log(served.settings)
    report_errors(served.settings)
    warm_up_for_doors(served)
    served.requests.keep_flushing()


def make_services(settings: Settings) -> Services:
    """Return what the views work with, connected as the settings say."""
    metrics.networks_of(settings.metrics_allow)
    urls = server_urls(settings)
    queue = connect(urls.queue, retries=1, timeout_s=2.0)
    assert isinstance(queue, Redis)  # noqa: S101  server_urls refuses clusters
    store = open_store(settings, load_secrets(settings), urls.store, asks_again=False)
    judge = cache(lambda: replace(build_judge(settings), told=Troubles(store.client).note))
    ready = readiness(settings, urls, judge)
    telemetry = Telemetry(store, queue, limits_of(settings))
    requests = RequestCounts(Traffic(store.client).add)
    return Services(
        settings=settings,
        store=store,
        layers=Layers(store.learned, fresh_s=CACHE_S),
        telemetry=telemetry,
        doorbell=Doorbell(queue),
        pipeline=judge,
        models=partial(cascade, settings),
        embedder=cache(partial(build_embedder, settings)),
        waiters=Waiters(settings.waiters),
        deliverability=Deliverability(is_on=settings.email_dns),
        readiness=ready,
        silence=Silence(ready.store),
        clock=time.time,
        requests=requests,
        collector=ServiceCollector(urls, store, telemetry, requests),
        tracing=tracing_of(settings),
        provider=provider_of(settings),
        disposable_domains=frozenset(blocklist),
    )


def _refuse_in_silence(app: Flask) -> None:
    """Answer at once, while the store's server hangs, what would have to wait for it."""

    @app.before_request
    def refuse() -> None:
        if services().silence.is_on and asked().endpoint not in WITHOUT_STORE:
            raise RedisTimeoutError


def _number_requests(app: Flask) -> None:
    """Tell each caller the number of the request, and browsers to take answers as they are."""

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers.extend(
            (("X-Request-ID", asked().request_id), ("X-Content-Type-Options", "nosniff"))
        )
        return response


def _count_requests(app: Flask, counts: RequestCounts, *, is_logged: bool) -> None:
    """Count each answer, and the time until it began."""
    tell_from(about_request)

    @app.after_request
    def count(response: Response) -> Response:
        current = asked()
        seconds = perf_counter() - current.began
        counts.note(current.method, current.route, response.status_code, seconds)
        if is_logged:
            log_request(response, seconds)
        return response
