"""What a client may send by Socket.IO, bounded where the libraries leave it without a bound."""

import logging
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import simple_websocket
from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from socketio.packet import BINARY_ACK, BINARY_EVENT, Packet
from wsproto.utilities import ProtocolError

from serving import UNLIMITED

log = logging.getLogger("jobwire.web")

#: Of a message, in bytes.
MAX_MESSAGE = 1_000_000
#: Of a connection: messages that came and have not been handled, and their bytes.
MAX_WAITING = 32
MAX_WAITING_BYTES = 2 * MAX_MESSAGE
WAITS_AT_MOST_S = 30


class TextPacket(Packet):
    """A packet without attachments: no event here has any, and python-socketio would keep them without a bound."""

    def decode(self, encoded_packet: str) -> int:
        attachments = super().decode(encoded_packet)
        if attachments or self.packet_type in (BINARY_EVENT, BINARY_ACK):
            raise ValueError("Attachments are not taken.")
        return attachments


class _Waiting(list):
    """Messages that wait. Where there are too many, nothing more is read from the connection."""

    def append(self, message: Any) -> None:
        end = time.monotonic() + WAITS_AT_MOST_S
        while len(self) >= MAX_WAITING or sum(map(len, self)) > MAX_WAITING_BYTES:
            if time.monotonic() > end:
                raise OSError("the client sends faster than its events are handled")
            time.sleep(0.005)
        super().append(message)


class _WebSocket(simple_websocket.Server):
    def __init__(self, environ: dict[str, Any]):
        super().__init__(environ, max_message_size=MAX_MESSAGE)

    def handshake(self) -> None:
        self.input_buffer = _Waiting()
        super().handshake()

    def _thread(self) -> None:
        """Whatever ends the reading ends the connection, and whoever waits for a message learns of it."""
        try:
            super()._thread()
        except Exception as error:
            log.debug("a WebSocket was ended: %s", type(error).__name__)
        finally:
            self.connected = False
            self.event.set()
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)

    def close(self, reason: int | None = None, message: str | None = None) -> None:
        """Does not wait for the client to close its side, too."""
        super().close(reason, message)
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RD)


class WebSocketTransport(SimpleWebSocketWSGI):
    """Engine.IO's transport, on such a WebSocket."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # Engine.IO's own pings find out whether the client is there.
        environ[UNLIMITED]()
        try:
            self.ws = _WebSocket(environ)
        except (ProtocolError, simple_websocket.ConnectionError, ValueError, KeyError):
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b"This handshake of a WebSocket cannot be answered."]
        self.app(self)
        # Tells Werkzeug that nothing more is to be sent.
        raise ConnectionError
