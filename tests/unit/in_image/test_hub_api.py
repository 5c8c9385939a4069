"""The small hub that answers a server and a browser."""

import json
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from hub_image_actions.in_image.hub_api import API, Handler, Hub

FACTS = {"user": "jovyan", "prefix": "/user/jovyan/", "token": "of the server", "version": "6.1.1"}


@pytest.fixture
def hub() -> Iterator[str]:
    """The address of the API of a hub."""

    class Quiet(Handler):
        hub = Hub(FACTS)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}{API}"
        server.shutdown()


def get(url: str, token: str = "") -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"token {token}"} if token else {}
        return session.get(url, headers=headers, timeout=10, allow_redirects=False)


def post(url: str, body: str = "") -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.post(url, data=body, timeout=10)


def test_the_version_is_in_the_header_that_servers_read(hub: str) -> None:
    answer = get(f"{hub}/")
    assert (answer.status_code, answer.headers["X-JupyterHub-Version"]) == (200, "6.1.1")


@pytest.mark.parametrize("path", ["/user", "/authorizations/token/of%20the%20server"])
def test_the_server_is_told_whose_its_token_is(hub: str, path: str) -> None:
    assert get(f"{hub}{path}", "of the server").json()["name"] == "jovyan"


@pytest.mark.parametrize(("path", "status"), [("/user", 403), ("/authorizations/token/x", 404), ("/x", 404)])
def test_what_a_hub_does_not_know_it_refuses(hub: str, path: str, status: int) -> None:
    assert get(f"{hub}{path}", "of somebody").status_code == status


def test_activity_is_taken_note_of(hub: str) -> None:
    assert post(f"{hub}/users/jovyan/activity", "{}").status_code == 200


def test_a_browser_is_logged_in_and_a_code_is_good_for_one_token(hub: str) -> None:
    asked = urlencode({"redirect_uri": "http://127.0.0.1:1/user/jovyan/oauth_callback", "state": "s+/="})
    location = get(f"{hub}/oauth2/authorize?{asked}").headers["Location"]
    given = parse_qs(urlsplit(location).query)
    assert location.startswith("http://127.0.0.1:1/user/jovyan/oauth_callback?")
    assert given["state"] == ["s+/="]
    body = urlencode({"code": given["code"][0]})
    token = post(f"{hub}/oauth2/token", body).json()["access_token"]
    assert get(f"{hub}/user", token).json()["scopes"][0] == "access:servers!server=jovyan/"
    assert post(f"{hub}/oauth2/token", body).status_code == 400


@pytest.mark.parametrize(("version", "scopes"), [("1.5.1", False), ("2.0.0", True), ("5.2.1", True)])
def test_hubs_know_scopes_since_their_second_version(version: str, scopes: bool) -> None:
    model = Hub({**FACTS, "version": version}).user_model()
    assert ("scopes" in model) is scopes
    assert json.loads(json.dumps(model)) == model
