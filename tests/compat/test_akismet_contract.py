"""What Akismet's clients rely on: exact words, status 200, headers only where they are meant."""

from __future__ import annotations

import logging

import pytest

from service.compat.akismet.call import LARGEST_BODY
from service.store.doors.door_keys import Door
from tests.api.house import INSULT, ORIGIN, PAGE, SPAM, House, bearer, json_of
from tests.compat.akismet import DEBUG, GUID, HELD, PRO_TIP, RECHECK, blog_of

PLAIN = "Une remarque tout à fait ordinaire sur cet article."
UNKNOWN = "0123456789ab"


def akismet_headers(answer: object) -> set[str]:
    return {name.lower() for name, _ in answer.headers if name.lower().startswith("x-akismet")}  # type: ignore[attr-defined]


def test_words_are_exact_plain_text_and_come_with_a_guid(house: House) -> None:
    blog = blog_of(house)
    for content, expected in ((PLAIN, b"false"), (SPAM, b"true"), (INSULT, b"true")):
        answer = blog.check(content)
        assert (answer.status_code, answer.data, answer.mimetype) == (200, expected, "text/plain")
        assert len(answer.headers[GUID]) == 26
        assert not {"x-akismet-debug-help", "x-akismet-alert-code", "x-akismet-error"} & (
            akismet_headers(answer)
        )


def test_blatant_spam_may_be_discarded_and_what_is_held_is_to_be_asked_after(house: House) -> None:
    blog = blog_of(house)
    assert blog.check(SPAM).headers[PRO_TIP] == "discard"
    assert PRO_TIP not in blog.check(INSULT).headers
    held = blog.check(HELD)
    assert held.data == b"false"
    assert int(held.headers[RECHECK]) > 0
    assert RECHECK not in blog.check(PLAIN).headers


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"comment_author": "akismet-guaranteed-spam"}, b"true"),
        ({"comment_author": "viagra-test-123"}, b"true"),
        ({"comment_author_email": "akismet-guaranteed-spam@example.com"}, b"true"),
        ({"comment_content": SPAM, "user_role": "administrator"}, b"false"),
        ({"comment_content": SPAM, "user_role": "editor,administrator"}, b"false"),
        ({"comment_content": SPAM, "user_role": "subscriber"}, b"true"),
        ({"comment_content": None, "comment_author": None, "comment_author_email": None}, b"false"),
    ],
)
def test_documented_values_have_their_documented_answers(
    house: House, fields: dict[str, str], expected: bytes
) -> None:
    assert blog_of(house).call("/1.1/comment-check", **fields).data == expected


def test_a_key_is_valid_or_not_and_nothing_more_is_said(house: House) -> None:
    blog = blog_of(house)
    key, wrong = blog.key, UNKNOWN
    for fields, expected in (
        ({"key": key, "api_key": None}, b"valid"),
        ({"key": None, "api_key": key}, b"valid"),
        ({"key": key.upper(), "api_key": None}, b"valid"),
        ({"key": key, "api_key": wrong}, b"valid"),
        ({"key": wrong, "api_key": key}, b"invalid"),
        ({"key": None, "api_key": None}, b"invalid"),
    ):
        answer = house.client.post(
            "/1.1/verify-key",
            data={name: value for name, value in {**fields, "blog": ORIGIN}.items() if value},
        )
        assert (answer.status_code, answer.data) == (200, expected), fields
        assert akismet_headers(answer) == set()


def test_the_key_is_found_wherever_clients_put_it(house: House) -> None:
    blog = blog_of(house)
    for headers, fields in (
        ({}, {}),
        ({}, {"api_key": None, "key": blog.key}),
        ({"Host": f"{blog.key}.rest.akismet.com"}, {"api_key": None}),
        ({"Host": f"{blog.key}.moderation.example.org:8000"}, {"api_key": None}),
        ({"Authorization": _basic(f"{blog.key}.", "")}, {"api_key": None}),
    ):
        assert blog.check(SPAM, headers=headers, **fields).data == b"true", (headers, fields)
    beaten = blog.check(SPAM, headers={"Host": f"{blog.key}.rest.akismet.com"}, api_key=UNKNOWN)
    assert beaten.data == b"invalid"
    assert blog.check(SPAM, headers={"Host": "rest.akismet.com"}, api_key=None).data == b"invalid"


def test_a_hosts_name_is_a_key_only_where_it_is_known(house: House) -> None:
    from dataclasses import replace

    blog = blog_of(house)
    open_to = replace(house.services.settings, akismet_keyless=("127.0.0.0/8=demo",))
    for host in ("commentaires.example", "deadbeefcafe.example"):
        headers = {"Host": host, "Authorization": _basic(blog.key, "")}
        assert blog.check(SPAM, headers=headers, api_key=None).data == b"true", host
        alone = blog.check(SPAM, headers={"Host": host}, api_key=None)
        assert (alone.data, akismet_headers(alone)) == (b"invalid", set())
    house.replace(settings=open_to)
    for host in ("commentaires.example", "deadbeefcafe.example"):
        assert blog.check(SPAM, headers={"Host": host}, api_key=None).data == b"true", host


def test_an_unknown_key_alone_hears_no_reason(house: House) -> None:
    blog = blog_of(house)
    for fields in ({"blog": None}, {"blog": None, "api_key": None, "key": UNKNOWN}):
        answer = blog.check(SPAM, **{"api_key": UNKNOWN, **fields})
        assert (answer.data, akismet_headers(answer)) == (b"invalid", set())
    host = {"Host": f"{UNKNOWN}.rest.akismet.com"}
    answer = house.client.post("/1.1/verify-key", headers=host)
    assert (answer.data, akismet_headers(answer)) == (b"invalid", set())


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_both_versions_have_every_call(house: House, version: str) -> None:
    blog = blog_of(house)
    assert blog.call(f"/{version}/verify-key").data == b"valid"
    assert blog.call(f"/{version}/comment-check", comment_content=SPAM).data == b"true"
    for name in ("submit-spam", "submit-ham"):
        assert blog.call(f"/{version}/{name}").data.startswith(b"Thanks")
    for name in ("usage-limit", "key-sites", "account-status"):
        assert json_of(house.client.get(f"/{version}/{name}?api_key={blog.key}"))


def _basic(user: str, password: str) -> str:
    from base64 import b64encode

    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def test_unknown_and_missing_and_revoked_keys_are_counted_and_warned_of(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    blog = blog_of(house)
    store = house.services.store
    store.door_keys.revoke("demo", store.door_keys.of_site("demo")[0].id)
    with caplog.at_level(logging.WARNING, "service.compat.door"):
        for key in (UNKNOWN, None, blog.key, "x" * 500):
            answer = blog.check(SPAM, api_key=key)
            assert (answer.status_code, answer.data) == (200, b"invalid")
            assert akismet_headers(answer) == set()
    assert len(caplog.records) == 1
    assert UNKNOWN not in caplog.text
    summary = house.client.get("/v1/ops/summary", headers=bearer(house.key()))
    assert json_of(summary)["unknown_keys"]["akismet"]["calls"] == 4
    assert house.stored() == 0


def test_a_network_of_ones_own_may_need_no_key(house: House) -> None:
    from dataclasses import replace

    blog = blog_of(house)
    assert blog.check(SPAM, api_key=None).data == b"invalid"
    open_to = replace(house.services.settings, akismet_keyless=("10.0.0.0/8=x", "127.0.0.0/8=demo"))
    house.replace(settings=open_to)
    assert blog.check(SPAM, api_key=None).data == b"true"
    assert blog.check(SPAM, api_key=None, blog="http://elsewhere.test").data == b"invalid"
    assert blog.check(SPAM, api_key=UNKNOWN).data == b"invalid"


def test_a_test_is_neither_stored_nor_taught_nor_counted(house: House) -> None:
    blog = blog_of(house)
    for said in ("1", "true", "True"):
        assert blog.check(SPAM, is_test=said).data == b"true"
        assert blog.call("/1.1/submit-spam", is_test=said).data.startswith(b"Thanks")
    store = house.services.store
    assert house.stored() == 0
    assert store.learned.waiting("demo", 10) == []
    assert store.door_counts.in_all("demo", Door.AKISMET) == {}
    assert store.inbox.recent("demo").ids == ()
    blog.check(SPAM, is_test="False")
    assert house.stored() == 1


def test_every_field_that_clients_send_is_taken_as_it_comes(house: House) -> None:
    blog = blog_of(house)
    answer = blog.check(
        PLAIN,
        **{
            "comment_context[]": "jardin",
            "comment_context[0]": "abeilles",
            "comment_context": "ruche",
            "comment_type": None,
            "content_type": "forum-post",
            "comment_date_gmt": "2026-11-23 20:49:43",
            "blog_lang": "en, fr_ca",
            "user_ip": "not an address",
            "comment_author_url": "javascript:alert(1)",
            "comment_author": "Zo\u0300\u0000\u202eé",
            "POST_anything[at][all]": "x",
            "classify": "1",
            "akismet_comment_nonce": "passed",
        },
    )
    record = house.record(answer.headers[GUID])
    assert answer.data == b"false"
    assert record.comment.page_title == "/a (forum-post, jardin, abeilles, ruche)"
    assert record.comment.author == "Zo\u0300é"
    assert record.comment.url == ""
    assert record.submitted_at_ms == 1_795_466_983_000
    assert record.comment.page == PAGE
    assert record.origin == "akismet"


def test_latin_1_and_utf_8_are_both_read(house: House) -> None:
    blog = blog_of(house)
    head = f"api_key={blog.key}&blog={ORIGIN}&user_ip=192.0.2.9&blog_charset="
    for charset, raw in (
        ("ISO-8859-1", b"&comment_content=D%E9j%E0+vu+%E0+Angers"),
        ("ISO-8859-1", "&comment_content=Déjà vu à Angers".encode("latin-1")),
        ("ISO-8859-1", "&comment_content=Déjà vu à Angers".encode()),
        ("UTF-8", b"&comment_content=D%C3%A9j%C3%A0+vu+%C3%A0+Angers"),
        ("made-up", b"&comment_content=D%E9j%E0+vu+%E0+Angers"),
    ):
        answer = house.client.post(
            "/1.1/comment-check",
            data=head.encode() + charset.encode() + raw,
            content_type="application/x-www-form-urlencoded",
        )
        assert house.record(answer.headers[GUID]).comment.content == "Déjà vu à Angers", charset


def test_honeypots_count_by_any_of_their_names(house: House) -> None:
    blog = blog_of(house)
    for fields in (
        {"honeypot_field_name": "hidden", "hidden": "x"},
        {"honeypot_field_name": "hidden", "POST_hidden": "x"},
        {"POST_ak_hp_textarea": "x"},
    ):
        filled = house.record(blog.check(PLAIN, **fields).headers[GUID])
        assert filled.facts.honeypot_filled, fields
    empty = blog.check(PLAIN, honeypot_field_name="hidden", hidden="", POST_ak_hp_textarea="")
    assert not house.record(empty.headers[GUID]).facts.honeypot_filled


def test_bad_requests_get_akismets_shape_and_never_a_verdict(house: House) -> None:
    blog = blog_of(house)
    client = house.client
    form = "application/x-www-form-urlencoded"
    key = f"api_key={blog.key}&blog={ORIGIN}&user_ip=192.0.2.9&comment_content=".encode()
    answers = {
        "no address": (blog.check(SPAM, user_ip=None), 200),
        "no blog": (blog.check(SPAM, blog=None), 200),
        "a wrong method": (client.get("/1.1/comment-check"), 405),
        "another": (client.put("/1.1/submit-spam"), 405),
        "no such route": (client.post("/1.1/nothing"), 404),
        "an empty form": (client.post("/1.1/comment-check"), 200),
        "nothing to verify": (client.post("/1.1/verify-key"), 200),
        "JSON": (client.post("/1.1/comment-check", json={"api_key": blog.key}), 200),
        "a huge body": (
            client.post("/1.1/comment-check", data=b"x" * (LARGEST_BODY + 1), content_type=form),
            413,
        ),
        "too many fields": (
            client.post("/1.1/comment-check", data=key + b"&a=1" * 3000, content_type=form),
            200,
        ),
        "a torn form": (
            client.post(
                "/1.1/comment-check",
                data=b"--x\r\nnothing",
                content_type="multipart/form-data; boundary=x",
            ),
            400,
        ),
    }
    for what, (answer, status) in answers.items():
        assert (answer.status_code, answer.data) == (status, b"invalid"), what
        assert answer.mimetype == "text/plain", what
        assert answer.headers[DEBUG], what
    assert client.get("/1.1/comment-check").headers["Allow"]
    assert (
        client.post("/1.1/comment-check", data=b"\xff\x00%zz&=&", content_type=form).data
        == b"invalid"
    )


def test_a_long_comment_is_judged_by_its_beginning_and_its_end(house: House) -> None:
    blog = blog_of(house)
    padded = "Une phrase sans histoire. " * 2500 + SPAM
    answer = blog.check(padded)
    kept = house.record(answer.headers[GUID]).comment.content
    assert len(kept) <= 15_000
    assert kept.endswith(SPAM)


def test_a_server_that_is_away_gives_no_verdict(house: House) -> None:
    from redis.exceptions import ConnectionError as Away

    blog = blog_of(house)

    def away(*_arguments: object, **_more: object) -> None:
        raise Away

    house.services.store.at_door.glance = away  # type: ignore[method-assign, assignment]
    answer = blog.check(PLAIN)
    assert (answer.status_code, answer.data) == (503, b"invalid")
    assert answer.headers["Retry-After"]


def test_the_settings_page_of_wordpress_finds_what_it_asks_for(house: House) -> None:
    blog = blog_of(house)
    for content in (PLAIN, SPAM):
        blog.check(content)
    blog.call("/1.1/submit-spam", comment_content=PLAIN)
    usage = json_of(house.client.get(f"/1.2/usage-limit?api_key={blog.key}"))
    assert usage == {"limit": "none", "usage": 2, "percentage": "0.00", "throttled": False}
    stats = json_of(blog.call("/1.1/get-stats", **{"from": "60-days"}))
    assert (stats["spam"], stats["ham"], stats["missed_spam"]) == (1, 1, 1)
    assert stats["accuracy"] == "50.00"
    assert sum(day["spam"] for day in stats["breakdown"].values()) == 1
    for period in ("6-months", "year", "all", "nonsense"):
        assert json_of(blog.call("/1.1/get-key-stats", **{"from": period}))["spam"] == 1
    for path in ("/1.1/get-subscription", "/1.1/account-status"):
        assert json_of(blog.call(path))["status"] == "active"
    assert house.client.get("/1.1/test").data == b"connected"
    assert house.client.get("/1.2/compatible-plugins").data == b"[]"
    assert blog.call("/1.1/deactivate").data == b"deactivated"
    assert blog.call("/1.1/token").data not in (b"", b"invalid")
    assert blog.call("/1.1/token", api_key=UNKNOWN).data == b"invalid"


def test_the_sites_of_a_key_come_as_json_and_as_csv(house: House) -> None:
    blog = blog_of(house)
    blog.check(SPAM)
    found = json_of(house.client.get(f"/1.2/key-sites?api_key={blog.key}"))
    (month,) = set(found) - {"limit", "offset", "total"}
    (row,) = found[month]
    assert (row["site"], row["api_calls"], row["spam"], row["ham"]) == (ORIGIN, "1", "1", "0")
    assert row["is_revoked"] is False
    query = f"api_key={blog.key}&format=csv&month=2022-09&limit=10"
    text = house.client.get(f"/1.2/key-sites?{query}").get_data(as_text=True)
    first, headings, line = text.splitlines()
    assert first == (f"Active sites for {blog.key} during 2022-09 (limit:10, offset: 0, total: 1)")
    assert headings == "Site,Total API Calls,Spam,Ham,Missed Spam,False Positives,Is Revoked"
    assert line == f"{ORIGIN},0,0,0,0,0,false"
    assert house.client.get("/1.2/key-sites").data == b"invalid"
