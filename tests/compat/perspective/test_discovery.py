"""The discovery document: of the server it came from."""

from __future__ import annotations

import pytest

from config.settings import Settings
from service.app import create_app
from tests.compat.perspective.caller import Caller, google_error

DISCOVERY = "/$discovery/rest"


@pytest.mark.parametrize("path", [DISCOVERY, "/discovery/v1/apis/commentanalyzer/v1alpha1/rest"])
def test_the_document_names_the_host_by_which_it_was_asked(caller: Caller, path: str) -> None:
    answer = caller.house.client.get(
        path, query_string={"version": "v1alpha1", "key": "any"}, headers={"Host": "a.example:81"}
    )
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["rootUrl"] == answer.json["baseUrl"] == "http://a.example:81/"
    assert answer.json["id"] == "commentanalyzer:v1alpha1"
    methods = answer.json["resources"]["comments"]["methods"]
    assert methods["analyze"]["path"] == "v1alpha1/comments:analyze"
    assert methods["suggestscore"]["request"]["$ref"] in answer.json["schemas"]


def test_behind_a_proxy_it_names_the_scheme_of_the_outside(settings: Settings) -> None:
    from dataclasses import replace

    client = create_app(replace(settings, trusted_proxies=1)).test_client()
    answer = client.get(DISCOVERY, headers={"Host": "m.example", "X-Forwarded-Proto": "https"})
    assert answer.json is not None
    assert answer.json["rootUrl"] == "https://m.example/"


def test_there_is_no_other_version(caller: Caller) -> None:
    answer = caller.house.client.get(DISCOVERY, query_string={"version": "v2"})
    google_error(answer, 404, "NOT_FOUND")


def test_every_reference_in_the_document_leads_somewhere(caller: Caller) -> None:
    document = caller.house.client.get(DISCOVERY).json
    assert document is not None
    wanted: set[str] = set()

    def look(value: object) -> None:
        if isinstance(value, dict):
            wanted.update(v for k, v in value.items() if k == "$ref" and isinstance(v, str))
            list(map(look, value.values()))
        elif isinstance(value, list):
            list(map(look, value))

    look(document)
    assert wanted <= document["schemas"].keys()
