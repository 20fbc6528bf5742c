"""The routes of Akismet's API, as far as its public clients call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from flask import Blueprint, Response

from service.api.media import JSON
from service.api.services import services
from service.compat.akismet import numbers
from service.compat.akismet.answers import INVALID, VALID, malformed, word
from service.compat.akismet.call import Call, fields_sent, read_call, says_whose
from service.compat.akismet.checking import check
from service.compat.akismet.correcting import correct
from service.moderation.verdict import Status
from service.schemas.akismet import FieldsInvalid

blueprint = Blueprint("akismet", __name__)
REQUIRED = ("blog", "user_ip")
EITHER = ["GET", "POST"]


@blueprint.errorhandler(FieldsInvalid)
def too_many_fields(_error: FieldsInvalid) -> Response:
    """Answer a body that no client sends."""
    return malformed("Too many fields.")


@blueprint.post("/1.1/verify-key")
@blueprint.post("/1.2/verify-key", endpoint="verify_key_2")
def verify_key() -> Response:
    """Say whether a key is one of a site's; here `key` is the one to verify, before `api_key`."""
    return _unknown() if read_call(("key", "api_key")) is None else word(VALID)


@blueprint.post("/1.1/comment-check")
@blueprint.post("/1.2/comment-check", endpoint="comment_check_2")
def comment_check() -> Response:
    """Check a comment."""
    return _on_a_comment(check)


@blueprint.post("/1.1/submit-spam")
@blueprint.post("/1.2/submit-spam", endpoint="submit_spam_2")
def submit_spam() -> Response:
    """Take a comment that was missed."""
    return _on_a_comment(lambda call: correct(call, Status.SPAM))


@blueprint.post("/1.1/submit-ham")
@blueprint.post("/1.2/submit-ham", endpoint="submit_ham_2")
def submit_ham() -> Response:
    """Take a comment that was wrongly found to be spam."""
    return _on_a_comment(lambda call: correct(call, Status.APPROVED))


@blueprint.route("/1.2/usage-limit", methods=EITHER)
@blueprint.route("/1.1/usage-limit", methods=EITHER, endpoint="usage_limit_1")
def usage_limit() -> Response:
    """Get the month's usage."""
    return _in_numbers(numbers.usage)


@blueprint.route("/1.2/key-sites", methods=EITHER)
@blueprint.route("/1.1/key-sites", methods=EITHER, endpoint="key_sites_1")
def key_sites() -> Response:
    """Get the sites of a key, as JSON or CSV."""
    call = read_call()
    if call is None:
        return _unknown()
    asked = fields_sent()
    found = numbers.key_sites(call, asked)
    if asked.get("format") != "csv":
        return _json(found)
    token = asked.get("api_key") or asked.get("key", "")
    return word(numbers.key_sites_csv(token, found))


@blueprint.route("/1.1/get-stats", methods=EITHER)
@blueprint.route("/1.1/get-key-stats", methods=EITHER, endpoint="get_key_stats")
def get_stats() -> Response:
    """Get what was found in a period."""
    period = fields_sent().get("from", "all")
    return _in_numbers(lambda call: numbers.statistics(call, period))


@blueprint.route("/1.1/get-subscription", methods=EITHER)
@blueprint.route("/1.1/account-status", methods=EITHER, endpoint="account_status")
@blueprint.route("/1.2/account-status", methods=EITHER, endpoint="account_status_2")
def get_subscription() -> Response:
    """Get the account's standing."""
    return _in_numbers(numbers.subscription)


@blueprint.route("/1.1/token", methods=EITHER)
def token() -> Response:
    """Get a token for Akismet's own pages, which are not here: it opens nothing."""
    call = read_call()
    if call is None:
        return _unknown()
    return word(services().store.vault.sign("akismet token", call.site.name))


@blueprint.post("/1.1/deactivate")
def deactivate() -> Response:
    """Take notice that a plugin was switched off."""
    return _unknown() if read_call() is None else word("deactivated")


@blueprint.route("/1.1/test", methods=EITHER)
def test() -> Response:
    """Tell that the door is open."""
    return word("connected")


@blueprint.route("/1.2/compatible-plugins", methods=EITHER)
def compatible_plugins() -> Response:
    """Get the plugins beside which WordPress advertises Akismet: none."""
    return _json([])


def _on_a_comment(answer: Callable[[Call], Response]) -> Response:
    call = read_call()
    if call is None:
        return _unknown()
    missing = [name for name in REQUIRED if name not in call.sent.names]
    if missing:
        return malformed(f"Missing required field: {', '.join(missing)}.")
    return answer(call)


def _unknown() -> Response:
    """Answer a call that is no site's; why is said only to one that lacks key and blog both.

    Of a key that is not known nothing is said: ``@cedx/akismet`` takes any such header for
    an error of another kind.
    """
    return word(INVALID) if says_whose() else malformed("Missing required fields: api_key, blog.")


def _in_numbers(told: Callable[[Call], Any]) -> Response:
    call = read_call()
    return _unknown() if call is None else _json(told(call))


def _json(body: Any) -> Response:
    return Response(orjson.dumps(body), 200, {"Cache-Control": "no-store"}, content_type=JSON)
