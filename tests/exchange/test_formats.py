"""Each format: what becomes of its comments, and what is left out."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import pytest

from service.exchange.foreign import FileUnreadable, Foreign, Skipped
from service.exchange.json_stream import objects
from service.exchange.plain import plain
from service.exchange.reading import pieces, silent
from service.exchange.scratch import Scratch
from service.exchange.sources import Format, Source, format_of
from service.exchange.wordpress import wxr
from tests.exchange import files


def read(path: Path, form: Format | None = None, base: str = "") -> tuple[list[Any], list[Any]]:
    """Return the comments and what was left out."""
    found = list(Source(path, form or format_of(path), base).found(Scratch(), silent))
    kept = [each for each in found if isinstance(each, Foreign)]
    return kept, [(each.key, each.reason) for each in found if isinstance(each, Skipped)]


def written(tmp_path: Path, text: str, name: str = "file") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_wordpress_keeps_statuses_threads_and_what_moderators_told_akismet(tmp_path: Path) -> None:
    kept, skipped = read(written(tmp_path, files.WXR))
    told = {each.key.rpartition("|")[2]: each for each in kept}
    assert {name: each.status.value for name, each in told.items()} == {
        "2": "approved", "3": "approved", "4": "held", "5": "rejected",
        "8": "spam", "9": "approved", "10": "approved",
    }  # fmt: skip
    assert [n for n, each in told.items() if each.is_label] == ["8", "9", "10"]
    first, reply = told["2"], told["3"]
    assert first.content == "Très bon article,\nmerci\xa0! Ici (http://a.test/x)"
    assert (first.page, first.page_title) == ("http://blog.test/quai/", "Le quai\xa0: suite")
    assert (first.email, first.ip) == ("zoe@example.org", "192.0.2.2")
    assert first.at_ms == 1_795_466_882_000
    assert reply.parent == first.key == "wordpress|blog.test|2"
    assert [reason for _, reason in skipped] == [
        "a pingback or a trackback", "its post is in the bin"
    ]  # fmt: skip


def test_disqus_knows_its_pages_by_threads_and_spam_by_its_mark(tmp_path: Path) -> None:
    kept, skipped = read(written(tmp_path, files.DISQUS))
    assert [(each.key, each.status.value, each.is_label) for each in kept] == [
        ("disqus|4", "approved", False),
        ("disqus|5", "approved", False),
        ("disqus|6", "spam", True),
        ("disqus|7", "rejected", False),
    ]
    assert kept[0].content == "Bonjour.\nUn lien (http://a.test/x)"
    assert (kept[0].author_id, kept[1].author_id) == ("disqus:quai:pierre9", "")
    assert (kept[1].parent, kept[1].email) == ("disqus|4", "zoe@example.org")
    assert skipped == [("disqus|8", "it does not say on which page it stands")]


@pytest.mark.parametrize("is_packed", [False, True])
def test_remark42_comes_packed_or_plain(tmp_path: Path, is_packed: bool) -> None:
    path = written(tmp_path, files.REMARK42)
    if is_packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    kept, skipped = read(path)
    assert [(each.key, each.status.value) for each in kept] == [
        ("remark42|quai|b1", "approved"),
        ("remark42|quai|a1", "approved"),
        ("remark42|quai|c1", "deleted"),
    ]
    assert (kept[0].content, kept[0].is_staff) == ("Réponse", True)
    assert (kept[1].content, kept[1].ip) == ("Bonjour *vous*", "")
    assert skipped == [("line 5", "it cannot be read")]


def test_comentario_and_commento_name_people_after_their_comments(tmp_path: Path) -> None:
    kept, _ = read(written(tmp_path, files.COMENTARIO_1))
    assert [(each.status.value, each.author, each.email) for each in kept] == [
        ("approved", "", ""), ("held", "Zoé", "zoe@example.org")
    ]  # fmt: skip
    assert kept[0].page == "https://site.test/quai"
    assert kept[0].content == 'Une "question" {sans} [réponse]'
    assert (kept[1].parent, kept[1].is_staff) == (kept[0].key, True)
    kept, _ = read(written(tmp_path, files.COMENTARIO_3, "three"))
    assert [each.status.value for each in kept] == ["approved", "rejected", "deleted"]
    assert (kept[0].page, kept[0].page_title, kept[0].author) == ("/quai", "Le quai", "Zoé")


def test_isso_is_read_from_its_database(tmp_path: Path) -> None:
    path = files.write_isso(tmp_path / "comments.db")
    kept, _ = read(path, base="http://site.test/")
    assert [each.status.value for each in kept] == ["approved", "held", "deleted"]
    assert (kept[0].page, kept[0].at_ms, kept[0].ip) == ("/quai", 1_400_000_000_500, "192.0.2.0")
    assert kept[1].parent == kept[0].key


def test_a_piece_may_end_anywhere() -> None:
    whole = files.COMENTARIO_1.encode()
    once = list(objects([whole]))
    assert list(objects(whole[at : at + 1] for at in range(len(whole)))) == once
    assert len(once) == 3
    document = files.WXR.encode()
    assert list(wxr(document[at : at + 7] for at in range(0, len(document), 7))) == list(
        wxr([document])
    )


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{}]><rss>&b;</rss>'.format(
    "".join(f'<!ENTITY {chr(98 + n)} "{"&" + chr(97 + n) + ";" * 9}">' for n in range(9))
)
OUTSIDE = '<!DOCTYPE rss SYSTEM "file:///etc/passwd"><rss/>'
ENTITY = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss>&x;</rss>'
HOSTILE = {
    "a bomb of entities": BOMB,
    "a document type elsewhere": OUTSIDE,
    "an entity elsewhere": ENTITY,
    "depth": "<rss>" + "<a>" * 70,
    "a comment of many parts": "<wp:comment>" + "<a/>" * 30_000,
    "a tag without end": "<rss a='" + "x" * (5 << 20),
    "no XML": "hello",
    "the middle of a file": files.WXR[:1500],
    "other letters": files.WXR.encode("utf-16").decode("latin-1"),
    "another format": files.DISQUS,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused_in_a_sentence(name: str) -> None:
    raw = HOSTILE[name].encode("latin-1" if name == "other letters" else "utf-8")
    pieces = (raw[at : at + 65536] for at in range(0, len(raw), 65536))
    with pytest.raises(FileUnreadable):
        list(wxr(pieces))


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("torn", ["", "<wp:comment><wp:comment_id>9", "</rss>", "<a " + "x" * 300])
def test_what_ends_before_a_file_breaks_off_is_found(
    tmp_path: Path, torn: str, *, is_packed: bool
) -> None:
    good = [files.wp_comment(number, "Des mots. " * 40 * number) for number in range(2, 60)]
    raw = (files.WXR_HEAD + "".join(good) + torn).encode()
    path = tmp_path / "export.xml"
    noise = random.Random(4).randbytes(40_000).hex().encode()
    path.write_bytes(gzip.compress(raw + b"<!--" + noise)[:-20_000] if is_packed else raw)
    found: list[Any] = []
    with path.open("rb") as file, pytest.raises(FileUnreadable):
        found.extend(wxr(pieces(file)))
    assert len(found) == len(good)


def test_a_packed_file_that_breaks_off_early_is_known_for_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "export.xml.gz"
    path.write_bytes(gzip.compress(files.WXR.encode())[:-9])
    assert format_of(path) is Format.WXR
    path.write_bytes(b"\x1f\x8b nothing")
    with pytest.raises(FileUnreadable, match="damaged"):
        format_of(path)


def test_control_characters_that_wordpress_writes_are_passed_over() -> None:
    document = (files.WXR_HEAD + files.wp_comment(2, "a\x0bb\x02c") + files.WXR_TAIL).encode()
    [found] = wxr([document])
    assert isinstance(found, Foreign)
    assert found.content == "abc"


@pytest.mark.parametrize(
    "text",
    ['{"comments": [{"a": ' + "[" * 100, '{"comments": [{"a": "' + "x" * (5 << 20), "{", "]"],
)
def test_hostile_json_is_refused_in_a_sentence(text: str) -> None:
    raw = text.encode()
    with pytest.raises(FileUnreadable):
        list(objects(raw[at : at + 65536] for at in range(0, len(raw), 65536)))


def test_an_archive_that_unpacks_into_far_more_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.exchange.reading.BIG", 1 << 20)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b" " * (4 << 20)))
    with pytest.raises(FileUnreadable, match="far more"):
        read(path, Format.REMARK42)
    path.write_bytes(gzip.compress(b"{}" * 100)[:-9])
    with pytest.raises(FileUnreadable, match="damaged"):
        read(path, Format.REMARK42)


def test_a_database_that_only_pretends_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"SQLite format 3\x00" + b"x" * 4000)
    with pytest.raises(FileUnreadable):
        read(path, base="http://site.test")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a < b &amp; c", "a < b & c"),
        ("<p>Un</p><p>Deux</p>", "Un\n\nDeux"),
        ('<a href="http://a.test/x">http://a.test/x</a>', "http://a.test/x"),
        ('<a href="javascript:x()">ici</a>', "ici"),
        ("<script>x</script>", "x"),
        ("</a>" * 3, ""),
        ("<<b>>", "<>"),
    ],
)
def test_html_reads_as_plain_text(html: str, text: str) -> None:
    assert plain(html) == text
