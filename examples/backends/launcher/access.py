"""Decides who may talk to a server: under which host names, and from pages of which origins.

It keeps out names that somebody else's DNS points at this machine, and pages of other sites, which a browser lets send
requests. Nothing here raises an error, whatever the headers are.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,255})(?::[0-9]{1,5})?", re.ASCII)
_ORIGIN = re.compile(r"https?://([^/?#@\\\s]+)", re.ASCII)
_LOOPBACK = re.compile(r"localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]", re.ASCII)
_LOOPBACK_ADDRESS = re.compile(r"(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1", re.ASCII | re.IGNORECASE)

UNKNOWN_HOST = "This server is not reached under this host name; add it to JOBWIRE_ALLOWED_HOSTS."
FOREIGN_ORIGIN = "Pages of this origin may not use this server; add it to JOBWIRE_ALLOWED_ORIGINS."


def is_loopback_address(address: str) -> bool:
    return _LOOPBACK_ADDRESS.fullmatch(address) is not None


def _name(host: str) -> str | None:
    """The name in a Host header, without its port."""
    found = _HOST.fullmatch(host.lower())
    return found[1].removesuffix(".") if found else None


def _host_of(origin: str) -> str | None:
    found = _ORIGIN.fullmatch(origin.lower())
    return found[1] if found else None


def _is_loopback(host: str | None) -> bool:
    name = _name(host) if host else None
    return name is not None and _LOOPBACK.fullmatch(name) is not None


@dataclass(frozen=True)
class Access:
    """`hosts` are names without ports, `origins` such as `https://app.example.com`; both beside loopback ones."""

    hosts: frozenset[str]
    origins: frozenset[str]

    def allows_origin(self, origin: str) -> bool:
        """Whether pages of that origin may read answers."""
        return _is_loopback(_host_of(origin)) or origin.lower() in self.origins

    def refusal(self, hosts: Sequence[str], origins: Iterable[str]) -> str | None:
        """Why a request with these Host and Origin headers is refused, if it is.

        One without Origin passes: browsers send one with everything that a page could do harm with.
        """
        host = hosts[0] if len(hosts) == 1 else ""
        if not (_is_loopback(host) or _name(host) in self.hosts):
            return UNKNOWN_HOST
        for origin in origins:
            # A page that this server itself was asked for, under an allowed name, is not foreign.
            if not self.allows_origin(origin) and _host_of(origin) != host.lower():
                return FOREIGN_ORIGIN
        return None

    def is_local(self, address: str, hosts: Sequence[str], origins: Iterable[str]) -> bool:
        """Whether a request comes from this machine itself."""
        return (
            is_loopback_address(address)
            and all(_is_loopback(host) for host in hosts)
            and all(_is_loopback(_host_of(origin)) for origin in origins)
        )


def _listed(name: str) -> frozenset[str]:
    parts = (part.strip().lower() for part in os.environ.get(name, "").split(","))
    return frozenset(part for part in parts if part)


def access_from_environment() -> Access:
    return Access(_listed("JOBWIRE_ALLOWED_HOSTS"), _listed("JOBWIRE_ALLOWED_ORIGINS"))


def allow_host(env: dict[str, str], host: str) -> dict[str, str]:
    """An environment in which the address that a server listens on is an allowed name."""
    name = f"[{host}]" if ":" in host else host
    known = env.get("JOBWIRE_ALLOWED_HOSTS", "")
    return {**env, "JOBWIRE_ALLOWED_HOSTS": f"{known},{name}" if known else name}
