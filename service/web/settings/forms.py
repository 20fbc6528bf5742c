"""Forms as data: names with dots become tables, and what a schema says of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError
from werkzeug.datastructures import MultiDict

from service.api.problems import from_validation


def nested(form: MultiDict[str, str], lists: Collection[str] = ()) -> dict[str, Any]:
    """Return a form's fields: ``a.b`` is ``b`` in the table ``a``; of ``lists`` every value."""
    found: dict[str, Any] = {}
    for name in form:
        *tables, last = name.split(".")
        place = found
        for table in tables:
            inner = place.setdefault(table, {})
            place = inner if isinstance(inner, dict) else {}
        place[last] = form.getlist(name) if name in lists else form[name]
    return found


def loaded(schema: Schema, data: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
    """Return what a form means, and no faults; or None, and one message for each field."""
    try:
        return schema.load(data, unknown=EXCLUDE), {}
    except ValidationError as error:
        faults = from_validation(error).errors
        return None, {name.replace(".value", ""): text for name, text in faults.items()}
