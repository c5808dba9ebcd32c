"""Says in a person's words what of a line file does not fit."""

import difflib
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from stream.events.business_line import BusinessLine
from stream.events.yaml_marks import Place

_FORMS = {
    "line": "must be lower-case letters, digits, '.', '_' and '-', at most 64, and begin with a letter or digit",
    "topic": "must be letters, digits, '.', '_' and '-', at most 200",
    "currency": "must be three capital letters, such as EUR",
}


def explain(error: ErrorDetails) -> tuple[Place, str]:
    """Return the place of an error inside a line, and what to do about it."""
    place, kind = _place_of(error), error["type"]
    name = str(place[-1]) if place else ""
    if kind == "extra_forbidden":
        return place, f"is not known here{_near(name, known_names(place[:-1]))}"
    if place[:1] == ("match",) and kind != "value_error":
        return place, "must be text, a whole number, true or false" if len(place) > 1 else "must be a mapping"
    if kind == "missing":
        role = place[0] == "roles" and len(place) == 2
        return place, f"is missing{'; name the field of your events that holds it' if role else ''}"
    return place, _of_value(error, name, in_roles=place[:1] == ("roles",))


def _of_value(error: ErrorDetails, name: str, *, in_roles: bool) -> str:
    kind = error["type"]
    if kind == "literal_error":
        return f"must be {error['ctx']['expected'].replace(chr(39), '')}"
    if kind == "string_pattern_mismatch":
        return _FORMS.get(name, "must be a field's name, or names joined by dots")
    if kind in ("model_type", "model_attributes_type"):
        return "must be a field's name or a mapping" if in_roles else "must be a mapping"
    words = error["msg"].removeprefix("Value error, ")
    for theirs in ("Input should", "String should", "Tuple should", "Value should"):
        words = words.replace(theirs, "must")
    return words[:1].lower() + words[1:]


def _place_of(error: ErrorDetails) -> Place:
    place = tuple(error["loc"])
    # Below a match's field stand the types that its value was tried as.
    return place[:2] if place[:1] == ("match",) else place


def known_names(place: Place) -> list[str]:
    """Return the keys that a line file may have at a place."""
    model: type[BaseModel] | None = BusinessLine
    for part in place:
        fields = {} if model is None else {field.alias or name: field for name, field in model.model_fields.items()}
        model = _model_in(fields[part].annotation) if part in fields else None
    return [] if model is None else [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
        inner = _model_in(get_args(one)[0]) if one is not annotation and get_args(one) else None
        if inner is not None:
            return inner
    return None


def _near(word: str, known: list[str]) -> str:
    found = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {found[0]}?" if found else f"; known: {', '.join(known)}" if known else ""
