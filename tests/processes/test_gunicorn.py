"""The application behind another WSGI server than our own."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from config.settings import Settings, load_secrets
from service.store.sites import Scope, Site
from service.store.store import open_store
from tests.conftest import free_port, stop
from tests.processes.service_up import PATIENCE_S


def test_gunicorn_serves_the_application(settings: Settings, tmp_path: Path) -> None:
    opened = open_store(settings, load_secrets(settings), settings.redis_url)
    opened.sites.create(Site("demo", lang="fr"))
    _, key = opened.sites.create_key("demo", "server", frozenset({Scope.SUBMIT}))
    port = free_port()
    named = {
        "ECLUSE_REDIS_URL": settings.redis_url,
        "ECLUSE_QUEUE_URL": settings.queue_url,
        "ECLUSE_DATA_DIR": str(tmp_path),
    }
    command = [
        sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "2",
        "--log-level", "warning", "service.app:create_app()",
    ]  # fmt: skip
    server = subprocess.Popen(command, env={**os.environ, **named})
    try:
        _until_it_answers(port)
        assert _submitted(port, key) == 202
    finally:
        stop(server)
        opened.client.close()


# What a server does that calls create_app(): before any door has a key, when one has, and with one.
STARTED = """
import time
from service.app import create_app
from service.store.doors.door_keys import Door

def is_warm(app):
    return app.extensions["ecluse"].pipeline.cache_info().currsize == 1

cold = create_app()
print(is_warm(cold))
cold.extensions["ecluse"].store.door_keys.create("demo", Door.PERSPECTIVE, "")
print(is_warm(create_app()))
while not is_warm(cold):
    time.sleep(0.02)
print(True)
"""


def test_the_models_are_loaded_where_a_door_has_a_key_and_nowhere_else(
    settings: Settings, tmp_path: Path
) -> None:
    opened = open_store(settings, load_secrets(settings), settings.redis_url)
    opened.sites.create(Site("demo", lang="fr"))
    opened.client.close()
    named = {
        "ECLUSE_REDIS_URL": settings.redis_url,
        "ECLUSE_QUEUE_URL": settings.queue_url,
        "ECLUSE_DATA_DIR": str(tmp_path),
        "ECLUSE_ENCODER": "off",
    }
    ran = subprocess.run(
        [sys.executable, "-c", STARTED],
        env={**os.environ, **named}, capture_output=True, text=True, timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    assert ran.stdout.split() == ["False", "True", "True"]


def _until_it_answers(port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            assert _answer(port, "GET", "/healthz") == 200
            return
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)


def _submitted(port: int, key: str) -> int:
    comment = {
        "author": "Claire", "email": "claire@example.org", "content": "Merci.",
        "page": "http://site.test/a",
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return _answer(port, "POST", "/v1/sites/demo/comments", json.dumps(comment), headers)


def _answer(
    port: int, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        return connection.getresponse().status
    finally:
        connection.close()
