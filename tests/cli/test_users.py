"""`ecluse users`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from service.store.staff.accounts import Account, Role
from service.store.staff.door import PasswordChangeNeeded, SecondFactorNeeded, SignInRefused
from service.store.staff.sessions import Visit
from service.store.store import Store, open_store
from tests.cli.conftest import Ecluse
from tests.conftest import SECRETS
from tests.store.shelf import now_ms

OWN = "a longer password"


@pytest.fixture
def shelf(redis_url: str, tmp_path: Path) -> Iterator[Store]:
    """The store the commands work on, without its sites."""
    opened = open_store(Settings(data_dir=tmp_path), SECRETS, redis_url)
    yield opened
    opened.client.close()


def sign_in(store: Store, name: str, password: str, new_password: str = "") -> Account:
    visit = Visit(now_ms())
    found = store.door.signed_in(
        store.door.sign_in(name, password, visit, new_password), visit.now_ms
    )
    assert found is not None
    return found.account


def test_the_one_time_password_opens_once_a_new_one_is_set(ecluse: Ecluse, shelf: Store) -> None:
    password = ecluse("users", "create", "claire", "--json").data["one_time_password"]
    with pytest.raises(PasswordChangeNeeded):
        sign_in(shelf, "claire", password)
    assert sign_in(shelf, "claire", password, OWN).role is Role.ADMINISTRATOR


def test_a_moderator_is_bound_to_sites(ecluse: Ecluse, demo: str, shelf: Store) -> None:
    made = ecluse("users", "create", "max", "--role", "moderator", "--site", demo, "--json").data
    account = sign_in(shelf, "max", made["one_time_password"], OWN)
    assert (account.role, account.sites) == (Role.MODERATOR, frozenset({demo}))


def test_a_reset_ends_the_old_password(ecluse: Ecluse, shelf: Store) -> None:
    old = ecluse("users", "create", "claire", "--json").data["one_time_password"]
    new = ecluse("users", "reset", "claire", "--json").data["one_time_password"]
    with pytest.raises(SignInRefused):
        sign_in(shelf, "claire", old, OWN)
    assert sign_in(shelf, "claire", new, OWN)


def test_a_lost_phone_is_forgotten_on_demand(ecluse: Ecluse, shelf: Store) -> None:
    ecluse("users", "create", "claire")
    shelf.client.hset("ecluse:user:claire", "totp", b"sealed")
    for words, is_owed in (((), True), (("--second-factor",), False)):
        new = ecluse("users", "reset", "claire", "--json", *words).data["one_time_password"]
        if is_owed:
            with pytest.raises(SecondFactorNeeded):
                sign_in(shelf, "claire", new, OWN)
        else:
            assert sign_in(shelf, "claire", new, OWN)


def test_an_invitation_is_a_link_to_the_service(ecluse: Ecluse, demo: str, shelf: Store) -> None:
    words = ("users", "invite", "max", "--role", "ops", "--site", demo, "--json")
    link = ecluse(*words, PUBLIC_URL="https://c.example/").data["link"]
    address, token = link.rsplit("/", 1)
    assert address == "https://c.example/join"
    shelf.people.join(token, OWN, now_ms())
    assert sign_in(shelf, "max", OWN) == Account("max", Role.OPS, frozenset({demo}))


def test_accounts_are_listed_disabled_and_enabled(ecluse: Ecluse) -> None:
    for name in ("claire", "max"):
        ecluse("users", "create", name)
    assert ecluse("users", "disable", "max", "--json").data["disabled"] is True
    listed = ecluse("users", "list", "--json").data
    assert [(each["name"], each["disabled"]) for each in listed] == [
        ("claire", False),
        ("max", True),
    ]
    assert "claire" in ecluse("users", "list").out
    assert "enabled" not in ecluse("users", "enable", "max").err
    assert ecluse("users", "list", "--json").data[1]["disabled"] is False


def test_what_cannot_be_is_said_in_one_line(ecluse: Ecluse) -> None:
    ecluse("users", "create", "claire")
    taken = ecluse("users", "create", "claire")
    assert (taken.code, taken.err) == (1, "Error: an account called 'claire' exists already\n")
    for command in ("reset", "disable", "enable"):
        unknown = ecluse("users", command, "nobody")
        assert (unknown.code, unknown.err) == (1, "Error: no account is called 'nobody'\n")
    last = ecluse("users", "disable", "claire")
    assert (last.code, last.err) == (1, "Error: nobody but 'claire' administers all sites\n")
    assert ecluse("users", "create", "max", "--site", "nobody").code == 1
    assert ecluse("users", "create", "a b").code == 2


def test_somebody_is_given_another_role_and_other_sites(
    ecluse: Ecluse, demo: str, shelf: Store
) -> None:
    ecluse("users", "create", "max", "--role", "moderator", "--site", demo)
    row = ecluse("users", "role", "max", "--role", "ops", "--json").data
    assert (row["role"], row["sites"]) == ("ops", [demo])
    assert ecluse("users", "role", "max", "--every-site", "--json").data["sites"] == []
    assert ecluse("users", "role", "max").code == 2
    assert ecluse("users", "role", "max", "--every-site", "--site", demo).code == 2
    assert shelf.general_audit.newest(1)[0].kind == "role"


def test_the_last_administrator_keeps_the_role(ecluse: Ecluse, shelf: Store) -> None:
    ecluse("users", "create", "claire")
    answer = ecluse("users", "role", "claire", "--role", "ops")
    assert (answer.code, answer.err.count("\n")) == (1, 1)
    assert shelf.accounts.get("claire").role is Role.ADMINISTRATOR


def test_a_reset_link_sets_a_password_once(ecluse: Ecluse, shelf: Store) -> None:
    ecluse("users", "create", "claire")
    link = ecluse("users", "reset-link", "claire", "--json").data["link"]
    token = link.rpartition("/join/")[2]
    assert shelf.people.join(token, OWN, now_ms()) == "claire"
    assert sign_in(shelf, "claire", OWN).name == "claire"
    assert ecluse("users", "reset-link", "nobody").code == 1


def test_a_deleted_account_is_gone_and_its_name_kept(ecluse: Ecluse) -> None:
    for name in ("claire", "max"):
        ecluse("users", "create", name)
    assert ecluse("users", "delete", "max", "--yes").out == "max is deleted\n"
    assert [each["name"] for each in ecluse("users", "list", "--json").data] == ["claire"]
    ecluse("users", "create", "lea")
    deleted = ecluse("users", "delete", "lea", "--yes", "--json")
    assert deleted.data == {"name": "lea", "deleted": True}
    for command in ("create", "invite"):
        refused = ecluse("users", command, "max")
        assert refused.code == 1
        assert "`--again`" in refused.err
    last = ecluse("users", "delete", "claire", "--yes")
    assert (last.code, last.err) == (1, "Error: nobody but 'claire' administers all sites\n")
    assert ecluse("users", "create", "max", "--again").code == 0
