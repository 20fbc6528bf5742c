"""What remote services want to be asked, and what their answers mean here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.moderation.signal import Attribute
from service.remote.transport import RemoteFailed

Scores = Mapping[Attribute, float]
A = Attribute

# The categories of OpenAI's moderation endpoint (platform.openai.com, guides, moderation);
# those about self-harm and violence in general say nothing of an author's tone.
_OPENAI = {
    "harassment": (A.TOXICITY, A.INSULT),
    "harassment/threatening": (A.TOXICITY, A.THREAT),
    "hate": (A.TOXICITY, A.IDENTITY_ATTACK),
    "hate/threatening": (A.TOXICITY, A.SEVERE_TOXICITY, A.THREAT, A.IDENTITY_ATTACK),
    "sexual": (A.SEXUALLY_EXPLICIT,),
}
_BY_OWN_NAME = {attribute.value: (attribute,) for attribute in Attribute}


@dataclass(frozen=True, slots=True)
class Shape:
    """Hold how texts are asked about, and where the answer holds each one's scores."""

    body: Callable[[Sequence[str], Sequence[str]], Any]
    found: Callable[[Any], list[Mapping[str, Any]]]
    names: Mapping[str, tuple[Attribute, ...]]

    def scores(self, answer: Any, count: int) -> list[Scores]:
        """Return the scores of ``count`` texts, 0..1; raise ``RemoteFailed``."""
        try:
            rows = self.found(answer)
            if len(rows) != count:
                raise RemoteFailed(f"{len(rows)} answers to {count} texts", is_passing=False)
            return [self._read(row) for row in rows]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise RemoteFailed("the answer has another shape", is_passing=False) from error

    def _read(self, row: Mapping[str, Any]) -> Scores:
        scores: dict[Attribute, float] = {}
        for name, value in row.items():
            score = float(value)
            if not 0 <= score <= 1 or math.isnan(score):
                raise ValueError(name)
            for attribute in self.names.get(name, ()):
                scores[attribute] = max(score, scores.get(attribute, 0.0))
        return scores


OPENAI = Shape(
    body=lambda texts, _langs: {"input": list(texts)},
    found=lambda answer: [result["category_scores"] for result in answer["results"]],
    names=_OPENAI,
)
"""OpenAI's moderation endpoint, and those that imitate it."""

SCORES = Shape(
    body=lambda texts, langs: {"texts": list(texts), "langs": list(langs)},
    found=lambda answer: list(answer["scores"]),
    names=_BY_OWN_NAME,
)
"""Any classifier: ``{"texts", "langs"}`` is answered by ``{"scores": [{attribute: 0..1}]}``."""
