"""HTML as a reader sees it: plain text, with the way back to where each letter stood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from service.moderation.text import Offsets, Stretch

# A tag ends at the next sign of either kind, so that a row of "<a<a<a" is read once.
_MARKUP = re.compile(
    r"<!--|<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<rest>[^<>]*)>?|<[!?][^<>]*>?"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?"
)
# fmt: off
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p",
    "pre", "section", "table", "td", "th", "tr", "ul",
))
# fmt: on
# What editors write around words, with no words of its own: bare tags, links, pictures.
_ORDINARY = re.compile(
    r"</?(?:address|article|b|blockquote|br|code|dd|del|div|dl|dt|em|figure|h[1-6]|hr|i|li|ol|p|pre"
    r"|s|section|small|span|strong|sub|sup|table|td|th|tr|u|ul)\s*/?>|</a\s*>"
    r"|<span\s+class=[\"']coral-[a-z-]{1,40}[\"']>"
    r"|<a(?:\s+(?:href=(?:\"(?:https?:|mailto:|[/#])[^\s\"<>]*\"|'(?:https?:|mailto:|[/#])[^\s'<>]*')"
    r"|rel=[\"'](?:nofollow|noopener|noreferrer|ugc|\s)*[\"']|target=[\"']_blank[\"'])){1,4}\s*>"
    r"|<img(?:\s+(?:src=(?:\"[^\s\"<>]*\"|'[^\s'<>]*')|alt=(?:\"\"|'')))+\s*/?>",
    re.IGNORECASE,
)
_UNSEEN = frozenset(("script", "style", "template", "noscript"))
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)

Piece = tuple[str, int, int]
"""Text, and from where to where of the original it comes."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Hold the text of a document, and the way back from it."""

    text: str
    offsets: Offsets

    def span(self, start: int, end: int) -> Stretch:
        """Return the original's span behind ``text[start:end]``, which is not empty."""
        found = self.offsets.span(start, end)
        return found.start, found.end


def plain_of(markup: str) -> Plain:
    """Return what of ``markup`` a reader sees, and the addresses its links lead to.

    Blocks stand on lines of their own; scripts, styles and comments are left out. Anything
    is taken, whole HTML or not; each character is looked at a bounded number of times.
    """
    texts: list[str] = []
    begins: list[int] = []
    starts: list[int] = []
    widths: list[int] = []
    length = 0
    for text, start, end in _pieces(markup):
        if not text:
            continue
        texts.append(text)
        begins.append(length)
        starts.append(start)
        widths.append(0 if text == markup[start:end] else end - start)
        length += len(text)
    return Plain("".join(texts), Offsets(begins, starts, widths))


def written_out(text: str) -> str:
    """Return a text as it reads where it is not HTML; nothing where that hides nothing.

    Who takes plain text for HTML overlooks what stands between ``<`` and ``>``, and all that
    follows ``<!--``. Ordinary markup is left out all the same: nobody writes in it.
    """
    bare = _ORDINARY.sub("\n", text)
    is_hiding = any(match[0].startswith("<") for match in _MARKUP.finditer(bare))
    return bare if is_hiding else ""


def _pieces(markup: str) -> Iterator[Piece]:
    place = 0
    for start, end, shown in _Scanner(markup):
        if start > place:
            yield markup[place:start], place, start
        yield shown, start, end
        place = end
    if place < len(markup):
        yield markup[place:], place, len(markup)


class _Scanner:
    """Find markup, from left to right: from where to where, and what it shows."""

    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._lowered = markup.lower() if len(markup.lower()) == len(markup) else markup

    def __iter__(self) -> Iterator[tuple[int, int, str]]:
        place = 0
        while match := _MARKUP.search(self._markup, place):
            place = self._end_of(match)
            yield match.start(), place, _shown(match)

    def _end_of(self, match: re.Match[str]) -> int:
        """Return where what begins at ``match`` ends; what never ends hides all that follows."""
        if match[0] == "<!--":
            return self._after("-->", match.end())
        name = (match["name"] or "").lower()
        if name in _UNSEEN and not match["close"]:
            closing = self._lowered.find(f"</{name}", match.end())
            return len(self._markup) if closing < 0 else self._after(">", closing)
        return match.end()

    def _after(self, mark: str, start: int) -> int:
        found = self._markup.find(mark, start)
        return len(self._markup) if found < 0 else found + len(mark)


def _shown(match: re.Match[str]) -> str:
    if match[0].startswith("&"):
        return unescape(match[0])
    name = (match["name"] or "").lower()
    if name in _BLOCKS:
        return "\n"
    if name == "a" and not match["close"]:
        href = _HREF.search(match["rest"])
        address = unescape(next(filter(None, href.groups()), "")) if href else ""
        return f" {address} " if address.startswith(("http://", "https://")) else ""
    return ""
