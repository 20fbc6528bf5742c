"""Bans: whom they mean, for how long, and how soon every process knows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from config.settings import Settings
from service.store import bans
from service.store.bans import Ban, BanInvalid, Bans, BansFull, By, Visitor, normalised, table_of
from service.store.store import Store, open_store
from tests.api.house import Clock
from tests.conftest import SECRETS
from tests.store.shelf import DEMO, raw

MO = "account:mo"
NOW = 1_790_000_000_000
CLAIRE = Visitor("Claire@Mail.Example.org", "192.0.2.7", "user-7")


def add(store: Store, by: By, value: str, *, shadow: bool = False, until: int | None = None) -> Ban:
    return store.bans.add(
        "demo", by, value, MO, NOW, is_shadow=shadow, until_ms=until, reason="trolling"
    )


def met(store: Store, visitor: Visitor = CLAIRE, at_ms: int = NOW) -> Ban | None:
    """Return the ban that means the visitor, as it is listed."""
    found = store.bans.match("demo", visitor, at_ms)
    return next((each for each in store.bans.list("demo") if found and each.id == found.id), None)


def met_by(bans: Bans) -> str:
    """Return the id of the ban that Claire meets on some process, or nothing."""
    found = bans.match("demo", CLAIRE, NOW)
    return found.id if found else ""


class Counted(Mapping[Any, Any]):
    """Count how often something is looked up in a mapping, or met on a walk through it."""

    def __init__(self, inner: Mapping[Any, Any]) -> None:
        self._inner = inner
        self.looks = 0

    def __getitem__(self, key: Any) -> Any:
        self.looks += 1
        return self._inner[key]

    def __iter__(self) -> Iterator[Any]:
        for key in self._inner:
            self.looks += 1
            yield key

    def __len__(self) -> int:
        return len(self._inner)


def ban_of(by: By, value: str) -> Ban:
    return Ban(value, by, value, False, None, "", MO, NOW)


@pytest.mark.parametrize(
    ("by", "value"),
    [
        (By.EMAIL, "claire@mail.example.org"),
        (By.EMAIL, " CLAIRE@mail.example.org "),
        (By.DOMAIN, "mail.example.org"),
        (By.DOMAIN, "@Example.org"),
        (By.IP, "192.0.2.7"),
        (By.IP, "192.0.2.0/24"),
        (By.IP, "192.0.2.99/24"),
        (By.IP, "::ffff:192.0.2.7"),
        (By.IP, "::ffff:192.0.2.0/120"),
        (By.AUTHOR, "user-7"),
    ],
)
def test_a_ban_means_whoever_shows_what_it_names(store: Store, by: By, value: str) -> None:
    ban = add(store, by, value)
    assert met(store) == ban
    assert met(store, Visitor()) is None


@pytest.mark.parametrize(
    ("by", "value"),
    [
        (By.EMAIL, "laire@mail.example.org"),
        (By.DOMAIN, "ample.org"),
        (By.DOMAIN, "claire@mail.example.org".rpartition("@")[2] + ".evil"),
        (By.IP, "192.0.3.0/24"),
        (By.IP, "2001:db8::/32"),
        (By.AUTHOR, "user-77"),
    ],
)
def test_it_means_nobody_else(store: Store, by: By, value: str) -> None:
    add(store, by, value)
    assert met(store) is None


def test_an_address_of_ipv4_in_the_clothes_of_ipv6_is_itself(store: Store) -> None:
    ban = add(store, By.IP, "192.0.2.0/24")
    assert met(store, Visitor(ip="::ffff:192.0.2.7")) == ban
    assert met(store, Visitor(ip="no address")) is None


@pytest.mark.parametrize(
    ("by", "value"),
    [
        (By.EMAIL, "claire"), (By.EMAIL, ""), (By.DOMAIN, "org"), (By.DOMAIN, "a@b.example"),
        (By.IP, "192.0.2.300"), (By.IP, "0.0.0.0/0"), (By.IP, "::/0"), (By.IP, "10.0.0.0/7"),
        (By.IP, "::ffff:0:0/96"), (By.IP, "12"), (By.AUTHOR, " "),
    ],
)  # fmt: skip
def test_what_is_not_of_its_kind_or_means_half_the_world_is_refused(by: By, value: str) -> None:
    with pytest.raises(BanInvalid):
        normalised(by, value)


addresses = st.ip_addresses()


@st.composite
def networks(draw: st.DrawFn) -> str:
    address = draw(addresses)
    length = draw(st.integers(8 if address.version == 4 else 16, address.max_prefixlen))
    found = ip_network((address, length), strict=False)
    assume(getattr(found.network_address, "ipv4_mapped", None) is None)
    return str(found)


@given(st.lists(networks(), max_size=8), addresses, st.integers(0, 8))
def test_ranges_are_found_as_by_looking_through_all(
    ranges: list[str], somebody: object, shorter: int
) -> None:
    values = [normalised(By.IP, each) for each in ranges]
    table = table_of(ban_of(By.IP, value) for value in values)
    inside = [str(ip_network(value)[-1]) for value in values[:shorter]]
    for text in (str(somebody), *inside):
        address = ip_address(text)
        address = getattr(address, "ipv4_mapped", None) or address
        expected = {value for value in values if "/" in value and address in ip_network(value)}
        assert {ban.value for ban in table.around(address)} == expected


def test_a_ban_ends_by_itself(store: Store) -> None:
    add(store, By.EMAIL, "claire@mail.example.org", until=NOW + 1000)
    assert met(store, at_ms=NOW + 999) is not None
    assert met(store, at_ms=NOW + 1000) is None


def test_of_several_the_plain_and_longest_counts(store: Store) -> None:
    add(store, By.DOMAIN, "example.org", shadow=True)
    add(store, By.IP, "192.0.2.7", until=NOW + 5)
    longest = add(store, By.AUTHOR, "user-7", until=NOW + 9)
    assert met(store) == longest
    for_good = add(store, By.IP, "192.0.2.0/24")
    assert met(store) == for_good


def test_banning_again_replaces(store: Store) -> None:
    first = add(store, By.EMAIL, "claire@mail.example.org", shadow=True)
    second = add(store, By.EMAIL, "Claire@mail.example.org")
    assert first.id == second.id
    assert store.bans.list("demo") == (second,)


def test_a_lifted_ban_means_nobody_at_once(store: Store) -> None:
    ban = add(store, By.EMAIL, "claire@mail.example.org")
    assert met(store) == ban
    assert store.bans.lift("demo", ban.id, MO)
    assert met(store) is None
    assert not store.bans.lift("demo", ban.id, MO)


@pytest.fixture
def other(settings: Settings) -> Iterator[tuple[Bans, Clock]]:
    """Another process's view of the same bans, and its clock."""
    opened = open_store(settings, SECRETS, settings.redis_url)
    clock = Clock(100.0)
    yield Bans(opened.client, opened.vault, clock), clock
    opened.client.close()


def test_other_processes_know_within_two_seconds(store: Store, other: tuple[Bans, Clock]) -> None:
    theirs, clock = other
    assert met_by(theirs) == ""
    ban = add(store, By.EMAIL, "claire@mail.example.org")
    clock.now += 2.0
    assert met_by(theirs) == ban.id
    store.bans.lift("demo", ban.id, MO)
    assert met_by(theirs) == ban.id
    clock.now += 2.0
    assert met_by(theirs) == ""


def test_bans_that_did_not_change_are_not_read_again(
    store: Store, other: tuple[Bans, Clock]
) -> None:
    theirs, clock = other
    ban = add(store, By.EMAIL, "claire@mail.example.org")
    assert met_by(theirs) == ban.id
    raw(store).delete(DEMO.bans)
    clock.now += 2.0
    assert met_by(theirs) == ban.id


def test_each_site_has_its_own(store: Store) -> None:
    add(store, By.EMAIL, "claire@mail.example.org")
    assert store.bans.match("blog", CLAIRE, NOW) is None


def test_e_mails_and_single_addresses_are_sealed_at_rest(store: Store) -> None:
    add(store, By.EMAIL, "claire@mail.example.org")
    add(store, By.IP, "192.0.2.7")
    add(store, By.IP, "192.0.2.0/24")
    stored = repr(raw(store).hgetall(DEMO.bans)) + repr(raw(store).xrange(DEMO.audit))
    assert "claire" not in stored
    assert "192.0.2.7" not in stored
    assert "192.0.2.0/24" in stored


def test_it_is_audited_who_bans_and_lifts(store: Store) -> None:
    ban = add(store, By.DOMAIN, "example.org")
    store.bans.lift("demo", ban.id, "account:zoe")
    banned, lifted = (fields for _, fields in raw(store).xrange(DEMO.audit))
    assert (banned[b"kind"], banned[b"ban"]) == (b"ban", ban.id.encode())
    assert b'"actor":"account:mo"' in banned[b"detail"]
    assert (lifted[b"kind"], lifted[b"actor"]) == (b"lift", b"account:zoe")


def test_a_full_site_takes_no_more_but_where_some_have_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bans, "MOST_BANS", 2)
    first = add(store, By.DOMAIN, "a.example", until=NOW + 5)
    add(store, By.DOMAIN, "b.example")
    with pytest.raises(BansFull):
        add(store, By.DOMAIN, "c.example")
    add(store, By.DOMAIN, "b.example", shadow=True)
    late = store.bans.add("demo", By.DOMAIN, "c.example", MO, NOW + 5)
    assert first not in store.bans.list("demo")
    assert late in store.bans.list("demo")


def test_a_ban_that_cannot_be_read_hides_no_other(store: Store) -> None:
    ban = add(store, By.EMAIL, "claire@mail.example.org")
    raw(store).hset(DEMO.bans, "broken", "{")
    raw(store).incr(DEMO.bans_edition)
    store.bans._tables.clear()
    assert met(store) == ban


def test_ten_thousand_bans_are_looked_up_with_as_many_looks_as_ten(store: Store) -> None:
    def looks(count: int) -> int:
        found = [ban_of(By.DOMAIN, f"d{number}.example") for number in range(count)]
        found += [ban_of(By.IP, str(ip_address(number << 8)) + "/24") for number in range(count)]
        made = table_of(found)
        named = Counted(made.named)
        ranges = {length: Counted(networks) for length, networks in made.ranges.items()}
        table = replace(made, named=named, ranges=ranges)
        store.bans._tables["demo"] = (time.monotonic() + 3_600, table)
        store.bans.match("demo", CLAIRE, NOW)
        return named.looks + sum(networks.looks for networks in ranges.values())

    assert 0 < looks(5_000) == looks(5)
