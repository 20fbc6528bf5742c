"""The network itself, run by onnxruntime on one thread, in whichever process asks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.moderation.models.weights import Floats, ModelBroken

_LOG_ERRORS = 3
# Fused with the sum before it, a layer's normalisation takes a quarter of the whole time
# (onnxruntime 1.32, 24 rows of 40 tokens: 2.4 ms a row, apart 1.8).
_SLOWER = ("SkipLayerNormFusion",)
_TYPES = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}


@dataclass(frozen=True, slots=True)
class Outputs:
    """Hold what the network gave n rows: logits (n, outputs), embeddings (n, width) or None."""

    logits: Floats
    embeddings: Floats | None


@dataclass(frozen=True, slots=True)
class _Native:
    """Hold a session of the runtime, its inputs by name with their types, and what is asked of it.

    Read once: asking the runtime at each run costs as much as a word's share of the network.
    """

    session: Any
    inputs: Sequence[tuple[str, Any]]
    outputs: Sequence[str]


@dataclass(eq=False)
class Session:
    """Run the network at ``path``.

    The onnxruntime session is made at the first run in each process: RQ forks, and what
    a child inherits of a runtime's threads and locks is not to be trusted. Making one
    costs 50 ms. Threads of one process may share it; two that come first together make
    one each, and one of them is forgotten, which is better than a lock across a fork.
    """

    path: Path
    _made: tuple[int, _Native | None] = (0, None)

    def run(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Outputs:
        """Return the outputs for rows of token ids, (n, length), padded where ``mask`` is 0.

        Raises ``ModelBroken`` when the file is no network of this kind, and whatever
        onnxruntime raises when a run fails.
        """
        native = self._own()
        inputs = {
            name: _fed(name, ids, mask).astype(kind, copy=False) for name, kind in native.inputs
        }
        found = native.session.run(native.outputs, inputs)
        outputs = [np.asarray(output, np.float32) for output in found]
        if not all(np.isfinite(output).all() for output in outputs):
            raise ArithmeticError("the network's outputs are not finite")
        return Outputs(outputs[0], outputs[1] if len(outputs) > 1 else None)

    def _own(self) -> _Native:
        """Return this process's session."""
        pid, native = self._made
        if native is None or pid != os.getpid():
            native = _described(_opened(self.path))
            self._made = (os.getpid(), native)
        return native


def _fed(name: str, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.int64]:
    if name == "input_ids":
        return ids
    return mask if name == "attention_mask" else np.zeros_like(ids)


def _described(session: Any) -> _Native:
    names = [item.name for item in session.get_outputs()]
    return _Native(
        session,
        [(item.name, _TYPES[item.type]) for item in session.get_inputs()],
        [name for name in ("logits", "embedding") if name in names],
    )


def _opened(path: Path) -> Any:
    import onnxruntime  # 20 MB that a process without doubts never needs

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # The arena keeps what the largest run ever needed; without it nothing is slower.
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    options.log_severity_level = _LOG_ERRORS
    try:
        native = onnxruntime.InferenceSession(
            str(path),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=list(_SLOWER),
        )
    except Exception as error:
        raise ModelBroken(f"{path.name} is no network that onnxruntime can run") from error
    _check(native, path)
    return native


def _check(native: Any, path: Path) -> None:
    known = {"input_ids", "attention_mask", "token_type_ids"}
    inputs = {item.name: item.type for item in native.get_inputs()}
    if "input_ids" not in inputs or set(inputs) - known or set(inputs.values()) - set(_TYPES):
        raise ModelBroken(f"{path.name} wants the inputs {inputs}")
    if "logits" not in [item.name for item in native.get_outputs()]:
        raise ModelBroken(f"{path.name} has no output named logits")
