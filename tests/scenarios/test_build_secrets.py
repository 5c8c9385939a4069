"""The actions that build, in a job full of secrets: none comes out, and none gets into a container.

The image's `python3` stands for code of a pull request: it writes all that it can see to the log, turned by
thirteen letters, since what is hidden there would else hide that it was seen.
"""

import codecs
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub_image_actions.checks.browser_tests import BROWSERS, PYTHONS, BrowserTests, BrowserTestsNotRun
from hub_image_actions.checks.powerless_user import PLACES, SHARED, powerless_user
from hub_image_actions.checks.results import SuiteResults
from hub_image_actions.entry.interruption import Interrupted, interruptible
from hub_image_actions.environments import ToolEnvironment
from hub_image_actions.errors import ActionError
from scenarios.action import PYTHON, Result
from scenarios.candidates import candidates
from scenarios.images import IMAGE, ImageRepository
from scenarios.planted_secrets import JOB, SECRETS, Watch, found_in, in_files, on_github, told
from testbed.engine import RunningEngine
from testbed.registry import Registry, TokenAuth
from testbed.token_server import Account

USERS = {kind: f"user{number}" for number, kind in enumerate(SECRETS)}
# All that a program in a container can look at: variables, those of other processes, mounts, files.
SPY = r"""#!/bin/sh
look() {
  echo "BEGIN OF $*"
  env
  cat /proc/*/environ /proc/*/cmdline /proc/mounts 2>/dev/null | tr '\000' '\n'
  for file in $(find /opt /home /root /tmp /run /srv /etc /var -xdev -type f -size -64k 2>/dev/null); do
    echo "$file"
    cat "$file" 2>/dev/null
  done
}
case "$*" in
  *probe_server.py*ready*) echo '{"event": "ready"}'; exit ;;
  *probe_server.py*) exit ;;
esac
look "$@" | tr 'A-Za-z' 'N-ZA-Mn-za-m' | tee -a /proc/1/fd/1
case "$*" in
  *run_tests.py*)
    for results; do :; done
    echo '<s><testcase name="a"/></s>' >"$results/pytest.xml" ;;
  *list_packages.py*)
    for results; do :; done
    echo '{"form": 1, "packages": {}, "unread": []}' >"$results" ;;
  *hub_api.py* | server.py) sleep 60 ;;
esac
"""
FILES = {
    "Dockerfile": "FROM {base}\nUSER root\nCOPY python3 /usr/bin/python3\nRUN chmod 755 /usr/bin/python3\n"
    "RUN (env; cat /proc/*/environ; mount) | tr A-Za-z N-ZA-Mn-za-m; mkdir -p /srv/repo\nUSER 1000\n",
    "python3": SPY,
    "image-tests/test_a.py": "",
}
# In place of a program that an action starts: it shows the environment of all that it descends from.
ANCESTORS = r"""#!/bin/sh
number=$$
while [ "${number:-0}" -gt 1 ]; do
  echo "ANCESTOR $number" >>SEEN
  tr '\000' '\n' <"/proc/$number/environ" >>SEEN
  number=$(awk '/^PPid:/ {print $2}' "/proc/$number/status")
done 2>/dev/null
exec REAL "$@"
"""
EVERYTHING = {
    "packages": "true",
    "hub_check": "true",
    "hub_check_command": "python3 server.py",
    "reuse": "true",
}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with an account for each kind of password."""
    accounts = {USERS[kind]: Account(secret.strip()) for kind, secret in SECRETS.items()}
    with Registry(tmp_path_factory.mktemp("vault"), auth=TokenAuth(accounts)) as running:
        yield running


@pytest.fixture
def repository(
    tmp_path: Path, engine: RunningEngine, vault: Registry, small_base_image: str
) -> Iterator[ImageRepository]:
    """A repository whose image looks at all that it can."""
    scratch = tmp_path / "runner"
    scratch.mkdir()
    with ImageRepository(tmp_path / "images", engine, vault, scratch, SECRETS["JSON key"].strip()) as world:
        world.commit({name: text.replace("{base}", small_base_image) for name, text in FILES.items()})
        yield world


def kept_with(world: ImageRepository) -> dict[str, str]:
    """Return the inputs by which a pull request's image is kept, with a login of its own."""
    place = f"{world.registry.host}/{candidates(world)}"
    login = {"candidates-username": USERS["token"], "candidates-password": SECRETS["token"]}
    return {"candidates": place, **login}


def check(world: ImageRepository, result: Result, watch: Watch) -> None:
    """Look for all secrets in all that a run left."""
    mine = [world.token]
    assert not found_in(told(result), mine)
    assert not found_in(codecs.encode(result.log, "rot13"), mine)
    assert watch.seen
    assert not found_in("\n".join(watch.seen), mine)
    assert not found_in(on_github(world.remote), mine)
    assert not found_in(in_files(world.folder), mine)
    assert not found_in(in_files(world.scratch), mine)
    assert not found_in(in_files(world.registry.folder / "storage"), mine)
    local = [name for name in world.references if name]
    for command in (("image", "inspect"), ("history", "--no-trunc")):
        assert not any(found_in(world.engine.docker(*command, name), mine) for name in local)


@pytest.mark.parametrize("action", ["build", "build-test"])
def test_nothing_secret_reaches_a_container_or_comes_out(repository: ImageRepository, action: str) -> None:
    # What the other action pushed is not to be used again.
    repository.commit({"of": action})
    watch = Watch()
    job = {**JOB, **repository.on_pull_request(repository.pull_request())}
    more = kept_with(repository) if action == "build-test" else {"push": "true"}
    given = {**EVERYTHING, **more, "registry-username": USERS["JSON key"]}
    result = repository.run(action, job, given, watch)
    assert result.status == 0, result.log
    # The image's code did run, for the tests, for the list of packages, and as the server of a hub.
    seen = codecs.encode(result.log, "rot13")
    assert all(f"{name}.py" in seen for name in ("run_tests", "list_packages", "server"))
    assert result.outputs["tests"] == "1 passed"
    assert "ready in" in result.summary
    kept = candidates(repository) if action == "build-test" else IMAGE
    assert any(tag.startswith("inputs-") for tag in repository.registry.tags(kept))
    check(repository, result, watch)


@pytest.mark.parametrize("action", ["build", "build-test"])
def test_no_ancestor_of_what_is_started_shows_an_input(
    repository: ImageRepository, tmp_path: Path, action: str
) -> None:
    repository.commit({"ancestors of": action})
    seen = tmp_path / "seen"
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("docker", "git"):
        real = shutil.which(name)
        (programs / name).write_text(ANCESTORS.replace("SEEN", str(seen)).replace("REAL", str(real)))
        (programs / name).chmod(0o755)
    job = repository.on_pull_request(repository.pull_request())
    given = {**EVERYTHING, "registry-username": USERS["JSON key"], "hub_check": "false", "packages": "false"}
    kept = kept_with(repository) if action == "build-test" else {"push": "true"}
    (programs / "python3").symlink_to(PYTHON)
    path = f"{programs}:{os.environ['PATH']}"
    result = repository.run(action, {**job, "PATH": path}, {**given, **kept})
    assert result.status == 0, result.log
    environments = seen.read_text()
    assert environments.count("ANCESTOR") > 20
    assert "GITHUB_RUN_ID=77" in environments
    assert "INPUT_" not in environments
    assert not found_in(environments, [repository.token])


@pytest.mark.parametrize("kind", SECRETS)
def test_a_push_with_every_kind_of_password(repository: ImageRepository, kind: str) -> None:
    watch = Watch()
    given = {"push": "true", "test": "false", "registry-username": USERS[kind]}
    result = repository.run("build", JOB, {**given, "registry-password": SECRETS[kind]}, watch)
    assert result.status == 0, result.log
    assert result.outputs["pushed"] == "true"
    check(repository, result, watch)


def test_a_build_that_fails_keeps_them(repository: ImageRepository) -> None:
    repository.commit({"Dockerfile": "FROM scratch\nRUN false\n"})
    for password in ("JSON key", "shell characters"):
        watch = Watch()
        given = {
            "push": "true",
            "registry-username": USERS["JSON key"],
            "registry-password": SECRETS[password],
        }
        result = repository.run("build", JOB, given, watch)
        assert result.status == 1
        check(repository, result, watch)


# In place of a browser test's Python, on the runner: a pull request's code that looks for what it could use.
BROWSER_SPY = r"""#!/bin/sh
env | sed 's/^/env /'
for file in /proc/[0-9]*/environ /proc/[0-9]*/mem; do
  number=${file#/proc/}; number=${number%%/*}
  [ "$(stat -c %u "/proc/$number" 2>/dev/null)" = "$(id -u)" ] && continue
  (: <"$file") 2>/dev/null && echo "GOT $file"
  kill -0 "$number" 2>/dev/null && echo "GOT signals to $number"
done
while read -r path; do
  [ -r "$path" ] && echo "GOT to read $path"
  [ -w "$path" ] && echo "GOT to write $path"
done <targets
sudo -n id 2>/dev/null && echo "GOT sudo"
ls -l /proc/self/fd | grep -v -e /proc/ -e pipe: -e /dev/null -e total | sed 's/^/GOT descriptor /'
for path in .. ../plugins ../tool "$0" .; do [ -w "$path" ] && echo "GOT to write $path"; done
[ "$(id -G)" = "$(id -u)" ] || echo "GOT a group"
grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | grep -v 0000000000000000 | sed 's/^/GOT /'
(sleep 600; touch here) & setsid sleep 601 &
touch "/tmp/left-behind-$$" /dev/shm/left-behind-$$
echo "DONE $(id -u) $$"
for arg; do case $arg in --junitxml=*) echo '<s><testcase name="a"/></s>' >"${arg#*=}";; esac; done
"""


@dataclass(frozen=True)
class SpiedTests:
    """Browser tests whose Python is a program of an attacker's."""

    folder: Path
    written: list[str]
    tests: BrowserTests

    @classmethod
    def made(
        cls, folder: Path, program: str, *, path: str = "/usr/bin:/bin", isolated: bool = True
    ) -> "SpiedTests":
        """Make them."""
        tests, lock, scratch = folder / "browser-tests", folder / "lock.txt", folder / "scratch"
        for made in (tests, scratch, folder / "bin"):
            made.mkdir()
        (tests / "test_a.py").touch()
        lock.touch()
        (folder / "bin" / BROWSERS[0]).touch(mode=0o755)
        for base in PYTHONS:
            python = ToolEnvironment.locked("browser-tests", lock, scratch, base).python
            python.parent.mkdir(parents=True)
            python.write_text(program)
            python.chmod(0o755)
        written: list[str] = []
        environment = {**JOB, "PATH": f"{folder / 'bin'}:{path}", "DOCKER_CONFIG": "/x", "HOME": "/root"}
        return cls(folder, written, BrowserTests(tests, lock, scratch, environment, written.append, isolated))

    def run(self) -> SuiteResults:
        """Run them."""
        return self.tests.run("http://127.0.0.1:1/")


def processes_of(user: str) -> list[str]:
    """Return the processes that run as a user, those aside that only wait for their end to be noticed."""
    command = ["ps", "-o", "stat=,pid=", "-u", user]
    # Its status says whether there are any.
    states = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    return [line for line in states.splitlines() if not line.strip().startswith("Z")]


@pytest.mark.parametrize("isolated", [True, False])
def test_browser_tests_get_no_secret_of_the_job(tmp_path: Path, isolated: bool) -> None:
    spied = SpiedTests.made(tmp_path, BROWSER_SPY.replace("<targets", "</dev/null"), isolated=isolated)
    spied.run()
    names = {line[4:].partition("=")[0] for line in spied.written if line.startswith("env ")}
    assert "RUNNER_BROWSER" in names
    assert not names & (JOB.keys() | {"DOCKER_CONFIG"})
    assert not found_in("\n".join(spied.written))
    assert "env HOME=/root" not in spied.written


def test_browser_tests_get_at_nothing_of_the_runners(engine: RunningEngine, tmp_path: Path) -> None:
    home = tmp_path / "home"
    targets = [home / "checkout/.git/config", home / "temp/docker/config.json", home / ".docker/config.json"]
    for path in targets:
        path.parent.mkdir(parents=True)
        path.write_text("key")
    home.chmod(0o750)
    socket = engine.environment["DOCKER_HOST"].removeprefix("unix://")
    shown = [*targets, *(path.parent for path in targets), home, socket]
    spied = SpiedTests.made(tmp_path, BROWSER_SPY.replace("<targets", "<browser-tests/targets"))
    (spied.folder / "browser-tests" / "targets").write_text("".join(f"{path}\n" for path in shown))
    assert len(spied.run().cases) == 1
    assert [line for line in spied.written if line.startswith("GOT")] == []
    (done,) = (line.split() for line in spied.written if line.startswith("DONE"))
    assert processes_of(done[1]) == []
    assert not any((Path(place) / f"left-behind-{done[2]}").exists() for place in PLACES)
    assert not list(SHARED.glob(f"hub-image-actions-user-{done[1]}-*"))


def test_the_runners_user_would_get_at_it(tmp_path: Path) -> None:
    """What the spy looks for is there, so that it would find it."""
    spied = SpiedTests.made(
        tmp_path, BROWSER_SPY.replace("<targets", "<browser-tests/targets"), isolated=False
    )
    (spied.folder / "browser-tests" / "targets").write_text(f"{spied.folder}\n")
    spied.run()
    got = "\n".join(line for line in spied.written if line.startswith("GOT"))
    assert f"GOT to read {spied.folder}\nGOT to write {spied.folder}" in got


def test_browser_tests_that_lead_to_a_file_of_the_runners_show_nothing_of_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text('<s><testcase name="key"/></s>')
    program = f'#!/bin/sh\nfor arg; do case $arg in --junitxml=*) ln -s {secret} "${{arg#*=}}";; esac; done\n'
    with pytest.raises(ActionError, match="cannot be read"):
        SpiedTests.made(tmp_path, program).run()


def test_without_a_user_without_rights_browser_tests_are_not_run(tmp_path: Path) -> None:
    spied = SpiedTests.made(tmp_path, BROWSER_SPY, path="/nowhere")
    with pytest.raises(BrowserTestsNotRun, match="were not run") as raised:
        spied.run()
    assert "browser-tests-isolation: off" in raised.value.remedy
    assert spied.written == []


def test_what_a_killed_run_left_ends_with_the_next() -> None:
    user = 64_899
    left = Path(tempfile.mkdtemp(prefix=f"hub-image-actions-user-{user}-", dir=SHARED))
    alone = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "sleep", "600"]
    with subprocess.Popen(alone) as orphan:
        try:
            with powerless_user({"PATH": "/usr/bin:/bin"}):
                assert not left.exists()
                assert orphan.wait(5) == -signal.SIGKILL
        finally:
            orphan.kill()


def test_a_canceled_run_leaves_no_process_of_browser_tests(tmp_path: Path) -> None:
    program = '#!/bin/sh\necho "USER $(id -u)"\nsetsid sleep 600 &\ntrap "" TERM\nsleep 600\n'
    spied = SpiedTests.made(tmp_path, program)
    canceling = threading.Timer(3.0, os.kill, (os.getpid(), signal.SIGTERM))
    canceling.start()
    with pytest.raises(Interrupted), interruptible():
        spied.run()
    (user,) = (line.split()[1] for line in spied.written if line.startswith("USER"))
    assert processes_of(user) == []
