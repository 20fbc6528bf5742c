"""Values of the command line, for any text."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.schemas.site_values import origin, site_name


@given(st.text())
def test_a_site_name_is_kept_as_it_is_or_refused(text: str) -> None:
    try:
        kept = site_name(text)
    except ValueError:
        return
    assert kept == text
    assert kept.isascii()
    assert not set(kept) & set("_{}: /")


@given(st.one_of(st.text(), st.text().map("https://{}".format)))
def test_an_origin_is_normalised_once_and_for_all_or_refused(text: str) -> None:
    try:
        kept = origin(text)
    except ValueError:
        return
    assert origin(kept) == kept
    assert kept.isascii()
    assert (urlsplit(kept).path, urlsplit(kept).query, urlsplit(kept).fragment) == ("", "", "")


@given(st.integers(1, 65_535))
def test_only_unusual_ports_are_kept(port: int) -> None:
    expected = "https://a.test" if port == 443 else f"https://a.test:{port}"
    assert origin(f"https://a.test:{port}") == expected


@pytest.mark.parametrize("text", ["https://*.example.org", "https://a b.test", "https://"])
def test_hosts_that_no_browser_sends_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        origin(text)
