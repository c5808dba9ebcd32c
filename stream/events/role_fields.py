"""Names the user's fields that a transaction's values are read from, for messages."""

from stream.events.business_line import BusinessLine

_OF_TIME = "occurred_at_s"


def role_fields(line: BusinessLine) -> dict[str, str]:
    """Return, for the fields of a transaction, words such as `event_id (field id)`."""
    roles, place = line.roles, line.roles.place
    found = {_OF_TIME: (roles.occurred_at.field,), "amount_minor": (roles.amount.field,)}
    for name in ("event_id", "subject", "counterparty", "instrument", "currency", "channel", "text"):
        if (role := getattr(roles, name)) is not None:
            found[name] = role.paths
    if place is not None:
        given = {"place": place.field, "latitude": place.latitude, "longitude": place.longitude}
        found |= {name: (path,) for name, path in given.items() if path is not None}
    return {name: _words(name.removesuffix("_s"), paths) for name, paths in found.items()}


def _words(name: str, paths: tuple[str, ...]) -> str:
    if not paths:
        return name
    return f"{name} (field{'s' if len(paths) > 1 else ''} {', '.join(paths)})"
