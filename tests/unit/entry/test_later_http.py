"""A client of HTTP that is there from the first request on, and no longer than it is needed."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hub_image_actions.entry import command
from hub_image_actions.entry.later_http import LaterHttp
from hub_image_actions.exchange import Response
from hub_image_actions.http import Http


class Client(Http):
    """Keeps what it is asked, and whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.closed = False

    def request(self, method: str, url: str, **given: Any) -> Response:
        self.asked.append((method, url, given))
        return Response(204)

    def close(self) -> None:
        self.closed = True
        super().close()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Client]:
    """The clients that were opened, in their order."""
    clients: list[Client] = []

    def open_http() -> Client:
        clients.append(Client())
        return clients[-1]

    monkeypatch.setattr(command, "open_http", open_http)
    return clients


def test_who_asks_nothing_opens_nothing(opened: list[Client]) -> None:
    with LaterHttp():
        pass
    assert opened == []


def test_all_requests_go_through_one_client_which_is_closed_at_the_end(opened: list[Client]) -> None:
    with LaterHttp() as http, ThreadPoolExecutor(4) as pool:
        statuses = pool.map(lambda number: http.request("GET", f"x/{number}").status, range(8))
        assert set(statuses) == {204}
        (client,) = opened
        assert not client.closed
    assert (len(client.asked), client.closed) == (8, True)


def test_a_request_is_handed_on_as_it_is(opened: list[Client]) -> None:
    given: dict[str, Any] = {"headers": {"A": "b"}, "body": b"c", "retry": False, "idempotent": True}
    with LaterHttp() as http:
        http.request("PUT", "x", **given)
    assert opened[0].asked == [("PUT", "x", given)]


def test_the_client_is_closed_where_the_command_fails(opened: list[Client]) -> None:
    def fail() -> None:
        with LaterHttp() as http:
            http.request("GET", "x")
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    assert opened[0].closed


def test_the_library_is_not_loaded_before_the_first_request(root: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(root / 'src')!r})\n"
        "from hub_image_actions.entry.later_http import LaterHttp\n"
        "with LaterHttp(): pass\n"
        "print(sorted({'requests', 'urllib3', 'hub_image_actions.http'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
