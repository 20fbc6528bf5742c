"""The encoder as others see it: texts in, calibrated scores and embeddings out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import file_digest
from itertools import chain
from pathlib import Path

import numpy as np

from service.moderation.models.condense import condensed_str
from service.moderation.models.encoder import head
from service.moderation.models.encoder.about import About, read_own, read_shipped
from service.moderation.models.encoder.runs import padded, runs
from service.moderation.models.encoder.session import Outputs, Session
from service.moderation.models.encoder.skim import Skim
from service.moderation.models.encoder.tokenise import Rank, Tokeniser
from service.moderation.models.encoder.windows import MOST_WINDOWS, spread
from service.moderation.models.weights import ATTRIBUTES, Floats, ModelBroken
from service.moderation.signal import TONE

SHIPPED = Path(__file__).parent
_SKIM = "skim.npz"
_NOT_TONE = [column for column, attribute in enumerate(ATTRIBUTES) if attribute not in TONE]
MOST_WINDOWS_AT_ONCE = 256
"""In one call a text gets fewer windows, if never none, when all together need more: a
batch of nothing but long comments takes little more than a second, not ten."""


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """Hold what the encoder finds of n texts.

    ``scores`` are calibrated probabilities, (n, ``ATTRIBUTES``), NaN for an attribute
    that an operator's model knows nothing of; ``embeddings`` are (n, width) of unit
    length, or None from a model that has none.
    """

    scores: Floats
    embeddings: Floats | None


@dataclass(frozen=True, eq=False, slots=True)
class Encoder:
    """Judge texts by their meaning; ``skimming`` is None in a model that cannot be skimmed."""

    about: About
    tokeniser: Tokeniser
    session: Session
    skimming: Skim | None = None

    @classmethod
    def load(cls, folder: Path = SHIPPED) -> Encoder:
        """Return the encoder in ``folder``; raise ``ModelBroken`` when it cannot be used."""
        about = read_shipped(folder / "about.json")
        for name in ("model.onnx", "tokenizer.json"):
            _check_digest(folder / name, about.digests.get(name, ""))
        made = _made(about, folder / "model.onnx", folder / "tokenizer.json")
        if not about.calm:
            return made
        _check_digest(folder / _SKIM, about.digests.get(_SKIM, ""))
        return replace(made, skimming=Skim.load(folder / _SKIM))

    @classmethod
    def load_own(cls, model: Path, tokenizer: Path | None = None) -> Encoder:
        """Return an operator's own ONNX sequence classifier.

        The tokenizer lies beside it as ``tokenizer.json`` unless named; a TOML file of
        the model's name says what its outputs mean (``about.read_own``). Raises
        ``ModelBroken``.
        """
        about = read_own(model.with_suffix(".toml"))
        named = replace(about, digests={"model.onnx": _digest(model)})
        return _made(named, model, tokenizer or model.with_name("tokenizer.json"))

    def judge(self, texts: Sequence[str], langs: Sequence[str], rank: Rank | None = None) -> Judged:
        """Return scores and embeddings of ``texts``; ``langs`` are ISO 639-1, or empty.

        What a text repeats on end is read twice at most. Of a long text at most eight windows
        are read, those that ``rank`` puts first, and the worst of them counts. Raises
        ``ModelBroken`` for a network that cannot be run, and what onnxruntime raises.
        """
        windows = self._windows(texts, rank)
        outputs = self._outputs(windows)
        counts = [len(parts) for parts in windows]
        scores = self._scores(head.log_odds(self.about, outputs.logits), counts, langs)
        return Judged(scores, _together(outputs.embeddings, counts))

    def skim(
        self,
        texts: Sequence[str],
        langs: Sequence[str],
        linear: Floats,
        rank: Rank | None = None,
    ) -> Floats | None:
        """Return what to expect of ``judge``, (n, ``ATTRIBUTES``), at a fiftieth of its time.

        Of tone alone, NaN elsewhere; None from a model that cannot be skimmed. ``linear`` are
        the linear model's calibrated scores of the same texts.
        """
        if self.skimming is None:
            return None
        windows = self._windows(texts, rank)
        counts = [len(parts) for parts in windows]
        odds = np.repeat(head.odds_of(linear), counts, axis=0)
        found = self.skimming.log_odds(list(chain.from_iterable(windows)), odds)
        scores = self._scores(found, counts, langs)
        scores[:, _NOT_TONE] = np.nan
        return scores

    def embed(self, texts: Sequence[str]) -> Floats | None:
        """Return the embeddings of ``texts``, (n, width) of unit length, or None."""
        return self.judge(texts, [""] * len(texts)).embeddings

    def _scores(self, odds: Floats, counts: Sequence[int], langs: Sequence[str]) -> Floats:
        """Return calibrated scores of texts, the log-odds of whose windows these are."""
        known = [lang[:2].lower() for lang in langs]
        return head.probabilities(head.calibrated(self.about, _worst(odds, counts), known))

    def _windows(self, texts: Sequence[str], rank: Rank | None) -> list[list[list[int]]]:
        """Return each text's windows: eight at most, fewer where many texts have many."""
        windows = [self.tokeniser.windows(condensed_str(text), rank) for text in texts]
        most = MOST_WINDOWS
        while most > 1 and sum(min(len(parts), most) for parts in windows) > MOST_WINDOWS_AT_ONCE:
            most -= 1
        return [parts[:most] if rank else spread(parts, most) for parts in windows]

    def _outputs(self, windows: Sequence[Sequence[Sequence[int]]]) -> Outputs:
        """Return the network's outputs for all windows, in order."""
        rows = list(chain.from_iterable(windows))
        order = list(runs([len(row) for row in rows]))
        parts = [
            self.session.run(*padded([rows[index] for index in indices], self.about.pad_id))
            for indices in order
        ]
        if not parts:
            return Outputs(np.zeros((0, len(self.about.labels)), np.float32), None)
        if len(rows) == 1:
            return parts[0]
        back = np.argsort(np.concatenate(order))
        embeddings = [part.embeddings for part in parts if part.embeddings is not None]
        return Outputs(
            np.concatenate([part.logits for part in parts])[back],
            np.concatenate(embeddings)[back] if embeddings else None,
        )


def _made(about: About, model: Path, tokenizer: Path) -> Encoder:
    return Encoder(about, Tokeniser.load(tokenizer, about.prefix, about.max_tokens), Session(model))


def _check_digest(path: Path, expected: str) -> None:
    if _digest(path) != expected:
        raise ModelBroken(f"{path.name} is damaged: its SHA-256 does not match")


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelBroken(f"{path} cannot be read") from error


def _worst(odds: Floats, counts: Sequence[int]) -> Floats:
    """Return the highest odds of each text's windows, of which it has as many as ``counts``."""
    if len(odds) == len(counts):
        return odds
    worst = np.full((len(counts), odds.shape[1]), -np.inf, np.float32)
    np.maximum.at(worst, np.repeat(np.arange(len(counts)), counts), odds)
    return worst


def _together(embeddings: Floats | None, counts: Sequence[int]) -> Floats | None:
    """Return one embedding for each text: the mean of its windows', of unit length."""
    if embeddings is None:
        return None
    sums = embeddings
    if len(embeddings) != len(counts):
        sums = np.zeros((len(counts), embeddings.shape[1]), np.float32)
        np.add.at(sums, np.repeat(np.arange(len(counts)), counts), embeddings)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.maximum(lengths, 1e-12), np.float32)
