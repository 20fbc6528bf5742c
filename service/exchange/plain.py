"""HTML comments as the plain text they read as. Every pattern here takes linear time."""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})(\s[^<>]{0,2000}|\s?/)?>|<!--[^<>]{0,2000}-->")
_HREF = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_ONE_LINE = frozenset({"br", "li", "tr", "dt", "dd", "hr"})
_BLOCKS = frozenset({"p", "div", "blockquote", "pre", "ul", "ol", "table"}) | frozenset(
    f"h{level}" for level in range(1, 7)
)
_SPACES = re.compile(r"[ \t]*\n[ \t]*")
_TOO_FAR = re.compile(r"\n{3,}")


def plain(text: str, *, keeps_lines: bool = False) -> str:
    """Return an HTML text without its tags, links as text with their address behind.

    ``keeps_lines``: line breaks in the source are meant, as WordPress has it.
    """
    if "<" not in text and "&" not in text:
        return text
    tags = list(_TAG.finditer(text))
    if not tags:
        return html.unescape(text)
    parts, at, link, since = [], 0, "", 0
    for tag in tags:
        parts.append(_words(text[at : tag.start()], keeps_lines=keeps_lines))
        at = tag.end()
        name = (tag.group(2) or "").lower()
        if name == "a":
            if tag.group(1) and link:
                parts.append(_behind("".join(parts[since:]), link))
                link = ""
            elif not tag.group(1):
                link, since = _href(tag.group(3) or ""), len(parts)
        elif name in _ONE_LINE:
            parts.append("\n")
        elif name in _BLOCKS:
            parts.append("\n\n")
    parts.append(_words(text[at:], keeps_lines=keeps_lines))
    joined = _SPACES.sub("\n", "".join(parts))
    return _TOO_FAR.sub("\n\n", joined).strip()


def _words(text: str, *, keeps_lines: bool) -> str:
    if not keeps_lines:
        text = text.replace("\n", " ")
    return html.unescape(text)


def _href(attributes: str) -> str:
    found = _HREF.search(attributes)
    return html.unescape(next(filter(None, found.groups()), "")) if found else ""


def _behind(label: str, link: str) -> str:
    """Return what to write behind a link's label: its address, unless that stands there."""
    is_web = link.lower().startswith(("http://", "https://"))
    is_shown = label.strip() in (link, link.partition("://")[2], link.rstrip("/"))
    return f" ({link})" if is_web and not is_shown else ""
