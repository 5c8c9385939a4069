"""How the two containers of a hub check are started, asked and removed."""

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import pytest

from hub_image_actions.checks.hub_containers import (
    HubContainers,
    ServerState,
    UnexpectedAnswer,
    parse_finding,
)
from hub_image_actions.docker.engine import Docker
from hub_image_actions.errors import CommandError

NOTHING = {"version": "", "name": "", "text": "", "path": "", "said": "", "seconds": 0.0, "listening": []}


@dataclass
class Engine:
    """An engine that answers what it is told, and notes what it is asked."""

    answers: dict[str, str | CommandError] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def ask(self, *arguments: str, timeout: float = 0.0) -> str:
        self.asked.append(arguments)
        answer = self.answers.get(arguments[0], "")
        if isinstance(answer, CommandError):
            raise answer
        return answer

    def logs(self, name: str) -> list[str]:
        return [f"log of {name}"]

    def remove_container(self, name: str) -> None:
        self.removed.append(name)


def containers(engine: Engine, **changed: Any) -> HubContainers:
    facts: dict[str, Any] = {
        "image": "r.io/x:1",
        "name": "check",
        "user_id": 1000,
        "user_name": "jovyan",
        "command": ("jupyterhub-singleuser", "--debug"),
        "default_url": "/lab",
        "hub_version": "5.3.0",
        "lifetime": 60.0,
    }
    return HubContainers(cast("Docker", engine), **{**facts, **changed})


def options(words: tuple[str, ...]) -> dict[str, str]:
    return dict(pairwise(words))


def variables(words: tuple[str, ...]) -> dict[str, str]:
    given = [word.removeprefix("--env=").partition("=") for word in words if word.startswith("--env=")]
    return {name: value for name, _, value in given}


def test_the_hub_knows_what_the_server_will_say() -> None:
    engine = Engine()
    subject = containers(engine)
    subject.start_hub()
    subject.start_server()
    facts = json.loads(options(engine.asked[0])["--env"].removeprefix("HUB_CHECK="))
    environment = variables(engine.asked[-1])
    assert (facts["token"], facts["prefix"], facts["user"]) == (
        environment["JUPYTERHUB_API_TOKEN"],
        environment["JUPYTERHUB_SERVICE_PREFIX"],
        environment["JUPYTERHUB_USER"],
    )
    assert (facts["command"], facts["version"]) == ("jupyterhub-singleuser", "5.3.0")


def test_the_home_is_made_as_kubernetes_makes_a_volume() -> None:
    engine = Engine()
    containers(engine).start_hub()
    assert engine.asked[1][:6] == ("exec", "--user", "0", "check-hub", "python3", "-c")
    assert "os.chown('/mnt/hub-image-actions-home', 0, 100)" in engine.asked[1][-1]


def test_the_server_has_an_empty_home_and_cannot_become_root() -> None:
    engine = Engine()
    containers(engine, user_name="rstudio").start_server()
    words = engine.asked[0]
    given = options(words)
    assert given["--mount"].startswith("type=volume,src=check-home,dst=/home/rstudio,volume-nocopy,")
    assert (given["--user"], given["--group-add"], given["--security-opt"]) == (
        "1000",
        "100",
        "no-new-privileges",
    )
    assert given["--network"] == "container:check-hub"
    assert words[-3:] == ("r.io/x:1", "jupyterhub-singleuser", "--debug")


def test_each_check_has_a_token_of_its_own_and_does_not_show_it() -> None:
    first, second = containers(Engine()), containers(Engine())
    assert first._token != second._token
    assert first._token not in repr(first)


def test_only_browser_tests_reach_the_containers_from_this_machine() -> None:
    hidden, shown = Engine(), Engine({"port": "127.0.0.1:32769\n"})
    for engine, published in ((hidden, False), (shown, True)):
        containers(engine, published=published).start_hub()
    assert not [word for word in hidden.asked[0] if word.startswith("--publish")]
    assert [word for word in shown.asked[0] if word.startswith("--publish")] == [
        "--publish=127.0.0.1::8081",
        "--publish=127.0.0.1::8888",
    ]
    assert containers(shown, published=True).url == "http://127.0.0.1:32769/user/jovyan/"
    containers(shown, published=True).start_server()
    containers(hidden).start_server()
    told = [variables(engine.asked[-1]) for engine in (hidden, shown)]
    assert [each["JUPYTERHUB_HOST"] for each in told] == ["", "http://127.0.0.1:32769"]
    assert [each["JUPYTERHUB_OAUTH_CALLBACK_URL"] for each in told] == [
        "/user/jovyan/oauth_callback",
        "http://127.0.0.1:32769/user/jovyan/oauth_callback",
    ]


@pytest.mark.parametrize(
    ("state", "known"),
    [
        ({"Running": True, "ExitCode": 0, "OOMKilled": False}, ServerState(True, 0, False)),
        ({"Running": False, "ExitCode": 137, "OOMKilled": True}, ServerState(False, 137, True)),
    ],
)
def test_the_engine_knows_whether_the_server_runs(state: dict[str, object], known: ServerState) -> None:
    assert containers(Engine({"inspect": json.dumps(state)})).state() == known


@pytest.mark.parametrize(("told", "words"), [("null", []), ('["/srv/start", "-x"]', ["/srv/start", "-x"])])
def test_the_entrypoint_is_that_of_the_image(told: str, words: list[str]) -> None:
    engine = Engine({"image": told})
    assert containers(engine).entrypoint() == words
    assert engine.asked[0][-1] == "r.io/x:1"


def test_the_log_is_that_of_the_server() -> None:
    assert containers(Engine()).log() == ["log of check"]


def test_a_probe_runs_beside_the_server_and_what_it_prints_besides_is_passed_over() -> None:
    engine = Engine({"exec": 'Warning: slow\n{"event": "kernel", "name": "ir", "seconds": 2}\n'})
    found = containers(engine).probe("use", "60", seconds=60)
    assert found == [{**NOTHING, "event": "kernel", "name": "ir", "seconds": 2.0}]
    assert engine.asked[0][:3] == ("exec", "check-hub", "python3")
    assert engine.asked[0][-2:] == ("use", "60")


def test_a_probe_that_found_a_problem_is_an_answer() -> None:
    failed = CommandError("docker exec", 1, '{"event": "problem", "text": "no page"}\n', "")
    assert containers(Engine({"exec": failed})).probe("use", seconds=1)[0]["text"] == "no page"


def test_a_probe_that_cannot_run_is_an_error() -> None:
    failed = CommandError("docker exec", 1, "Traceback", "No module named json")
    with pytest.raises(CommandError, match="No module named json"):
        containers(Engine({"exec": failed})).probe("use", seconds=1)


def test_nothing_is_left_of_a_check() -> None:
    engine = Engine()
    containers(engine).remove()
    assert engine.removed == ["check", "check-hub"]
    assert engine.asked == [("volume", "rm", "--force", "check-home")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"event": "ready", "version": null}', {"event": "ready"}),
        ('{"event": "problem", "text": " a\\n b "}', {"event": "problem", "text": "a b"}),
        ('{"event": "kernel", "seconds": "2"}', {"event": "kernel"}),
        ('{"event": "kernel", "seconds": 1e999}', {"event": "kernel"}),
        ('{"event": "waiting", "listening": "all"}', {"event": "waiting"}),
        ('{"event": "waiting", "listening": [1]}', {"event": "waiting", "listening": ["1"]}),
    ],
)
def test_each_value_that_a_probe_tells_has_the_type_that_it_should_have(
    line: str, expected: dict[str, object]
) -> None:
    assert parse_finding(line) == {**NOTHING, **expected}


@pytest.mark.parametrize("line", ["", "{", "[]", "{}", '{"event": 5}', "hello"])
def test_a_line_that_no_probe_writes_is_an_error_with_a_remedy(line: str) -> None:
    with pytest.raises(UnexpectedAnswer, match=r"does not run the check as it is\. Look at") as raised:
        parse_finding(line)
    assert "`hub-check: false`" in raised.value.remedy
