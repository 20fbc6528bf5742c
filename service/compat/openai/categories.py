"""OpenAI's categories, as far as attributes of ours stand behind them.

Those behind which none stands are told as 0 and false, for clients expect all thirteen, and
with an empty list of what they were applied to, which is how the endpoint itself says that
a category was not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from service.moderation.signal import Attribute

MODELLED: Mapping[str, tuple[Attribute, ...]] = {
    "harassment": (Attribute.TOXICITY, Attribute.INSULT),
    "hate": (Attribute.IDENTITY_ATTACK,),
    "sexual": (Attribute.SEXUALLY_EXPLICIT,),
    "violence": (Attribute.THREAT,),
}
CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
PLACES = 7


def result_of(
    scores: Mapping[Attribute, float], is_above: Callable[[Attribute, float], bool]
) -> dict[str, Any]:
    """Return the result for one text; ``is_above`` says from which score an attribute counts.

    Without scores nothing was looked at.
    """
    looked_at = {name: behind for name, behind in MODELLED.items() if scores}
    categories = {
        name: any(is_above(each, scores[each]) for each in looked_at.get(name, ()))
        for name in CATEGORIES
    }
    return {
        "flagged": any(categories.values()),
        "categories": categories,
        "category_scores": {
            name: round(
                max((scores[each] for each in looked_at.get(name, ())), default=0.0), PLACES
            )
            for name in CATEGORIES
        },
        "category_applied_input_types": {
            name: ["text"] if name in looked_at else [] for name in CATEGORIES
        },
    }
