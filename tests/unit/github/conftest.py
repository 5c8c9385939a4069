"""A repository on a GitHub of our own, and who asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image_actions.github.client import GitHub
from hub_image_actions.http import Http
from local_github import LocalGitHub, Repository

NAME = "hubs/data100-user-image"
FILES: dict[str, str | tuple[str, bytes]] = {
    "README.md": "# Data 100\n",
    "start": ("100755", b"#!/bin/sh\n"),
    "link": ("120000", b"README.md"),
    "docs/index.md": "text\n",
    ".github/workflows/build.yaml": "on: push\n",
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalGitHub]:
    with LocalGitHub(tmp_path / "github") as running:
        yield running
        assert running.problems == []


@pytest.fixture
def repository(server: LocalGitHub) -> Repository:
    return server.create_repository(NAME, FILES, topics=["hub-image"])


@pytest.fixture
def github(server: LocalGitHub) -> Iterator[GitHub]:
    with Http() as http:
        token = server.create_token("alice", "personal")
        yield GitHub(http, server.api_url, server.server_url, token)
