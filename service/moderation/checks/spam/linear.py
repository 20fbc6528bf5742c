"""Spam by the linear model: how probable the words alone make it."""

from __future__ import annotations

from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade, cascade_of
from service.moderation.checks.spam.links import batch_links
from service.moderation.encoder_options import LINEAR_ALONE, EncoderOptions
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import Attribute, Evidence, Signal

_COLUMN = ATTRIBUTES.index(Attribute.SPAM)
# Labelled comment spam is scarce and partly written by hand: words alone may hold a
# comment, never refuse it (MODEL_CARD.md, known weaknesses).
WORDS_WEIGHT = 0.57
# The model reads a link too, and honest ones are scarce among its examples: beside one link
# words hold a comment only when all but certain. Held, all checks, the encoder asked:
#
#     weight beside one link    0.57   0.49 below 0.99   0.49 always
#     YouTube spam             95.1%       92.0%            82.8%
#     written spam, French     92.9%       92.9%            92.9%
#     written spam, English    92.6%       92.0%            86.7%
#     1,000 with a plain link   1.7%        0.4%             0.0%
#     40 harder ones           22.5%       12.5%            10.0%
#
# 0.49 for all comments alike would find 38% of the YouTube spam, which is mostly words.
_WEIGHT_BESIDE_LINK = 0.49
_CERTAIN = 0.99
_WORTH_REPORTING = 0.2


class LinearSpam:
    """Report spam that the model finds at all likely from the words of a comment.

    Where the encoder has read the comment too, the score is that of both. Raises
    ``ModelBroken`` when made without a cascade and the shipped model
    cannot be read.
    """

    name = "spam.linear"

    def __init__(self, cascade: Cascade | None = None) -> None:
        self._cascade = cascade or cascade_of(LINEAR_ALONE)

    @classmethod
    def over(cls, options: EncoderOptions) -> LinearSpam:
        """Return the check that shares its work with the others of ``options``."""
        return cls(cascade_of(options))

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        scores = batch.once(self._cascade.judge).scores[:, _COLUMN]
        return [self._signals(batch, *row) for row in enumerate(scores.tolist())]

    def _signals(self, batch: Batch, index: int, score: float) -> Sequence[Signal]:
        if score < _WORTH_REPORTING:
            return ()
        evidence = Evidence("spam.model", {"percent": round(score * 100)})
        return (
            Signal(self.name, Attribute.SPAM, score, _weight(batch, index, score), (evidence,)),
        )


def _weight(batch: Batch, index: int, score: float) -> float:
    if score >= _CERTAIN:
        return WORDS_WEIGHT
    targets = {(link.host, link.path) for link in batch.once(batch_links)[index]}
    return _WEIGHT_BESIDE_LINK if len(targets) == 1 else WORDS_WEIGHT
