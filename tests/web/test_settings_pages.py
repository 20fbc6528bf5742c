"""The settings' pages: who sees and changes them, sites, keys, retention; all in the audit log."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from service.store.keys import SiteKeys
from service.store.sites import Limit, Retention, Scope, Site
from service.store.staff.accounts import Role
from tests.api.house import House, bearer
from tests.web.markup import Page
from tests.web.staff import Staffer, staffer

PAGES = (
    "",
    "/demo",
    "/demo/keys",
    "/demo/policy",
    "/demo/policy/text",
    "/demo/lists",
    "/demo/trial",
    "/demo/retention",
    "/demo/trusted",
    "/demo/bans",
    "/demo/templates",
    "/demo/webhooks",
    "/demo/doors",
)
CHANGES = (
    "/new",
    "/demo",
    "/demo/keys",
    "/demo/policy",
    "/demo/policy/text",
    "/demo/lists",
    "/demo/trial",
    "/demo/retention",
    "/demo/trusted",
    "/demo/bans",
    "/demo/templates",
    "/demo/webhooks",
    "/demo/doors",
)
FORM = {
    "origins": "https://example.org",
    "lang": "fr",
    "required": ["author"],
    "limits.ip.burst": "5",
    "limits.ip.window_s": "60",
}


@pytest.fixture
def ann(house: House) -> Staffer:
    return staffer(house, "Ann", Role.ADMINISTRATOR)


def site_now(house: House, name: str = "demo") -> Site:
    return house.services.store.sites.read(name).site


def told(house: House, site: str = "demo") -> list[dict[str, Any]]:
    """Return the changed settings in the audit log."""
    client: Any = house.services.store.client
    entries = [fields for _, fields in client.xrange(SiteKeys(site).audit)]
    found = [fields for fields in entries if fields[b"kind"] == b"settings"]
    return [
        {**orjson.loads(fields[b"change"]), "actor": fields[b"actor"].decode()} for fields in found
    ]


def text_of(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_opens_in_both_languages(ann: Staffer, language: str) -> None:
    for path in (*PAGES, "/new"):
        answer = ann.get(f"/settings{path}", headers={"Accept-Language": language})
        assert answer.status_code == 200, path
        assert f'<html lang="{language}"' in text_of(answer)
        assert "style=" not in text_of(answer)


def test_a_moderator_reads_and_changes_nothing(house: House) -> None:
    mo = staffer(house, "Mo", Role.MODERATOR)
    for path in PAGES:
        assert mo.get(f"/settings{path}").status_code == 200, path
    for path in CHANGES:
        assert mo.post(f"/settings{path}", {**FORM, "do": "save"}).status_code == 403, path
    assert mo.get("/settings/new").status_code == 403
    assert told(house) == []


def test_operators_and_strangers_see_no_settings(house: House) -> None:
    ops = staffer(house, "Olga", Role.OPS)
    for path in PAGES:
        assert ops.get(f"/settings{path}").status_code == 403, path
        assert house.client.get(f"/settings{path}").status_code == 303, path


def test_an_administrator_of_one_site_sees_no_other_and_makes_none(house: House) -> None:
    house.add_site("other", origins=("https://other.test",))
    one = staffer(house, "Uma", Role.ADMINISTRATOR, frozenset({"demo"}))
    assert "other" not in text_of(one.get("/settings"))
    assert one.get("/settings/other").status_code == 404
    assert one.post("/settings/other", FORM).status_code == 404
    assert one.post("/settings/new", {**FORM, "name": "third"}).status_code == 403


def test_a_change_without_the_forms_token_is_refused(ann: Staffer) -> None:
    for path in CHANGES:
        assert ann.client.post(f"/settings{path}", data=FORM).status_code == 403, path


def test_a_site_is_made_and_can_be_used_at_once(house: House, ann: Staffer) -> None:
    answer = ann.post("/settings/new", {**FORM, "name": "blog", "has_nudge": "true"})
    assert answer.status_code == 303
    assert ann.get(answer.headers["Location"]).status_code == 200
    made = site_now(house, "blog")
    assert made.origins == ("https://example.org",)
    assert (made.required, made.has_nudge) == (frozenset({"author"}), True)
    assert made.limits == {"ip": Limit(5, 60)}
    assert made.created_at == pytest.approx(house.services.clock(), abs=60)
    assert told(house, "blog")[0]["field"] == "site"
    assert house.post_as_server(site="blog").status_code == 202


def test_a_name_that_is_taken_is_said_beside_the_field(ann: Staffer) -> None:
    answer = ann.post("/settings/new", {**FORM, "name": "demo", "origins": "https://kept.test"})
    assert answer.status_code == 422
    page = Page(text_of(answer))
    assert page.errors().keys() == {"name"}
    assert page.values()["origins"] == "https://kept.test"


def test_a_site_has_a_language_that_there_is(house: House, ann: Staffer) -> None:
    in_french = {"Accept-Language": "fr"}
    answer = ann.post("/settings/demo", {**FORM, "lang": "zz"}, headers=in_french)
    assert answer.status_code == 422
    assert "Aucune langue n’a le code zz." in text_of(answer)
    assert site_now(house, "demo").lang != "zz"


@pytest.mark.parametrize(
    ("field", "value", "at"),
    [
        ("origins", "", "origins"),
        ("origins", "https://a.test\nhttps://b.test/path", "origins"),
        ("origins", "ftp://a.test", "origins"),
        ("lang", "French", "lang"),
        ("limits.ip.burst", "0", "limits.ip.burst"),
        ("limits.ip.burst", "-3", "limits.ip.burst"),
        ("limits.ip.window_s", "", "limits.ip.burst"),
        ("second_look", "101", "second_look"),
        ("second_look", "nan", "second_look"),
    ],
)
def test_what_cannot_be_set_is_said_beside_the_field(
    house: House, ann: Staffer, field: str, value: str, at: str
) -> None:
    answer = ann.post("/settings/demo", {**FORM, field: value}, headers={"Accept-Language": "fr"})
    assert answer.status_code == 422
    errors = Page(text_of(answer)).errors()
    assert errors.keys() == {at}
    assert not re.search(r"\b(the|must|is)\b", errors[at])
    assert site_now(house).origins != ("https://example.org",)


def test_a_sites_settings_are_changed_and_told(house: House, ann: Staffer) -> None:
    answer = ann.post("/settings/demo", {**FORM, "second_look": "2.5"})
    assert answer.status_code == 303
    site = site_now(house)
    assert (site.origins, site.second_look) == (("https://example.org",), 0.025)
    assert site.limits == {"ip": Limit(5, 60)}
    changes = {each["field"]: each for each in told(house)}
    assert changes["limits.ip.burst"]["after"] == 5
    assert changes["required"]["before"] == ["email"]
    assert {each["actor"] for each in told(house)} == {"account:Ann"}
    assert "status" in text_of(ann.get(answer.headers["Location"]))


def token_in(answer: TestResponse) -> str:
    found = re.search(r"ek_demo_\w+", text_of(answer))
    assert found is not None
    return found[0]


def test_a_keys_token_is_shown_once_and_opens_what_was_chosen(house: House, ann: Staffer) -> None:
    answer = ann.post("/settings/demo/keys", {"label": "Blog", "scopes": ["submit", "moderate"]})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    token = token_in(answer)
    assert house.post_as_server(token).status_code == 202
    assert house.client.get("/v1/moderation/queue", headers=bearer(token)).status_code == 200
    assert house.client.get("/v1/ops/summary", headers=bearer(token)).status_code == 403
    listed = text_of(ann.get("/settings/demo/keys"))
    assert "Blog" in listed
    assert token not in listed
    assert token.split("_")[3] not in repr(told(house))


def test_a_key_that_may_do_nothing_is_not_made(house: House, ann: Staffer) -> None:
    answer = ann.post("/settings/demo/keys", {"label": "Blog"})
    assert answer.status_code == 422
    assert Page(text_of(answer)).errors().keys() == {"scopes"}
    assert house.services.store.sites.read("demo").keys == {}


def test_a_rotated_key_works_beside_its_successor_until_its_time(
    house: House, ann: Staffer
) -> None:
    clock = house.stop_the_clock()
    old = token_in(ann.post("/settings/demo/keys", {"label": "Blog", "scopes": ["submit"]}))
    path = f"/settings/demo/keys/{old.split('_')[2]}"
    new = token_in(ann.post(f"{path}/rotate", {"overlap_s": "3600"}))
    assert new != old
    assert house.post_as_server(old).status_code == 202
    clock.now += 3601
    assert house.post_as_server(old).status_code == 401
    assert house.post_as_server(new).status_code == 202
    assert ann.post(f"{path}/rotate", {"overlap_s": "0"}).status_code == 404


def test_a_key_is_rotated_for_no_other_time_than_those_offered(house: House, ann: Staffer) -> None:
    key, _ = house.services.store.sites.create_key("demo", "", frozenset({Scope.SUBMIT}))
    answer = ann.post(f"/settings/demo/keys/{key.id}/rotate", {"overlap_s": "99999999"})
    assert answer.status_code == 422
    assert len(house.services.store.sites.read("demo").keys) == 1


def test_a_revoked_key_opens_nothing(house: House, ann: Staffer) -> None:
    token = token_in(ann.post("/settings/demo/keys", {"label": "x", "scopes": ["submit"]}))
    path = f"/settings/demo/keys/{token.split('_')[2]}/revoke"
    assert ann.post(path).status_code == 303
    assert house.post_as_server(token).status_code == 401
    assert ann.post("/settings/demo/keys/feedface/revoke").status_code == 404


def test_retention_is_set_and_told(house: House, ann: Staffer) -> None:
    days = {"personal_days": "30", "refused_days": "7"}
    assert ann.post("/settings/demo/retention", days).status_code == 303
    assert site_now(house).retention == Retention(30, 7)
    assert {each["field"] for each in told(house)} == {
        "retention.personal_days",
        "retention.refused_days",
    }
    for wrong in ("-1", "a month", "99999999"):
        answer = ann.post("/settings/demo/retention", {**days, "refused_days": wrong})
        assert answer.status_code == 422
        assert Page(text_of(answer)).errors().keys() == {"refused_days"}


def test_what_is_set_is_shown_without_harm(house: House, ann: Staffer) -> None:
    hostile = '"><script>alert(1)</script>'
    ann.post("/settings/demo/keys", {"label": hostile, "scopes": ["submit"]})
    house.change_site(policy={"words": {"spam": [hostile]}})
    for path in PAGES:
        assert "<script>alert" not in text_of(ann.get(f"/settings{path}"))
    answer = ann.post("/settings/demo", {**FORM, "origins": hostile, "lang": hostile})
    assert "<script>alert" not in text_of(answer)


def test_a_trusted_author_is_listed_and_trusted_no_more(house: House, ann: Staffer) -> None:
    authors = house.services.store.authors
    authors.trust("demo", "key-of-claire", "account:Mo", 1_700_000_000_000, label="Claire <b>")
    shown = text_of(ann.get("/settings/demo/trusted"))
    assert "Claire &lt;b&gt;" in shown
    assert "Mo" in shown
    assert ann.post("/settings/demo/trusted", {"author": "key-of-claire"}).status_code == 303
    assert not authors.standing("demo", "key-of-claire").is_trusted


def test_somebody_is_banned_for_a_while_and_let_in_again(house: House, ann: Staffer) -> None:
    form = {"by": "email", "value": "Claire@Example.org", "days": "3", "reason": "Insults"}
    assert ann.post("/settings/demo/bans", form).status_code == 303
    (ban,) = house.services.store.bans.list("demo")
    assert (ban.value, ban.actor, ban.is_shadow) == ("claire@example.org", "account:Ann", False)
    assert ban.until_ms == ban.at_ms + 3 * 86_400_000
    assert "claire@example.org" in text_of(ann.get("/settings/demo/bans"))
    assert house.post().status_code == 403
    assert ann.post(f"/settings/demo/bans/{ban.id}/lift").status_code == 303
    assert house.services.store.bans.list("demo") == ()
    assert house.post().status_code == 202


@pytest.mark.parametrize(
    ("by", "value"),
    [("ip", "everybody"), ("ip", "0.0.0.0/0"), ("email", "nobody"), ("domain", "x"), ("by", "x")],
)
def test_what_cannot_be_banned_is_said(house: House, ann: Staffer, by: str, value: str) -> None:
    answer = ann.post("/settings/demo/bans", {"by": by, "value": value})
    assert answer.status_code == 422
    assert house.services.store.bans.list("demo") == ()


def test_reasons_for_refusing_are_written_and_told(house: House, ann: Staffer) -> None:
    rows = {"key": ["tone", "", "late"], "fr": ["Ton.", "", ""], "en": ["", "", "Too late."]}
    assert ann.post("/settings/demo/templates", rows).status_code == 303
    kept = [(each.key, each.fr, each.en) for each in site_now(house).templates]
    assert kept == [("tone", "Ton.", ""), ("late", "", "Too late.")]
    assert {each["field"] for each in told(house)} == {"templates"}


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        ({"key": ["Not OK!"], "fr": ["x"], "en": [""]}, "key.0"),
        ({"key": ["a", "b"], "fr": ["x", ""], "en": ["", ""]}, "fr.1"),
        ({"key": ["a", "a"], "fr": ["x", "y"], "en": ["", ""]}, "key.0"),
        ({"key": [f"k{n}" for n in range(51)], "fr": ["x"] * 51, "en": [""] * 51}, "key.0"),
    ],
)
def test_a_reason_that_cannot_be_kept_is_said(
    house: House, ann: Staffer, rows: dict[str, list[str]], at: str
) -> None:
    answer = ann.post("/settings/demo/templates", rows)
    assert answer.status_code == 422
    assert at in Page(text_of(answer)).errors()
    assert len(site_now(house).templates) == 5
