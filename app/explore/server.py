"""The page on this machine alone: one address, one token, and no one else's pages."""

from __future__ import annotations

import hmac
import logging
import os
import secrets
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bokeh.document import Document
from bokeh.server.server import BaseServer
from bokeh.server.tornado import BokehTornado
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from tornado.web import ErrorHandler

from hotmesa.explore.page import Page
from hotmesa.progress import tell
from hotmesa.scenarios.load import Overrides
from hotmesa.solver.errors import RequestError

ADDRESS = "127.0.0.1"
FORBIDDEN = 403
OPEN_PATHS = ("/static/", "/favicon.ico", "/ws")
"""Scripts that are the same for all, and the connection of a page, which proves itself by its signed session."""
FORGET_MS = 3_000
"""After which a page that was closed loses its process."""


class LocalOnly(BokehTornado):  # type: ignore[misc]
    """The pages, for requests to this very address that know the token.

    A page of another site can let the browser ask this address under a name of its own (DNS rebinding), or open a
    connection to it: neither has our name in Host, nor our address in Origin, nor the token.
    """

    def __init__(self, page: Callable[[Document], None], port: int, token: str) -> None:
        """Take what makes a page, and what a request must know."""
        self._hosts = {f"{name}:{port}" for name in (ADDRESS, "localhost")}
        self._token = token
        super().__init__(
            page, extra_websocket_origins=sorted(self._hosts), sign_sessions=True,
            secret_key=secrets.token_bytes(32), check_unused_sessions_milliseconds=FORGET_MS // 3,
            unused_session_lifetime_milliseconds=FORGET_MS,
        )  # fmt: skip

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Return what answers a request: nothing but an error where it is not one of ours."""
        if not self.is_ours(request):
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": FORBIDDEN})
        return super().find_handler(request, **kwargs)

    def is_ours(self, request: HTTPServerRequest) -> bool:
        """Whether a request names this address, comes from none of another site, and knows the token if it must."""
        origin = request.headers.get("Origin")
        if request.headers.get("Host") not in self._hosts:
            return False
        if origin is not None and origin not in {f"http://{host}" for host in self._hosts}:
            return False
        if request.path.startswith(OPEN_PATHS):
            return True
        given = (request.arguments.get("token") or [b""])[0]
        return hmac.compare_digest(given, self._token.encode())


def serve(scenario: str, overrides: Overrides, out: Path, port: int, browser: bool) -> int:
    """Show the page until it is asked to end.

    Args:
        scenario: bundled name or file.
        overrides: changes of its keys.
        out: folder for scenarios that are saved and for runs.
        port: of the address; 0: any that is free.
        browser: whether to open it in the browser of this desktop.

    Raises:
        ScenarioError: the scenario has problems.
        RequestError: it has no layers, or the port is taken.
        KeyboardInterrupt: asked to end; nothing of it is left.
    """
    Page.require(scenario, overrides)  # before anything listens
    try:
        sockets = bind_sockets(port, ADDRESS)
    except OSError as error:
        words = f"port {port} of {ADDRESS} cannot be used ({error.strerror}): give another one, for example --port 0"
        raise RequestError(f"{words}, which takes any that is free") from None
    port, token = sockets[0].getsockname()[1], secrets.token_urlsafe(24)
    for name in ("bokeh", "tornado"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("tornado.access").setLevel(logging.CRITICAL)
    pages: set[Page] = set()
    application = LocalOnly(lambda document: pages.add(Page(document, scenario, overrides, out)), port, token)
    http = HTTPServer(application)
    http.add_sockets(sockets)
    server = BaseServer(IOLoop.current(), application, http)
    server.start()
    url = f"http://{ADDRESS}:{port}/?token={token}"
    tell(sys.stdout, f"the page is at\n  {url}\nCtrl-C ends it\n")
    if browser and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        webbrowser.open(url)
    try:
        server.io_loop.start()
    finally:
        for page in pages:
            page.end()
        http.stop()
    return 0
