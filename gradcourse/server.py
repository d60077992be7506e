"""A word to Jupyter's server: hand every message to the browser at once.

The kernel answers one move of a slider with several small messages. TCP holds a small message back
until the browser has confirmed the one before, and browsers confirm up to 40 ms late (Nagle's
algorithm meets delayed acknowledgment). Tornado can be told not to wait; Jupyter's server does not
tell it. Installing gradcourse turns this extension on (etc/jupyter in the environment); without
it everything works, each picture 30 ms later.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp
    from jupyter_server.services.kernels.connection.base import BaseKernelWebsocketConnection


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "gradcourse.server"}]


# Why: docs/decisions.md#jupyters-server-must-not-wait-for-the-browsers-confirmation
def _load_jupyter_server_extension(app: ServerApp) -> None:
    """Give the connections that are made from now on a socket that does not wait."""
    settings = app.web_app.settings
    usual: type[BaseKernelWebsocketConnection] = settings["kernel_websocket_connection_class"]

    def connect(connection: BaseKernelWebsocketConnection) -> Awaitable[None] | None:
        connection.websocket_handler.set_nodelay(True)
        return usual.connect(connection)

    # The usual connection between a browser and a kernel, without the delay.
    settings["kernel_websocket_connection_class"] = type("Prompt", (usual,), {"connect": connect})
