"""Address fields: e-mail, web, page, IP, language."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from service.schemas.addresses import (
    NO_AT_SIGN,
    NOT_EMAIL,
    NOT_IP,
    NOT_LANGUAGE,
    NOT_PAGE,
    NOT_SLIPS,
    NOT_WEB_ADDRESS,
    PROVIDERS,
    Email,
    IpAddress,
    Language,
    Page,
    WebAddress,
    is_web_address,
    suggestion_for,
)
from service.store.keys import page_key


class Form(Schema):
    email = Email()
    url = WebAddress()
    page = Page()
    ip = IpAddress()
    lang = Language()


def load(name: str, value: Any) -> str:
    loaded: dict[str, str] = Form().load({name: value})
    return loaded[name]


def message(name: str, value: Any) -> str:
    with pytest.raises(ValidationError) as error:
        load(name, value)
    messages: Any = error.value.messages
    (only,) = messages[name]
    return str(only)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("claire@example.org", "claire@example.org"),
        ("  Claire@EXAMPLE.org ", "Claire@example.org"),
        ("o'neil+tag@example.co.uk", "o'neil+tag@example.co.uk"),
        ("josé@exämple.fr", "josé@exämple.fr"),
        ("claire@xn--exmple-cua.fr", "claire@exämple.fr"),
        ("用户@例子.cn", "用户@例子.cn"),
        ("a@b.io", "a@b.io"),
        ("x@" + "a" * 60 + ".example.org", "x@" + "a" * 60 + ".example.org"),
    ],
)
def test_addresses_of_people_pass(written: str, kept: str) -> None:
    assert load("email", written) == kept


@pytest.mark.parametrize(
    "written",
    ["@example.org", "a@", "a@b", "a b@example.org", "a@@example.org", "a@example..org",
     "a@-example.org", "a@example.org.", "a@[127.0.0.1]", '"a b"@example.org', "a@localhost",
     ".a@example.org", "a..b@example.org", "a@" + "x" * 64 + ".org", "a@\u202e.org",
     "Claire <claire@example.org>", "a@exa_mple.org", "a@example.org,b@example.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(written: str) -> None:
    assert message("email", written)


def test_the_message_says_what_is_missing() -> None:
    assert message("email", "claire.example.org") == NO_AT_SIGN
    assert message("email", "claire@example") == NOT_EMAIL


@given(st.text(max_size=60) | st.emails() | st.text('@.a-é李\u0300\u200d[]"', max_size=12))
def test_any_text_is_an_address_or_a_validation_error(text: str) -> None:
    try:
        kept = load("email", text)
    except ValidationError:
        return
    assert not kept or kept.count("@") == 1
    assert load("email", kept) == kept


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("claire@gmial.com", "claire@gmail.com"),
        ("claire@gmail.con", "claire@gmail.com"),
        ("claire@gmal.com", "claire@gmail.com"),
        ("claire@hotmial.fr", "claire@hotmail.fr"),
        ("claire@wanadooo.fr", "claire@wanadoo.fr"),
        ("claire@lapsote.net", "claire@laposte.net"),
        ("claire@outlok.fr", "claire@outlook.fr"),
    ],
)
def test_a_slip_is_recognised(written: str, meant: str) -> None:
    assert suggestion_for(written) == meant


@pytest.mark.parametrize("domain", [*PROVIDERS, *sorted(NOT_SLIPS), "example.org", "exämple.fr"])
def test_a_real_domain_is_no_slip(domain: str) -> None:
    assert suggestion_for(f"claire@{domain}") == ""


@pytest.mark.parametrize("nothing", ["", "@", "@gmial.com", "claire", "claire@"])
def test_nothing_is_suggested_for_nothing(nothing: str) -> None:
    assert suggestion_for(nothing) == ""


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://claire.example/a?b#c", "https://claire.example/a?b#c"),
        ("claire.example", "https://claire.example"),
        ("claire.example:8080/x", "https://claire.example:8080/x"),
        ("http://exämple.fr", "http://exämple.fr"),
        ("", ""),
    ],
)
def test_web_addresses_pass(written: str, kept: str) -> None:
    assert load("url", written) == kept


@pytest.mark.parametrize(
    "written",
    ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd",
     "ftp://example.org", "mailto:a@example.org", "http://", "https://localhost", "nothing",
     "http://a b.org", "http://[::1", "http://example.org:port", "vbscript:x.y",
     "java\tscript:alert(1)", "//example.org"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(written: str) -> None:
    assert message("url", written)


def test_a_refused_web_address_says_what_one_is() -> None:
    assert message("url", "javascript:alert(1)") == NOT_WEB_ADDRESS


@given(st.text(max_size=40) | st.text("htps:/.[]@%?# a\\", max_size=20))
def test_an_accepted_web_address_is_http(text: str) -> None:
    try:
        kept = load("url", text)
    except ValidationError:
        return
    assert not kept or kept.lower().startswith(("http://", "https://"))
    assert not kept or is_web_address(kept)


@given(st.text(max_size=40) | st.text("htps:/.[]@%?#a\\", max_size=20).map("http://".__add__))
def test_an_accepted_page_has_a_key(text: str) -> None:
    try:
        kept = load("page", text)
    except ValidationError:
        return
    assert len(page_key(kept)) == 22


@pytest.mark.parametrize(
    "written", ["http://", "http://[", "https:a", "http://a b/", "http://x:y/"]
)
def test_a_page_that_looks_like_a_url_is_one(written: str) -> None:
    assert message("page", written) == NOT_PAGE


@pytest.mark.parametrize("written", ["http://localhost:8000/a", "/a/b", "post-17", "urn:x:1", "李"])
def test_a_page_may_be_local_or_an_identifier(written: str) -> None:
    assert load("page", written) == written


@pytest.mark.parametrize(
    ("written", "kept"),
    [("192.0.2.1", "192.0.2.1"), ("2001:DB8:0::1", "2001:db8::1"), ("", "")],
)
def test_ip_addresses_have_one_spelling(written: str, kept: str) -> None:
    assert load("ip", written) == kept


@pytest.mark.parametrize("written", ["1.2.3", "192.0.2.1:80", "192.0.2.256", "::g", "localhost"])
def test_what_is_no_ip_address_is_refused(written: str) -> None:
    assert message("ip", written) == NOT_IP


@pytest.mark.parametrize(
    ("written", "kept"),
    [("fr", "fr"), ("fr-CA", "fr"), ("zh_Hant_TW", "zh"), ("EN", "en"), ("", "")],
)
def test_a_language_is_its_primary_subtag(written: str, kept: str) -> None:
    assert load("lang", written) == kept


@pytest.mark.parametrize("written", ["f", "french", "fr!", "-fr", "fr--CA", "فر", "12"])
def test_what_is_no_language_is_refused(written: str) -> None:
    assert message("lang", written) == NOT_LANGUAGE
