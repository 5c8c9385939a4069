"""Whether an image's server starts on a hub: the check that `build` makes, and a real hub beside it."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hub_image_actions.checks.browser_tests import BrowserTests
from hub_image_actions.checks.hub_check import HubCheck, HubCheckFailed, HubCheckResult
from hub_image_actions.docker.engine import Docker
from hub_image_actions.entry.interruption import Interrupted, interruptible
from scenarios.action import ROOT
from testbed.engine import RunningEngine
from testbed.hub import Hub

ENTRYPOINT = 'FROM {base}\nCOPY start /srv/start\nENTRYPOINT ["/srv/start"]\n'
AS_ROOT = "FROM {base}\nUSER root\n"
KERNEL = '{{"argv": {argv}, "display_name": "x", "language": "{language}"}}'
KERNEL_JSON = "COPY kernel.json /usr/local/share/jupyter/kernels/{name}/kernel.json\nUSER jovyan\n"


@dataclass(frozen=True)
class Case:
    """An image.

    Args:
        dockerfile: how it is made.
        files: what is beside the Dockerfile; all of it may be run.
        failure: the name of its failure; empty where a hub can use it.
        proof: a part of the line that proves the failure.
        timeout: the seconds that it is given.
    """

    dockerfile: str
    files: dict[str, str] = field(default_factory=dict)
    failure: str = ""
    proof: str = ""
    timeout: float = 60.0


def start(*lines: str) -> dict[str, str]:
    """Return the files of an image with a `start` script."""
    return {"start": "\n".join(["#!/bin/sh", *lines, ""])}


# What a real hub notices too.
STARTS = {
    "good": Case(ENTRYPOINT, start('export GREETING=hello\nexec "$@"')),
    "settings that cannot be read": Case(
        AS_ROOT + "COPY settings.py /etc/jupyter/jupyter_server_config.py\nUSER jovyan\n",
        {"settings.py": "import no_such_library\n"},
    ),
    "extension that cannot be loaded": Case(
        AS_ROOT + "COPY extension.json /etc/jupyter/jupyter_server_config.d/extension.json\nUSER jovyan\n",
        {"extension.json": '{"ServerApp": {"jpserver_extensions": {"no_such_extension": true}}}'},
    ),
    "file in the home directory": Case(
        ENTRYPOINT + "COPY settings.sh /home/jovyan/settings.sh\n",
        {**start(". /home/jovyan/settings.sh", 'exec "$@"'), "settings.sh": "export A=1\n"},
        "/home/jovyan/settings.sh is in the home directory, which the hub covers with the user's own",
        "cannot open /home/jovyan/settings.sh: No such file",
    ),
    "command in the home directory": Case(
        AS_ROOT + "RUN mkdir -p /home/jovyan/.local/bin"
        " && mv /opt/jupyter/bin/jupyterhub-singleuser /home/jovyan/.local/bin\n"
        "ENV PATH=/home/jovyan/.local/bin:$PATH\nUSER jovyan\n",
        {},
        "/home/jovyan/.local/bin/jupyterhub-singleuser is in the home directory, which the hub covers",
        'exec: "jupyterhub-singleuser": executable file not found',
    ),
    "start that may not be run": Case(
        ENTRYPOINT + "USER root\nRUN chmod 644 /srv/start\nUSER jovyan\n",
        start('exec "$@"'),
        "/srv/start may not be run",
        'exec: "/srv/start": permission denied',
    ),
    "start that another script may not run": Case(
        AS_ROOT + "COPY start /srv/start\nRUN chmod 644 /srv/start\nUSER jovyan\n"
        'ENTRYPOINT ["/bin/sh", "-c", "exec /srv/start $0 $@"]\n',
        start('exec "$@"'),
        "/srv/start may not be run",
        "/srv/start: Permission denied",
    ),
    "start that needs root": Case(
        ENTRYPOINT,
        start("set -e", "mkdir /data", 'exec "$@"'),
        "The user of the hub may not use /data",
        "mkdir: cannot create directory",
    ),
    "start that forgets the server": Case(
        ENTRYPOINT,
        start("echo Welcome"),
        "The server ends instead of serving",
        "the server ended with status 0",
    ),
    "start that takes the command": Case(
        ENTRYPOINT,
        start('exec jupyter lab "$@"'),
        "The image's ENTRYPOINT takes the hub's command as its argument",
        "No such file or directory: /home/jovyan/jupyterhub-singleuser",
    ),
    "start that starts another server": Case(
        ENTRYPOINT,
        start("exec jupyter lab --ip=0.0.0.0"),
        "The image starts another server instead of the hub's command",
        "jupyter-lab --ip=0.0.0.0",
    ),
    "start that starts another server elsewhere": Case(
        ENTRYPOINT,
        start("bash -c 'no-such-command\r'", "jupyter lab --port=9999 --ServerApp.token=''"),
        "The image starts another server instead of the hub's command",
        "and not jupyterhub-singleuser",
        timeout=20.0,
    ),
    "entry point in shell form": Case(
        'FROM {base}\nENTRYPOINT exec "$@"\n',
        {},
        "The image's ENTRYPOINT is in shell form, which drops the hub's command",
        'drops jupyterhub-singleuser: /bin/sh -c exec "$@"',
    ),
    "another port": Case(
        ENTRYPOINT,
        start("printf 'no-such-command\\r' >/tmp/a; sh /tmp/a", 'exec "$@" --ip=127.0.0.1 --port=9999'),
        "The server listens on 127.0.0.1:9999, where the hub does not look for it",
        "Jupyter Server",
        timeout=20.0,
    ),
    "library that is missing": Case(
        AS_ROOT + "RUN pip uninstall --quiet --yes jinja2\nUSER jovyan\n",
        {},
        "The server cannot import jinja2",
        "ModuleNotFoundError: No module named 'jinja2'",
    ),
    "setting that is refused": Case(
        AS_ROOT + "COPY settings.py /etc/jupyter/jupyter_server_config.py\nUSER jovyan\n",
        {"settings.py": "c.ServerApp.kernel_manager_class = 'no_such_library.Manager'\n"},
        "The server does not take its settings",
        "'no_such_library.Manager' could not be imported",
    ),
    "no jupyterhub": Case(
        AS_ROOT + "RUN pip uninstall --quiet --yes jupyterhub\nUSER jovyan\n",
        {},
        "jupyterhub-singleuser is not in the image",
        'exec: "jupyterhub-singleuser": executable file not found',
    ),
    "no jupyterhub behind a script": Case(
        ENTRYPOINT + "USER root\nRUN pip uninstall --quiet --yes jupyterhub\nUSER jovyan\n",
        start('exec "$@"'),
        "jupyterhub-singleuser is not in the image",
        "jupyterhub-singleuser: not found",
    ),
    "no page": Case(
        AS_ROOT + "RUN pip uninstall --quiet --yes jupyterlab\nUSER jovyan\n",
        {},
        "The server does not serve /lab",
        "404 GET /user/jovyan/lab",
    ),
    "never ready": Case(
        ENTRYPOINT,
        start("echo Waiting", "exec sleep 300"),
        "The server is not ready in time",
        "Waiting",
        timeout=4.0,
    ),
}
# What a hub leaves to its users to find out.
KERNELS = {
    "kernel that dies": Case(
        AS_ROOT + KERNEL_JSON.format(name="fragile"),
        {"kernel.json": KERNEL.format(argv='["sh", "-c", "echo Out of luck; exit 3"]', language="python")},
        "The kernel fragile does not work",
        "it died and was started again",
        timeout=20.0,
    ),
    "kernel that is not there": Case(
        AS_ROOT + KERNEL_JSON.format(name="ir"),
        {"kernel.json": KERNEL.format(argv='["/opt/R/bin/R", "{{connection_file}}"]', language="R")},
        "The kernel ir does not work",
        "No such file or directory: '/opt/R/bin/R'",
    ),
}
CASES = {**STARTS, **KERNELS}
BROKEN = [name for name, case in CASES.items() if case.failure]
Check = Callable[..., HubCheckResult]


@pytest.fixture(scope="module")
def built(
    engine: RunningEngine, jupyter_base_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Builds the image of a case, unless it is there."""

    def build(name: str) -> str:
        case, tag = CASES[name], f"hub-check:{name.replace(' ', '-')}"
        if not engine.docker("images", "--quiet", tag).strip():
            folder = tmp_path_factory.mktemp("image")
            (folder / "Dockerfile").write_text(case.dockerfile.format(base=jupyter_base_image))
            for file, text in case.files.items():
                (folder / file).write_text(text)
                (folder / file).chmod(0o755)
            engine.docker("build", "--quiet", "--tag", tag, str(folder))
        return tag

    return build


@pytest.fixture
def check(engine: RunningEngine) -> Iterator[Check]:
    """Checks an image; nothing of it may be left in the engine."""
    environment = {**os.environ, **engine.environment}

    def run(image: str, told: list[str] | None = None, /, **options: object) -> HubCheckResult:
        lines = [] if told is None else told
        checked = HubCheck(**{"timeout": 60.0, **options})  # type: ignore[arg-type]  # the test knows them
        return checked.run(Docker(environment, lines.append), image, f"hub-check-{time.time_ns()}")

    yield run
    left = ("--all", "--quiet", "--filter", "label=hub-image-actions=hub-check")
    assert engine.docker("ps", *left) == ""
    assert engine.docker("volume", "ls", *left[1:]) == ""


def test_a_good_image_is_ready_and_runs_a_cell(check: Check, built: Callable[[str], str]) -> None:
    told: list[str] = []
    result = check(built("good"), told)
    assert (result.version[:1], result.warnings, result.browser) == ("6", (), None)
    assert [kernel.name for kernel in result.kernels] == ["python3"]
    assert str(result) == f"ready in {result.seconds:.1f} s, 1 kernel"
    assert any("GET /user/jovyan/lab" in line for line in told)


@pytest.mark.parametrize("name", BROKEN)
def test_a_failure_is_named_and_proved(check: Check, built: Callable[[str], str], name: str) -> None:
    case = CASES[name]
    with pytest.raises(HubCheckFailed) as caught:
        check(built(name), timeout=case.timeout)
    assert caught.value.name.startswith(case.failure)
    assert any(case.proof in line for line in caught.value.excerpt), caught.value.excerpt
    assert any(line.startswith("> ") for line in caught.value.excerpt)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("settings that cannot be read", "The settings in /etc/jupyter/jupyter_server_config.py could not"),
        ("extension that cannot be loaded", "The server extension no_such_extension could not be loaded"),
    ],
)
def test_what_jupyter_passes_over_is_a_warning(
    check: Check, built: Callable[[str], str], name: str, warning: str
) -> None:
    (found,) = check(built(name)).warnings
    assert found.startswith(warning)


def test_a_hub_of_another_major_version_is_a_warning(check: Check, jupyter_base_image: str) -> None:
    (warning,) = check(jupyter_base_image, hub_version="4.1.6").warnings
    assert warning.startswith("The hub's version is 4.1.6, and the image has jupyterhub 6.")


def test_a_hub_that_cannot_authenticate_is_a_failure(check: Check, jupyter_base_image: str) -> None:
    with pytest.raises(HubCheckFailed, match=r"A hub of version 1\.5\.1 cannot authenticate users"):
        check(jupyter_base_image, hub_version="1.5.1")


def test_an_image_without_python_is_told(check: Check, small_base_image: str) -> None:
    with pytest.raises(HubCheckFailed, match="python3 is not in the image"):
        check(small_base_image)


def test_a_cancelled_check_ends_at_once_and_leaves_nothing(check: Check, built: Callable[[str], str]) -> None:
    image = built("never ready")
    cancelling = threading.Timer(3.0, os.kill, (os.getpid(), signal.SIGTERM))
    started = time.monotonic()
    cancelling.start()
    with pytest.raises(Interrupted), interruptible():
        check(image)
    assert time.monotonic() - started < 9.0


def test_browser_tests_run_against_the_server(
    check: Check, jupyter_base_image: str, tmp_path: Path, scratch: Path
) -> None:
    folder = tmp_path / "browser-tests"
    folder.mkdir()
    (folder / "test_lab.py").write_text(
        "import os\nfrom playwright.sync_api import Page, expect\n\n\n"
        "def test_the_launcher_opens(page: Page) -> None:\n    page.goto('lab')\n"
        "    expect(page.locator('.jp-Launcher').first).to_be_visible(timeout=60_000)\n"
        "    assert 'SECRET_OF_THE_JOB' not in os.environ\n\n\n"
        "def test_the_title(page: Page) -> None:\n    page.goto('lab')\n    assert page.title() == 'X'\n"
    )
    told: list[str] = []
    environment = {**os.environ, "SECRET_OF_THE_JOB": "x"}
    lock = ROOT / "requirements" / "browser-tests.txt"
    tests = BrowserTests(folder, lock, scratch, environment, told.append)
    results = check(jupyter_base_image, browser_tests=tests).browser
    assert results is not None
    assert str(results) == "1 passed, 1 failed", "\n".join(told)
    (failed,) = results.failed
    assert (failed.file, failed.line) == ("browser-tests/test_lab.py", 13)


@pytest.fixture(scope="module")
def verdicts(
    engine: RunningEngine, built: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bool]:
    """What a real hub makes of the images."""
    images = {name: built(name) for name in STARTS}
    broken = [image for name, image in images.items() if STARTS[name].failure]
    with Hub(tmp_path_factory.mktemp("hub"), engine) as hub:
        # What works is started by itself, lest it be late for want of a processor.
        works = [hub.use([image]) for image in images.values() if image not in broken]
        found = {image: serves for verdict in (*works, hub.use(broken)) for image, serves in verdict.items()}
    return {name: found[image] for name, image in images.items()}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", STARTS)
def test_a_real_hub_agrees(verdicts: dict[str, bool], name: str) -> None:
    assert verdicts[name] is (STARTS[name].failure == "")
