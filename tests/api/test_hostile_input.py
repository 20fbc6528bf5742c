"""Input made to break things: each a clear problem, never a failure of ours."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from werkzeug.test import TestResponse

from tests.api.house import (
    ORIGIN,
    PAGE,
    House,
    assert_problem,
    bearer,
    comment_fields,
    errors_of,
    json_of,
    thread_url,
)

COMMENTS = "/v1/sites/demo/comments"
JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"


def send(house: House, raw: bytes, content_type: str = JSON, **headers: str) -> TestResponse:
    return house.client.post(
        COMMENTS, data=raw, content_type=content_type, headers={"Origin": ORIGIN, **headers}
    )


def with_content(text: str) -> bytes:
    """Return a submission with ``text``, escaped as JSON has it, for its content."""
    plain = orjson.dumps(comment_fields(content="@"))
    return plain.replace(b'"@"', f'"{text}"'.encode())


UNSAFE = {
    "a NUL": "good\x00bye",
    "a control character": "good\x07bye",
    "an escape sequence": "\x1b[2Jgone",
    "a C1 control": "a\u0085b",
    "10,000 combining marks": "e" + "\u0301" * 10_000,
    "10,000 marks beyond the basic plane": "e" + "\U0001e8d0" * 10_000,
    "marks glued by joiners": "e" + "\u0301\u200d" * 5_000,
    "variation selectors that hide a message": "e" + "\U000e0155" * 5_000,
    "an enclosing pile": "e" + "\u20dd" * 100,
    "a right-to-left override": "a\u202egnp.exe",
    "a left-to-right override": "a\u202dgnp.exe",
    "a noncharacter": "a\ufffeb",
}


@pytest.mark.parametrize("name", UNSAFE)
def test_text_that_cannot_be_shown_safely_is_refused(house: House, name: str) -> None:
    assert list(errors_of(house.post(content=UNSAFE[name]))) == ["content"]
    assert list(errors_of(house.post(author=UNSAFE[name][:100]))) == ["author"]
    assert list(errors_of(house.post_form(content=UNSAFE[name][:3_000]))) == ["content"]
    assert house.stored() == 0


@pytest.mark.parametrize("name", UNSAFE)
def test_unsafe_text_is_refused_in_every_field(house: House, name: str) -> None:
    text = UNSAFE[name][:60]
    fields = ("email", "page", "page_title", "url", "lang", "parent", "idempotency_key", "ip",
              "user_agent", "referrer", "author_id", "submitted_at", "is_staff")  # fmt: skip
    answer = house.post_as_server(**dict.fromkeys(fields, text))
    assert set(errors_of(answer)) == set(fields)


def test_directions_that_only_embed_are_fine_in_a_text_but_not_in_a_name(house: House) -> None:
    quoted = "il a dit \u2067مرحبا\u2069 et rien d'autre"
    assert house.post(content=quoted).status_code == 202
    assert list(errors_of(house.post(author=quoted))) == ["author"]


@pytest.mark.parametrize(
    "text",
    [
        "👩🏽‍❤️‍💋‍👨🏻 merci",
        "བསྒྲུབས་",
        "שָׁלוֹם",
        "क्षत्रिय",
        "Việt Nam ế ộ",
        "Z\u0351\u0352\u0353 un peu",
        "1️⃣ 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ],
)
def test_real_scripts_and_emoji_pass(house: House, text: str) -> None:
    answer = house.post(content=text)
    assert house.record(json_of(answer)["id"]).comment.content == text


@pytest.mark.parametrize("surrogate", [r"\ud800", r"\udfff", r"a\udc00b", r"\ud83d alone"])
def test_escaped_lone_surrogates_are_not_json(house: House, surrogate: str) -> None:
    assert_problem(send(house, with_content(surrogate)), 400, "bad-json")


def test_raw_lone_surrogates_are_not_json(house: House) -> None:
    raw = with_content("@").replace(b"@", b"a\xed\xa0\x80b")
    assert_problem(send(house, raw), 400, "bad-json")


def test_a_surrogate_as_a_name_is_not_json(house: House) -> None:
    assert_problem(send(house, rb'{"\ud800": 1}'), 400, "bad-json")


def test_a_pair_of_surrogates_is_a_letter(house: House) -> None:
    answer = send(house, with_content(r"\ud83d\ude00 bravo"))
    assert house.record(json_of(answer)["id"]).comment.content == "😀 bravo"


NOT_JSON = {
    "nothing": b"",
    "half an object": b'{"author": "x"',
    "NaN": b'{"submitted_at": NaN}',
    "Infinity": b'{"submitted_at": -Infinity}',
    "a comment": b'{} // "x"',
    "single quotes": b"{'author': 'x'}",
    "two values": b"{} {}",
    "raw control characters": b'{"author": "a\x00b"}',
    "not UTF-8": b'{"author": "caf\xe9"}',
    "UTF-16": '{"author": "x"}'.encode("utf-16"),
    "nesting": b"[" * 30_000 + b"]" * 30_000,
    "nested objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_not_json_is_a_400(house: House, name: str) -> None:
    assert_problem(send(house, NOT_JSON[name]), 400, "bad-json")


@pytest.mark.parametrize("raw", [b"[]", b"null", b"5", b'"text"', b"true", b"[{}]", b"1e308"])
def test_json_that_is_no_object_is_named_so(house: House, raw: bytes) -> None:
    assert list(errors_of(send(house, raw))) == ["body"]
    moderation = house.client.post(
        "/v1/moderation/decisions",
        data=raw,
        content_type=JSON,
        headers=bearer(house.key()),
    )
    assert list(errors_of(moderation)) == ["body"]


def test_five_megabytes_of_nesting_are_too_large(house: House) -> None:
    assert_problem(send(house, b"[" * 5_000_000), 413, "too-large")


@pytest.mark.parametrize("content_type", [JSON, URLENCODED, "multipart/form-data; boundary=x"])
def test_a_body_of_more_than_64_kib_is_too_large(house: House, content_type: str) -> None:
    assert_problem(send(house, b"a" * 65_537, content_type), 413, "too-large")


def test_a_body_of_exactly_64_kib_is_read(house: House) -> None:
    body = with_content("x")
    assert send(house, body + b" " * (65_536 - len(body))).status_code == 202


@pytest.mark.parametrize("path", ["/v1/moderation/decisions", "/v1/sessions"])
def test_every_route_refuses_large_bodies(house: House, path: str) -> None:
    raw = b'{"site": "' + b"x" * 70_000 + b'"}'
    answer = house.client.post(path, data=raw, content_type=JSON, headers=bearer(house.key()))
    assert_problem(answer, 413, "too-large")


@pytest.mark.parametrize(
    "number", ["1e999", "-1e400", "9" * 400, "1" + "0" * 5000, "0", "-1", "1e300"]
)
def test_huge_numbers_are_an_error_of_their_field_or_no_json(house: House, number: str) -> None:
    key = house.key()
    raw = orjson.dumps(comment_fields()).replace(b"}", f', "submitted_at": {number}}}'.encode())
    answer = send(house, raw, Authorization=f"Bearer {key}")
    if answer.status_code == 400:
        assert_problem(answer, 400, "bad-json")
    else:
        assert list(errors_of(answer)) == ["submitted_at"]


@pytest.mark.parametrize("value", [5, 1.5, True, [], {}, ["x"], {"a": 1}, 10**30])
def test_values_of_another_kind_are_an_error_of_each_field(house: House, value: Any) -> None:
    raw = {
        **comment_fields(),
        **dict.fromkeys(("author", "email", "content", "page", "url"), value),
    }
    answer = house.client.post(COMMENTS, json=raw, headers={"Origin": ORIGIN})
    assert answer.status_code in {400, 422}
    if answer.status_code == 422:
        assert set(errors_of(answer)) == {"author", "email", "content", "page", "url"}


def test_of_two_values_with_one_name_the_last_counts(house: House) -> None:
    raw = with_content("le second").replace(b'{"author"', b'{"content": "le premier", "author"')
    answer = send(house, raw)
    assert house.record(json_of(answer)["id"]).comment.content == "le second"


def test_of_two_fields_in_a_form_the_first_counts(house: House) -> None:
    raw = b"author=A&author=B&email=a%40example.org&content=x+y&page=p"
    answer = send(house, raw, URLENCODED)
    assert house.record(json_of(answer)["id"]).comment.author == "A"


@pytest.mark.parametrize("raw", [b"caf%E9", b"caf\xe9", b"%ED%A0%80", b"%ff%fe"])
def test_a_form_that_is_not_utf_8_is_refused_not_garbled(house: House, raw: bytes) -> None:
    body = b"author=A&email=a%40example.org&page=p&content=" + raw
    assert_problem(send(house, body, URLENCODED), 400, "bad-request")
    assert house.stored() == 0


def test_a_percent_sign_in_a_form_is_text(house: House) -> None:
    body = b"author=A&email=a%40example.org&page=p&content=100%25+vrai"
    answer = send(house, body, URLENCODED)
    assert house.record(json_of(answer)["id"]).comment.content == "100% vrai"


def multipart(*parts: bytes, boundary: bytes = b"x") -> bytes:
    opened = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return opened + b"--" + boundary + b"--\r\n"


def part(name: str, value: bytes) -> bytes:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value


def test_a_multipart_form_is_read(house: House) -> None:
    fields = {"author": "Zoé", "email": "z@example.org", "page": PAGE, "content": "Très\r\nbien"}
    raw = multipart(*(part(name, value.encode()) for name, value in fields.items()))
    answer = send(house, raw, "multipart/form-data; boundary=x")
    comment = house.record(json_of(answer)["id"]).comment
    assert (comment.author, comment.content) == ("Zoé", "Très\nbien")


def test_a_file_in_a_form_is_ignored(house: House) -> None:
    data = {**comment_fields(), "picture": (io.BytesIO(b"\x89PNG\xff\x00"), "me.png")}
    answer = house.client.post(COMMENTS, data=data, headers={"Origin": ORIGIN})
    assert answer.status_code == 202


BAD_MULTIPART = {
    "no boundary": ("multipart/form-data", multipart(part("author", b"A"))),
    "another boundary": ("multipart/form-data; boundary=y", multipart(part("author", b"A"))),
    "no end": ("multipart/form-data; boundary=x", b"--x\r\n" + part("author", b"A")),
    "no disposition": ("multipart/form-data; boundary=x", multipart(b"X: y\r\n\r\nvalue")),
    "empty": ("multipart/form-data; boundary=x", b""),
    "not UTF-8": ("multipart/form-data; boundary=x", multipart(part("content", b"caf\xe9"))),
}


@pytest.mark.parametrize("name", BAD_MULTIPART)
def test_a_broken_multipart_form_is_a_clear_refusal(house: House, name: str) -> None:
    content_type, raw = BAD_MULTIPART[name]
    answer = send(house, raw, content_type)
    kinds = {400: "bad-request", 422: "validation"}
    assert answer.status_code in kinds
    assert_problem(answer, answer.status_code, kinds[answer.status_code])
    assert house.stored() == 0


def test_more_form_parts_than_anybody_needs_are_too_large(house: House) -> None:
    raw = multipart(*(part(f"f{number}", b"v") for number in range(200)))
    assert_problem(send(house, raw, "multipart/form-data; boundary=x"), 413, "too-large")


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/xml", "json", "application/json-seq", ";;;"],
)
def test_another_content_type_is_a_415(house: House, content_type: str) -> None:
    answer = send(house, with_content("x"), content_type)
    assert_problem(answer, 415, "unsupported-media-type")


def test_parameters_of_the_content_type_do_no_harm(house: House) -> None:
    odd = "application/json; charset=latin-1; x=\x80"
    assert send(house, with_content("x"), odd).status_code == 202


ODD_HEADERS = [
    {"Idempotency-Key": "\x80\xff"},
    {"Idempotency-Key": "a b"},
    {"Idempotency-Key": "k" * 5_000},
    {"Origin": "http://["},
    {"Origin": "http://site.test:99999999"},
    {"Origin": "\xff"},
    {"Referer": "http://[::1"},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer \xff\xfe"},
    {"Authorization": "Bearer ek_demo_x_y_z_t"},
    {"Authorization": "Basic dXNlcg=="},
    {"Authorization": "\xff"},
    {"Accept-Language": "fr;q=nan, en;q=inf"},
    {"X-Request-ID": "\xff" * 100},
    {"User-Agent": "\xff" * 5_000},
    {"Content-Encoding": "gzip"},
    {"Cookie": "=;=\xff"},
    {"Content-Length": "-5"},
    {"Content-Length": "many"},
    {"Host": "a b<>"},
    {"If-None-Match": '"\xff'},
    {"Range": "bytes=5-1"},
    {"Access-Control-Request-Method": "\xff"},
]


@pytest.mark.parametrize("headers", ODD_HEADERS, ids=str)
def test_no_header_makes_a_failure_of_ours(house: House, headers: dict[str, str]) -> None:
    for method, path in (("POST", COMMENTS), ("GET", thread_url(PAGE)), ("OPTIONS", COMMENTS)):
        answer = house.client.open(
            path,
            method=method,
            data=with_content("x") if method == "POST" else None,
            content_type=JSON,
            headers={"Origin": ORIGIN, **headers},
        )
        assert answer.status_code < 500
        if answer.status_code >= 400:
            assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("wait", ["soon", "1s", "0x10", "--1", "é", "1e", "\x00"])
def test_an_absurd_wait_is_refused_before_anything_is_stored(house: House, wait: str) -> None:
    assert_problem(house.post(query={"wait": wait}), 400, "bad-wait")
    assert house.stored() == 0


@pytest.mark.parametrize("wait", ["nan", "-1", "-inf", "0", ""])
def test_a_wait_for_nothing_is_no_wait(house: House, wait: str) -> None:
    assert house.post(query={"wait": wait}).status_code == 202


CURSORS = [
    "x", "-", "1-", "-1", "1-1-1", "1.5-2", "٣-٣", "1-" + "9" * 25, "9" * 30 + "-1", "9" * 400,
    "\x00", "é", "1e5-1",
]  # fmt: skip


@pytest.mark.parametrize("cursor", CURSORS)
def test_an_absurd_cursor_is_named_so(house: House, cursor: str) -> None:
    key = house.key()
    for path in (
        thread_url(PAGE),
        "/v1/sites/demo/comments/01JZ8Q6Q3D5W8W1XK2T9F4M7NB/replies",
        "/v1/moderation/queue",
    ):
        answer = house.client.get(path, query_string={"cursor": cursor}, headers=bearer(key))
        assert_problem(answer, 400, "cursor-invalid")


ODD_PATHS = [
    "/%00",
    "/%ff%fe",
    "/v1",
    "/v1/sites/%00/comments",
    "/v1/sites/%ff/comments",
    "/v1/sites//comments",
    "/v1/sites/demo/comments/",
    "/v1/sites/demo/comments/%00",
    "/v1/sites/demo/comments/%ff/replies",
    "/v1/sites/demo/comments/" + "9" * 3_000,
    "/v1/sites/" + "x" * 3_000 + "/counts?page=a",
    "/v1/sites/demo/pages/comments",
    "/v1/sites/demo/pages/%00/comments",
    "/v1/sites/demo/pages/http%3A%2F%2F%5B/comments",
    "/v1/sites/demo/pages/http%3A%2F%2Fa%20b/comments",
    "/v1/sites/demo/pages/http%3A%2F%2Fhost%3Aport/comments",
    "/v1/sites/demo/pages/" + "x" * 3_000 + "/comments",
    "/v1/sites/demo/pages/%E2%80%AEa/comments",
    "/v1/sites/../../etc/passwd",
    "/v1/sites/demo/counts?page=http%3A%2F%2F%5B",
    "/v1/sites/demo/counts?page=%00",
]


@pytest.mark.parametrize("path", ODD_PATHS)
def test_an_absurd_path_is_a_problem(house: House, path: str) -> None:
    answer = house.client.get(path)
    assert 400 <= answer.status_code < 500
    body = json_of(answer)
    assert answer.mimetype == "application/problem+json"
    assert body["type"].startswith("urn:ecluse:problem:")
    assert body["title"]
    assert body["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "PROPFIND", "CONNECT"])
def test_a_method_a_route_does_not_take_is_a_405_that_lists_those_it_takes(
    house: House, method: str
) -> None:
    answer = house.client.open(COMMENTS, method=method)
    assert_problem(answer, 405, "method-not-allowed")
    assert "POST" in answer.headers["Allow"]


def test_head_answers_as_get_without_a_body(house: House) -> None:
    got, head = house.client.get(thread_url(PAGE)), house.client.head(thread_url(PAGE))
    assert head.status_code == 200
    assert head.headers["ETag"] == got.headers["ETag"]
    assert head.data == b""


def test_options_lists_the_methods(house: House) -> None:
    answer = house.client.options(COMMENTS)
    assert answer.status_code == 200
    assert "POST" in answer.headers["Allow"]


def test_the_callers_request_id_comes_back_if_it_is_a_plain_one(house: House) -> None:
    plain = house.client.get("/v1", headers={"X-Request-ID": "abc123"})
    assert json_of(plain)["request_id"] == "abc123"
    odd = house.client.get("/v1", headers={"X-Request-ID": 'a"b<c>'})
    assert odd.headers["X-Request-ID"] == json_of(odd)["request_id"] != 'a"b<c>'


def test_a_form_that_breaks_off_is_no_shorter_comment(house: House) -> None:
    fields = {**comment_fields(content=None), "content": "I agree with nothing of that"}
    whole = urlencode(fields).encode()
    cut = whole[: whole.index(b"+with")]
    answer = house.client.post(
        COMMENTS,
        input_stream=io.BytesIO(cut),
        content_type=URLENCODED,
        headers={"Origin": ORIGIN},
        environ_overrides={  # as granian says it
            "CONTENT_LENGTH": str(len(whole)),
            "wsgi.input_terminated": True,
        },
    )
    assert_problem(answer, 400, "bad-request")
