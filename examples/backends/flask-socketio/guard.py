"""Refuses requests under unknown host names and from pages of foreign origins, before anything else is done."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from settings import Access

Wsgi = Callable[..., Iterable[bytes]]


def _present(environ: Mapping[str, Any], name: str) -> list[str]:
    return [environ[name]] if name in environ else []


def refusal(access: Access, environ: Mapping[str, Any]) -> str | None:
    return access.refusal(_present(environ, "HTTP_HOST"), _present(environ, "HTTP_ORIGIN"))


def is_local(access: Access, environ: Mapping[str, Any]) -> bool:
    """Whether a request comes from this machine itself, and not through a proxy for somebody else."""
    return not (environ.keys() & {"HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR"}) and access.is_local(
        environ["REMOTE_ADDR"], _present(environ, "HTTP_HOST"), _present(environ, "HTTP_ORIGIN")
    )


class Gate:
    """Answers 403, to handshakes of WebSockets too."""

    def __init__(self, app: Wsgi, access: Access):
        self._app = app
        self._access = access

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        reason = refusal(self._access, environ)
        if reason is None:
            return self._app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "application/json"), ("Vary", "Origin")])
        return [json.dumps({"detail": reason}).encode()]
