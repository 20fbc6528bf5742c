"""Author's name: an advertisement where a name should stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.moderation.batch import Batch
from service.moderation.checks.spam.addresses import Link, find_links, find_phones, is_own
from service.moderation.checks.spam.links import is_cheap, trade_word
from service.moderation.checks.spam.phrases import PhraseBook, load_phrases
from service.moderation.checks.spam.shorteners import shortened
from service.moderation.comment import Case, Comment
from service.moderation.signal import Attribute, Evidence, Signal, Span
from service.moderation.text import Text

_LINK_SCORE = 0.5
_PHONE_SCORE = 0.5
_MAX_KEYWORDS = 3
# A trade for a name, and a homepage to go with it.
_TRADE_URL_SCORE = 0.2
_URL_SCORE = 0.3
_DEEP_URL_SCORE = 0.12
# A profile ("github.com/name", "example.org/@name") is as good as a homepage.
_PROFILE_SEGMENTS = 2


class AuthorLink:
    """Weigh what the author's name and homepage advertise; a bare homepage is normal."""

    name = "spam.author_link"

    def __init__(self) -> None:
        self._keywords = PhraseBook(load_phrases("author"))

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        return [list(self._look(case)) for case in batch.cases]

    def _look(self, case: Case) -> Iterator[Signal]:
        comment = case.comment
        if comment.author:
            yield from self._about_name(comment.author)
        if comment.url:
            yield from self._about_url(comment, case)
            yield from self._about_shop(comment, case)

    def _about_name(self, author: str) -> Iterator[Signal]:
        links = find_links(author)
        if links:
            spans = tuple(Span(link.start, link.end, "author") for link in links)
            yield self._signal(_LINK_SCORE, Evidence("author.link", {"host": links[0].host}, spans))
        phones = find_phones(author)
        if phones:
            spans = tuple(Span(start, end, "author") for start, end in phones)
            yield self._signal(_PHONE_SCORE, Evidence("author.phone", {}, spans))
        yield from self._about_trade(author)

    def _about_trade(self, author: str) -> Iterator[Signal]:
        plain = author.lower() if author.isascii() else Text.of(author).plain
        for hit in self._keywords.find(plain)[:_MAX_KEYWORDS]:
            params = {"phrase": hit.phrase.text, "kind": hit.phrase.kind}
            span = Span(0, len(author), "author")
            yield self._signal(hit.phrase.weight, Evidence("author.trade", params, (span,)))

    def _about_url(self, comment: Comment, case: Case) -> Iterator[Signal]:
        link = next(iter(find_links(comment.url)), None)
        if link is None or is_own(link, case.facts.site_hosts):
            return
        score = _url_score(link, comment.url)
        if score:
            span = Span(0, len(comment.url), "url")
            yield self._signal(score, Evidence("author.url", {"host": link.host}, (span,)))

    def _about_shop(self, comment: Comment, case: Case) -> Iterator[Signal]:
        link = next(iter(find_links(comment.url)), None)
        if link is None or is_own(link, case.facts.site_hosts):
            return
        if self._keywords.find(Text.of(comment.author).plain):
            span = Span(0, len(comment.url), "url")
            evidence = Evidence("author.shop", {"host": link.host}, (span,))
            yield self._signal(_TRADE_URL_SCORE, evidence)

    def _signal(self, score: float, evidence: Evidence) -> Signal:
        return Signal(self.name, Attribute.SPAM, score, evidence=(evidence,))


def _url_score(link: Link, url: str) -> float:
    if trade_word(link.domain) or is_cheap(link) or link.is_ip or shortened(url):
        return _URL_SCORE
    return _DEEP_URL_SCORE if _is_deep(link.path) else 0.0


def _is_deep(path: str) -> bool:
    """Return whether ``path`` leads to one page rather than to a homepage or a profile."""
    path, _, query = path.partition("#")[0].partition("?")
    return bool(query) or len([part for part in path.split("/") if part]) > _PROFILE_SEGMENTS
