"""The encoder as the site's layer uses it: a name, and embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.moderation.cascade import Cascade
from service.moderation.encoder_options import EncoderMode
from service.moderation.learning.meaning import Floats

MODEL = "model.onnx"
_NAME_LENGTH = 16


@dataclass(frozen=True, slots=True, eq=False)
class CascadeEmbedder:
    """Embed texts with the encoder of a cascade; nameless where it is off or has failed."""

    cascade: Cascade

    @property
    def name(self) -> str:
        """Return the beginning of the model's digest; an operator's own model has none."""
        if self.cascade.mode is EncoderMode.OFF:
            return ""
        about = self.cascade.reader.about()
        return about.digests.get(MODEL, "")[:_NAME_LENGTH] if about else ""

    def embed(self, texts: Sequence[str]) -> Floats | None:
        """Return embeddings of unit length, (texts, width), or None when that fails."""
        if not texts or not self.name:
            return None
        return self.cascade.reader.ask(lambda encoder: encoder.embed(texts))
