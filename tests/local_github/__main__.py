"""The local GitHub as a process: prints its URL, serves until it is ended."""

import argparse
import signal
import threading
from pathlib import Path

from . import LocalGitHub, openapi


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="local_github", description="A GitHub on loopback.")
    parser.add_argument("--folder", type=Path, required=True, help="where the repositories are kept")
    parser.add_argument("--port", type=int, default=0, help="the port; any free one by default")
    parser.add_argument(
        "--description", type=Path, default=openapi.DESCRIPTION, help="GitHub's OpenAPI document"
    )
    parser.add_argument(
        "--repository",
        action="append",
        default=[],
        metavar="OWNER/NAME=FOLDER",
        help="a repository with the files",
    )
    parser.add_argument("--default-branch", default="main", help="the default branch of these repositories")
    arguments = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with LocalGitHub(arguments.folder, port=arguments.port, description=arguments.description) as github:
        for given in arguments.repository:
            name, _, folder = given.partition("=")
            github.create_repository(name, files_of(Path(folder)), default_branch=arguments.default_branch)
        print(github.server_url, flush=True)
        # The token is for this server alone, which ends with the process: it may be shown.
        print(f"token {github.create_token()}", flush=True)
        ended.wait()


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files under a folder, without its .git."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


if __name__ == "__main__":
    main()
