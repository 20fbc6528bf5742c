"""The API documentation at `/docs`: Swagger UI, served from its package, over our OpenAPI."""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Flask, Response, make_response, render_template, send_from_directory

ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
ASSETS_KEPT_S = 86_400
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
blueprint = Blueprint("docs", __name__, url_prefix="/docs")


def register_docs(app: Flask) -> None:
    """Serve the documentation of ``app``'s API.

    The package's own page starts itself with an inline script, which our policy refuses;
    so the page is ours and the assets are the package's.
    """
    app.register_blueprint(blueprint)


@blueprint.get("/", strict_slashes=False)
def page() -> Response:
    """Show the documentation."""
    response = make_response(render_template("reader/docs.html"))
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


@blueprint.get("/assets/<path:name>")
def asset(name: str) -> Response:
    """Send one of Swagger UI's files."""
    return send_from_directory(ASSETS, name, max_age=ASSETS_KEPT_S)
