"""The names of keys: one slot per site, one key per page whatever its spelling."""

from __future__ import annotations

import re
from dataclasses import fields
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.schemas.site_values import SITE_NAME
from service.store.keys import EVERY_SITE, SiteKeys, normalised_page, page_key

ROOM = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12)
SEGMENT = st.text(min_size=1, max_size=8).map(lambda text: quote(text.encode("utf-8", "replace")))
PATHS = st.lists(SEGMENT.filter(lambda s: s not in (".", "..")), max_size=3).map(
    lambda parts: "/".join(parts)
)
QUERIES = st.lists(st.tuples(ROOM.map(lambda name: f"q{name}"), ROOM), max_size=3)
ADDRESSES = st.builds(
    lambda scheme, host, path, query: (
        f"{scheme}://{host}.test/{path}"
        + ("?" + "&".join(f"{name}={value}" for name, value in query) if query else "")
    ),
    st.sampled_from(["http", "https"]),
    ROOM,
    PATHS,
    QUERIES,
)


@given(st.text())
def test_a_page_key_has_22_characters_that_need_no_escaping(page: str) -> None:
    key = page_key(page.encode("utf-8", "replace").decode())
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", key)


@given(ADDRESSES)
def test_normalising_twice_changes_nothing_more(page: str) -> None:
    once = normalised_page(page)
    assert normalised_page(once) == once


@given(ADDRESSES, ROOM, ROOM)
def test_every_spelling_of_an_address_is_one_page(page: str, name: str, value: str) -> None:
    scheme, rest = page.split("://")
    host, slash, path = rest.partition("/")
    mark = "&" if "?" in page else "?"
    for spelling in (
        f"{scheme.upper()}://{host.upper()}{slash}{path}",
        f"{page}#{name}",
        f"  {page} ",
        f"{page}{mark}utm_{name}={value}",
        f"{page}{mark}ecluse_{name}={value}",
    ):
        assert page_key(spelling) == page_key(page), spelling


@given(ADDRESSES.filter(lambda page: "?" not in page))
def test_a_final_slash_makes_no_other_page(page: str) -> None:
    assert page_key(page.rstrip("/")) == page_key(page.rstrip("/") + "/")


@given(ADDRESSES, ADDRESSES)
def test_two_addresses_share_a_key_only_when_they_are_spelt_alike(one: str, other: str) -> None:
    assert (page_key(one) == page_key(other)) == (normalised_page(one) == normalised_page(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://site.test/a", "https://site.test/a"),
        ("http://site.test/a", "http://site.test/A"),
        ("http://site.test/a", "http://site.test/a?page=2"),
        ("http://site.test/a?x=1&y=2", "http://site.test/a?y=2&x=1"),
        ("http://site.test/a?x=", "http://site.test/a"),
        ("http://site.test/a", "http://site.test:8080/a"),
        ("article-1", "article-2"),
        ("article", "Article"),
    ],
)
def test_different_pages_stay_apart(one: str, other: str) -> None:
    assert page_key(one) != page_key(other)


@given(st.text(max_size=20).filter(lambda text: not text.strip().lower().startswith("http")))
def test_an_identifier_stays_as_it_is(page: str) -> None:
    assert normalised_page(page) == page.strip()


@pytest.mark.parametrize("page", ["http://[", "http://[::1", "http://site.test:port/", "http://"])
def test_an_address_that_is_none_is_still_a_page(page: str) -> None:
    assert len(page_key(page)) == 22


@given(ROOM)
def test_no_site_can_take_the_place_of_all_sites_together(site: str) -> None:
    assert SITE_NAME.fullmatch(EVERY_SITE) is None
    assert SiteKeys(EVERY_SITE).recent != SiteKeys(site).recent


@given(ROOM, st.text("abc}{:", min_size=1, max_size=8))
def test_every_key_of_a_site_shares_its_hash_tag(site: str, part: str) -> None:
    keys = SiteKeys(site)
    plain = [
        getattr(keys, name) for name, value in vars(SiteKeys).items() if isinstance(value, property)
    ]
    made = [
        keys.status(part), keys.comment(part), keys.author(part), keys.idempotency(part),
        keys.rate(part, part), keys.page(part), keys.roots(part), keys.thread(part),
    ]  # fmt: skip
    names = plain + made
    assert len(plain) >= 9
    assert len(set(names)) == len(names)
    for name in names:
        assert re.match(r"ecluse:\{([^{}]*)\}:", name)[1] == site  # type: ignore[index]
    assert [field.name for field in fields(SiteKeys)] == ["site"]
