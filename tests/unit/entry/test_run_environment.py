"""What the environment says about GitHub and the run."""

import pytest

from hub_image_actions.entry.run_environment import RunEnvironment, read_run_environment


@pytest.mark.parametrize(
    ("environ", "server", "api"),
    [
        ({}, "https://github.com", "https://api.github.com"),
        ({"GITHUB_SERVER_URL": "", "GITHUB_API_URL": ""}, "https://github.com", "https://api.github.com"),
        ({"GITHUB_SERVER_URL": "https://github.com/"}, "https://github.com", "https://api.github.com"),
        ({"GITHUB_SERVER_URL": "https://git.example"}, "https://git.example", "https://git.example/api/v3"),
        ({"GITHUB_API_URL": "https://api.example"}, "https://github.com", "https://api.example"),
        (
            {"GITHUB_SERVER_URL": "https://git.example", "GITHUB_API_URL": "https://api.git.example"},
            "https://git.example",
            "https://api.git.example",
        ),
    ],
)
def test_github_is_the_public_one_unless_the_environment_names_another(
    environ: dict[str, str], server: str, api: str
) -> None:
    run = read_run_environment(environ)
    assert (run.server_url, run.api_url) == (server, api)


def test_a_run_has_a_repository_an_event_and_a_page() -> None:
    environ = {"GITHUB_REPOSITORY": "hubs/image", "GITHUB_RUN_ID": "7", "GITHUB_EVENT_PATH": "/event.json"}
    run = read_run_environment(environ)
    assert run == RunEnvironment(repository="hubs/image", run_id="7", event_path="/event.json")
    assert run.repository_url == "https://github.com/hubs/image"
    assert run.run_url == "https://github.com/hubs/image/actions/runs/7"


@pytest.mark.parametrize(
    ("run", "repository_url"),
    [
        (RunEnvironment(), ""),
        (RunEnvironment(run_id="7"), ""),
        (RunEnvironment(repository="hubs/image"), "https://github.com/hubs/image"),
    ],
)
def test_without_a_run_there_is_no_page_of_it(run: RunEnvironment, repository_url: str) -> None:
    assert (run.repository_url, run.run_url) == (repository_url, "")
