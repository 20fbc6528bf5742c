"""One round: comments posted over HTTP while a process of the service is killed."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.settings import Durability, Settings, load_secrets
from service.moderation.verdict import Status
from service.store.keys import SiteKeys
from service.store.paging import Order
from service.store.server.embedded import server_urls
from service.store.sites import DEFAULT_LIMITS, Limit, Scope, Site
from service.store.store import Store, open_store
from tests.processes.service_up import ServiceUp, children_of, eventually

PAGE = "http://site.test/a"
POSTERS = 4
PATIENCE_S = 60.0
WIDE = {name: Limit(1_000_000, 60) for name in DEFAULT_LIMITS}
# Many, so that two comments share few: copies of one template would be taken back as a campaign.
_LEXICON = (
    "lavoir village pierre photo ancien merci article détail moulin rivière école mairie "
    "boulanger marché dimanche souvenir jardin fontaine clocher sentier colline verger lampe "
    "armoire cahier crayon fenêtre porte tapis chaise table nappe assiette verre bouteille "
    "panier corde échelle toit tuile grenier cave escalier couloir cuisine salon chambre "
    "voisine facteur épicier menuisier maçon peintre musicien violon piano chanson refrain "
    "théâtre rideau scène acteur public journal lecteur éditeur libraire roman poème conte "
    "histoire siècle guerre paix traité frontière montagne neige glacier torrent cascade lac "
    "barque pêcheur filet poisson phare marée plage dune falaise mouette cerisier pommier "
    "prunier vigne raisin tonneau cidre fromage beurre farine levain four pâte galette crêpe "
    "miel abeille ruche papillon hirondelle merle renard écureuil cheval âne mouton berger "
    "laine tissage couture bouton ruban chapeau manteau gant écharpe sabot train quai gare "
    "billet voyage valise tramway vélo pont tunnel canal écluse péniche cargo"
)
WORDS = _LEXICON.split()


@dataclass
class Posting:
    """Comments on their way over HTTP, each sent until it is acknowledged."""

    port: int
    site: str
    key: str
    count: int
    acknowledged: dict[int, str] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)

    def run(self, first: int) -> None:
        """Send every fourth comment from ``first`` on."""
        connection: http.client.HTTPConnection | None = None
        for number in range(first, self.count, POSTERS):
            until = time.monotonic() + PATIENCE_S
            while number not in self.acknowledged and time.monotonic() < until:
                connection = connection or http.client.HTTPConnection(
                    "127.0.0.1", self.port, timeout=10
                )
                if not self._sent(connection, number):
                    connection.close()
                    connection = None
                    time.sleep(0.05)
        if connection is not None:
            connection.close()

    def _sent(self, connection: http.client.HTTPConnection, number: int) -> bool:
        try:
            connection.request(
                "POST",
                f"/v1/sites/{self.site}/comments",
                _body(self.site, number),
                self._headers(number),
            )
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return False
        if answer.status in (200, 202):
            self.acknowledged[number] = json.loads(body)["id"]
            return True
        if answer.status < 500:
            self.contradictions.append(f"{number}: {answer.status} {body!r}")
            self.acknowledged[number] = ""
            return True
        return False

    def _headers(self, number: int) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"comment-{number}",
        }


def _body(site: str, number: int) -> bytes:
    words = random.Random(f"{site} {number}").choices(WORDS, k=12)
    return json.dumps({
        "author": f"Claire {number}",
        "email": f"claire{number}@example.org",
        "ip": f"192.0.2.{number % 250}",
        "content": f"{' '.join(words)} {number}.",
        "page": PAGE,
    }).encode()  # fmt: skip


def service_in(folder: Path) -> ServiceUp:
    """Return a strict service that takes over quickly, not started yet."""
    options = {
        "DURABILITY": "strict", "CLAIM_IDLE_S": "1", "SWEEP_INTERVAL_S": "1", "WORKERS": "2",
    }  # fmt: skip
    return ServiceUp(folder, options=options)


def victims(service: ServiceUp) -> dict[str, Callable[[], list[int]]]:
    """Return, by kind, how to find the processes of that kind that live now."""

    def part_and_children(name: str) -> list[int]:
        try:
            part = service.parts().get(name)
        except FileNotFoundError:  # one ended while they were listed
            return []
        return [part, *children_of(part)] if part else []

    return {
        "web": lambda: part_and_children("web"),
        "workers": lambda: part_and_children("workers"),
        "scheduler": lambda: part_and_children("scheduler"),
        "valkey": lambda: part_and_children("valkey"),
        "supervisor": lambda: [service.process.pid] if service.process else [],
    }


def kill_one(
    service: ServiceUp, kind: str, dice: random.Random, by: signal.Signals = signal.SIGKILL
) -> str:
    """End a living process of a kind; start the service again if that ended it."""
    find = victims(service)[kind]
    living: list[int] = []

    def some_live() -> bool:
        living[:] = find()
        return bool(living)

    eventually(some_live, service)
    pid = dice.choice(living)
    os.kill(pid, by)
    if kind == "supervisor":
        assert service.process is not None
        service.process.wait()
        service.start()
    return f"{kind} {pid}"


def play(
    service: ServiceUp,
    kinds: list[str],
    count: int,
    seed: int,
    by: signal.Signals = signal.SIGKILL,
) -> Posting:
    """Post ``count`` comments to a new site, ending a process of each kind at a random moment.

    Returns when every comment is acknowledged.
    """
    dice = random.Random(seed)
    site = f"round{seed}"
    posting = Posting(service.port, site, _new_site(service, site), count)
    posters = [threading.Thread(target=posting.run, args=(n,)) for n in range(POSTERS)]
    for poster in posters:
        poster.start()
    moments = sorted(dice.randrange(count // 20, count * 19 // 20) for _ in kinds)
    for moment, kind in zip(moments, kinds, strict=True):
        _wait(lambda moment=moment: len(posting.acknowledged) >= moment, posting)  # type: ignore[misc]
        kill_one(service, kind, dice, by)
    for poster in posters:
        poster.join()
    return posting


def _wait(holds: Callable[[], bool], posting: Posting) -> None:
    until = time.monotonic() + PATIENCE_S * 2
    while not holds():
        assert time.monotonic() < until, f"{len(posting.acknowledged)} acknowledged"
        time.sleep(0.002)


def _new_site(service: ServiceUp, name: str) -> str:
    """Create a site that takes any number; return a key to post with."""
    with store_of(service) as store:
        store.sites.create(Site(name, lang="fr", limits=WIDE))
        return store.sites.create_key(name, "round", frozenset({Scope.SUBMIT}))[1]


@contextmanager
def store_of(service: ServiceUp) -> Iterator[Store]:
    """Open the service's store."""
    settings = Settings(data_dir=service.data_dir, durability=Durability.STRICT)
    store = open_store(settings, load_secrets(settings), server_urls(settings).store)
    yield store
    store.client.close()


def check(service: ServiceUp, posting: Posting) -> dict[str, int]:
    """Assert that nothing acknowledged is lost and each comment is settled exactly once."""
    assert posting.contradictions == []
    assert len(posting.acknowledged) == posting.count, "not every comment was acknowledged"
    acknowledged = set(posting.acknowledged.values())
    assert len(acknowledged) == posting.count
    eventually(service.answers, service)
    site, keys = posting.site, SiteKeys(posting.site)
    with store_of(service) as store:
        eventually(lambda: not store.inbox.is_waiting(site), service)
        redis: Any = store.client
        assert redis.xpending(keys.inbox, "moderate")["pending"] == 0
        names = redis.scan_iter(keys.comment("*"), count=1000)
        # What is kept beside a comment has one more part in its key.
        found = (name.decode().removeprefix(keys.comment("")) for name in names)
        stored = {name for name in found if ":" not in name}
        assert stored == acknowledged, "the store and the acknowledgements differ"
        return _check_settled(store, site, sorted(stored))


def _check_settled(store: Store, site: str, ids: list[str]) -> dict[str, int]:
    records = store.comments.get_many(site, ids)
    approved = {r.comment.id for r in records if r.status is Status.APPROVED}
    assert [r.comment.id for r in records if r.status is Status.RECEIVED] == []
    # A comment is at version 1 when accepted, and each move from status to status adds 1.
    assert [(r.comment.id, r.version) for r in records if r.version != 2] == []
    counts = store.decisions.counts(site)
    by_status = {name: n for name, n in counts.items() if name.startswith("status.")}
    assert counts["accepted"] == counts["settled"] == sum(by_status.values()) == len(ids)
    for status in Status:
        expected = sum(r.status is status for r in records)
        assert counts.get(f"status.{status}", 0) == expected
    assert set(_thread(store, site)) == approved
    assert len(list(_thread(store, site))) == len(approved)
    assert store.threads.state(site, PAGE).count == len(approved)
    return {**counts, "dead": store.decisions.dead_letter_count(site)}


def _thread(store: Store, site: str) -> Iterator[str]:
    cursor = ""
    while True:
        found = store.threads.read(site, PAGE, Order.OLDEST, 200, cursor)
        yield from (node.record.comment.id for node in found.nodes)
        cursor = found.cursor
        if not cursor:
            return
