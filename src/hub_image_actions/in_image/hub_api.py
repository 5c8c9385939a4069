"""Answer as a hub's API does, as far as a user's server and a browser in front of it ask.

This file is mounted into a container of the image and runs with the image's own Python (3.8 or newer), so
that it uses nothing but the standard library.

    python3 hub_api.py

The variable HUB_CHECK holds JSON: `address` and `port` to listen on, `user`, `prefix` of the user's server,
`token` of that server, `version` of the hub (the image's own where it is empty), and the `lifetime` in
seconds after which all is over whatever happens.

Source: `jupyterhub.apihandlers` and `jupyterhub.services.auth` of JupyterHub 1.5 to 6.1.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

API = "/hub/api"
# Before this version a hub knows no scopes, which servers of this version or newer ask for.
FIRST_WITH_SCOPES = 2


class Hub:
    """What the hub knows.

    Args:
        facts: the content of HUB_CHECK.
    """

    def __init__(self, facts: dict[str, Any]) -> None:
        self.user = facts["user"]
        self.prefix = facts["prefix"]
        self.version = facts["version"] or own_version()
        self.tokens = {facts["token"]}
        self.codes: set[str] = set()

    def user_model(self) -> dict[str, Any]:
        """Return the user, as a hub of this version describes them to the user's own server."""
        server = {"name": "", "url": self.prefix, "ready": True, "pending": None, "stopped": False}
        model = {
            "kind": "user",
            "name": self.user,
            "admin": False,
            "groups": [],
            "pending": None,
            "server": self.prefix,
            "servers": {"": server},
            "session_id": None,
        }
        major = self.version.partition(".")[0]
        if not major.isdigit() or int(major) >= FIRST_WITH_SCOPES:
            model["scopes"] = [
                f"access:servers!server={self.user}/",
                f"read:users:name!user={self.user}",
                f"users:activity!user={self.user}",
            ]
        return model


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_GET(self) -> None:
        """Tell the version, the user that a token belongs to, or log a browser in."""
        path = urlsplit(self.path).path.rstrip("/")
        if path == API:
            self.answer(200, {"version": self.hub.version})
        elif path == f"{API}/user":
            kind, _, token = self.headers.get("Authorization", "").partition(" ")
            self.tell_user(token.strip() if kind.lower() in {"token", "bearer"} else "", 403)
        elif path.startswith(f"{API}/authorizations/token/"):
            # Servers before 2.0 ask this way, and hubs of all versions answer.
            self.tell_user(unquote(path.rpartition("/")[2]), 404)
        elif path == f"{API}/oauth2/authorize":
            self.authorize()
        else:
            self.answer(404, {"status": 404, "message": "Not Found"})

    def do_POST(self) -> None:
        """Give a token for a code, or take note of activity."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path = urlsplit(self.path).path.rstrip("/")
        if path == f"{API}/oauth2/token":
            self.exchange(parse_qs(body.decode(errors="replace")).get("code", [""])[0])
        elif path.startswith(f"{API}/users/") and path.endswith("/activity"):
            self.answer(200, {})
        else:
            self.answer(404, {"status": 404, "message": "Not Found"})

    def tell_user(self, token: str, refusal: int) -> None:
        """Tell whose token it is."""
        if token in self.hub.tokens:
            self.answer(200, self.hub.user_model())
        else:
            self.answer(refusal, {"status": refusal, "message": "No such token"})

    def authorize(self) -> None:
        """Send the browser back to the server at once: there is but one user, who is logged in."""
        asked = parse_qs(urlsplit(self.path).query)
        back = asked.get("redirect_uri", [""])[0]
        if not back:
            self.answer(400, {"error": "invalid_request"})
            return
        code = secrets.token_urlsafe(16)
        self.hub.codes.add(code)
        query = urlencode({"code": code, "state": asked.get("state", [""])[0]})
        self.answer(302, {}, Location=f"{back}?{query}")

    def exchange(self, code: str) -> None:
        """Give a token for a code."""
        if code not in self.hub.codes:
            self.answer(400, {"error": "invalid_grant"})
            return
        self.hub.codes.remove(code)
        token = secrets.token_urlsafe(16)
        self.hub.tokens.add(token)
        self.answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": ""})

    def answer(self, status: int, content: Any, **headers: str) -> None:  # noqa: ANN401  # any JSON
        """Send a whole response."""
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.hub.version:
            self.send_header("X-JupyterHub-Version", self.hub.version)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def own_version() -> str:
    """Return the version of the JupyterHub that this Python has; empty where it has none."""
    try:
        return metadata.version("jupyterhub")
    except metadata.PackageNotFoundError:
        return ""


def main() -> int:
    """Serve until the time is over."""
    facts = json.loads(os.environ["HUB_CHECK"])
    Handler.hub = Hub(facts)
    server = ThreadingHTTPServer((facts["address"], facts["port"]), Handler)
    server.daemon_threads = True
    # Nobody may be left to remove the container.
    threading.Timer(facts["lifetime"], os._exit, (0,)).start()
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
