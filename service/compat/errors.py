"""Errors in the shapes that the doors' clients expect, by the path they call."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response

from service.api.media import asked
from service.api.problems import Problem
from service.compat.akismet.answers import refusal
from service.compat.coral import views as coral
from service.compat.openai import views as openai
from service.compat.perspective import errors as perspective
from service.compat.wordpress import answers as wordpress

Shape = Callable[[Problem], Response]
SHAPES: dict[str, Shape] = {
    "/1.1/": refusal,
    "/1.2/": refusal,
    "/v1alpha1/": perspective.refusal,
    "/$discovery/": perspective.refusal,
    "/discovery/": perspective.refusal,
    "/batch": perspective.refusal,
    openai.PATH: openai.refusal,
    coral.PREFIX: coral.refusal,
    wordpress.PATH: wordpress.error_page,
}
"""By the beginning of a path."""


def door_shape() -> Shape | None:
    """Return what shows a problem to the client of a door, or None for anybody else."""
    path = asked().path
    for prefix, shape in SHAPES.items():
        if path.startswith(prefix):
            return shape
    return None
