"""`ecluse export` and `ecluse erase`."""

from __future__ import annotations

import base64

import pytest

from service.moderation.comment import Facts
from service.moderation.verdict import Action, Status
from service.store.sealing import Personal
from service.store.sites import Site
from service.store.store import Store
from tests.cli.conftest import Ecluse
from tests.conftest import SECRETS, arrival_of, comment_of
from tests.store.shelf import DEMO, decide, raw, settle_all

CLAIRE, DENIS = "claire@example.org", "denis@example.org"


@pytest.fixture
def keys(environment: dict[str, str]) -> None:
    """Have the commands use the secrets of the tests' store."""
    environment["ECLUSE_SECRET_KEY"] = SECRETS.signing.decode()
    environment["ECLUSE_DATA_KEYS"] = base64.b64encode(SECRETS.data_keys[0]).decode()


@pytest.fixture
def town(store: Store, keys: None) -> Store:  # noqa: ARG001
    """Two people on two sites, Claire's comments in every status."""
    store.sites.create(Site("blog", origins=("http://blog.test",)))
    for name, email, site in (
        ("a", CLAIRE, "demo"), ("b", "Claire@Example.ORG", "demo"), ("c", CLAIRE, "blog"),
        ("d", DENIS, "demo"), ("e", CLAIRE, "demo"), ("f", CLAIRE, "demo"),
    ):  # fmt: skip
        key = store.vault.lookup("email", email.lower())
        store.comments.accept(
            arrival_of(
                comment_of(name, f"Mots de {name}", site=site),
                personal=Personal(email, "192.0.2.7"), facts=Facts(author_key=key),
            )
        )  # fmt: skip
        if name != "f" and site == "demo":
            settle_all(store, Action.HOLD if name == "b" else Action.APPROVE)
    decide(store, "e", Status.SPAM)
    store.authors.trust(
        "demo", store.vault.lookup("email", CLAIRE), "account:mo", 5, label="Claire"
    )
    return store


@pytest.mark.usefixtures("town")
def test_all_comments_of_an_address_are_printed(ecluse: Ecluse) -> None:
    rows = ecluse("export", "CLAIRE@example.org").lines
    assert sorted((row["site"], row["id"]) for row in rows) == [
        ("blog", "c"), ("demo", "a"), ("demo", "b"), ("demo", "e"), ("demo", "f"),
    ]  # fmt: skip
    assert {row["email"].lower() for row in rows} == {CLAIRE}
    assert {row["status"] for row in rows} == {"approved", "held", "spam", "received"}
    assert len(ecluse("export", "-", "--site", "demo", stdin=f"{CLAIRE}\n").lines) == 4
    assert ecluse("export", "nobody@example.org").out == ""


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("more", [("--output", "out"), ("--format", "wxr"), ("--personal",)])
def test_what_goes_with_a_site_only_is_not_passed_over_in_silence(
    more: tuple[str, ...], ecluse: Ecluse
) -> None:
    answer = ecluse("export", CLAIRE, *more)
    assert (answer.code, answer.out) == (2, "")
    assert "go with a SITE only" in answer.err


def test_erasing_leaves_nothing_of_the_address(ecluse: Ecluse, town: Store) -> None:
    key = town.vault.lookup("email", CLAIRE)
    answer = ecluse("erase", CLAIRE, "--yes", "--json")
    assert answer.data == {"erased": 5, "sites": {"blog": 1, "demo": 4}}
    assert ecluse("export", CLAIRE).out == ""
    assert [row["id"] for row in ecluse("export", DENIS).lines] == ["d"]
    for name in ("a", "b", "e", "f"):
        assert town.comments.get("demo", name).is_erased
    redis = raw(town)
    for name in redis.scan_iter("ecluse:*"):
        assert key.encode() not in name
    for stored in (redis.hgetall(DEMO.comment(name)) for name in ("a", "b", "e", "f")):
        text = b" ".join(stored.values())
        assert not [word for word in (key.encode(), b"Claire", b"Mots") if word in text]
    assert not redis.hexists(DEMO.trusted, key)
    [entry] = town.audit.newest("demo", frozenset({"erased-address"}), 0, 99)
    assert (entry.actor, entry.details) == ("cli", {"comments": 4})
    assert ecluse("verify").code == 0


def test_erasing_asks_first(ecluse: Ecluse, town: Store) -> None:
    assert ecluse("erase", CLAIRE, stdin="n\n").code == 1
    assert not town.comments.get("demo", "a").is_erased


def test_what_is_no_address_is_a_line_that_does_not_repeat_it(ecluse: Ecluse) -> None:
    for words in (("export", "claire@"), ("erase", "claire", "--yes")):
        answer = ecluse(*words)
        assert answer.code == 2
        assert "Traceback" not in answer.err
    assert ecluse("export", CLAIRE, "--site", "nowhere").code == 1
