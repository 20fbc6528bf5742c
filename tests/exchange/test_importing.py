"""Writing what was found: as the ordinary way would, once, in any order, from any stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as at_most
from hypothesis import strategies as st

from config.settings import Settings
from service.exchange.arriving import Customs, id_of
from service.exchange.foreign import FileUnreadable, Foreign, Found, Skipped, unpacked
from service.exchange.importing import Import, Report
from service.exchange.own_lines import line_of, own_lines
from service.exchange.scratch import Scratch
from service.exchange.wordpress import wxr
from service.exchange.wxr_writer import written
from service.moderation.comment import Facts
from service.moderation.signal import Attribute, Signal
from service.moderation.verdict import Action, Status, Verdict
from service.store.comments import MAX_DEPTH
from service.store.imports import Imported
from service.store.inbox import Settlement
from service.store.keys import SiteKeys
from service.store.paging import Order
from service.store.records import Decision, Record
from service.store.sealing import Personal
from service.store.sites import Site
from service.store.store import Store, open_store
from service.store.threads import Node
from service.store.upkeep.verify import Verifier
from tests.conftest import SECRETS, arrival_of, comment_of
from tests.store.shelf import decide

PAGE = "http://site.test/a"
NOW = 1_795_000_000_000


def foreign(name: str, parent: str = "", status: Status = Status.APPROVED, **more: Any) -> Foreign:
    values = {"page": PAGE, "content": f"Words of {name}", "at_ms": NOW + len(name), **more}
    return Foreign(f"x|{name}", status=status, parent=f"x|{parent}" if parent else "", **values)


def bring_in(store: Store, found: Sequence[Found], scratch: Scratch | None = None) -> Report:
    customs = Customs("demo", store.vault, "http://site.test/")
    importing = Import(store.imports, customs, scratch or Scratch(), lambda: NOW)
    return importing.run(found, lambda _report: None)


def is_in_order(store: Store) -> bool:
    """Say whether every index and counter is what the comments say, by the store's own check."""
    findings = Verifier(store.client).verify("demo").findings
    assert not findings, findings
    return True


def outline(nodes: Sequence[Node]) -> list[Any]:
    return [[node.record.comment.content, outline(node.replies)] for node in nodes]


def threads(store: Store, site: str = "demo") -> list[Any]:
    return outline(store.threads.read(site, PAGE, Order.OLDEST, 100, "").nodes)


def kept(store: Store, site: str) -> dict[str, Any]:
    """Return everything that is kept of a site but what differs by its nature."""
    client: Any = store.client
    found: dict[str, Any] = {}
    start = SiteKeys(site).comment("").removesuffix("comment:")
    for key in sorted(client.scan_iter(start.replace("{", "[{]").replace("}", "[}]") + "*")):
        name = key.decode().removeprefix(start)
        kind = client.type(key)
        if kind == b"zset":
            found[name] = client.zrange(key, 0, -1, withscores=True)
        elif kind == b"hash" and name not in ("site", "keys"):
            found[name] = client.hgetall(key)
    for fields in [found["counters"], *(v for k, v in found.items() if k.startswith("comment:"))]:
        for passing in (b"imported", b"personal", b"received_at", b"settled_at", b"pressures"):
            fields.pop(passing, None)
    return found


ORDINARY = (
    ("a", "", Action.APPROVE),
    ("b", "a", Action.APPROVE),
    ("c", "b", Action.HOLD),
    ("d", "", Action.SPAM),
    ("e", "", Action.REJECT),
    ("f", "a", Action.APPROVE),
)


def test_what_is_imported_is_kept_as_if_it_had_come_the_ordinary_way(store: Store) -> None:
    store.sites.create(Site("copy", origins=("http://site.test",)))
    store.sites.create(Site("plain", origins=("http://site.test",)))
    items = []
    for number, (name, parent, action) in enumerate(ORDINARY):
        scores = {Attribute.SPAM: 0.25 * (action is Action.HOLD)}
        verdict = Verdict(action, "test", scores, lang="fr")
        personal = Personal("claire@example.org", "192.0.2.7")
        facts = Facts(author_key="claire", email_domain="example.org")
        comment = comment_of(name, site="plain", parent=parent, submitted_at=NOW / 1000 + number)
        store.comments.accept(arrival_of(comment, personal=personal, facts=facts, limits={}))
        [entry] = store.inbox.take("plain", "w", 9)
        [pending] = store.inbox.load("plain", [entry], Facts())
        store.inbox.settle("plain", [Settlement(pending, verdict, b"")])
        status = store.comments.get("plain", name).status
        copy = replace(comment, site="copy")
        items.append(Imported(copy, personal, facts, status, NOW, NOW, verdict))
    store.imports.write("copy", items)
    assert kept(store, "copy") == kept(store, "plain")


def test_twice_changes_nothing_not_even_what_a_moderator_has_decided_since(store: Store) -> None:
    found = [foreign("a"), foreign("b", "a"), foreign("c", status=Status.HELD)]
    assert bring_in(store, found).told()["imported"] == 3
    before = kept(store, "demo")
    again = bring_in(store, found)
    assert (again.imported, again.known) == (0, 3)
    assert kept(store, "demo") == before


@pytest.mark.parametrize("stop_at", [1, 3, 5])
def test_a_stopped_import_goes_on_where_it_was(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    monkeypatch.setattr("service.exchange.importing.AT_ONCE", 2)
    found: list[Found] = [Skipped("x|s", "why"), foreign("b", "a"), foreign("a"), foreign("cc")]
    found += [foreign("dd", "cc"), foreign("ee", "b")]

    def stopping() -> Iterator[Found]:
        yield from found[:stop_at]
        raise KeyboardInterrupt

    scratch = Scratch(tmp_path / "notes")
    with pytest.raises(KeyboardInterrupt):
        bring_in(store, stopping(), scratch)  # type: ignore[arg-type]
    scratch.close(is_done=False)
    scratch = Scratch(tmp_path / "notes")
    report = bring_in(store, found, scratch)
    scratch.close(is_done=True)
    assert not (tmp_path / "notes").exists()
    assert (report.read, report.imported, report.known, dict(report.skipped)) == (
        6, 5, 0, {"why": 1}
    )  # fmt: skip
    words = "Words of "
    assert threads(store) == [
        [f"{words}a", [[f"{words}b", [[f"{words}ee", []]]]]],
        [f"{words}cc", [[f"{words}dd", []]]],
    ]
    assert is_in_order(store)


@pytest.mark.parametrize("fault", [FileUnreadable("it is torn"), OSError("no disk")])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_what_came_before_a_break_is_kept_and_not_done_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, fault: Exception
) -> None:
    monkeypatch.setattr("service.exchange.importing.AT_ONCE", 2)
    found: list[Found] = [foreign("a"), foreign("b", "a"), Skipped("x|s", "why"), foreign("d")]

    def breaking() -> Iterator[Found]:
        yield from found[:count]
        raise fault

    scratch = Scratch(tmp_path / "notes")
    with pytest.raises(type(fault), match=str(fault)):
        bring_in(store, breaking(), scratch)  # type: ignore[arg-type]
    assert len(records_of_sealed(store)) == len(found[:count]) - (count > 2)
    scratch.close(is_done=False)
    report = bring_in(store, found, Scratch(tmp_path / "notes"))
    assert (report.read, report.imported, report.known, dict(report.skipped)) == (
        4, 3, 0, {"why": 1}
    )  # fmt: skip
    assert is_in_order(store)


def test_answers_find_their_parents_whatever_comes_first(store: Store) -> None:
    chain = [foreign("n" * n, "n" * (n - 1) if n > 1 else "") for n in range(30, 0, -1)]
    report = bring_in(store, chain)
    assert (report.imported, dict(report.notes)) == (30, {})
    depths = [store.comments.get("demo", id_of(f"x|{'n' * n}")) for n in (1, 2, 13, 14, 30)]
    assert {record.root for record in depths[1:]} == {id_of("x|n")}
    assert depths[3].comment.parent == depths[2].comment.parent
    raw: Any = store.client.hget(SiteKeys("demo").comment(depths[4].comment.id), "depth")
    assert int(raw) == MAX_DEPTH
    assert is_in_order(store)


def test_who_answers_nothing_that_is_there_stands_alone_and_is_reported(store: Store) -> None:
    found = [
        foreign("a", "gone"), foreign("b", "c"), foreign("c", "b"),
        foreign("d"), foreign("e", "d", page="http://site.test/other"),
    ]  # fmt: skip
    report = bring_in(store, found)
    assert report.imported == 5
    assert list(report.notes.values()) == [3]
    assert is_in_order(store)


@pytest.mark.parametrize("refused", [Status.HELD, Status.SPAM])
def test_what_stands_below_refused_comments_is_shown_and_so_is_their_place(
    store: Store, refused: Status
) -> None:
    found = [foreign("a", status=refused), foreign("b", "a", refused), foreign("c", "b")]
    found += [foreign("x", status=refused), foreign("y", "x", refused)]
    found.append(foreign("z", "y", Status.HELD))
    bring_in(store, found)
    assert is_in_order(store)
    words = "Words of "
    assert threads(store) == [[f"{words}a", [[f"{words}b", [[f"{words}c", []]]]]]]
    decide(store, id_of("x|z"), Status.APPROVED)
    assert outline(store.threads.read("demo", PAGE, Order.OLDEST, 9, "").nodes)[1][0].endswith("x")
    assert is_in_order(store)


def test_what_a_comment_cannot_hold_is_mended_or_left_out(store: Store) -> None:
    report = bring_in(
        store,
        [
            foreign("long", content="x" * 70_000),
            foreign("odd", email="no address", url="javascript:x", ip="300.1.1.1"),
            foreign("empty", content=" \u200b "),
            foreign("nowhere", page=""),
            foreign("path", page="/b"),
        ],
    )
    assert dict(report.skipped) == {
        "it has no text": 1, "it does not say on which page it stands": 1
    }  # fmt: skip
    assert len(report.notes) == 2
    record = store.comments.get("demo", id_of("x|odd"))
    assert (record.comment.url, store.comments.personal(record)) == ("", Personal())
    assert store.comments.get("demo", id_of("x|path")).comment.page == "http://site.test/b"
    assert is_in_order(store)


def test_a_comment_held_back_comes_out_as_it_went_in() -> None:
    for found in own_lines([orjson.dumps(LINE)]):
        assert isinstance(found, Foreign)
        assert unpacked(found.packed()) == found


LINE = {
    "id": "01JZ8Q6Q3D5W8W1XK2T9F4M7NB",
    "page": PAGE,
    "status": "spam",
    "submitted_at": "2026-11-01T10:00:00Z",
    "content": "Words",
    "decision": {
        "actor": "account:mo", "reason": "spam", "from": "held", "to": "spam",
        "at": "2026-11-01T11:00:00Z",
    },
    "verdict": {
        "action": "hold", "rule": "r", "scores": {"spam": 0.5}, "signals": [], "unscreened": [],
        "attribute": None, "threshold": None,
    },
}  # fmt: skip
BROKEN: list[dict[str, Any]] = [
    {"status": "gone"},
    {"verdict": {"action": "hold"}},
    {"verdict": {**LINE["verdict"], "scores": {"spam": "much"}}},  # type: ignore[dict-item]
    {"verdict": []},
    {"decision": {"at": "2026-11-01T11:00:00Z", "to": "nowhere"}},
    {"id": None},
    {"submitted_at": "soon"},
    {"page": 5},
]


@pytest.mark.parametrize("change", BROKEN)
def test_a_broken_line_is_left_out_and_not_the_next(store: Store, change: dict[str, Any]) -> None:
    lines = [orjson.dumps({**LINE, **change}), b"{", None, orjson.dumps(LINE)]
    report = bring_in(store, list(own_lines(lines)))
    assert (report.imported, sum(report.skipped.values())) == (1, 3)


TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Mn", "Me", "Cf", "Zl", "Zp")),
    min_size=1, max_size=20,
).map(str.strip).filter(bool)  # fmt: skip
STATUSES = st.sampled_from([status for status in Status if status is not Status.DELETED])


@st.composite
def imported(draw: st.DrawFn) -> list[Imported]:
    """Draw a site's comments: threads over two pages, in every status."""
    made: list[Imported] = []
    for number in range(draw(st.integers(1, 6))):
        page = draw(st.sampled_from([PAGE, "http://site.test/b"]))
        same = [item.comment.id for item in made if item.comment.page == page]
        status = draw(STATUSES)
        email, author_id = draw(
            st.sampled_from([("zoe@example.org", ""), ("", "u:7"), ("", ""), ("ö@exämple.org", "")])
        )
        verdict = Verdict(Action.HOLD, "r", {Attribute.SPAM: draw(st.floats(0, 1))},
                          (Signal("c", Attribute.SPAM, 0.5, 1.0),), lang="fr")  # fmt: skip
        decision = Decision("account:mo", draw(TEXT), Status.HELD, status, NOW + number)
        is_judged = status is not Status.RECEIVED
        edited = is_judged and draw(st.booleans())
        comment = comment_of(
            id_of(f"drawn {number}"), draw(TEXT), page=page, author=draw(st.just("") | TEXT),
            url=draw(st.sampled_from(["", "https://zoe.example/a?b=1&c=<2>"])),
            parent=draw(st.sampled_from(["", *same])), author_id=author_id,
            page_title="Le quai <1> & suite", lang=draw(st.sampled_from(["", "fr"])),
            user_agent="Mozilla", referrer=PAGE, is_staff=draw(st.booleans()),
            submitted_at=(NOW + number * 1000) / 1000,
        )  # fmt: skip
        made.append(
            Imported(
                comment,
                Personal(email, draw(st.sampled_from(["", "192.0.2.7", "2001:db8::1"]))),
                Facts(),
                status,
                NOW + number,
                NOW + number + 5 if is_judged else 0,
                verdict if is_judged and draw(st.booleans()) else None,
                decision if is_judged and draw(st.booleans()) else None,
                draw(TEXT) if edited else "",
                "account:mo" if edited else "",
            )
        )
    return made


def emptied(store: Store) -> None:
    client: Any = store.client
    client.flushdb()
    store.sites.create(Site("demo", origins=("http://site.test",), lang="fr"))


@pytest.fixture
def one(settings: Settings) -> Iterator[Store]:
    opened = open_store(settings, SECRETS, settings.redis_url)
    yield opened
    opened.client.close()


def lines_of(store: Store) -> list[bytes]:
    runs = store.whole.by_time("demo")
    return [line_of(record, store.comments.personal(record)) for run in runs for record in run]


def records_of(store: Store) -> list[Record]:
    found = [record for run in store.whole.by_time("demo") for record in run]
    return [replace(record, sealed=b"", facts=Facts()) for record in found]


def test_what_is_exported_and_imported_is_the_same_again(one: Store) -> None:
    @at_most(max_examples=15)
    @given(imported())
    def prove(items: list[Imported]) -> None:
        emptied(one)
        # Through the customs first: what authors are known by is made there.
        one.imports.write("demo", items)
        lines = lines_of(one)
        emptied(one)
        report = bring_in(one, list(own_lines(lines)))
        assert (report.imported, dict(report.skipped), dict(report.notes)) == (len(items), {}, {})
        assert lines_of(one) == lines
        first, counted = records_of(one), kept(one, "demo")
        emptied(one)
        bring_in(one, list(own_lines(lines)))
        assert records_of(one) == first
        assert kept(one, "demo") == counted
        assert is_in_order(one)

    prove()


def test_a_wordpress_file_of_ours_brings_back_what_wordpress_knows(one: Store) -> None:
    def known(record: Record) -> tuple[Any, ...]:
        comment = record.comment
        status = Status.HELD if record.status is Status.RECEIVED else record.status
        personal = one.comments.personal(record)
        return (
            comment.id, comment.page, comment.page_title, comment.content, comment.author,
            comment.url, comment.parent, record.root, status, record.submitted_at_ms, personal,
        )  # fmt: skip

    @at_most(max_examples=15)
    @given(imported())
    def prove(items: list[Imported]) -> None:
        emptied(one)
        one.imports.write("demo", items)
        before = sorted(map(known, records_of_sealed(one)))
        document = b"".join(
            written(one.whole.by_page("demo"), one.comments.personal, "http://site.test", "fr")
        )
        emptied(one)
        bring_in(one, list(wxr([document])))
        assert sorted(map(known, records_of_sealed(one))) == before
        assert is_in_order(one)

    prove()


def records_of_sealed(store: Store) -> list[Record]:
    return [record for run in store.whole.by_time("demo") for record in run]


def test_an_export_without_what_is_personal_has_none_of_it(store: Store) -> None:
    bring_in(store, [foreign("a", email="zoe@example.org", ip="192.0.2.7", user_agent="Firefox")])
    [record] = records_of_sealed(store)
    line = line_of(record, None)
    for secret in (b"zoe@", b"192.0", b"Firefox"):
        assert secret not in line
