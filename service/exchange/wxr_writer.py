"""A WordPress export file (WXR 1.2) of a site's comments, written piece by piece."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from html import escape
from xml.sax.saxutils import escape as in_xml

from service.exchange.wordpress import OWN_ID, OWN_PARENT
from service.moderation.verdict import Status
from service.store.records import Record
from service.store.sealing import Personal

STATUSES = {
    Status.RECEIVED: "0",
    Status.APPROVED: "1",
    Status.HELD: "0",
    Status.REJECTED: "trash",
    Status.SPAM: "spam",
}
LABELS = {Status.APPROVED: "false", Status.SPAM: "true"}
# XML 1.0, section 2.2: what no document can hold.
_NOWHERE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0"
	xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
	xmlns:content="http://purl.org/rss/1.0/modules/content/"
	xmlns:dc="http://purl.org/dc/elements/1.1/"
	xmlns:wp="http://wordpress.org/export/1.2/">
<channel>
	<title>{title}</title>
	<link>{link}</link>
	<language>{language}</language>
	<wp:wxr_version>1.2</wp:wxr_version>
	<wp:base_site_url>{link}</wp:base_site_url>
	<wp:base_blog_url>{link}</wp:base_blog_url>
"""
ITEM = """	<item>
		<title>{title}</title>
		<link>{link}</link>
		<wp:post_id>{number}</wp:post_id>
		<wp:status>publish</wp:status>
		<wp:post_type>post</wp:post_type>
"""
ITEM_END = "	</item>\n"
TAIL = "</channel>\n</rss>\n"


def written(
    runs: Iterable[list[tuple[int, Record]]],
    personal: Callable[[Record], Personal | None],
    link: str,
    language: str,
) -> Iterator[bytes]:
    """Yield the file of comments that come page after page, each with its number.

    Tombstones have no place there, and what answered one stands by itself.
    """
    head = {"title": link, "link": link, "language": language}
    yield HEAD.format(**{name: _text(value) for name, value in head.items()}).encode()
    page, numbers = "", dict[str, int]()
    for run in runs:
        for number, record in run:
            if record.status not in STATUSES:
                continue
            if record.page_key != page:
                title = record.comment.page_title or record.comment.page
                item = {"title": _html(title), "link": _text(record.comment.page)}
                opening = ITEM.format(**item, number=number)
                yield ((ITEM_END if page else "") + opening).encode()
                page = record.page_key
                numbers.clear()
            numbers[record.comment.id] = number
            above = numbers.get(record.comment.parent, 0)
            yield _comment(record, personal(record), number, above).encode()
    yield ((ITEM_END if page else "") + TAIL).encode()


def _comment(record: Record, personal: Personal | None, number: int, above: int) -> str:
    comment = record.comment
    at = datetime.fromtimestamp(record.submitted_at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    fields = {
        "comment_id": str(number),
        "comment_author": _html(comment.author),
        "comment_author_email": _text(personal.email if personal else ""),
        "comment_author_url": _text(comment.url),
        "comment_author_IP": _text(personal.ip if personal else ""),
        "comment_date": at,
        "comment_date_gmt": at,
        "comment_content": _html(comment.content),
        "comment_approved": STATUSES[record.status],
        "comment_type": "comment",
        "comment_parent": str(above),
        "comment_user_id": "0",
    }
    lines = [f"\t\t\t<wp:{name}>{value}</wp:{name}>\n" for name, value in fields.items()]
    meta = {OWN_ID: comment.id, OWN_PARENT: comment.parent if above else ""}
    decision = record.decision
    if decision is not None and decision.target is record.status:
        meta["akismet_user_result"] = LABELS.get(record.status, "")
    lines += [_meta(name, value) for name, value in meta.items() if value]
    return f"\t\t<wp:comment>\n{''.join(lines)}\t\t</wp:comment>\n"


def _meta(name: str, value: str) -> str:
    return (
        f"\t\t\t<wp:commentmeta><wp:meta_key>{name}</wp:meta_key>"
        f"<wp:meta_value>{_text(value)}</wp:meta_value></wp:commentmeta>\n"
    )


def _html(text: str) -> str:
    """Return plain text as HTML in XML: WordPress takes a comment's words for HTML."""
    return _text(escape(text, quote=False))


def _text(text: str) -> str:
    return in_xml(_NOWHERE.sub("", text))
