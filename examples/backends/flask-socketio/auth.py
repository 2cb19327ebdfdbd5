"""Decides which tokens are accepted. Never logs or repeats one."""

import hmac
from typing import Any


class Tokens:
    def __init__(self, accepted: frozenset[str]):
        self._accepted = [token.encode() for token in accepted]

    def accept(self, token: Any) -> bool:
        if not self._accepted:
            return True
        given = token.encode(errors="replace") if isinstance(token, str) else b""
        return any([hmac.compare_digest(given, known) for known in self._accepted])
