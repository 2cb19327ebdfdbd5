"""What clients send with events, checked."""

from typing import Any


class EventError(Exception):
    """An event cannot be carried out; the text is for the developer of the client."""


def only_object(arguments: tuple[Any, ...]) -> dict[str, Any]:
    """The one object that an event carries; an event without any carries an empty one."""
    if not arguments:
        return {}
    if len(arguments) > 1 or not isinstance(arguments[0], dict):
        raise EventError("Send one object with this event.")
    return arguments[0]
