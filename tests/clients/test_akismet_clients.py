"""Clients of Akismet from PyPI and npm, unmodified: two run their own suites for the live service.

The host is fixed in them, so they run in a private network where it is this machine.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.settings import Settings, load_secrets
from service.store.doors.door_keys import Door
from service.store.sites import Site
from service.store.store import Store, open_store
from tests.api.house import ORIGIN, SPAM
from tests.clients.certificates import make_certificates
from tests.clients.fetched import fetched, npm_install, pip_install, pip_source
from tests.clients.private_network import Ran, Spec, run_in_private
from tests.conftest import start_valkey, stop

ORDINARY = "Une remarque tout à fait ordinaire sur cet article."
ROOT = Path(__file__).parents[2]
PYTHON_CLIENT = "akismet==25.10.1"
NODE_CLIENTS = ("akismet-api@6.0.0", "@cedx/akismet@16.2.1", "akismet@2.0.7")
NODE_TOOLS = ("mocha@10.8.2", "chai@4.5.0")
# Each says of spam whether it is, and of a comment nobody minds.
ASK = """
const {Author, Blog, CheckResult, Client, Comment} = await import("@cedx/akismet");
const {default: {client}} = await import("akismet");
const [key, blog, spam, ham] = process.argv.slice(2);
const answers = {};

const cedx = new Client(key, new Blog({url: blog}));
const author = new Author({ipAddress: "192.0.2.1", name: "Zoé"});
const isSpam = async (content) =>
  (await cedx.checkComment(new Comment({author, content}))) !== CheckResult.ham;
answers["@cedx/akismet"] = [await cedx.verifyKey(), await isSpam(spam), await isSpam(ham)];

const old = client({blog, apiKey: key});
const told = (ask) => new Promise((done) => ask((error, said) => done(error ?? said)));
const sent = (comment_content) => ({user_ip: "192.0.2.1", comment_content});
answers.akismet = [
  await told((done) => old.verifyKey(done)),
  await told((done) => old.checkComment(sent(spam), done)),
  await told((done) => old.checkComment(sent(ham), done)),
];
console.log(JSON.stringify(answers));
"""


@dataclass(frozen=True)
class Place:
    """A database with a site and a key, and the folder of a test."""

    folder: Path
    store: Store
    key: str
    service: dict[str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("n")
    server, url = start_valkey(folder)
    settings = Settings(redis_url=f"{url}?db=0", queue_url=f"{url}?db=1", data_dir=folder)
    store = open_store(settings, load_secrets(settings), settings.redis_url)
    store.sites.create(Site("demo", origins=(ORIGIN,), lang="fr"))
    key = store.door_keys.create("demo", Door.AKISMET, "blog")[1]
    service = {
        "PYTHONPATH": str(ROOT),
        "ECLUSE_REDIS_URL": settings.redis_url,
        "ECLUSE_QUEUE_URL": settings.queue_url,
        "ECLUSE_DATA_DIR": str(folder),
        "ECLUSE_WEB_PROCESSES": "1",
    }
    yield Place(folder, store, key, service)
    store.client.close()
    stop(server)


def _fetch_python(folder: Path) -> None:
    pip_install(folder / "installed", PYTHON_CLIENT)
    pip_source(folder / "source", PYTHON_CLIENT)


def _fetch_node(folder: Path) -> None:
    npm_install(folder, *NODE_CLIENTS, *NODE_TOOLS)


def _script_beside(folder: Path) -> Path:
    script = folder / "ask.mjs"
    script.write_text(ASK, "utf-8")
    return script


@pytest.fixture(scope="module")
def ran(place: Place) -> list[Ran]:
    """Every client's run, in one private network."""
    python = fetched(f"pypi-{PYTHON_CLIENT}", _fetch_python)
    node = fetched("npm-akismet", _fetch_node)
    suite = python / "source" / PYTHON_CLIENT.replace("==", "-")
    copy = place.folder / "akismet-api"
    shutil.copytree(node / "node_modules" / "akismet-api", copy / "akismet-api")
    (copy / "node_modules").symlink_to(node / "node_modules")
    names = ["rest.akismet.com", f"{place.key}.rest.akismet.com"]
    made = make_certificates(place.folder, ["rest.akismet.com", "*.rest.akismet.com"])
    return run_in_private(
        Spec(
            folder=str(place.folder),
            hosts=names,
            certificate=str(made.server),
            service=place.service,
            commands=[
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
                 "-p", "no:randomly", "-o", "addopts=", "--rootdir", str(suite),
                 "-c", str(suite / "pyproject.toml"), str(suite / "tests" / "end_to_end")],
                ["node", str(node / "node_modules" / "mocha" / "bin" / "mocha.js"),
                 str(copy / "akismet-api" / "test" / "integration.spec.js")],
                ["node", str(_script_beside(copy)), place.key, ORIGIN, SPAM, ORDINARY],
            ],
            environment={
                "PYTHONPATH": str(python / "installed"),
                "PYTHON_AKISMET_API_KEY": place.key,
                "PYTHON_AKISMET_BLOG_URL": ORIGIN,
                "SSL_CERT_FILE": str(made.authority),
                "AKISMET_KEY": place.key,
                "NODE_EXTRA_CA_CERTS": str(made.authority),
            },
        )
    )  # fmt: skip


def test_the_end_to_end_suite_of_pypi_akismet_passes(ran: list[Ran]) -> None:
    assert ran[0].code == 0, ran[0].output
    passed = re.search(r"(\d+) passed", ran[0].output)
    assert passed is not None, ran[0].output
    assert int(passed[1]) >= 26


def test_the_integration_suite_of_npm_akismet_api_passes(ran: list[Ran]) -> None:
    assert ran[1].code == 0, ran[1].output
    assert "5 passing" in ran[1].output, ran[1].output
    assert "pending" not in ran[1].output


def test_two_more_clients_tell_spam_from_a_comment(ran: list[Ran]) -> None:
    assert ran[2].code == 0, ran[2].output
    said = json.loads(ran[2].output.splitlines()[-1])
    assert said == {"@cedx/akismet": [True, True, False], "akismet": [True, True, False]}
