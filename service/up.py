"""`ecluse up`: the whole service on one machine, from its own Valkey to the welcome."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import IO

from config.settings import Settings, load_secrets
from service.extras import require_extras
from service.first_start import Secret, set_up
from service.processes import Part, Supervisor, supervising
from service.provider import provider_of
from service.store.server import embedded
from service.store.server.awaited import await_servers
from service.store.server.connection import Client, StoreUnreachable, connect, wait_until_ready
from service.store.server.disk_guard import DiskGuard
from service.store.server.embedded import ServerUrls, server_urls
from service.store.store import open_store

OLD_SERVER_WAIT_S = 10.0
FREE_PORT_WAIT_S = 3.0
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104

Announce = Callable[[Settings, Secret], None]


class AlreadyRunning(Exception):
    """Say that another `ecluse up` uses the same data folder."""


class _Stopped(Exception):
    """Say that a signal came while servers were waited for."""


class PortTaken(Exception):
    """Say that somebody else listens where the web server should."""


def up(settings: Settings, announce: Announce) -> None:
    """Run the whole service until SIGINT or SIGTERM.

    ``announce`` is called once, when the web server answers and a worker is registered.

    Raises ``AlreadyRunning``, ``PortTaken``, ``SettingsInvalid``, ``NotDurable`` or
    ``StoreUnreachable``.
    """
    with ExitStack() as stack:
        stack.enter_context(_hold_data_dir(settings))
        _wait_for_free_port(settings)
        load_secrets(settings)
        provider_of(settings)
        require_extras(settings)
        supervisor = stack.enter_context(supervising())
        if settings.is_embedded:
            lock = stack.enter_context(_server_lock(settings))
            command = embedded.prepare(settings)
            guard = _disk_guard(settings)
            supervisor.start([_server_part(settings, command, lock, guard)])
            _serve(settings, supervisor, announce, guard.look)
        else:
            _serve(settings, supervisor, announce, lambda: None)
    if settings.is_embedded:
        embedded.forget_socket(settings.data_dir)


def address_of(settings: Settings) -> str:
    """Return the address people know the service by: the public one, or this machine's."""
    return settings.base_url if settings.public_url else local_url(settings)


def local_url(settings: Settings) -> str:
    """Return the address of the web server as seen from this machine."""
    host = _local_host(settings)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _serve(
    settings: Settings,
    supervisor: Supervisor,
    announce: Announce,
    look_at_disk: Callable[[], None],
) -> None:
    urls = server_urls(settings)
    if settings.is_embedded:
        if not supervisor.tend_until(lambda: _answers(connect(urls.store, retries=0))):
            return
    elif not _has_servers(settings, supervisor):
        return
    look_at_disk()
    store = open_store(settings, load_secrets(settings), urls.store)
    supervisor.start(_parts(settings, urls))

    def is_ready() -> bool:
        look_at_disk()
        return _is_ready(settings)

    def never() -> bool:
        look_at_disk()
        return False

    if supervisor.tend_until(is_ready):
        announce(settings, set_up(store, _own_origins(settings)))
        supervisor.tend_until(never)


def _disk_guard(settings: Settings) -> DiskGuard:
    """Return what looks at the disk of the embedded server, whose socket is chosen."""
    client = connect(server_urls(settings).store, retries=0, timeout_s=1.0)
    return DiskGuard(client, settings.data_dir, settings.disk_reserve_mb, settings.durability)


def _has_servers(settings: Settings, supervisor: Supervisor) -> bool:
    """Wait for servers that are somebody else's; return False when asked to stop before."""

    def sleep(pause_s: float) -> None:
        if supervisor.stopping.wait(pause_s):
            raise _Stopped

    try:
        await_servers(settings, sleep)
    except _Stopped:
        return False
    return True


def _hold_data_dir(settings: Settings) -> IO[str]:
    folder = settings.data_dir / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (folder / "up.lock").open("a+")
    if not embedded.take_lock(file):
        file.seek(0)
        holder = file.read().strip() or "?"
        file.close()
        raise AlreadyRunning(
            f"`ecluse up` already runs on {settings.data_dir} (process {holder}); "
            "stop it first, or choose another ECLUSE_DATA_DIR"
        )
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _server_lock(settings: Settings) -> IO[str]:
    """Return the embedded server's lock, waiting for one that is still shutting down."""
    file = embedded.lock_file(settings)
    until = time.monotonic() + OLD_SERVER_WAIT_S
    while not embedded.take_lock(file):
        if time.monotonic() > until:
            file.close()
            raise AlreadyRunning(
                f"an embedded server still runs on {settings.data_dir} and does not end; "
                f"`fuser {file.name}` names its process"
            )
        time.sleep(0.05)
    return file


def _wait_for_free_port(settings: Settings) -> None:
    until = time.monotonic() + FREE_PORT_WAIT_S
    while not _can_listen(settings):
        if time.monotonic() > until:
            raise PortTaken(
                f"port {settings.port} of {settings.host} is taken: set ECLUSE_PORT to another"
            )
        time.sleep(0.1)


def _can_listen(settings: Settings) -> bool:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return False
    return True


def _server_part(
    settings: Settings, command: Sequence[str], lock: IO[str], guard: DiskGuard
) -> Part:
    """Return the embedded server: last to stop; orphaned, it still closes its files."""
    return Part(
        name="valkey",
        command=command,
        log=embedded.log_path(settings),
        words_now=lambda: embedded.words_of(guard.starting_options()),
        environment=embedded.environment(),
        stage=2,
        stop_within_s=3.0,
        orphaned_by=signal.SIGTERM,
        keeps=(lock.fileno(),),
    )


def _parts(settings: Settings, urls: ServerUrls) -> list[Part]:
    environment = {"ECLUSE_REDIS_URL": urls.store, "ECLUSE_QUEUE_URL": urls.queue}
    python = [sys.executable, "-m"]
    return [
        Part(
            name="web",
            command=[*python, "service.cli", "web"],
            stage=0,
            stop_within_s=3.0,
            environment=environment,
        ),
        Part(
            name="workers",
            command=[*python, "workers.runner", str(settings.workers)],
            stage=1,
            stop_within_s=4.0,
            environment=environment,
        ),
        Part(
            name="scheduler",
            command=[*python, "workers.scheduler"],
            stage=1,
            stop_within_s=4.0,
            environment=environment,
        ),
    ]


def _is_ready(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(_local_host(settings), settings.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _answers(client: Client) -> bool:
    try:
        wait_until_ready(client, within_s=0)
    except StoreUnreachable:
        return False
    return True


def _local_host(settings: Settings) -> str:
    return ANY_ADDRESS.get(settings.host, settings.host)


def _own_origins(settings: Settings) -> tuple[str, ...]:
    local = (local_url(settings), f"http://localhost:{settings.port}")
    return (settings.base_url, *local) if settings.public_url else local
