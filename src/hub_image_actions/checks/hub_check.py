"""Whether an image's server starts on a hub: it is started as KubeSpawner would, and used.

Sources: `KubeSpawner` and `kubespawner.objects.make_pod` of KubeSpawner 7.1 for the way in which it is
started, `jupyterhub.utils.wait_for_http_server` of JupyterHub 6.1 for what "ready" is, and
`jupyterhub._version` of the same for which versions go together.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from hub_image_actions.checks.browser_tests import BrowserTests
from hub_image_actions.checks.build_log import bounded
from hub_image_actions.checks.diagnosis import Diagnosis, catalogue, diagnose
from hub_image_actions.checks.hub_containers import SERVER_PORT, HubContainers
from hub_image_actions.checks.hub_log import (
    NOT_FOUND,
    NOT_RUN,
    another_server,
    ending,
    entrypoint_faults,
    explanations,
    missing,
    passed_over,
    proof,
)
from hub_image_actions.checks.results import SuiteResults
from hub_image_actions.docker.engine import Docker
from hub_image_actions.errors import ActionError, CommandError
from hub_image_actions.terminal_text import as_shown

CATALOGUE = Path(__file__).with_name("hub_check_failures.yaml")
COMMAND = ("jupyterhub-singleuser",)
TIMEOUT = 60.0
_LOOK = 1.0
_BROWSER = 1800.0
_FIRST_WITH_SCOPES = 2


class HubCheckFailed(ActionError):
    """The image was built, and a hub could not use it.

    Args:
        diagnosis: what happened, what to do about it, and the lines of the log that prove it.
    """

    def __init__(self, diagnosis: Diagnosis) -> None:
        line = diagnosis.line.replace("hub-check: ", "")
        problem = f"The server does not start on a hub. {diagnosis.name}: {line}"
        super().__init__(f"{problem.rstrip('.')}.", diagnosis.remedy)
        self.diagnosis = diagnosis

    @property
    def name(self) -> str:
        """What happened, in a few words."""
        return self.diagnosis.name

    @property
    def excerpt(self) -> tuple[str, ...]:
        """The lines of the log that prove it; the telling one is marked."""
        # Last words come with what became of the server, in brackets.
        told = {self.diagnosis.line, self.diagnosis.line.rpartition(" (hub-check: ")[0]} - {""}
        return tuple(f"{'> ' if line.strip() in told else '  '}{line}" for line in self.diagnosis.excerpt)


@dataclass(frozen=True)
class Kernel:
    """A kernel that ran a cell.

    Args:
        name: its name.
        seconds: how long it took to start it and run the cell.
    """

    name: str
    seconds: float


@dataclass(frozen=True)
class HubCheckResult:
    """What a server did that works.

    Args:
        seconds: the time from its start until it answered.
        version: the version of its JupyterHub; empty where it does not say.
        kernels: the kernels, each of which ran a cell.
        warnings: what a hub would let pass, and people should know.
        browser: the results of the browser tests; None where there are none.
    """

    seconds: float
    version: str
    kernels: tuple[Kernel, ...]
    warnings: tuple[str, ...] = ()
    browser: SuiteResults | None = None

    def __str__(self) -> str:
        count = len(self.kernels)
        parts = [f"ready in {self.seconds:.1f} s", f"{count} kernel{'' if count == 1 else 's'}"]
        if self.browser is not None:
            parts.append(f"browser tests: {self.browser}")
        return ", ".join(parts)


@dataclass(frozen=True)
class HubCheck:
    """A check whether a hub can use an image.

    Args:
        command: what the hub starts: `cmd` of KubeSpawner.
        default_url: the page that the hub opens.
        timeout: the seconds that the server may take to be ready, to serve the page, and each kernel to run a
            cell.
        hub_version: the version of the hub's JupyterHub; empty where any will do.
        user_id: the user that the hub runs the image as.
        user_name: their name, and that of their home directory.
        browser_tests: run against the server, where there are any.
    """

    command: tuple[str, ...] = COMMAND
    default_url: str = "/lab"
    timeout: float = TIMEOUT
    hub_version: str = ""
    user_id: int = 1000
    user_name: str = "jovyan"
    browser_tests: BrowserTests | None = None

    def run(self, docker: Docker, image: str, name: str) -> HubCheckResult:
        """Start the image's server beside a small hub, and use it.

        Args:
            docker: the engine.
            image: the image.
            name: what the containers' names begin with; both are removed whatever happens.

        Raises:
            HubCheckFailed: a hub could not use the image.
            CommandError: Docker fails.
        """
        browser = self.browser_tests if self.browser_tests and self.browser_tests.there() else None
        containers = HubContainers(
            docker,
            image,
            name,
            self.user_id,
            self.user_name,
            self.command,
            self.default_url,
            self.hub_version,
            # The hub goes when nobody is left to remove it.
            lifetime=10 * self.timeout + (_BROWSER if browser else 0) + 600,
            published=browser is not None,
        )
        try:
            return self._run(containers, browser)
        finally:
            containers.remove()

    def _run(self, containers: HubContainers, browser: BrowserTests | None) -> HubCheckResult:
        docker = containers.docker
        docker.tell(f"Starting {containers.image} as a hub would: {' '.join(self.command)}")
        with _explained():
            containers.start_hub()
        started = time.monotonic()
        try:
            containers.start_server()
        except CommandError as error:
            _fail(containers, error.stderr.splitlines() or [str(error)], [])
        version = self._ready(containers, started)
        seconds = time.monotonic() - started
        docker.tell(f"Ready after {seconds:.1f} s; its jupyterhub is {version or 'of an unknown version'}")
        warnings = self._versions(containers, version)
        kernels = self._use(containers)
        log = containers.log()
        for line in log:
            docker.tell(line)
        results = browser.run(containers.url) if browser else None
        return HubCheckResult(seconds, version, kernels, (*warnings, *passed_over(log)), results)

    def _ready(self, containers: HubContainers, started: float) -> str:
        """Wait until the server is ready, and return its version."""
        while True:
            answers = containers.probe("ready", str(_LOOK), seconds=2 * _LOOK)
            found = answers[-1] if answers else {"text": "the probe said nothing"}
            if found.get("event") == "ready":
                return str(found["version"])
            state = containers.state()
            if not state.running:
                _fail(containers, containers.log(), [ending(state.status, killed=state.killed)])
            if time.monotonic() - started > self.timeout:
                _fail(containers, containers.log(), [*self._late(found, containers)])

    def _late(self, found: Mapping[str, object], containers: HubContainers) -> Iterator[str]:
        told = found.get("listening")
        listening = told if isinstance(told, list) else []
        if listening:
            yield from _instead_of_the_command(containers)
        # What listens on the right port of all interfaces does what it should, and is slow.
        right = {f"0.0.0.0:{SERVER_PORT}", f"[::]:{SERVER_PORT}"}
        if listening and not right & set(listening):
            where = ", ".join(map(str, listening))
            yield f"hub-check: the server listens on {where}, and the hub asks 0.0.0.0:{SERVER_PORT}"
        yield f"hub-check: not ready after {self.timeout:g} s: {found.get('said') or found.get('text')}"

    def _versions(self, containers: HubContainers, version: str) -> tuple[str, ...]:
        warning, impossible = compare_versions(self.hub_version, version)
        if impossible:
            _fail(containers, containers.log(), [f"hub-check: {impossible}"])
        return (warning,) if warning else ()

    def _use(self, containers: HubContainers) -> tuple[Kernel, ...]:
        """Open the page and run a cell in each kernel."""
        # Each kernel has a limit of its own inside; this one is for a probe that hangs.
        found = containers.probe("use", str(self.timeout), seconds=20 * self.timeout)
        kernels = tuple(Kernel(each["name"], each["seconds"]) for each in found if each["event"] == "kernel")
        for kernel in kernels:
            containers.docker.tell(f"Kernel {kernel.name} ran a cell in {kernel.seconds:.1f} s")
        for problem in (each["text"] for each in found if each["event"] == "problem"):
            state, log = containers.state(), containers.log()
            ended = [] if state.running else [ending(state.status, killed=state.killed)]
            other = _instead_of_the_command(containers) if state.running else ()
            _fail(containers, log, [*other, f"hub-check: {problem}{proof(log)}", *ended])
        return kernels


def compare_versions(hub: str, server: str) -> tuple[str, str]:
    """Return what a hub warns of because of the versions, and why they cannot work together.

    Mostly both are empty. Majors that differ are a warning to a hub, and minors are nothing. Only hubs before
    2.0 are no use to newer servers: these ask for scopes, of which a hub knows since 2.0.

    Source: `jupyterhub._version._check_version` and `jupyterhub.services.auth.HubAuth` of JupyterHub 6.1.

    Args:
        hub: the hub's version; empty where it is not known.
        server: the version of jupyterhub in the image; empty where its server does not say, as before 0.8.
    """
    if not hub:
        return "", ""
    if not server:
        return "The server does not tell the version of its jupyterhub, which is then likely before 0.8.", ""
    majors = [
        int(text) if text.isdigit() else 0 for text in (hub.partition(".")[0], server.partition(".")[0])
    ]
    if majors[0] < _FIRST_WITH_SCOPES <= majors[1]:
        return "", f"a hub of version {hub} knows no scopes, which jupyterhub {server} in the image asks for"
    if majors[0] != majors[1]:
        return (
            f"The hub's version is {hub}, and the image has jupyterhub {server}: the hub warns that logging "
            "in may fail and redirect for ever. Pin the hub's version in the image."
        ), ""
    return "", ""


def _fail(containers: HubContainers, log: Sequence[str], found: Sequence[str]) -> NoReturn:
    """Tell the log and why the server failed.

    Args:
        containers: the containers, in which more can be looked up.
        log: the server's log, or what Docker says of a server that could not be started.
        found: what the check found out besides.

    Raises:
        HubCheckFailed: always.
    """
    judged = [bounded(as_shown(line)) for line in log]
    told = [*explanations(judged, found), *_entrypoint_faults(containers, judged, found)]
    lines = _with_home(containers, [*judged, *told, *found])
    for line in lines:
        containers.docker.tell(line)
    raise HubCheckFailed(diagnose(lines, catalogue(CATALOGUE)))


def _instead_of_the_command(containers: HubContainers) -> Iterator[str]:
    """Yield what an image runs that is no server of the hub's."""
    command = containers.command[0]
    if other := another_server(containers.processes(), command):
        yield f"hub-check: the image runs {bounded(as_shown(other))}, and not {command}"


def _entrypoint_faults(containers: HubContainers, log: Sequence[str], found: Sequence[str]) -> list[str]:
    """Return what the image's ENTRYPOINT makes of the hub's command; nothing where a server never started."""
    if not found:
        return []
    return [*entrypoint_faults(containers.entrypoint(), containers.command[0], log, found)]


def _with_home(containers: HubContainers, lines: list[str]) -> list[str]:
    """Return the lines, and after each that misses something what the covered home directory has of it."""
    wanted = {name: number for number, line in enumerate(lines) for name in missing(line)}
    if not wanted:
        return lines
    home = containers.home
    try:
        found = containers.probe("find", home, *wanted, seconds=_LOOK)
    except CommandError as error:
        return [*lines, f"hub-check: the home directory could not be searched: {error.stderr.strip()}"]
    known = [each for each in found if each["name"] in wanted]
    for each in sorted(known, key=lambda each: wanted[each["name"]], reverse=True):
        told = f"hub-check: the image has {each['path']}, but the hub mounts the user's home over {home}"
        lines.insert(wanted[each["name"]] + 1, told)
    return lines


@contextmanager
def _explained() -> Iterator[None]:
    """Say what it means when not even the small hub starts."""
    try:
        yield
    except CommandError as error:
        if error.status in {NOT_RUN, NOT_FOUND}:
            raise HubCheckFailed(
                Diagnosis(
                    "python3 is not in the image",
                    "A server for JupyterHub needs it. Add it, or set `hub-check: false`.",
                    " ".join(error.stderr.strip().splitlines()[-1:]),
                    tuple(error.stderr.strip().splitlines()),
                )
            ) from error
        raise
