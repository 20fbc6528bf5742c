"""When the encoder is asked, and which one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from service.moderation.models.encoder import Encoder


class EncoderMode(StrEnum):
    """Say which comments the encoder judges."""

    OFF = "off"
    UNCERTAIN = "uncertain"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """Say when the encoder is asked, and which: the shipped one, or an operator's own."""

    mode: EncoderMode = EncoderMode.UNCERTAIN
    model: Path | None = None
    tokenizer: Path | None = None

    def load(self) -> Encoder:
        """Return the encoder; raise ``ModelBroken`` when it cannot be used."""
        return Encoder.load_own(self.model, self.tokenizer) if self.model else Encoder.load()


DEFAULT = EncoderOptions()
LINEAR_ALONE = EncoderOptions(EncoderMode.OFF)
