"""A card: one comment as its moderator sees it, with all that helps to decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.api.language import language
from service.api.services import now_ms, services
from service.moderation.signal import Attribute, evidence_spans
from service.moderation.verdict import Status
from service.schemas.messages import language_name
from service.schemas.presentation import iso, reasons_of
from service.store.authors import Standing
from service.store.queue.claims import Claim
from service.store.queue.notes import Note
from service.store.records import Decision, Record
from service.store.sealing import Personal
from service.store.sites import Site
from service.web.queue import words
from service.web.queue.marking import Piece, pieces
from service.web.queue.notches import Notch, notches
from service.web.staff.guard import member

SCORES_SHOWN = 4
LEAST_SHOWN = 0.05
SEVERE = 0.8
ALWAYS_SEVERE = 0.4
"""A threat, from the score at which the balanced policy holds one."""
QUOTED_CHARS = 280
FOLDED_CHARS = 700
FOLDED_LINES = 12


@dataclass(frozen=True, slots=True)
class Quote:
    """Hold what a comment answers, in short."""

    id: str
    author: str
    text: str
    lang: str
    is_approved: bool


@dataclass(frozen=True, slots=True)
class Card:
    """Hold what a card shows."""

    record: Record
    site_lang: str
    author: tuple[Piece, ...]
    address: tuple[Piece, ...]
    content: tuple[Piece, ...]
    reasons: tuple[str, ...]
    scores: tuple[tuple[Attribute, float], ...]
    standing: Standing
    notches: tuple[Notch, ...]
    parent: Quote | None
    personal: Personal
    claim: Claim | None
    notes: tuple[Note, ...]
    is_mine: bool
    veil: tuple[Attribute, ...]

    @property
    def id(self) -> str:
        """Return the comment's id."""
        return self.record.comment.id

    @property
    def token(self) -> str:
        """Return what a decision carries: the comment, and the version that was seen."""
        return f"{self.id}:{self.record.version}"

    @property
    def lang(self) -> str:
        """Return the language of its words, as far as it is known."""
        verdict = self.record.verdict
        return self.record.comment.lang or (verdict.lang if verdict else "")

    @property
    def lang_name(self) -> str:
        """Return what that language is called, if it is not the site's."""
        return language_name(self.lang, language()) if self.lang != self.site_lang else ""

    @property
    def is_long(self) -> bool:
        """Say whether the text is folded at first."""
        text = self.record.comment.content
        return len(text) > FOLDED_CHARS or text.count("\n") > FOLDED_LINES

    @property
    def page_link(self) -> str:
        """Return the page's address if it is one that may be opened."""
        page = self.record.comment.page
        return page if page.startswith(("http://", "https://")) else ""

    @property
    def sent(self) -> str:
        """Return when it was sent, ISO 8601."""
        return iso(self.record.submitted_at_ms)

    @property
    def decision(self) -> str:
        """Return who decided on it last, and how, or nothing."""
        last = self.record.decision
        return told_decision(last) if last else ""


def cards(site: str, records: Sequence[Record]) -> list[Card]:
    """Return the cards of some comments of one site, in order."""
    ids = [record.comment.id for record in records]
    parents = _parents(site, records)
    claims = services().store.claims.holders(site, ids)
    notes = services().store.notes.of_many(site, ids)
    authors = {record.author_key for record in records}
    standings = services().store.authors.standings(site, authors)
    settings = services().store.sites.get(site).site
    return [
        _card(record, settings, parents, standings[record.author_key], claims, notes)
        for record in records
    ]


def told_decision(last: Decision) -> str:
    """Return who decided, what and how long ago, in a sentence."""
    is_you = last.actor == member().actor
    return words.decided(last.actor, is_you, last.at_ms, last.target, now_ms(), language())


def _card(
    record: Record,
    site: Site,
    parents: Mapping[str, Quote],
    standing: Standing,
    claims: Mapping[str, Claim],
    notes: Mapping[str, Sequence[Note]],
) -> Card:
    comment, verdict = record.comment, record.verdict
    signals = verdict.signals if verdict else ()
    claim = claims.get(comment.id)
    return Card(
        record=record,
        site_lang=site.lang,
        author=tuple(pieces(comment.author, evidence_spans(signals, "author"))),
        address=tuple(pieces(comment.url, evidence_spans(signals, "url"))),
        content=tuple(pieces(comment.content, evidence_spans(signals, "content"))),
        reasons=tuple(reasons_of(record, language())),
        scores=_scores(record),
        standing=standing,
        notches=tuple(notches(record, standing.approved, site)),
        parent=parents.get(comment.parent),
        personal=services().store.comments.personal(record),
        claim=claim,
        notes=tuple(notes.get(comment.id, ())),
        is_mine=claim is not None and claim.actor == member().actor,
        veil=_veil(record) if member().account.preferences.is_blurred else (),
    )


def _scores(record: Record) -> tuple[tuple[Attribute, float], ...]:
    found = record.verdict.scores if record.verdict else {}
    ranked = sorted(found.items(), key=lambda item: -item[1])
    return tuple((name, score) for name, score in ranked if score >= LEAST_SHOWN)[:SCORES_SHOWN]


def _veil(record: Record) -> tuple[Attribute, ...]:
    """Return what a text is veiled for, the strongest first."""
    found = record.verdict.scores if record.verdict else {}
    least = {
        Attribute.SEVERE_TOXICITY: SEVERE,
        Attribute.SEXUALLY_EXPLICIT: SEVERE,
        Attribute.THREAT: ALWAYS_SEVERE,
    }
    ranked = sorted(found.items(), key=lambda item: -item[1])
    return tuple(name for name, score in ranked if name in least and score >= least[name])


def _parents(site: str, records: Sequence[Record]) -> dict[str, Quote]:
    wanted = list(dict.fromkeys(r.comment.parent for r in records if r.comment.parent))
    if not wanted:
        return {}
    found = services().store.comments.get_many(site, wanted)
    return {parent.comment.id: quote(parent) for parent in found}


def quote(record: Record) -> Quote:
    """Return a comment in short."""
    comment = record.comment
    text = comment.content
    short = text if len(text) <= QUOTED_CHARS else text[:QUOTED_CHARS].rstrip() + "…"
    is_approved = record.status is Status.APPROVED
    return Quote(comment.id, comment.author, short, comment.lang, is_approved)
