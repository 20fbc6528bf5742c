"""The script for other sites' pages, as it is sent."""

from __future__ import annotations

import gzip

from service.web.embed import SCRIPT
from tests.api.house import House, json_of

LARGEST_GZIPPED = 15 * 1024


def test_the_script_is_small(house: House) -> None:
    answer = house.client.get("/embed.js", headers={"Accept-Encoding": "gzip, br"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) <= LARGEST_GZIPPED
    assert gzip.decompress(answer.data) == SCRIPT.read_bytes()


def test_who_takes_no_gzip_gets_it_plain(house: House) -> None:
    answer = house.client.get("/embed.js")
    assert answer.data == SCRIPT.read_bytes()
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_pages_of_any_origin_may_load_and_keep_it(house: House) -> None:
    answer = house.client.get("/embed.js", headers={"Origin": "https://elsewhere.example"})
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "max-age=3600" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_each_encoding_has_an_etag_of_its_own_that_spares_the_body(house: House) -> None:
    etags = set()
    for encoding in ("gzip", "identity"):
        headers = {"Accept-Encoding": encoding}
        etag = house.client.get("/embed.js", headers=headers).headers["ETag"]
        again = house.client.get("/embed.js", headers={**headers, "If-None-Match": etag})
        assert again.status_code == 304
        assert again.data == b""
        etags.add(etag)
    assert len(etags) == 2


def test_the_script_has_nothing_that_a_strict_policy_refuses_or_that_makes_markup_of_text() -> None:
    script = SCRIPT.read_text("utf-8")
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "new Function",
                      "document.write", ".style.", "cookie ="):  # fmt: skip
        assert forbidden not in script, forbidden


def test_a_form_learns_what_its_site_requires_and_speaks(house: House) -> None:
    house.change_site(required=frozenset({"author"}), lang="fr")
    told = json_of(house.client.get("/v1/sites/demo/form-token"))
    assert told["required"] == ["author"]
    assert told["lang"] == "fr"
