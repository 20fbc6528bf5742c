"""What an encoder's files say of it: its outputs, its languages, its calibration, its digests."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from service.moderation.models.weights import ANY_LANGUAGE, ATTRIBUTES, Floats, ModelBroken
from service.moderation.signal import Attribute

VERSION = 1
LEAST_TOKENS, MOST_TOKENS = 8, 512
DEFAULT_BLEND = (0.75, 0.25)
"""How much the encoder's and the linear model's log-odds count where about.json is silent."""
DEFAULT_BAND = (0.05, 0.95)
"""The fast stage's toxicity that counts as doubtful where about.json is silent."""

T = TypeVar("T")
Pair = tuple[float, float]


class Activation(StrEnum):
    """Say how a model's outputs become probabilities: one by one, or as one choice of many."""

    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"


@dataclass(frozen=True, eq=False, slots=True)
class About:
    """Describe a model.

    ``labels`` names the attribute of each output column, None for one that means
    nothing here. ``calibration[language]`` is (2, attributes): slope and offset of a
    logistic curve on the log-odds (Platt, 1999). ``band[language]`` are the calibrated
    fast-stage scores between which the encoder is asked, ``blend[language]`` the weights
    of the encoder's and the linear model's log-odds. ``ANY_LANGUAGE`` is in all three.
    ``calm[language]`` is the score of tone below which a skimmed comment need not be read;
    in a language that is not in it none is skimmed.
    ``digests`` are SHA-256 sums by file name: of an operator's own model, what it is
    known by.
    """

    labels: tuple[Attribute | None, ...]
    languages: frozenset[str]
    max_tokens: int
    pad_id: int = 0
    prefix: str = ""
    activation: Activation = Activation.SIGMOID
    calibration: Mapping[str, Floats] = field(default_factory=dict)
    band: Mapping[str, Pair] = field(default_factory=dict)
    blend: Mapping[str, Pair] = field(default_factory=dict)
    calm: Mapping[str, float] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    def knows(self, lang: str) -> bool:
        """Tell whether the model was taught ``lang``; a comment in no known language is let in."""
        return not lang or not self.languages or lang in self.languages


def read_shipped(path: Path) -> About:
    """Return what an ``about.json`` says; raise ``ModelBroken`` when it cannot be used."""
    data = _object(_parsed(path, json.loads), path.name)
    if data.get("version") != VERSION:
        raise ModelBroken(f"{path.name}: version {data.get('version')!r}, not {VERSION}")
    labels = _said(data, "attributes", _labels)
    digests = _said(data, "sha256", _digests)
    return _about(data, labels, digests)


def read_own(path: Path) -> About:
    """Return what an operator's TOML file says of their own model.

    It names the outputs in order, with the attribute each stands for (or an empty
    string), and may say more::

        activation = "softmax"      # or "sigmoid", the default
        max_tokens = 128
        pad_id = 0
        languages = ["en"]          # none: any
        [labels]
        neutral = ""
        toxic = "toxicity"

    Raises ``ModelBroken`` naming the entry for anything that cannot be used.
    """
    data = _object(_parsed(path, tomllib.loads), path.name)
    table = _object(data.get("labels"), f"{path.name}: labels")
    return _about(data, _said({"labels": list(table.values())}, "labels", _labels), {})


def _about(
    data: Mapping[str, Any], labels: tuple[Attribute | None, ...], digests: Mapping[str, str]
) -> About:
    return About(
        labels=labels,
        languages=_said(data, "languages", _strings, []),
        max_tokens=_said(data, "max_tokens", _length, MOST_TOKENS),
        pad_id=_said(data, "pad_id", int, 0),
        prefix=_said(data, "prefix", str, ""),
        activation=_said(data, "activation", Activation, Activation.SIGMOID),
        calibration=_said(data, "calibration", _curves, {}),
        band=_said(data, "band", lambda table: _pairs(table, DEFAULT_BAND), {}),
        blend=_said(data, "blend", lambda table: _pairs(table, DEFAULT_BLEND), {}),
        calm=_said(data, "calm", _numbers, {}),
        digests=digests,
    )


def _parsed(path: Path, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(path.read_text("utf-8"))
    except OSError as error:
        raise ModelBroken(f"{path} cannot be read") from error
    except ValueError as error:
        raise ModelBroken(f"{path.name}: {error}") from error


def _object(data: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ModelBroken(f"{name} is no table")
    return data


def _said(data: Mapping[str, Any], name: str, read: Callable[[Any], T], default: Any = None) -> T:
    value = data.get(name, default)
    try:
        return read(value)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise ModelBroken(f"{name}: {value!r} cannot be used") from error


def _labels(names: list[str]) -> tuple[Attribute | None, ...]:
    labels = tuple(Attribute(name) if name else None for name in names)
    if not any(labels):
        raise ValueError("no output stands for an attribute")
    return labels


def _strings(names: list[str]) -> frozenset[str]:
    return frozenset(str(name)[:2].lower() for name in names)


def _digests(table: Mapping[str, str]) -> Mapping[str, str]:
    return {str(name): str(digest) for name, digest in table.items()}


def _numbers(table: Mapping[str, float]) -> Mapping[str, float]:
    return {lang: float(value) for lang, value in table.items()}


def _length(value: Any) -> int:
    if not isinstance(value, int) or not LEAST_TOKENS <= value <= MOST_TOKENS:
        raise ValueError("out of range")
    return value


def _curves(table: Mapping[str, Mapping[str, Pair]]) -> Mapping[str, Floats]:
    """Return a curve for each attribute and language: its own, the general one, or none."""
    plain = np.array([[1.0] * len(ATTRIBUTES), [0.0] * len(ATTRIBUTES)], np.float32)
    general = _laid_on(plain, table.get(ANY_LANGUAGE, {}))
    return {lang: _laid_on(general, curves) for lang, curves in table.items()} | {
        ANY_LANGUAGE: general
    }


def _laid_on(below: Floats, curves: Mapping[str, Pair]) -> Floats:
    laid = below.copy()
    for name, (slope, offset) in curves.items():
        laid[:, ATTRIBUTES.index(Attribute(name))] = slope, offset
    if not np.isfinite(laid).all():
        raise ValueError("not finite")
    return laid


def _pairs(table: Mapping[str, Any], default: Pair) -> Mapping[str, Pair]:
    pairs = {lang: (float(low), float(high)) for lang, (low, high) in table.items()}
    return {ANY_LANGUAGE: default} | pairs
