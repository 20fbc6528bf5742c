"""Genuine clients of the scoring doors, unmodified, over HTTP against the real web server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httplib2
import openai
import pytest
from googleapiclient import discovery
from googleapiclient.errors import HttpError

from config.settings import Settings
from service.store.doors.door_keys import Door
from service.store.sites import Site
from service.store.store import open_store
from tests.api.test_over_http import wait_until_served
from tests.clients.certificates import make_certificates
from tests.clients.fetched import fetched, npm_install
from tests.clients.private_network import Spec, run_in_private
from tests.conftest import SECRETS, free_port, start_valkey, stop

NODE_CLIENTS = ("perspective-api-client@3.1.0", "openai@6.49.0")
INSULT = "Tu es un connard et un abruti fini, ferme ta gueule."
PERSPECTIVE_JS = """
const axios = require('axios');
const Perspective = require('perspective-api-client');
axios.interceptors.request.use(config => {
  config.url = config.url.replace('https://commentanalyzer.googleapis.com', process.env.ROOT);
  return config;
});
const client = new Perspective({apiKey: process.env.KEY});
const wrong = new Perspective({apiKey: 'wrong'});
(async () => {
  const told = {};
  told.plain = await client.analyze(process.env.TEXT);
  told.many = await client.analyze('<p>' + process.env.TEXT + '</p>',
    {attributes: ['toxicity', 'insult']});
  try { await wrong.analyze('x'); } catch (error) {
    told.wrong = [error.name, error.message, error.response.status];
  }
  try { await client.analyze('x', {attributes: ['unsubstantial']}); } catch (error) {
    told.unknown = error.message;
  }
  console.log(JSON.stringify(told));
})().catch(error => { console.error(error); process.exit(1); });
"""
OPENAI_JS = """
const OpenAI = require('openai');
const client = new OpenAI({maxRetries: 0});
(async () => {
  const told = {};
  const found = await client.moderations.create({
    model: 'omni-moderation-latest', input: [{type: 'text', text: process.env.TEXT}]});
  told.flagged = found.results[0].flagged;
  const wrong = new OpenAI({apiKey: 'sk-wrong', maxRetries: 0});
  try { await wrong.moderations.create({input: 'x'}); } catch (error) {
    told.wrong = [error.constructor.name, error.status, error.code];
  }
  console.log(JSON.stringify(told));
})().catch(error => { console.error(error); process.exit(1); });
"""


@dataclass(frozen=True)
class Served:
    """A running web server, and keys for its doors."""

    root: str
    perspective: str
    openai: str
    folder: Path
    environment: dict[str, str]


def npm_clients() -> Path:
    """Return the folder that npm's clients are installed in."""
    return fetched("npm-scoring", lambda folder: npm_install(folder, *NODE_CLIENTS))


def run_node(script: str, environment: dict[str, str]) -> str:
    """Return what a script says; it finds the packages by their names."""
    folder = npm_clients()
    ran = subprocess.run(
        [shutil.which("node") or "node", "-e", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("clients")
    server, url = start_valkey(folder)
    opened = open_store(Settings(redis_url=url), SECRETS, f"{url}?db=0")
    opened.sites.create(Site("demo", lang="fr"))
    number = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "ECLUSE_REDIS_URL": f"{url}?db=0",
        "ECLUSE_QUEUE_URL": f"{url}?db=1",
        "ECLUSE_DATA_DIR": str(folder),
        "ECLUSE_SECRET_KEY": SECRETS.signing.decode(),
        "ECLUSE_PORT": str(number),
        "ECLUSE_WEB_PROCESSES": "1",
    }
    key = opened.door_keys.create("demo", Door.PERSPECTIVE, "")[1]
    openai_key = opened.door_keys.create("demo", Door.OPENAI, "")[1]
    opened.client.close()
    web = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "web"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_served(number)
        yield Served(f"http://127.0.0.1:{number}", key, openai_key, folder, environment)
    finally:
        stop(web)
        stop(server)


@pytest.fixture(scope="module")
def google(served: Served) -> Iterator[Any]:
    """The client that builds itself from the discovery document, as Google's sample does."""
    http = httplib2.Http(timeout=30)
    built = discovery.build(
        "commentanalyzer",
        "v1alpha1",
        developerKey=served.perspective,
        discoveryServiceUrl=f"{served.root}/$discovery/rest?version=v1alpha1",
        static_discovery=False,
        http=http,
    )
    yield built
    http.close()


def test_googles_sample_runs_with_one_address_changed(google: Any) -> None:
    asked = {"comment": {"text": INSULT}, "requestedAttributes": {"TOXICITY": {}}}
    answer = google.comments().analyze(body=asked).execute()
    assert answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"] > 0.9
    assert answer["languages"] == ["fr"]


def test_googles_client_may_ask_for_a_part_of_the_answer(google: Any) -> None:
    asked = {"comment": {"text": INSULT}, "requestedAttributes": {"TOXICITY": {}, "INSULT": {}}}
    part = "attributeScores/TOXICITY/summaryScore/value"
    answer = google.comments().analyze(body=asked, fields=part, prettyPrint=False).execute()
    value = answer["attributeScores"]["TOXICITY"]["summaryScore"].pop("value")
    assert value > 0.9
    assert answer == {"attributeScores": {"TOXICITY": {"summaryScore": {}}}}
    with pytest.raises(HttpError) as refused:
        google.comments().analyze(body=asked, fields="scores").execute()
    assert refused.value.error_details[0]["fieldViolations"][0]["field"] == "scores"


def test_googles_client_may_ask_for_many_at_once(google: Any) -> None:
    told: dict[str, Any] = {}
    batch = google.new_batch_http_request(
        callback=lambda name, answer, error: told.update({name: answer or error})
    )
    for text in (INSULT, "Merci beaucoup.", ""):
        body = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}}
        batch.add(google.comments().analyze(body=body))
    batch.execute()
    scores = [told[name]["attributeScores"]["TOXICITY"]["summaryScore"] for name in ("1", "2")]
    assert scores[0]["value"] > 0.9 > scores[1]["value"]
    assert told["3"].reason == "Comment must be non-empty."


def test_googles_client_may_suggest_scores(google: Any) -> None:
    body = {
        "comment": {"text": "Bonjour"},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0}}},
        "clientToken": "c1",
    }
    assert google.comments().suggestscore(body=body).execute()["clientToken"] == "c1"


def test_googles_client_reads_our_errors_with_their_details(google: Any) -> None:
    asked = {"comment": {"text": "x"}, "requestedAttributes": {"INSULT": {}}, "languages": ["is"]}
    with pytest.raises(HttpError) as refused:
        google.comments().analyze(body=asked).execute()
    assert refused.value.status_code == 400
    assert refused.value.reason == "Attribute INSULT does not support request languages: is"
    (detail,) = refused.value.error_details
    assert detail["errorType"] == "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"


def test_googles_client_is_refused_without_a_good_key(served: Served) -> None:
    http = httplib2.Http(timeout=30)
    built = discovery.build_from_document(
        json.dumps(document(served, http)), developerKey="wrong", http=http
    )
    with pytest.raises(HttpError, match="API key not valid"):
        built.comments().analyze(body={"comment": {"text": "x"}}).execute()
    http.close()


def document(served: Served, http: httplib2.Http) -> dict[str, Any]:
    _, content = http.request(f"{served.root}/$discovery/rest?version=v1alpha1")
    found: dict[str, Any] = json.loads(content)
    return found


def test_openais_client_runs_with_another_base_url(served: Served) -> None:
    with openai.OpenAI(
        api_key=served.openai, base_url=f"{served.root}/v1", max_retries=0
    ) as client:
        found = client.moderations.create(input=[INSULT, "Merci beaucoup."])
        assert [each.flagged for each in found.results] == [True, False]
        assert found.results[0].categories.harassment is True
        assert found.results[0].category_scores.harassment > 0.9
        picture: Any = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}
        with pytest.raises(openai.BadRequestError, match="pictures"):
            client.moderations.create(input=[picture])
    with (
        openai.OpenAI(api_key="sk-wrong", base_url=f"{served.root}/v1", max_retries=0) as wrong,
        pytest.raises(openai.AuthenticationError),
    ):
        wrong.moderations.create(input="x")


def test_perspective_api_client_of_npm_runs_behind_an_interceptor(served: Served) -> None:
    environment = {"ROOT": served.root, "KEY": served.perspective, "TEXT": INSULT}
    told = json.loads(run_node(PERSPECTIVE_JS, environment))
    assert told["plain"]["attributeScores"]["TOXICITY"]["summaryScore"]["value"] > 0.9
    assert set(told["many"]["attributeScores"]) == {"TOXICITY", "INSULT"}
    assert told["wrong"] == [
        "ResponseError",
        "API key not valid. Please pass a valid API key.",
        400,
    ]
    assert told["unknown"] == "Unknown requested attribute: UNSUBSTANTIAL"


def test_perspective_api_client_runs_as_it_is_where_googles_name_leads_here(
    served: Served,
) -> None:
    host = "commentanalyzer.googleapis.com"
    made = make_certificates(served.folder, [host])
    unchanged = re.sub(r"axios\.interceptors.*?\}\);\n", "", PERSPECTIVE_JS, flags=re.DOTALL)
    assert "interceptors" not in unchanged
    (ran,) = run_in_private(
        Spec(
            folder=str(served.folder),
            hosts=[host],
            certificate=str(made.server),
            service=served.environment,
            commands=[["node", "-e", unchanged]],
            environment={
                "NODE_PATH": str(npm_clients() / "node_modules"),
                "NODE_EXTRA_CA_CERTS": str(made.authority),
                "KEY": served.perspective,
                "TEXT": INSULT,
            },
        )
    )
    assert ran.code == 0, ran.output
    told = json.loads(ran.output.splitlines()[-1])
    assert told["plain"]["attributeScores"]["TOXICITY"]["summaryScore"]["value"] > 0.9


def test_openai_of_npm_runs_with_another_base_url(served: Served) -> None:
    environment = {
        "OPENAI_BASE_URL": f"{served.root}/v1",
        "OPENAI_API_KEY": served.openai,
        "TEXT": INSULT,
    }
    told = json.loads(run_node(OPENAI_JS, environment))
    assert told == {
        "flagged": True,
        "wrong": ["AuthenticationError", 401, "invalid_api_key"],
    }
