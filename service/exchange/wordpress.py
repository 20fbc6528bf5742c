"""WordPress: its export file (WXR 1.0 to 1.2) and what its comments mean to us."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from service.exchange.foreign import (
    NO_PAGE,
    NO_TIME,
    NOT_COMMENT,
    PINGBACK,
    POST_GONE,
    UNREADABLE,
    FileUnreadable,
    Foreign,
    Found,
    Skipped,
)
from service.exchange.plain import plain
from service.exchange.xml_stream import Node, nodes
from service.moderation.verdict import Status

STATUSES = {
    "1": Status.APPROVED,
    "approved": Status.APPROVED,
    "approve": Status.APPROVED,
    "0": Status.HELD,
    "hold": Status.HELD,
    "spam": Status.SPAM,
    "trash": Status.REJECTED,
}
ITEM_DEPTH = 3
OWN_ID = "ecluse_id"
"""The meta entry in which our own WXR keeps a comment's id."""
OWN_PARENT = "ecluse_parent"
_WHOLE = frozenset({"wp:comment"})
_BARE = frozenset({"item", "title", "link", "guid", "wp:base_blog_url", "wp:base_site_url"})
_PINGS = frozenset({"pingback", "trackback"})
# Akismet's history, serialised by PHP: s:5:"event";s:10:"report-ham";
_REPORT = re.compile(r's:5:"event";s:\d+:"report-(spam|ham)"')
_TIME = re.compile(r's:4:"time";[di]:(\d{9,11})')


def wxr(pieces: Iterable[bytes]) -> Iterator[Found]:
    """Yield the comments of a WordPress export file.

    Raises ``FileUnreadable``.
    """
    blog, post, is_any = "", {"title": "", "link": "", "guid": ""}, False
    for node in nodes(pieces, _WHOLE, _BARE):
        is_any = is_any or node.name in ("item", "wp:base_blog_url", "wp:base_site_url")
        if node.name == "item":
            post = dict.fromkeys(post, "")
        elif node.name == "wp:comment":
            yield comment_of(node, post, blog)
        elif node.name in post and node.depth > ITEM_DEPTH:
            post[node.name] = node.text
        elif node.name.startswith("wp:base_"):
            blog = node.text
    if not is_any:
        raise FileUnreadable("it is no WordPress export: it has no posts")


def blog_key(address: str) -> str:
    """Return what names a blog among all blogs, however its address is written."""
    parts = urlsplit(address.strip().lower())
    return (parts.netloc + parts.path).rstrip("/") or "wordpress"


def key_of(blog: str, comment_id: str) -> str:
    """Return the key of a comment of a blog."""
    return f"wordpress|{blog_key(blog)}|{comment_id}"


def comment_of(node: Node, post: Mapping[str, str], blog: str) -> Found:
    """Return the comment in a ``wp:comment`` element."""
    told = node.told()
    name = told.get("wp:comment_id", "")
    meta = [each.told() for each in node.inside if each.name == "wp:commentmeta"]
    labels = [(each.get("wp:meta_key", ""), each.get("wp:meta_value", "")) for each in meta]
    own = dict(labels).get(OWN_ID, "")
    key = f"own|{own}" if own else key_of(blog, name)
    approved = told.get("wp:comment_approved", "")
    reason = _why_not(told, post, name, approved)
    if reason:
        return Skipped(key, reason)
    at_ms = _at_ms(told)
    if at_ms is None:
        return Skipped(key, NO_TIME)
    status, is_label, is_correction = judged(STATUSES[approved], labels)
    above = told.get("wp:comment_parent", "0")
    return Foreign(
        key=key,
        page=post["link"] or post["guid"],
        status=status,
        content=plain(told.get("wp:comment_content", ""), keeps_lines=True),
        at_ms=at_ms,
        author=html.unescape(told.get("wp:comment_author", "")),
        email=told.get("wp:comment_author_email", ""),
        url=told.get("wp:comment_author_url", ""),
        ip=told.get("wp:comment_author_IP", ""),
        page_title=plain(post["title"]),
        parent=_parent_key(dict(labels), blog, above),
        is_label=is_label,
        is_correction=is_correction,
    )


def judged(status: Status, labels: Iterable[tuple[str, str]]) -> tuple[Status, bool, bool]:
    """Return a comment's status, whether somebody decided it, and whether against a machine.

    ``labels`` are the entries of its meta. What a moderator told Akismet counts most: spam
    is spam wherever the comment stands. Who found that one is none has not published it yet.
    """
    machine, person, at = "", "", -1
    for name, value in labels:
        if name == "akismet_result":
            machine = value
        elif name == "akismet_user_result":
            person, at = value, 1 << 40
        elif name == "akismet_history" and (report := _REPORT.search(value)):
            moment = _TIME.search(value)
            told_at = int(moment.group(1)) if moment else 0
            if told_at >= at:
                person, at = ("true" if report.group(1) == "spam" else "false"), told_at
    if person == "true":
        return Status.SPAM, True, machine == "false"
    if status is Status.APPROVED and (person == "false" or machine == "true"):
        return status, True, True
    return status, status is Status.SPAM, False


def _why_not(
    told: Mapping[str, str], post: Mapping[str, str], name: str, approved: str
) -> str | None:
    kind = told.get("wp:comment_type", "")
    if kind in _PINGS:
        return PINGBACK
    if kind not in ("", "comment"):
        return NOT_COMMENT
    if approved == "post-trashed":
        return POST_GONE
    if not name or approved not in STATUSES:
        return UNREADABLE
    return None if post["link"] or post["guid"] else NO_PAGE


def _parent_key(meta: Mapping[str, str], blog: str, above: str) -> str:
    own = meta.get(OWN_PARENT, "")
    if own:
        return f"own|{own}"
    return key_of(blog, above) if above not in ("", "0") and OWN_ID not in meta else ""


def _at_ms(told: Mapping[str, str]) -> int | None:
    """Return when a comment was written; blogs that never knew their zone say so by zeros."""
    for name in ("wp:comment_date_gmt", "wp:comment_date"):
        at_ms = moment_ms(told.get(name, ""))
        if at_ms is not None:
            return at_ms
    return None


def moment_ms(text: str) -> int | None:
    """Return a time, UTC where it names no zone, in ms since the epoch; None for none."""
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    read = read if read.tzinfo else read.replace(tzinfo=UTC)
    at_ms = round(read.timestamp() * 1000)
    return at_ms if 0 < at_ms < 4_102_444_800_000 else None
