"""Recalls: approved comments that turn out to be part of a campaign go back to the queue.

Settling notes them in the same script as the copy that gave the campaign away, so a worker
that dies in between forgets none; whoever drains the site next carries them out.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from service.moderation.copies import CAMPAIGN
from service.moderation.signal import Attribute, Evidence, Signal
from service.moderation.verdict import Action, Verdict
from service.store.comments import comment_keys, transition_keys
from service.store.facets import stored_facets
from service.store.keys import SiteKeys
from service.store.records import verdict_from, verdict_json
from service.store.scripts import Argument, script
from service.store.server.connection import Client

RULE = "campaign"
"""The rule that holds a comment after it was approved."""
RECALL_CHUNK = 64

_PLACE = (b"page_key", b"parent", b"root", b"author")
_CHECK = "spam.duplicates"
_SCORE = 0.9

logger = logging.getLogger(__name__)


class Recalls:
    """Take comments of a campaign back, each at most once, and none that a moderator approved."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._recall = script("clock", "outbox", "transition", "trail", "recall")

    def are_waiting(self, site: str) -> bool:
        """Say whether any comment is still to be taken back."""
        return bool(self._client.exists(SiteKeys(site).recalls))

    def carry_out(self, site: str) -> int:
        """Hold every comment noted; return how many were approved until now."""
        found: Any = self._client.hgetall(SiteKeys(site).recalls)
        noted = [(name.decode(), int(times)) for name, times in found.items()]
        return sum(
            self._carry_out(site, dict(noted[start : start + RECALL_CHUNK]))
            for start in range(0, len(noted), RECALL_CHUNK)
        )

    def _carry_out(self, site: str, noted: Mapping[str, int]) -> int:
        keys = SiteKeys(site)
        names, arguments = transition_keys(site, []), list[Argument]()
        rows = zip(noted.items(), self._rows(site, noted), strict=True)
        for (comment_id, times), row in rows:
            place, parent, root, author = (row.get(name, b"").decode() for name in _PLACE)
            names += comment_keys(keys, comment_id, parent, place, root, author)
            verdict = verdict_json(_held(row.get(b"verdict", b""), times))
            packed = stored_facets(comment_id, site, {**row, b"verdict": verdict})
            arguments += [comment_id, verdict, packed]
        names += [keys.trail(comment_id) for comment_id in noted]
        answers: Any = self._recall(self._client, [*names, keys.recalls], arguments)
        return sum(answers)

    def _rows(self, site: str, noted: Mapping[str, int]) -> list[dict[bytes, bytes]]:
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        for comment_id in noted:
            pipe.hgetall(keys.comment(comment_id))
        return list(pipe.execute())


def _held(raw: bytes, times: int) -> Verdict:
    """Return the verdict stored as ``raw``, with what has come to light since."""
    evidence = Evidence(CAMPAIGN, {"times": times})
    signal = Signal(_CHECK, Attribute.SPAM, _SCORE, evidence=(evidence,))
    before = _verdict(raw)
    scores = {**before.scores, Attribute.SPAM: _SCORE}
    signals = (*before.signals, signal)
    return replace(before, action=Action.HOLD, rule=RULE, scores=scores, signals=signals,
                   attribute=Attribute.SPAM, threshold=None)  # fmt: skip


def _verdict(raw: bytes) -> Verdict:
    try:
        return verdict_from(raw)
    except (KeyError, ValueError):
        return Verdict(Action.HOLD, RULE)
