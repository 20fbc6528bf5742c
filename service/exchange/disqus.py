"""Disqus: its XML export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.exchange.foreign import NO_PAGE, NO_TIME, FileUnreadable, Foreign, Found, Skipped
from service.exchange.plain import plain
from service.exchange.scratch import Scratch
from service.exchange.wordpress import moment_ms
from service.exchange.xml_stream import Node, nodes
from service.moderation.verdict import Status

_ID = "dsq:id"
_WHOLE = frozenset({"thread", "post"})
_BARE = frozenset({"disqus"})


def disqus(pieces: Iterable[bytes], scratch: Scratch) -> Iterator[Found]:
    """Yield the comments of a Disqus export, whose threads come first.

    Raises ``FileUnreadable``.
    """
    is_disqus = False
    for node in nodes(pieces, _WHOLE, _BARE):
        name = node.attributes.get(_ID, "")
        if node.name == "disqus":
            is_disqus = True
        elif node.name == "thread":
            told = node.told()
            page = told.get("link", "") or told.get("id", "")
            scratch.keep("thread", name, [page, told.get("title", ""), told.get("forum", "")])
        else:
            yield _comment_of(node, name, scratch)
    if not is_disqus:
        raise FileUnreadable("it is no Disqus export")


def _comment_of(node: Node, name: str, scratch: Scratch) -> Found:
    told = node.told()
    thread = _named(node, "thread")
    page, title, forum = scratch.find("thread", thread) or ("", "", "")
    key = f"disqus|{name}"
    if not page:
        return Skipped(key, NO_PAGE)
    at_ms = moment_ms(told.get("createdAt", ""))
    if at_ms is None:
        return Skipped(key, NO_TIME)
    above, is_spam = _named(node, "parent"), told.get("isSpam") == "true"
    author = node.first("author")
    who = author.told() if author else {}
    user = who.get("username", "") if who.get("isAnonymous") != "true" else ""
    is_deleted = told.get("isDeleted") == "true"
    return Foreign(
        key=key,
        page=page,
        status=Status.SPAM if is_spam else Status.REJECTED if is_deleted else Status.APPROVED,
        content=plain(told.get("message", "")),
        at_ms=at_ms,
        author=who.get("name", ""),
        email=who.get("email", ""),
        ip=told.get("ipAddress", ""),
        author_id=f"disqus:{forum}:{user}" if user else "",
        page_title=plain(title),
        parent=f"disqus|{above}" if above else "",
        is_label=is_spam,
    )


def _named(node: Node, name: str) -> str:
    found = node.first(name)
    return found.attributes.get(_ID, "") if found else ""
