"""The encoder as ONNX, written node by node, its matrices then cut to int8 per column."""

from __future__ import annotations

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
from onnxruntime.quantization import QuantType, quantize_dynamic

from training.encoder.learn import Encoder
from training.encoder.network import EPSILON, HEADS, LAYERS, NOWHERE, WIDTH
from training.encoder.source import Floats

OPSET = 20
# The runtime's own operators: attention in one step.
_OWN = "com.microsoft"
_OWN_VERSION = 1
_IR = 10
_TOP = 127


def write(path: Path, encoder: Encoder, positions: int) -> None:
    """Write ``encoder`` to ``path`` in int8, for texts of ``positions`` pieces at most."""
    whole = path.with_suffix(".float.onnx")
    write_float(whole, encoder, positions)
    quantize_dynamic(
        whole,
        path,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        # Types are not inferred beyond the runtime's own operators.
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    )
    whole.unlink()
    _check(path)


def write_float(path: Path, encoder: Encoder, positions: int) -> None:
    """Write ``encoder`` to ``path`` with matrices in float32; embeddings are int8 by row."""
    save(_Graph(encoder, positions).model(), path)
    _check(path)


def _check(path: Path) -> None:
    checker.check_model(load(path))


def by_row(table: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Return ``table`` as int8, and the scale of each row, (rows, 1)."""
    scales = np.maximum(np.abs(table).max(1, keepdims=True), 1e-8) / _TOP
    return np.rint(table / scales).astype(np.int8), scales.astype(np.float32)


class _Graph:
    """Collect the nodes and the numbers of the network."""

    def __init__(self, encoder: Encoder, positions: int) -> None:
        self._trained = encoder.trained
        self._positions = positions
        self._words = np.concatenate([encoder.words, encoder.trained["new"]])
        self._nodes: list[NodeProto] = []
        self._numbers: dict[str, NDArray[np.generic]] = {}

    def model(self) -> ModelProto:
        """Return the whole model."""
        x = self._embedded()
        padding = self._op("Cast", "attention_mask", to=TensorProto.INT32)
        for layer in range(LAYERS):
            x = self._block(layer, x, padding)
        self._read(x)
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

    def _embedded(self) -> str:
        table, scales = by_row(self._words)
        rows = self._op("Gather", self._number("words", table), "input_ids")
        scale = self._op("Gather", self._number("scales", scales), "input_ids")
        words = self._op("Mul", self._op("Cast", rows, to=TensorProto.FLOAT), scale)
        x = self._op("Add", words, self._places())
        return self._normal(x, "ln")

    def _places(self) -> str:
        """Return the positions' embeddings, as many as the input is long."""
        table = self._number("positions", self._trained["pos"][: self._positions])
        length = self._op("Shape", "input_ids", start=1, end=2)
        zero = self._number("zero", np.zeros(1, np.int64))
        return self._op("Slice", table, zero, length, zero)

    def _block(self, layer: int, x: str, padding: str) -> str:
        x = self._normal(self._op("Add", x, self._attended(layer, x, padding)), f"{layer}.aln")
        inner = self._op("Gelu", self._linear(x, f"{layer}.fi"))
        return self._normal(self._op("Add", x, self._linear(inner, f"{layer}.fo")), f"{layer}.oln")

    def _attended(self, layer: int, x: str, padding: str) -> str:
        joined = [
            np.concatenate([self._trained[f"{layer}.{name}.{part}"] for name in "qkv"], axis=-1)
            for part in "wb"
        ]
        both = self._product(x, f"{layer}.qkv", *joined)
        third = self._number("thirds", np.full(3, WIDTH, np.int64))
        names = [f"{layer}.{name}" for name in "qkv"]
        self._nodes.append(helper.make_node("Split", [both, third], names, axis=2))
        found = self._op("MultiHeadAttention", *names, "", padding, domain=_OWN, num_heads=HEADS)
        return self._linear(found, f"{layer}.ao")

    def _linear(self, x: str, name: str) -> str:
        return self._product(x, name, self._trained[f"{name}.w"], self._trained[f"{name}.b"])

    def _product(self, x: str, name: str, weights: Floats, shift: Floats) -> str:
        product = self._op("MatMul", x, self._number(f"{name}.w", weights))
        return self._op("Add", product, self._number(f"{name}.b", shift))

    def _normal(self, x: str, name: str) -> str:
        parts = [self._number(f"{name}.{part}", self._trained[f"{name}.{part}"]) for part in "wb"]
        return self._op("LayerNormalization", x, *parts, epsilon=EPSILON, axis=-1)

    def _read(self, x: str) -> None:
        """Add what makes logits and embedding of the last layer."""
        last = self._number("last", np.array([2], np.int64))
        one = self._number("one", np.ones(1, np.int64))
        kept = self._op("Cast", self._op("Unsqueeze", "attention_mask", last), to=TensorProto.FLOAT)
        total = self._op("ReduceSum", self._op("Mul", x, kept), one, keepdims=0)
        mean = self._op("Div", total, self._op("ReduceSum", kept, one, keepdims=0))
        unit = self._number("unit", np.ones(1, np.float32))
        far = self._number("far", np.full(1, NOWHERE, np.float32))
        hidden = self._op("Mul", self._op("Sub", unit, kept), far)
        most = self._op("ReduceMax", self._op("Add", x, hidden), one, keepdims=0)
        both = self._op("Concat", mean, most, axis=1)
        heads = [self._number(f"head.{part}", self._trained[f"head.{part}"]) for part in "wb"]
        self._op("Gemm", both, *heads, to_name="logits")
        self._op("LpNormalization", mean, axis=1, p=2, to_name="embedding")

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
