"""The encoder as ONNX, written node by node: in float, or with matrices in int8 by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import (
    ModelProto,
    NodeProto,
    TensorProto,
    ValueInfoProto,
    checker,
    helper,
    load,
    numpy_helper,
    save,
)

from training.encoder.learn import Encoder
from training.encoder.network import EPSILON, HEADS, LAYERS, NOWHERE, WIDTH
from training.encoder.ranges import Range, ranges_of
from training.encoder.source import Floats

# The first with attention in one step. The runtime's own operator for it is slower: 8 rows of
# 25 pieces take 47 µs a piece with that, 43 with this (onnxruntime 1.32).
OPSET = 23
# The runtime's own operators: a product of int8 in one step.
_OWN = "com.microsoft"
_OWN_VERSION = 1
_IR = 11
_TOP, _STEPS = 127, 255


def write(path: Path, encoder: Encoder, positions: int, ids: Sequence[Sequence[int]]) -> None:
    """Write ``encoder`` to ``path`` in int8, for texts of ``positions`` pieces at most.

    ``ids`` are rows of pieces, of which it is learned how finely what flows between the
    matrices is rounded. That is fixed then, so that no text's score depends on the texts
    beside it.
    """
    whole = path.with_suffix(".float.onnx")
    fed = write_float(whole, encoder, positions)
    ranges = ranges_of(whole, fed, ids)
    whole.unlink()
    save(_Graph(encoder, positions, ranges).model(), path)
    _check(path)


def write_float(path: Path, encoder: Encoder, positions: int) -> Mapping[str, str]:
    """Write ``encoder`` to ``path`` with matrices in float32; embeddings are int8 by row.

    Return the tensor that flows into each matrix, by the matrix's name.
    """
    graph = _Graph(encoder, positions, {})
    save(graph.model(), path)
    _check(path)
    return graph.fed


def _check(path: Path) -> None:
    checker.check_model(load(path))


def by_row(table: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Return ``table`` as int8, and the scale of each row, (rows, 1)."""
    scales = np.maximum(np.abs(table).max(1, keepdims=True), 1e-8) / _TOP
    return np.rint(table / scales).astype(np.int8), scales.astype(np.float32)


def _steps(table: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Return ``table`` as int8, and the scale of each column, (columns)."""
    turned, scales = by_row(table.T)
    return np.ascontiguousarray(turned.T), scales[:, 0]


class _Graph:
    """Collect the nodes and the numbers of the network.

    A matrix that ``ranges`` names is int8, and so is what flows into it.
    """

    def __init__(self, encoder: Encoder, positions: int, ranges: Mapping[str, Range]) -> None:
        self.fed: dict[str, str] = {}
        self._trained = encoder.trained
        self._positions = positions
        self._ranges = ranges
        self._words = np.concatenate([encoder.words, encoder.trained["new"]])
        self._nodes: list[NodeProto] = []
        self._numbers: dict[str, NDArray[np.generic]] = {}

    def model(self) -> ModelProto:
        """Return the whole model."""
        length = self._op("Shape", "input_ids", start=1, end=2)
        x = self._embedded(length)
        kept = self._op("Cast", "attention_mask", to=TensorProto.FLOAT)
        unit = self._number("unit", np.ones(1, np.float32))
        far = self._number("far", np.full(1, NOWHERE, np.float32))
        hidden = self._op("Mul", self._op("Sub", unit, kept), far)
        bias = self._bias(hidden, length)
        for layer in range(LAYERS):
            x = self._block(layer, x, bias)
        self._read(x, kept, hidden)
        graph = helper.make_graph(
            self._nodes,
            "encoder",
            [self._value(name, TensorProto.INT64, ("n", "length")) for name in _INPUTS],
            [
                self._value("logits", TensorProto.FLOAT, ("n", len(self._trained["head.b"]))),
                self._value("embedding", TensorProto.FLOAT, ("n", WIDTH)),
            ],
            [numpy_helper.from_array(value, name) for name, value in self._numbers.items()],
        )
        versions = [helper.make_opsetid("", OPSET), helper.make_opsetid(_OWN, _OWN_VERSION)]
        return helper.make_model(
            graph, opset_imports=versions, ir_version=_IR, producer_name="ecluse"
        )

    def _embedded(self, length: str) -> str:
        table, scales = by_row(self._words)
        rows = self._op("Gather", self._number("words", table), "input_ids")
        scale = self._op("Gather", self._number("scales", scales), "input_ids")
        words = self._op("Mul", self._op("Cast", rows, to=TensorProto.FLOAT), scale)
        # The positions' embeddings, as many as the input is long.
        places = self._number("positions", self._trained["pos"][: self._positions])
        zero = self._number("zero", np.zeros(1, np.int64))
        x = self._op("Add", words, self._op("Slice", places, zero, length, zero))
        return self._normal(x, "ln")

    def _bias(self, hidden: str, length: str) -> str:
        """Return what is added to the scores of attention, (n, 1, length, length)."""
        inner = self._number("inner", np.array([1, 2], np.int64))
        one = self._number("one", np.ones(1, np.int64))
        shape = self._op("Concat", one, one, length, one, axis=0)
        return self._op("Expand", self._op("Unsqueeze", hidden, inner), shape)

    def _block(self, layer: int, x: str, bias: str) -> str:
        x = self._normal(self._op("Add", x, self._attended(layer, x, bias)), f"{layer}.aln")
        inner = self._op("Gelu", self._linear(x, f"{layer}.fi"))
        return self._normal(self._op("Add", x, self._linear(inner, f"{layer}.fo")), f"{layer}.oln")

    def _attended(self, layer: int, x: str, bias: str) -> str:
        weights, shift = (
            np.concatenate([self._trained[f"{layer}.{name}.{part}"] for name in "qkv"], axis=-1)
            for part in "wb"
        )
        both = self._product(x, f"{layer}.qkv", weights, shift)
        third = self._number("thirds", np.full(3, WIDTH, np.int64))
        names = [f"{layer}.{name}" for name in "qkv"]
        self._nodes.append(helper.make_node("Split", [both, third], names, axis=2))
        found = self._op("Attention", *names, bias, q_num_heads=HEADS, kv_num_heads=HEADS)
        return self._linear(found, f"{layer}.ao")

    def _linear(self, x: str, name: str, to_name: str = "") -> str:
        weights, shift = (self._trained[f"{name}.{part}"] for part in "wb")
        return self._product(x, name, weights, shift, to_name)

    def _product(self, x: str, name: str, weights: Floats, shift: Floats, to_name: str = "") -> str:
        self.fed[name] = x
        bias = self._number(f"{name}.b", shift)
        if name in self._ranges:
            return self._small_product(x, name, weights, bias, to_name)
        product = self._op("MatMul", x, self._number(f"{name}.w", weights))
        return self._op("Add", product, bias, to_name=to_name)

    def _small_product(self, x: str, name: str, weights: Floats, bias: str, to_name: str) -> str:
        """Return the product in int8 of ``weights`` and ``x``, which is cut to its range."""
        low, high = self._ranges[name]
        scale = np.float32((high - low) / _STEPS)
        step = self._number(f"{name}.x_scale", np.array(scale))
        zero = self._number(f"{name}.x_zero_point", np.array(np.rint(-low / scale), np.uint8))
        steps, scales = _steps(weights)
        return self._op(
            "MatMulIntegerToFloat",
            self._op("QuantizeLinear", x, step, zero),
            self._number(f"{name}.w_quantized", steps),
            step,
            self._number(f"{name}.w_scale", scales),
            zero,
            "",
            bias,
            to_name=to_name,
            domain=_OWN,
        )

    def _normal(self, x: str, name: str) -> str:
        parts = [self._number(f"{name}.{part}", self._trained[f"{name}.{part}"]) for part in "wb"]
        return self._op("LayerNormalization", x, *parts, epsilon=EPSILON, axis=-1)

    def _read(self, x: str, kept: str, hidden: str) -> None:
        """Add what makes logits and embedding of the last layer.

        ``kept`` is 1 for a piece and 0 for padding, ``hidden`` 0 and far below any number.
        """
        last = self._number("last", np.array([2], np.int64))
        one = self._number("one", np.ones(1, np.int64))
        kept, hidden = (self._op("Unsqueeze", each, last) for each in (kept, hidden))
        total = self._op("ReduceSum", self._op("Mul", x, kept), one, keepdims=0)
        mean = self._op("Div", total, self._op("ReduceSum", kept, one, keepdims=0))
        most = self._op("ReduceMax", self._op("Add", x, hidden), one, keepdims=0)
        both = self._op("Concat", mean, most, axis=1)
        self._linear(both, "head", to_name="logits")
        # Not LpNormalization: onnxruntime 1.24 does not know that of this version.
        self._op("Div", mean, self._op("ReduceL2", mean, one), to_name="embedding")

    def _op(self, kind: str, *inputs: str, to_name: str = "", **settings: Any) -> str:
        name = to_name or f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **settings))
        return name

    def _number(self, name: str, value: NDArray[np.generic]) -> str:
        self._numbers[name] = value
        return name

    @staticmethod
    def _value(name: str, kind: int, shape: tuple[str | int, ...]) -> ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, shape)


_INPUTS = ("input_ids", "attention_mask")
