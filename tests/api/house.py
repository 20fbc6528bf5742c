"""A running service in a test: the app, its site, a worker that drains when asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import quote

import orjson
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config.settings import Settings, load_secrets
from service.api.services import Services
from service.app import App, assembled, furnish
from service.moderation.checks import build_pipeline
from service.moderation.comment import Facts
from service.moderation.pipeline import Pipeline, no_guard
from service.store.learning.layers import Layers
from service.store.records import Record
from service.store.sites import Scope, Site
from service.store.staff.accounts import Account, Role
from service.store.staff.sessions import Visit
from service.store.store import open_store
from service.store.telemetry.recorder import Recorder
from tests.conftest import change_settings, cheap_passwords
from workers.moderate import Moderator
from workers.observer import Observer
from workers.watch import Watch

ORIGIN = "http://site.test"
PAGE = "http://site.test/a"
NAMELESS_ID = "01JZ8Q6Q3D5W8W1XK2T9F4M7NB"
PASSWORD = "a password long enough"
INSULT = "Tu es un connard et un abruti fini, ferme ta gueule."
SPAM = (
    "Best online casino bonus! Play now http://casino-win.xyz http://slots.top/free "
    "http://bet.click/now and earn money fast"
)

pipeline = cache(build_pipeline)
"""The checks, loaded once in a test process."""


@cache
def routes() -> App:
    """Return what every application has, put together once in a test process, never served."""
    app = assembled()
    assert app.jinja_env  # the pages compiled are shared as well
    return app


def app_over(settings: Settings) -> Flask:
    """Return what ``create_app`` returns, without putting the routes together each time."""
    shared = routes()
    app = copy(shared)
    app.config = app.make_config()
    app.config.update(shared.config)
    app.extensions = dict(shared.extensions)
    app.before_request_funcs = own(shared.before_request_funcs)
    app.after_request_funcs = own(shared.after_request_funcs)
    furnish(app, settings)
    return app


def own(hooks: Mapping[Any, list[Any]]) -> dict[Any, list[Any]]:
    """Return hooks in lists of their own."""
    return defaultdict(list, {name: list(functions) for name, functions in hooks.items()})


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class House:
    """The whole service but its worker processes: ``drain`` does their work here."""

    app: Flask

    @property
    def services(self) -> Services:
        found: Services = self.app.extensions["ecluse"]
        return found

    @property
    def client(self) -> FlaskClient:
        """A caller without cookies, new each time."""
        return self.app.test_client(use_cookies=False)

    def replace(self, **parts: Any) -> None:
        """Put other parts into the services."""
        self.app.extensions["ecluse"] = replace(self.services, **parts)

    def make_passwords_cheap(self) -> None:
        """Hash passwords at a thousandth of their cost from now on."""
        settings = self.services.settings
        self.services.store.client.close()
        secrets, passwords = load_secrets(settings), cheap_passwords()
        store = open_store(settings, secrets, settings.redis_url, passwords)
        self.replace(store=store, layers=Layers(store.learned))

    def stop_the_clock(self) -> Clock:
        """Replace the clock by one that the test moves."""
        clock = Clock(self.services.clock())
        self.replace(clock=clock)
        return clock

    def change_site(self, **changes: Any) -> None:
        """Change the settings of the site `demo`."""
        change_settings(self.services.store, **changes)

    def add_site(self, name: str, **settings: Any) -> None:
        """Add another site."""
        self.services.store.sites.create(Site(name, **settings))

    def key(self, *scopes: Scope, site: str = "demo") -> str:
        """Return the token of a new key."""
        wanted = frozenset(scopes or Scope)
        return self.services.store.sites.create_key(site, "test", wanted)[1]

    def session(self, name: str, role: Role, sites: frozenset[str] = frozenset()) -> str:
        """Return the token of an account's new session."""
        accounts = self.services.store.accounts
        accounts.create(Account(name, role, sites), "one time password")
        visit = Visit(int(self.services.clock() * 1000))
        return self.services.store.door.sign_in(name, "one time password", visit, PASSWORD)

    def post(self, headers: Mapping[str, str] | None = None, **fields: Any) -> TestResponse:
        """Submit a comment as a page of the site does."""
        query = fields.pop("query", None)
        return self.client.post(
            "/v1/sites/demo/comments",
            data=orjson.dumps(comment_fields(**fields)),
            content_type="application/json",
            query_string=query,
            headers={"Origin": ORIGIN, **(headers or {})},
        )

    def post_form(self, headers: Mapping[str, str] | None = None, **fields: Any) -> TestResponse:
        """Submit a comment as a form, by script."""
        return self.client.post(
            "/v1/sites/demo/comments",
            data=comment_fields(**fields),
            headers={"Origin": ORIGIN, **(headers or {})},
        )

    def post_as_server(self, key: str = "", site: str = "demo", **fields: Any) -> TestResponse:
        """Submit a comment as the site's own server does."""
        token = key or self.key(Scope.SUBMIT, site=site)
        return self.client.post(
            f"/v1/sites/{site}/comments", json=comment_fields(**fields), headers=bearer(token)
        )

    def decide(self, key: str, **fields: Any) -> TestResponse:
        """Send a decision."""
        return self.client.post("/v1/moderation/decisions", json=fields, headers=bearer(key))

    def publish(self, **fields: Any) -> str:
        """Submit a comment, approve it whatever it says, and return its id."""
        posted = self.post_as_server(**fields)
        assert posted.status_code == 202, posted.json
        comment_id = str(json_of(posted)["id"])
        self.drain()
        if self.record(comment_id).status != "approved":
            decided = self.decide(self.key(Scope.MODERATE), id=comment_id, action="approve")
            assert decided.status_code == 200
        return comment_id

    def set_aside(self) -> str:
        """Post a comment that no worker survives, the only one waiting; return its id."""
        comment_id = str(json_of(self.post_as_server(email="poison@example.org"))["id"])
        inbox = self.services.store.inbox
        (pending,) = inbox.load("demo", inbox.take("demo", "test", 10), Facts())
        inbox.set_aside("demo", pending, 3, 1_700_000_000_000)
        return comment_id

    def drain(self, site: str = "demo", judge: Pipeline | None = None) -> int:
        """Settle what is in a site's inbox, as a worker does."""
        services, watch = self.services, Watch()
        return Moderator(
            inbox=services.store.inbox,
            indexing=services.store.indexing,
            sites=services.store.sites,
            pipeline=replace(judge or pipeline(), guard=watch.over(no_guard)),
            doorbell=services.doorbell,
            layers=Layers(services.store.learned),
            settings=services.settings,
            tracing=services.tracing,
            name="test",
            now=services.clock,
            observer=Observer(watch, Recorder(services.store.client, "test")),
        ).drain(site)

    def record(self, comment_id: str) -> Record:
        """Return a comment as it is stored."""
        return self.services.store.comments.get("demo", comment_id)

    def stored(self) -> int:
        """Return how many comments the site ever accepted."""
        return self.services.store.decisions.counts("demo").get("accepted", 0)

    def thread(self, page: str = PAGE, **query: Any) -> dict[str, Any]:
        """Return a page's thread as the public gets it."""
        answer = self.client.get(thread_url(page), query_string=query)
        assert answer.status_code == 200, answer.json
        return json_of(answer)


def comment_fields(**changes: Any) -> dict[str, Any]:
    """Return the fields of an ordinary comment; ``None`` leaves one out."""
    fields = {
        "author": "Claire",
        "email": "claire@example.org",
        "content": "Merci pour cet article très clair.",
        "page": PAGE,
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries a key or a session."""
    return {"Authorization": f"Bearer {token}"}


def thread_url(page: str, site: str = "demo") -> str:
    """Return where a page's thread is read."""
    return f"/v1/sites/{site}/pages/{quote(page, safe='')}/comments"


def json_of(answer: TestResponse) -> dict[str, Any]:
    """Return the object an answer holds."""
    found: dict[str, Any] = answer.get_json(force=True)
    return found


def assert_problem(answer: TestResponse, status: int, kind: str) -> dict[str, Any]:
    """Check that an answer is a problem as RFC 9457 and our promise have it; return it."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    body = json_of(answer)
    assert body["type"] == f"urn:ecluse:problem:{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return body


def look_at(house: House, comment_id: str, what: str, key: str = "", **query: Any) -> TestResponse:
    """Ask a moderators' route for ``what`` about one comment, with a key or without."""
    return house.client.get(
        f"/v1/moderation/comments/{comment_id}/{what}",
        query_string=query,
        headers=bearer(key) if key else {},
    )


def assert_for_its_moderators(house: House, comment_id: str, what: str) -> None:
    """Check that ``what`` is told of a comment to nobody but those who moderate its site."""
    assert_problem(look_at(house, comment_id, what), 401, "unauthorised")
    answer = look_at(house, comment_id, what, house.key(Scope.SUBMIT))
    assert assert_problem(answer, 403, "scope-missing")["needed_scope"] == "moderate"
    house.add_site("other")
    elsewhere = house.key(Scope.MODERATE, site="other")
    assert_problem(look_at(house, comment_id, what, elsewhere), 404, "comment-unknown")
    answer = look_at(house, comment_id, what, elsewhere, site="demo")
    assert_problem(answer, 403, "wrong-site")


def errors_of(answer: TestResponse) -> dict[str, str]:
    """Return the messages of a 422, by field."""
    found: dict[str, str] = assert_problem(answer, 422, "validation")["errors"]
    return found
