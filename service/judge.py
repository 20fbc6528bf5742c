"""The judge as the settings describe it: the pipeline, and the encoder that its checks ask."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from config.settings import Settings
from service.moderation import language
from service.moderation.cascade import Cascade, cascade_of
from service.moderation.checks import build_pipeline
from service.moderation.encoder_options import EncoderMode, EncoderOptions
from service.moderation.learning.embedder import CascadeEmbedder
from service.moderation.learning.meaning import Embedder
from service.moderation.models.weights import ModelBroken
from service.moderation.pipeline import Guard, Pipeline, no_guard
from service.remote.chosen import remote_check


def build_judge(settings: Settings, guard: Guard = no_guard) -> Pipeline:
    """Return the pipeline of every check, with the encoder of the settings."""
    return build_pipeline(guard, encoder_options(settings))


def build_worker_judge(settings: Settings, guard: Guard = no_guard) -> Pipeline:
    """Return the same with the service elsewhere, if the settings name one: it is slow.

    Raises ``SettingsInvalid`` when that has no address.
    """
    judge, remote = build_judge(settings, guard), remote_check(settings)
    return replace(judge, checks=(*judge.checks, remote)) if remote else judge


def encoder_options(settings: Settings) -> EncoderOptions:
    """Return what the settings say of the encoder."""
    return EncoderOptions(
        EncoderMode(settings.encoder),
        Path(settings.encoder_model) if settings.encoder_model else None,
        Path(settings.encoder_tokenizer) if settings.encoder_tokenizer else None,
    )


def cascade(settings: Settings) -> Cascade:
    """Return the models that the pipeline of ``settings`` asks; raise ``ModelBroken``."""
    return cascade_of(encoder_options(settings))


def build_embedder(settings: Settings) -> Embedder | None:
    """Return the encoder of the pipeline of ``settings``, or None where the models are broken."""
    try:
        return CascadeEmbedder(cascade(settings))
    except ModelBroken:
        return None


def warm_up_judge(settings: Settings) -> None:
    """Load what the models need and what a forked child may share."""
    language.warm_up()
    # Broken, they are named by the pipeline, which holds every comment.
    with suppress(ModelBroken):
        cascade(settings).warm_up()
