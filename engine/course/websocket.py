"""The channel between a notebook in the browser and its kernel, without a wait."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Sends each of the kernel's messages at once.

    A kernel answers with several short messages, of which the widget's picture is one. TCP holds
    a short one back until the browser has acknowledged the one before (Nagle's algorithm), and
    the browser's system waits up to 40 ms for something to send along with that. Without it a key
    pressed in a picture shows its effect about 20 ms sooner (`tests/browser/test_speed.py`).
    """

    def connect(self) -> Any:
        """Join kernel and browser; the base class's future of it."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
