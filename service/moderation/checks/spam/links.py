"""Links: how many a comment has, where they lead, and how they are dressed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from service.moderation.batch import Batch
from service.moderation.checks.spam.addresses import (
    Link,
    find_emails,
    find_links,
    find_phones,
    is_own,
    suffixes,
)
from service.moderation.comment import Case
from service.moderation.signal import Attribute, Evidence, Signal, Span
from service.moderation.text import Text

# One link is what honest readers post; the fifth is not.
_COUNT_SCORES = (0.0, 0.1, 0.22, 0.42, 0.52, 0.6)
_MANY_SCORE = 0.7
_MANY_LINKS = 8
_MANY_DOMAINS = 3
_LINK_ONLY_LETTERS = 12
# Given away or sold for a few cents, and over-represented in unsolicited mail and comments.
_CHEAP_SUFFIXES_LIST = """
    accountant autos bar bargains beauty bet best bid boats bond buzz cam casa casino cf cfd click
    cloud cricket cyou date deals download faith fun ga gdn gq hair homes icu link live loan loans
    lol mom makeup ml monster motorcycles online party pics poker porn promo pw quest racing realtor
    rest review reviews sale sbs sex sexy shop site skin space store stream surf tk top trade vip
    webcam website win work wtf xin xxx xyz yachts zone
"""
_CHEAP_SUFFIXES = frozenset(_CHEAP_SUFFIXES_LIST.split())
# Bounded where the word hides in honest names: specialist, Essex, cryptography, Cdiscount.
_TRADE_WORD = re.compile(
    r"casino|betting|1xbet|jackpot|roulette|viagra|kamagra|tramadol|xanax|payday|crypto(?!graph)"
    r"|bitcoin|forex|binary-?option|airdrop|porn|xxx|escort|camgirl|replica(?!t)|rolex|followers"
    r"|backlink|voyance|marabout|credit-?(?:rapide|sans)|rachat-?(?:de-?)?credit|iptv|giveaway|free-?robux|cheap|pas-?cher|minceur|weight-?loss"
    r"|(?:loan|slot)s?(?![a-z])"
    r"|(?<![a-z])(?:bets?|poker|cialis|pharma|pills?|meds|prets?|btc|sexe?|seo|essays?"
    r"|dissertations?|discount|deals?|promos?|bonus|gagner?|gains?|keto|cbd|trading)(?![a-z])"
)
_BRACKET = re.compile(r"[<(\[{]")
_MARKUP = (
    ("bbcode", 0.48, re.compile(r"\[(?:url|link)=|\[/(?:url|link)\]", re.IGNORECASE)),
    ("html", 0.35, re.compile(r"<a\s[^<>]{0,300}?href", re.IGNORECASE)),
    ("markdown", 0.12, re.compile(r"\]\(\s{0,3}(?:https?:|www\.)", re.IGNORECASE)),
)
_INVISIBLE_STYLE = re.compile(
    r"style\s{0,3}=\s{0,3}[\"'][^\"'<>]{0,200}?"
    r"(?:display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|font-size\s{0,3}:\s{0,3}0(?![.\d]))",
    re.IGNORECASE,
)
# What a robot cuts out of the page that it links to: "[...] Read more: https://... [...]".
_CUT = re.compile(r"\[ ?(?:\.{3}|…) ?\]")
_SPACED_OUT = re.compile(r"(?<!\S)(?:\S {1,2}){5,}\S(?!\S)")
_MASKED_DOT = re.compile(
    r"[\[({] {0,2}(?:dot|point|punkt|\.) {0,2}[\])}] {0,2}[a-z]{2,24}", re.IGNORECASE
)
_BEFORE_DOT = re.compile(r"[\w-]{2,63} {0,2}\Z")
_LONGEST_BEFORE = 65
_LATIN = re.compile(r"[a-z]")
_ALIEN = re.compile(r"[\u0370-\u03ff\u0400-\u052f\u0530-\u058f\u13a0-\u13ff]")
_TWINS = re.compile("[аеорсухіјѕһӏԁԛԝо-]{3,}")


class Links:
    """Weigh the links of a comment; those to the site's own hosts do not count."""

    name = "spam.links"

    def __init__(self) -> None:
        # Read the list of suffixes now: the first link must not wait for it.
        suffixes()

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        rows = zip(batch.texts, batch.once(batch_links), strict=True)
        return [list(self._look(text, links)) for text, links in rows]

    def _look(self, text: Text, links: Sequence[Link]) -> Iterator[Signal]:
        for score, evidence in _findings(text, links):
            yield Signal(self.name, Attribute.SPAM, score, evidence=(evidence,))


def batch_links(batch: Batch) -> list[list[Link]]:
    """Return each case's links that leave the site.

    Share them between checks by ``Batch.once``.
    """
    return [foreign_links(case) for case in batch.cases]


def foreign_links(case: Case) -> list[Link]:
    """Return the links in a comment that leave the site."""
    links, own = find_links(case.comment.content), case.facts.site_hosts
    return [link for link in links if not is_own(link, own)]


def has_address(case: Case, links: Sequence[Link]) -> bool:
    """Return whether a comment says where to go, in its ``links``, or whom to reach."""
    content = case.comment.content
    return bool(links or find_emails(content) or find_phones(content))


def trade_word(domain: str) -> str:
    """Return the word in ``domain`` of a trade that lives on spam, or nothing."""
    match = _TRADE_WORD.search(domain)
    return match[0].strip("-.0123456789") if match is not None else ""


def is_cheap(link: Link) -> bool:
    """Return whether ``link`` stands under a top-level domain given away for next to nothing."""
    return link.suffix in _CHEAP_SUFFIXES


def is_lookalike(host: str) -> bool:
    """Return whether a label of ``host`` poses as Latin: in part, or with nothing but twins."""
    if host.isascii() and "xn--" not in host:
        return False
    return any(_poses_as_latin(_decoded(label)) for label in host.split("."))


def _poses_as_latin(label: str) -> bool:
    if _TWINS.fullmatch(label) is not None:
        return True
    return _LATIN.search(label) is not None and _ALIEN.search(label) is not None


def _decoded(label: str) -> str:
    if not label.startswith("xn--") or not label.isascii():
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _findings(text: Text, links: Sequence[Link]) -> Iterator[tuple[float, Evidence]]:
    if links:
        yield from _about_number(text.original, links)
        yield from _about_targets(links)
    if _BRACKET.search(text.original) is not None:
        yield from _about_markup(text.original, links)
    yield from _about_hiding(text)


def _about_number(text: str, links: Sequence[Link]) -> Iterator[tuple[float, Evidence]]:
    targets = len({(link.host, link.path) for link in links})
    yield _count_score(targets), Evidence("links.count", {"count": targets}, _spans(links))
    domains = len({link.domain for link in links})
    if domains >= _MANY_DOMAINS:
        yield 0.28, Evidence("links.many_domains", {"count": domains}, _spans(links))
    is_alone = not _says_more(text, links)
    if is_alone and any(link.is_full or link.path for link in links):
        yield 0.42, Evidence("links.only", {}, _spans(links))


def _count_score(count: int) -> float:
    if count < len(_COUNT_SCORES):
        return _COUNT_SCORES[count]
    return _MANY_SCORE if count >= _MANY_LINKS else _COUNT_SCORES[-1]


def _says_more(text: str, links: Sequence[Link]) -> bool:
    """Tell whether a few letters stand outside the links; more are not counted."""
    pieces, last = [], 0
    for link in links:
        pieces.append(text[last : link.start])
        last = link.end
    pieces.append(text[last:])
    letters = islice(filter(str.isalpha, "".join(pieces)), _LINK_ONLY_LETTERS)
    return sum(1 for _ in letters) == _LINK_ONLY_LETTERS


def _about_targets(links: Sequence[Link]) -> Iterator[tuple[float, Evidence]]:
    """Yield what speaks against the worst of each kind of target."""
    bare_ips = [link for link in links if link.is_ip]
    if bare_ips:
        yield 0.45, Evidence("links.bare_ip", {"host": bare_ips[0].host}, _spans(bare_ips))
    posing = [link for link in links if is_lookalike(link.host)]
    if posing:
        yield 0.5, Evidence("links.lookalike", {"host": posing[0].host}, _spans(posing))
    disguised = [link for link in links if link.names_user]
    if disguised:
        yield 0.45, Evidence("links.disguised", {"host": disguised[0].host}, _spans(disguised))
    yield from _about_names(links)


def _about_names(links: Sequence[Link]) -> Iterator[tuple[float, Evidence]]:
    traders = [link for link in links if trade_word(link.domain)]
    if traders:
        domain = traders[0].domain
        params = {"domain": domain, "word": trade_word(domain)}
        score = 0.45 if len(traders) == 1 else 0.6
        yield score, Evidence("links.trade_domain", params, _spans(traders))
    cheap = [link for link in links if is_cheap(link)]
    if cheap:
        params = {"domain": cheap[0].domain, "suffix": f".{cheap[0].suffix}"}
        score = 0.42 if len(cheap) == 1 else 0.52
        yield score, Evidence("links.cheap_domain", params, _spans(cheap))


def _about_markup(text: str, links: Sequence[Link]) -> Iterator[tuple[float, Evidence]]:
    if links and len(_CUT.findall(text)) > 1:
        yield 0.42, Evidence("links.trackback", {}, _spans(links))
    for kind, score, pattern in _MARKUP:
        match = pattern.search(text)
        if match is not None and (links or kind == "bbcode"):
            span = Span(match.start(), match.end())
            yield score, Evidence("links.markup", {"kind": kind}, (span,))


def _about_hiding(text: Text) -> Iterator[tuple[float, Evidence]]:
    """Yield addresses that a reader can piece together but a filter should not see."""
    masked = next(_masked_dots(text.original), None)
    if masked is not None:
        yield 0.4, Evidence("links.hidden", {}, (masked,))
    invisible = _INVISIBLE_STYLE.search(text.original) if "<" in text.original else None
    if invisible is not None:
        yield 0.5, Evidence("links.invisible", {}, (Span(*invisible.span()),))
    if len(text.revealed) == len(text.plain):
        return
    for run in _SPACED_OUT.finditer(text.original):
        if find_links(run[0].replace(" ", "")):
            yield 0.5, Evidence("links.hidden", {}, (Span(*run.span()),))
            return


def _masked_dots(text: str) -> Iterator[Span]:
    """Yield where a dot in brackets stands between two parts of a host's name."""
    for match in _MASKED_DOT.finditer(text):
        dot = match.start()
        before = _BEFORE_DOT.search(text, max(dot - _LONGEST_BEFORE, 0), dot)
        if before is not None:
            yield Span(before.start(), match.end())


def _spans(links: Sequence[Link]) -> tuple[Span, ...]:
    return tuple(Span(link.start, link.end) for link in links[:20])
