"""Fitting the weights of both models."""

import numpy as np

from training.encoder.blend import blends


def _fit(encoder_noise: float, linear_noise: float) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 2, (4000, 2))
    targets = (rng.random(truth.shape) < 1 / (1 + np.exp(-truth))).astype(np.float32)
    seen = [
        (truth + rng.normal(0, noise, truth.shape)).astype(np.float32)
        for noise in (encoder_noise, linear_noise)
    ]
    weights = np.ones_like(targets)
    return blends(seen[0], seen[1], targets, weights, ["xx"] * 4000)[""]


def test_the_better_model_counts_more() -> None:
    encoder, linear = _fit(0.5, 3.0)
    assert encoder > 3 * linear
    encoder, linear = _fit(3.0, 0.5)
    assert linear > 3 * encoder


def test_a_language_with_few_positives_has_no_weights_of_its_own() -> None:
    odds = np.linspace(-3, 3, 900, dtype=np.float32)[:, None]
    targets = (odds > 0).astype(np.float32)
    langs = ["de" if number < 20 or number >= 880 else "fr" for number in range(900)]
    found = blends(odds, odds, targets, np.ones_like(odds), langs)
    assert set(found) == {"", "fr"}
