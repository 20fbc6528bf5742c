"""`ecluse doctor`: is everything there, and does it keep what it promises?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import click
from redis import Redis, RedisCluster
from redis.exceptions import RedisError, ResponseError

from config.settings import Durability, EncoderUse, Settings, load_secrets
from service.cli.errors import sentence
from service.cli.output import as_json, print_json
from service.judge import build_judge, cascade
from service.live_workers import Absence, absence, live_workers
from service.store.server.condition import conditions, eviction_sentence
from service.store.server.connection import (
    Client,
    StoreUnreachable,
    connect,
    needs_fsync_wait,
    wait_until_ready,
)
from service.store.server.embedded import ServerUrls, server_urls
from service.store.server.trouble import SENTENCES, Trouble

OLDEST_REDIS = (6, 2)
PATIENCE_S = 2.0
ABSENT = {
    Absence.NONE_ALIVE: "no RQ worker is alive",
    Absence.SILENT: "the RQ workers live and do not show themselves; they may hang",
}


class Ill(Exception):
    """Say in a sentence what is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Hold what one examination found."""

    name: str
    is_good: bool
    says: str


@click.command()
@as_json
def doctor(is_json: bool) -> None:
    """Examine the settings, the servers, the model and the workers.

    Exit code 0 when all is well, 1 when something is not.
    """
    findings = list(examine())
    is_well = all(finding.is_good for finding in findings)
    if is_json:
        print_json({"ok": is_well, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{'ok  ' if finding.is_good else 'BAD '}{finding.name:<12}{finding.says}")
    raise SystemExit(0 if is_well else 1)


def examine() -> Iterator[Finding]:
    """Yield one finding after the other; what depends on a failed one is left out."""
    settings: list[Settings] = []
    urls: list[ServerUrls] = []
    yield _finding("settings", lambda: _settings(settings))
    if not settings:
        return
    yield _finding("model", lambda: _model(settings[0]))
    yield _finding("encoder", lambda: _encoder(settings[0]))
    yield _finding("servers", lambda: _named_servers(settings[0], urls))
    if not urls:
        return
    store, queue = connect(urls[0].store, retries=0), connect(urls[0].queue, retries=0)
    reached = _finding("store", lambda: _version(store, "ECLUSE_REDIS_URL"))
    yield reached
    if reached.is_good:
        yield _finding("persistence", lambda: _persistence(store))
        yield _finding("memory", lambda: _memory(store))
        yield _finding("durability", lambda: _durability(store, settings[0].durability))
    option = "ECLUSE_QUEUE_URL" if settings[0].queue_url else "ECLUSE_REDIS_URL"
    reached = _finding("queue", lambda: _version(queue, option))
    yield reached
    if reached.is_good:
        yield _finding("workers", lambda: _workers(store, queue))


def _finding(name: str, examination: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, examination())
    except Ill as error:
        return Finding(name, False, str(error))
    except Exception as error:
        said = sentence(error) or f"{type(error).__name__}: {error}"
        return Finding(name, False, said.replace("\n", "; "))


def _settings(found: list[Settings]) -> str:
    settings = Settings.from_environment()
    load_secrets(settings)
    found.append(settings)
    return f"readable; data in {settings.data_dir.resolve()}"


def _model(settings: Settings) -> str:
    pipeline = build_judge(settings)
    if pipeline.faulty:
        raise Ill(f"checks that did not load: {', '.join(pipeline.faulty)}")
    return f"{len(pipeline.checks)} checks loaded"


def _encoder(settings: Settings) -> str:
    if settings.encoder is EncoderUse.OFF:
        return "off: the linear model judges alone"
    encoder = cascade(settings).reader.encoder()
    encoder.judge(["Bonjour"], ["fr"])
    whose = "your own (ECLUSE_ENCODER_MODEL)" if settings.encoder_model else "the one shipped"
    asked = "every comment" if settings.encoder is EncoderUse.ALWAYS else "doubtful comments"
    return f"{whose}, asked about {asked}"


def _named_servers(settings: Settings, found: list[ServerUrls]) -> str:
    found.append(server_urls(settings))
    return "the embedded Valkey" if settings.is_embedded else "your own (ECLUSE_REDIS_URL)"


def _version(client: Client, option: str) -> str:
    try:
        wait_until_ready(client, PATIENCE_S)
    except StoreUnreachable as error:
        raise Ill(f"no answer ({error}): does it run, and where {option} says?") from None
    info = _info(client, "server")
    if "valkey_version" in info:
        return f"Valkey {info['valkey_version']}"
    version = str(info["redis_version"])
    if tuple(map(int, version.split(".")[:2])) < OLDEST_REDIS:
        raise Ill(f"Redis {version} is too old: 6.2 or newer is needed")
    return f"Redis {version}"


def _persistence(client: Client) -> str:
    info = _info(client, "persistence")
    if int(info.get("aof_enabled", 0)) != 1:
        raise Ill("comments do not survive a restart of the server: set `appendonly yes`")
    if info.get("aof_last_write_status", "ok") != "ok":
        raise Ill("the server's last write to its append-only file failed: is the disk full?")
    return "append-only file, last write ok"


def _memory(client: Client) -> str:
    try:
        found = conditions(client)
    except ResponseError as error:
        raise Ill(f"INFO is refused: {error}") from None
    for each in found:
        if not each.keeps_everything:
            raise Ill(eviction_sentence(each))
        if each.trouble is Trouble.MEMORY:
            raise Ill(SENTENCES[Trouble.MEMORY])
    fullest = max(found, key=lambda each: each.memory_used)
    limit = f"of {_mb(fullest.memory_limit)} MB" if fullest.memory_limit else "without a limit"
    return f"{_mb(fullest.memory_used)} MB {limit}; nothing is thrown away when it is full"


def _mb(size: int) -> int:
    return round(size / 1_048_576)


def _durability(client: Client, durability: Durability) -> str:
    if durability is Durability.RELAXED:
        return "relaxed: a crash of the machine may cost the last second"
    waits = needs_fsync_wait(client)
    return (
        f"strict: each answer waits for the disk ({'WAITAOF' if waits else 'appendfsync always'})"
    )


def _workers(store: Client, queue: Client) -> str:
    if isinstance(queue, RedisCluster):
        raise Ill("ECLUSE_QUEUE_URL: RQ needs a single server, not a cluster")
    now = time.time()
    why = absence(store, queue, now)
    if why:
        raise Ill(f"{ABSENT[why]}: comments are accepted but stay unreviewed")
    return f"{len(live_workers(queue, now))} alive"


def _info(client: Client, section: str) -> dict[str, Any]:
    try:
        if isinstance(client, Redis):
            found: Any = client.info(section)
        else:
            found = client.info(section, target_nodes=RedisCluster.RANDOM)
    except ResponseError as error:
        raise Ill(f"INFO is refused: {error}") from None
    except RedisError as error:
        raise Ill(str(error)) from None
    return dict(found)
