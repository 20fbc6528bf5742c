"""Tiny models for tests: real ONNX networks whose every word has a weight that a test knows.

And a linear model beside them, which says the same of every text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from service.moderation.models.encoder.skim import Skim
from service.moderation.models.features import DENSE, ROWS
from service.moderation.models.linear import LinearModel
from service.moderation.models.weights import ATTRIBUTES, Floats
from service.moderation.models.weights import Weights as LinearWeights
from service.moderation.signal import Attribute

Weights = Mapping[str, Mapping[Attribute, float]]
"""What each word adds to each attribute's logit."""

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
WIDTH = 8
BIAS = -2.0
"""The logit of a text in which no word weighs anything."""
WEIGHTS: Weights = {
    "vile": {Attribute.TOXICITY: 6.0, Attribute.INSULT: 4.0},
    "refuse": {Attribute.TOXICITY: -8.0, Attribute.INSULT: -6.0},
    "kind": {Attribute.TOXICITY: -2.0},
    "offer": {Attribute.SPAM: 6.0},
}


def linear_that_says(odds: Floats, learned: Sequence[str]) -> LinearModel:
    """Return a linear model of log-odds ``odds``, (``ATTRIBUTES``,), whatever the text."""
    width = len(ATTRIBUTES)
    curve = np.stack([np.ones(width), np.zeros(width)]).astype(np.float32)
    return LinearModel(
        LinearWeights(
            np.zeros((ROWS, width), np.int8),
            np.zeros(width, np.float32),
            np.zeros((len(DENSE), width), np.float32),
            odds,
            {"": curve, **dict.fromkeys(learned, curve)},
        )
    )


def write_encoder(folder: Path, weights: Weights = WEIGHTS, **about: Any) -> Path:
    """Write a whole encoder to ``folder`` as it ships; ``about`` overrides its entries.

    One that says what is ``calm`` can be skimmed: it then expects of a text the mean of its
    words' weights, and what the linear model makes of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder / "tokenizer.json", weights)
    rows = [[weights[word].get(each, 0.0) for each in ATTRIBUTES] for word in weights]
    write_network(folder / "model.onnx", rows, has_embedding=True)
    entries = {
        "version": 1,
        "attributes": list(ATTRIBUTES),
        "languages": ["fr", "en", "de", "pt", "es", "it", "nl"],
        "prefix": "",
        "max_tokens": 16,
        "pad_id": 1,
        "calibration": {"": {name: [1.0, 0.0] for name in ATTRIBUTES}},
        "band": {"": [0.2, 0.8]},
        **about,
    }
    write_skim(folder / "skim.npz", rows)
    names = ("model.onnx", "tokenizer.json", "skim.npz")
    digests = {name: sha256((folder / name).read_bytes()).hexdigest() for name in names}
    (folder / "about.json").write_text(json.dumps({"sha256": digests, **entries}))
    return folder


def write_skim(path: Path, rows: Sequence[Sequence[float]]) -> None:
    """Write a skim by which each word after the specials weighs its row."""
    width = len(ATTRIBUTES)
    pieces = np.array([[0.0] * width] * len(SPECIALS) + [list(row) for row in rows], np.float32)
    Skim(pieces, np.eye(width, dtype=np.float32), np.zeros(width, np.float32)).save(path)


def write_tokenizer(path: Path, words: Sequence[str] | Weights) -> None:
    """Write a tokenizer that knows ``words`` and the specials, and calls all else unknown."""
    listed = [*SPECIALS, *words]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(listed)}, "<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(path))


def write_network(
    path: Path,
    rows: Sequence[Sequence[float]],
    *,
    has_embedding: bool = False,
    inputs: Sequence[str] = ("input_ids", "attention_mask"),
    integers: int = TensorProto.INT64,
    output: str = "logits",
) -> None:
    """Write a network that sums the words' ``rows`` of logits, one for each after the specials.

    The embedding of a text is the sum of random ones, of unit length.
    """
    table = np.array([[0.0] * len(rows[0])] * len(SPECIALS) + [list(row) for row in rows])
    pieces = {"table": table, "bias": np.full(table.shape[1], BIAS), "low": np.float64(1e-6)}
    nodes = [
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
        *_summed("table", "sums"),
        helper.make_node("Add", ["sums", "bias"], [output]),
    ]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", table.shape[1]])]
    if has_embedding:
        pieces["meanings"] = np.random.default_rng(7).normal(size=(len(table), WIDTH))
        nodes += _summed("meanings", "meaning")
        nodes.append(helper.make_node("LpNormalization", ["meaning"], ["embedding"], axis=-1))
        outputs.append(helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", WIDTH]))
    kept = [numpy_helper.from_array(np.asarray(v, np.float32), name) for name, v in pieces.items()]
    kept.append(numpy_helper.from_array(np.array([2]), "last"))
    kept.append(numpy_helper.from_array(np.array([1]), "words"))
    taken = [helper.make_tensor_value_info(name, integers, ["n", "length"]) for name in inputs]
    graph = helper.make_graph(nodes, "tiny", taken, outputs, kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))


def _summed(table: str, name: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Gather", [table, "input_ids"], [f"{name}_each"]),
        helper.make_node("Mul", [f"{name}_each", "wide"], [f"{name}_seen"]),
        helper.make_node("ReduceSum", [f"{name}_seen", "words"], [name], keepdims=0),
    ]


def write_own(
    folder: Path,
    labels: Mapping[str, str],
    rows: Mapping[str, Sequence[float]],
    *,
    said: str = "",
    **network: Any,
) -> Path:
    """Write an operator's model to ``folder``, with its tokenizer and description beside it.

    ``labels`` maps its outputs, in order, to attributes; ``rows`` are what each word adds
    to them; ``said`` is more TOML. Returns the path of the network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder / "tokenizer.json", list(rows))
    write_network(folder / "own.onnx", list(rows.values()), **network)
    listed = "\n".join(f'{name} = "{attribute}"' for name, attribute in labels.items())
    (folder / "own.toml").write_text(f"pad_id = 1\n{said}\n[labels]\n{listed}\n")
    return folder / "own.onnx"
