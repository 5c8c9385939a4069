"""What the environment says about GitHub and the run: the one place where these variables are read.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/variables.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_PUBLIC_SERVER, _PUBLIC_API = "https://github.com", "https://api.github.com"


@dataclass(frozen=True)
class RunEnvironment:
    """Where GitHub is, and which run this is; on a laptop, no run.

    Args:
        server_url: the address of GitHub.
        api_url: the address of its API.
        repository: the repository whose workflow runs, ``owner/name``; empty on a laptop.
        run_id: the run; empty on a laptop.
        event_path: the file with the event that started the run; empty on a laptop.
    """

    server_url: str = _PUBLIC_SERVER
    api_url: str = _PUBLIC_API
    repository: str = ""
    run_id: str = ""
    event_path: str = ""

    @property
    def repository_url(self) -> str:
        """The page of the repository; empty on a laptop."""
        return f"{self.server_url}/{self.repository}" if self.repository else ""

    @property
    def run_url(self) -> str:
        """The page of the run; empty on a laptop."""
        return f"{self.repository_url}/actions/runs/{self.run_id}" if self.repository and self.run_id else ""


def read_run_environment(environ: Mapping[str, str]) -> RunEnvironment:
    """Return what the environment of a step or of a laptop's shell says; what is empty counts as not set.

    Args:
        environ: the environment.
    """
    server = (environ.get("GITHUB_SERVER_URL") or _PUBLIC_SERVER).rstrip("/")
    # Source: https://docs.github.com/en/enterprise-server/rest (the API is at /api/v3 there).
    default_api = _PUBLIC_API if server == _PUBLIC_SERVER else f"{server}/api/v3"
    return RunEnvironment(
        server_url=server,
        api_url=environ.get("GITHUB_API_URL") or default_api,
        repository=environ.get("GITHUB_REPOSITORY", ""),
        run_id=environ.get("GITHUB_RUN_ID", ""),
        event_path=environ.get("GITHUB_EVENT_PATH", ""),
    )
