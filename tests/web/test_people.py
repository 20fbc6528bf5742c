"""The people page: who may sign in, and what an administrator does about it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import service
from service.store.staff.accounts import Account, Role
from service.store.staff.door import SignInRefused
from service.store.staff.sessions import Visit
from service.web.staff.people_log import KINDS, SHOWN
from tests.api.house import PASSWORD, House
from tests.web.markup import Page
from tests.web.staff import Staffer, staffer

SITES = frozenset({"demo"})
ADA = {"name": "ada", "role": "moderator", "sites": ["demo"]}


@pytest.fixture
def root(house: House) -> Staffer:
    house.add_site("journal")
    return staffer(house, "root", Role.ADMINISTRATOR)


def add(house: House, name: str, role: Role, sites: frozenset[str] = SITES) -> None:
    house.services.store.accounts.create(Account(name, role, sites), "one time password")


def now_ms(house: House) -> int:
    return int(house.services.clock() * 1000)


def invited(browser: Staffer, **fields: object) -> str:
    """Return the path of the link an invitation shows."""
    answer = browser.post("/people/invite", {**ADA, **fields})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return urlsplit(Page(answer.get_data(as_text=True)).by_id("link").attributes["value"]).path


def account_of(house: House, name: str) -> Account:
    return house.services.store.accounts.get(name)


def test_an_invited_person_chooses_a_password_and_is_in(house: House, root: Staffer) -> None:
    path = invited(root)
    assert path not in root.get("/people/").get_data(as_text=True)
    client = house.app.test_client()
    shown = client.get(path, headers={"Accept-Language": "fr"}).get_data(as_text=True)
    assert "ada" in shown
    assert "Modération" in shown
    entered = client.post(path, data={"new_password": PASSWORD})
    assert entered.status_code == 303
    landed = client.get(entered.headers["Location"], follow_redirects=True)
    assert "ada" in landed.get_data(as_text=True)
    assert account_of(house, "ada") == Account("ada", Role.MODERATOR, SITES)
    assert house.client.post(path, data={"new_password": PASSWORD}).status_code == 410


def test_a_short_password_uses_no_link_up(house: House, root: Staffer) -> None:
    path = invited(root)
    answer = house.client.post(path, data={"new_password": "short"})
    assert answer.status_code == 422
    assert "new_password" in Page(answer.get_data(as_text=True)).errors()
    assert house.client.post(path, data={"new_password": PASSWORD}).status_code == 303


def test_a_link_shows_the_public_address(house: House, root: Staffer) -> None:
    house.replace(settings=replace(house.services.settings, public_url="https://c.example/"))
    answer = root.post("/people/invite", dict(ADA))
    assert 'value="https://c.example/join/' in answer.get_data(as_text=True)


def test_another_sites_page_cannot_make_somebody_join(house: House, root: Staffer) -> None:
    path, headers = invited(root), {"Sec-Fetch-Site": "cross-site"}
    answer = house.client.post(path, data={"new_password": PASSWORD}, headers=headers)
    assert answer.status_code == 403


def test_a_made_up_link_is_told_gone_in_a_page(house: House) -> None:
    answer = house.client.get("/join/nothing", headers={"Accept-Language": "fr"})
    assert answer.status_code == 410
    assert "trop ancien" in answer.get_data(as_text=True)


def test_an_invitation_can_be_revoked(house: House, root: Staffer) -> None:
    path = invited(root)
    [link_id] = re.findall(r'name="id" value="(\w+)"', root.get("/people/").get_data(as_text=True))
    assert root.post("/people/links/revoke", {"id": link_id}).status_code == 303
    assert house.client.get(path).status_code == 410
    assert root.post("/people/links/revoke", {"id": link_id}).status_code == 404


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": "a b"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "root"}, "name"),
        ({"role": "king"}, "role"),
        ({"sites": []}, "sites"),
        ({"sites": ["nowhere"]}, "sites"),
    ],
)
def test_what_is_wrong_with_an_invitation_stands_beside_its_field(
    root: Staffer, fields: dict[str, object], wrong: str
) -> None:
    answer = root.post("/people/invite", {**ADA, **fields})
    assert answer.status_code == 422
    assert list(Page(answer.get_data(as_text=True)).errors()) == [wrong]


def test_a_role_is_changed_and_the_persons_sessions_end(house: House, root: Staffer) -> None:
    other = staffer(house, "ada", Role.MODERATOR)
    answer = root.post("/people/ada/role", {"role": "ops", "sites": ["demo", "journal"]})
    assert answer.status_code == 303
    assert "ada" in root.get(answer.headers["Location"]).get_data(as_text=True)
    both = frozenset({"demo", "journal"})
    assert account_of(house, "ada") == Account("ada", Role.OPS, both)
    assert other.get("/account/").status_code == 303


def test_the_last_administrator_cannot_go(house: House, root: Staffer) -> None:
    for path, fields in (
        ("disable", {}),
        ("role", {"role": "moderator", "sites": ["*"]}),
        ("role", {"role": "administrator", "sites": ["demo"]}),
    ):
        answer = root.post(f"/people/root/{path}", fields)
        assert answer.status_code == 409
        assert 'role="alert"' in answer.get_data(as_text=True)
    assert account_of(house, "root") == Account("root", Role.ADMINISTRATOR)


def test_a_disabled_account_comes_in_again_once_enabled(house: House, root: Staffer) -> None:
    other = staffer(house, "ada", Role.MODERATOR)
    root.post("/people/ada/disable")
    assert other.get("/account/").status_code == 303
    with pytest.raises(SignInRefused):
        house.services.store.door.sign_in("ada", PASSWORD, Visit(now_ms(house)))
    assert "disabled" in root.get("/people/").get_data(as_text=True)
    root.post("/people/ada/enable")
    assert house.services.store.door.sign_in("ada", PASSWORD, Visit(now_ms(house)))


def test_a_reset_link_sets_a_new_password(house: House, root: Staffer) -> None:
    add(house, "ada", Role.MODERATOR)
    shown = Page(root.post("/people/ada/reset").get_data(as_text=True))
    path = urlsplit(shown.by_id("link").attributes["value"]).path
    assert house.client.post(path, data={"new_password": PASSWORD}).status_code == 303
    assert house.services.store.door.sign_in("ada", PASSWORD, Visit(now_ms(house)))


def test_a_reset_link_alone_does_not_pass_the_second_factor(house: House, root: Staffer) -> None:
    add(house, "ada", Role.MODERATOR)
    house.services.store.client.hset("ecluse:user:ada", "totp", b"sealed")
    shown = Page(root.post("/people/ada/reset").get_data(as_text=True))
    path = urlsplit(shown.by_id("link").attributes["value"]).path
    answer = house.client.post(path, data={"new_password": PASSWORD})
    assert answer.headers["Location"] == "/sign-in/code"
    assert root.post("/people/ada/second-factor").status_code == 303
    assert not account_of(house, "ada").has_second_factor


def test_only_administrators_see_people(house: House, root: Staffer) -> None:
    for role in (Role.MODERATOR, Role.OPS):
        other = staffer(house, role.value, role)
        assert other.get("/people/").status_code == 403
        assert other.post("/people/root/disable").status_code == 403
        assert "/people/" not in other.get("/account/").get_data(as_text=True)
    assert "/people/" in root.get("/account/").get_data(as_text=True)


def test_an_administrator_of_one_site_has_a_say_over_its_people_only(
    house: House, root: Staffer
) -> None:
    local = staffer(house, "local", Role.ADMINISTRATOR, SITES)
    add(house, "ours", Role.MODERATOR)
    add(house, "both", Role.MODERATOR, frozenset({"demo", "journal"}))
    invited(root, name="theirs", sites=["journal"])
    listed = local.get("/people/").get_data(as_text=True)
    assert "ours" in listed
    assert not any(name in listed for name in ("both", "root", "theirs", 'value="*"'))
    for name in ("root", "both", "nobody"):
        assert local.get(f"/people/{name}").status_code == 404
        assert local.post(f"/people/{name}/reset").status_code == 404
    for sites in (["*"], ["journal"], ["demo", "journal"]):
        assert local.post("/people/invite", {**ADA, "sites": sites}).status_code == 422
        changed = local.post("/people/ours/role", {"role": "ops", "sites": sites})
        assert changed.status_code == 422
    assert invited(local)


def test_a_reset_link_to_somebody_of_another_site_cannot_be_revoked(
    house: House, root: Staffer
) -> None:
    local = staffer(house, "local", Role.ADMINISTRATOR, SITES)
    root.post("/people/root/reset")
    [link] = house.services.store.people.open_links(now_ms(house))
    assert local.post("/people/links/revoke", {"id": link.id}).status_code == 404


def test_the_log_names_the_administrator(house: House, root: Staffer) -> None:
    invited(root)
    newest = house.services.store.general_audit.newest(1)[0]
    assert (newest.kind, newest.actor) == ("invitation", "account:root")


def test_the_log_is_read_page_by_page_in_ones_language(house: House, root: Staffer) -> None:
    invited(root)
    audit = house.services.store.general_audit
    for number in range(SHOWN):
        audit.add("enabled", "account:root", name=f"somebody{number}")
    first = root.get("/people-log/", headers={"Accept-Language": "fr"}).get_data(as_text=True)
    assert "A réactivé un compte." in first
    assert "somebody0" in first
    assert "ada · moderator · demo" not in first
    [older] = [each for each in Page(first).all("a") if "before=" in each.attributes["href"]]
    second = root.get(older.attributes["href"]).get_data(as_text=True)
    assert "ada · moderator · demo" in second
    assert "somebody0" not in second
    assert root.get("/people-log/?before=x").status_code == 400


def test_every_kind_of_line_in_the_log_has_its_sentence() -> None:
    folder = Path(service.__file__).parent
    sources = "".join(path.read_text("utf-8") for path in folder.rglob("*.py"))
    written = set(re.findall(r'(?:audit\.add|_told)\(\s*"([a-z-]+)"', sources))
    assert written == set(KINDS)


def test_only_who_administers_all_sites_reads_the_log(house: House, root: Staffer) -> None:
    local = staffer(house, "local", Role.ADMINISTRATOR, SITES)
    assert local.get("/people-log/").status_code == 403
    assert "/people-log" not in local.get("/people/").get_data(as_text=True)
    assert "/people-log" in root.get("/people/").get_data(as_text=True)


def test_an_account_is_deleted_by_who_says_so_twice(house: House, root: Staffer) -> None:
    ada = staffer(house, "ada", Role.MODERATOR, SITES)
    assert "Delete the account" in root.get("/people/ada").get_data(as_text=True)
    unsure = root.post("/people/ada/delete")
    assert unsure.status_code == 422
    assert "Say that you are sure." in unsure.get_data(as_text=True)
    assert account_of(house, "ada")
    gone = root.post("/people/ada/delete", {"sure": "yes"})
    assert gone.headers["Location"] == "/people/?done=deleted"
    assert "is deleted" in root.get(gone.headers["Location"]).get_data(as_text=True)
    assert root.get("/people/ada").status_code == 404
    assert ada.client.get("/account/").status_code == 303
    assert root.post("/people/root/delete", {"sure": "yes"}).status_code == 409


def test_a_deleted_accounts_name_is_given_again_with_a_tick(house: House, root: Staffer) -> None:
    add(house, "ada", Role.MODERATOR)
    root.post("/people/ada/delete", {"sure": "yes"})
    refused = root.post("/people/invite", dict(ADA)).get_data(as_text=True)
    assert "An account of this name was deleted on" in Page(refused).errors()["name"]
    assert 'name="again"' in refused
    assert invited(root, again="yes")
