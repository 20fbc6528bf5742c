"""Backups: all that lasts comes back, equal; a file that is not whole or not ours is refused."""

from __future__ import annotations

import io
import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import Settings
from service.moderation.verdict import Action, Status
from service.store.bans import By
from service.store.queue.views import View
from service.store.sites import Scope
from service.store.staff.accounts import Account, Role
from service.store.staff.sessions import Visit
from service.store.store import Store, open_store
from service.store.upkeep import backup, sealed_file
from service.store.upkeep.backup import (
    Digest,
    NotEqual,
    checked,
    clear,
    digest_of,
    is_empty,
    records,
    restore,
)
from service.store.upkeep.sealed_file import FileBroken, PassphraseNeeded, read, write
from service.store.upkeep.verify import Verifier
from tests.conftest import SECRETS, cheap_passwords
from tests.store.shelf import DEMO, bring, decide, now_ms, publish, raw, settle_all

CHEAP_N = 2
WORD = "a long passphrase"


def silent(what: str, done: int) -> None:
    """Hear how far it is."""


@pytest.fixture
def full(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A site with something of every kind, more of some than is read at once."""
    monkeypatch.setattr(backup, "AT_ONCE", 25)
    for number in range(80):
        bring(store, f"c{number:03}", author_key=f"a{number % 30}")
    settle_all(store)
    publish(store, "reply", parent="c000")
    bring(store, "held", url="http://x.test")
    settle_all(store, Action.HOLD)
    decide(store, "c001", Status.SPAM)
    store.notes.add("demo", "held", "account:mo", "Satire?", 2)
    store.bans.add("demo", By.EMAIL, "troll@example.org", "account:mo", 6)
    store.authors.trust("demo", "a7", "account:mo", 5)
    store.sites.create_key("demo", "", frozenset({Scope.SUBMIT}))
    store.accounts.create(Account("mo", Role.MODERATOR), "one-time-password")
    store.views.save("mo", View("Mine", "lang=fr"))
    store.general_audit.add("created", "cli", name="mo")
    raw(store).hset(DEMO.layer, "layer", bytes(range(256)) * 4)
    bring(store, "waiting")
    return store


@pytest.fixture
def other(valkey_server: str, tmp_path: Any) -> Iterator[Store]:
    """An empty server."""
    opened = open_store(
        Settings(data_dir=tmp_path), SECRETS, f"{valkey_server}?db=4095", cheap_passwords()
    )
    raw(opened).flushdb()
    yield opened
    raw(opened).flushdb()
    opened.client.close()


def saved(store: Store, passphrase: str = "") -> bytes:
    file = io.BytesIO()
    write(file, {}, records(store.client, silent), passphrase, scrypt_n=CHEAP_N)
    return file.getvalue()


def brought_back(store: Store, file: bytes, passphrase: str = "") -> Digest:
    return restore(store.client, checked(read(io.BytesIO(file), passphrase)), silent)


def test_everything_comes_back_equal(full: Store, other: Store) -> None:
    before = digest_of(full.client, silent)
    assert is_empty(other.client)
    found = brought_back(other, saved(full))
    assert found.text == digest_of(other.client, silent).text == before.text
    assert before.kinds.keys() == {"string", "hash", "set", "list", "zset", "stream"}
    mine, theirs = full, other
    assert theirs.comments.get("demo", "held") == mine.comments.get("demo", "held")
    assert theirs.comments.personal(theirs.comments.get("demo", "held")).email
    assert theirs.decisions.counts("demo") == mine.decisions.counts("demo")
    assert theirs.sites.read("demo") == mine.sites.read("demo")
    assert theirs.accounts.every() == mine.accounts.every()
    assert theirs.bans.list("demo") == mine.bans.list("demo")
    assert theirs.timeline.of("demo", "c001") == mine.timeline.of("demo", "c001")
    assert theirs.general_audit.newest() == mine.general_audit.newest()
    assert Verifier(other.client).verify("demo").findings == {}


def test_a_restored_site_goes_on_where_it_was(full: Store, other: Store) -> None:
    brought_back(other, saved(full))
    assert settle_all(other) == 1
    publish(other, "after", parent="c000")
    assert other.decisions.undo("demo", "c001", "account:mo", now_ms()).status == Status.APPROVED
    assert Verifier(other.client).verify("demo").findings == {}


def test_what_ends_by_itself_is_left_out(full: Store, other: Store) -> None:
    visit = Visit(now_ms())
    full.sessions.open("mo", 0, visit)
    full.people.issue_reset("mo", "cli", visit.now_ms)
    full.claims.take("demo", "held", "account:mo", 1)
    assert raw(full).exists(DEMO.bell)
    brought_back(other, saved(full))
    kept = {key.decode() for key in raw(other).scan_iter()}
    gone = {key.decode() for key in raw(full).scan_iter()} - kept
    assert any(":session" in key for key in gone)
    assert {DEMO.bell, DEMO.claim("held"), "ecluse:links"} <= gone
    assert not [key for key in kept if raw(other).ttl(key) != -1]
    assert not [key for key in gone if raw(full).ttl(key) == -1 and key != "ecluse:links"]


def test_another_value_another_digest(full: Store) -> None:
    before = digest_of(full.client, silent).text
    raw(full).zincrby(DEMO.status("approved"), 1, "c002")
    changed = digest_of(full.client, silent).text
    raw(full).zincrby(DEMO.status("approved"), -1, "c002")
    assert changed != before == digest_of(full.client, silent).text


def test_a_server_that_holds_something_else_is_not_called_equal(full: Store, other: Store) -> None:
    raw(other).set("ecluse:{other}:bans:edition", 5)
    with pytest.raises(NotEqual, match="string"):
        brought_back(other, saved(full))


def test_a_backup_of_a_site_that_works_meanwhile_is_put_right(full: Store, other: Store) -> None:
    """Each comment comes back as it was at one moment, and the listings by the comments."""
    ended = threading.Event()
    faults: list[Exception] = []

    def live() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            try:
                publish(full, f"n{number:04}", parent="c000")
                decide(full, f"c{number % 70 + 2:03}", (Status.HELD, Status.SPAM)[number % 2])
            except Exception as error:
                faults.append(error)

    thread = threading.Thread(target=live)
    thread.start()
    try:
        file = saved(full)
    finally:
        ended.set()
        thread.join()
    assert faults == []
    brought_back(other, file)
    assert Verifier(other.client, mends=True).verify("demo").left == 0
    assert Verifier(other.client).verify("demo").findings == {}
    ids = [key.decode().rpartition(":")[2] for key in raw(other).scan_iter(DEMO.comment("c???"))]
    for record in other.comments.get_many("demo", ids):
        if record.decision is not None:
            assert record.status == record.decision.target


@pytest.mark.parametrize(
    "record",
    [
        [b"string"], [b"string", b"rq:workers", b"x"], [b"zset", b"ecluse:x", b"a", b"much"],
        [b"zset", b"ecluse:x", b"a"], [b"hash", b"ecluse:x", b"a"], [b"list", b"ecluse:x"],
        [b"stream", b"ecluse:x", b"now", b"a", b"b"], [b"module", b"ecluse:x", b"a"],
    ],
)  # fmt: skip
def test_records_that_are_none_of_ours_are_refused(record: list[bytes]) -> None:
    with pytest.raises(FileBroken):
        list(checked([record]))


def test_a_server_is_cleared_of_ours_alone(full: Store) -> None:
    raw(full).set("somebody:else", 1)
    clear(full.client)
    assert list(raw(full).scan_iter()) == [b"somebody:else"]


@pytest.mark.parametrize("passphrase", ["", WORD], ids=["plain", "sealed"])
def test_a_file_that_is_cut_off_or_altered_is_refused(passphrase: str) -> None:
    noise = random.Random(5)
    content = [[noise.randbytes(40), b"", noise.randbytes(90_000)] for _ in range(9)]
    file = io.BytesIO()
    write(file, {"made_at": "now"}, content, passphrase, scrypt_n=CHEAP_N)
    whole = file.getvalue()
    assert list(read(io.BytesIO(whole), passphrase)) == content
    head = whole.index(b"\n") + 1
    ends = {0, 1, head, head + 2, head + 4, head + 4 + sealed_file.CHUNK, len(whole) - 1}
    for end in ends | set(range(0, len(whole), 50_021)):
        with pytest.raises(FileBroken):
            list(read(io.BytesIO(whole[:end]), passphrase))
    for at in [*range(head, len(whole), 45_007), len(whole) - 1]:
        damaged = bytearray(whole)
        damaged[at] ^= 1
        with pytest.raises(FileBroken):
            list(read(io.BytesIO(bytes(damaged)), passphrase))
    for added in (b"x", whole[head:]):
        with pytest.raises(FileBroken):
            list(read(io.BytesIO(whole + added), passphrase))


def test_a_sealed_file_opens_by_its_passphrase_alone() -> None:
    file = io.BytesIO()
    write(file, {}, [[b"secret words"]], WORD, scrypt_n=CHEAP_N)
    whole = file.getvalue()
    assert b"secret" not in whole
    with pytest.raises(PassphraseNeeded):
        list(read(io.BytesIO(whole)))
    with pytest.raises(FileBroken, match="passphrase"):
        list(read(io.BytesIO(whole), "another"))
    told = whole.replace(b'"version":1', b'"version":1 ')
    with pytest.raises(FileBroken):
        list(read(io.BytesIO(told), WORD))


def test_chunks_of_a_sealed_file_cannot_change_places() -> None:
    noise = random.Random(6).randbytes(3 * sealed_file.CHUNK)
    file = io.BytesIO()
    write(file, {}, [[noise]], WORD, scrypt_n=CHEAP_N)
    whole = file.getvalue()
    head, step = whole.index(b"\n") + 1, sealed_file.CHUNK + 16 + 4
    one, other = whole[head : head + step], whole[head + step : head + 2 * step]
    swapped = whole[:head] + other + one + whole[head + 2 * step :]
    with pytest.raises(FileBroken):
        list(read(io.BytesIO(swapped), WORD))


@given(st.binary(max_size=400))
def test_no_bytes_are_taken_for_a_backup(noise: bytes) -> None:
    head = b'{"format":"ecluse-backup","version":1}\n'
    for file in (noise, head + noise, b'{"format":"ecluse-backup","version":2}\n' + noise):
        with pytest.raises(FileBroken):
            list(read(io.BytesIO(file)))


@given(st.lists(st.lists(st.binary(max_size=30), min_size=1, max_size=4), max_size=6))
def test_any_records_come_out_as_they_went_in(content: list[list[bytes]]) -> None:
    file = io.BytesIO()
    write(file, {}, content)
    assert list(read(io.BytesIO(file.getvalue()))) == content
