"""What a conformance server saw, and what a test asked of it for the moment: notes.mjs says what is what."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Notes:
    arrived: list[list[Any]] = field(default_factory=list)
    connects: list[dict[str, Any]] = field(default_factory=list)
    disconnects: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=lambda: ["good"])
    handshakeDelay: int = 0
    pollDelay: int = 0
    old: set[str] = field(default_factory=set)

    def forget(self, connections: Iterable[str]) -> None:
        fresh = Notes(old=set(connections))
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))
