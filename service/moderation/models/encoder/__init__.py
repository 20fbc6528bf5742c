"""The encoder: a small multilingual transformer that judges what words alone leave in doubt.

The folder holds its files too: ``model.onnx``, ``tokenizer.json``, ``skim.npz`` and ``about.json``.
Nothing here is imported by the fast stage until a comment needs it.
"""

from service.moderation.models.encoder.encoder import SHIPPED, Encoder, Judged

__all__ = ["SHIPPED", "Encoder", "Judged"]
