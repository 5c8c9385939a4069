"""What the log of a server says of why it did not start."""

import pytest

from hub_image_actions.checks.hub_log import (
    another_server,
    ending,
    entrypoint_faults,
    explanations,
    missing,
    passed_over,
    proof,
)

NOT_FOUND = "hub-check: the server ended with status 127"
NOT_RUN = "hub-check: the server ended with status 126"


@pytest.mark.parametrize(
    ("status", "killed", "text"),
    [
        (1, False, "hub-check: the server ended with status 1"),
        (137, False, "hub-check: the server was killed (status 137)"),
        (0, True, "hub-check: the server was killed (status 0)"),
    ],
)
def test_a_server_that_was_killed_did_not_just_end(status: int, text: str, *, killed: bool) -> None:
    assert ending(status, killed=killed) == text


@pytest.mark.parametrize(
    ("log", "text"),
    [
        ([], ""),
        (["[I] Serving at /"], ""),
        (["KeyError: 'a'", "ValueError: last"], "; the log has: ValueError: last"),
        (["  traitlets.TraitError: x", "bye"], "; the log has: traitlets.TraitError: x"),
        (["[I] KernelRestarter: restarting kernel (1/5)"], "; it died and was started again"),
        (
            ["zmq.ZMQError: in use", "KernelRestarter: restarting kernel"],
            "; it died and was started again; the log has: zmq.ZMQError: in use",
        ),
    ],
)
def test_the_last_error_of_a_log_is_its_proof(log: list[str], text: str) -> None:
    assert proof(log) == text


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "[W] nbgitpuller | extension failed loading with message: No module named 'x'",
            "The server extension nbgitpuller could not be loaded: No module named 'x'",
        ),
        (
            "[W] voila | error linking extension",
            "The server extension voila could not be loaded: see the log",
        ),
        (
            "[W] Exception while loading config file /etc/jupyter/a.py",
            "The settings in /etc/jupyter/a.py could not be read and are not used: see the log.",
        ),
        ("[I] nbgitpuller | extension was successfully loaded.", ""),
    ],
)
def test_what_jupyter_passes_over_is_told(line: str, told: str) -> None:
    assert list(passed_over(["[I] a", line])) == ([told] if told else [])


@pytest.mark.parametrize(
    ("log", "found", "told"),
    [
        (["/srv/start: exec: voila: not found"], NOT_FOUND, "hub-check: there is no command voila"),
        (
            ["bash: a: command not found", "bash: b: command not found"],
            NOT_FOUND,
            "hub-check: there is no command b",
        ),
        (["/srv/start: Permission denied"], NOT_RUN, "hub-check: /srv/start may not be run"),
        (
            ["PermissionError: [Errno 13] Permission denied: '/a b'"],
            NOT_RUN,
            "hub-check: /a b may not be run",
        ),
        (["bash: a: command not found"], "hub-check: the server ended with status 1", ""),
        (["bash: a: command not found"], NOT_RUN, ""),
        ([], NOT_FOUND, ""),
    ],
)
def test_the_statuses_of_shells_are_explained_by_the_log(log: list[str], found: str, told: str) -> None:
    assert list(explanations(log, [found])) == ([told] if told else [])


COMMAND = "jupyterhub-singleuser"


@pytest.mark.parametrize(
    "line",
    [
        f"[C 2026-11-02 10:00:00.000 ServerApp] No such file or directory: /home/jovyan/{COMMAND}",
        f"python3: can't open file '/home/jovyan/{COMMAND}': [Errno 2] No such file or directory",
        f"/bin/sh: 0: cannot open {COMMAND}: No such file",
        f"/opt/jupyter/bin/{COMMAND}: line 3: import: command not found",
        f"/opt/jupyter/bin/{COMMAND}: {COMMAND}: line 7: syntax error near unexpected token `('",
        f"Jupyter command `jupyter-{COMMAND}` not found.",
        f"serve.py: error: unrecognized arguments: {COMMAND}",
        f"Error: No such command '{COMMAND}'.",
        f"Error: Cannot find module '/home/jovyan/{COMMAND}'",
    ],
)
def test_a_program_that_takes_the_command_as_its_argument_is_told(line: str) -> None:
    found = ["hub-check: the server ended with status 2"]
    (told,) = entrypoint_faults(["/srv/start", "a"], COMMAND, [line], found)
    assert told == f"hub-check: the ENTRYPOINT takes {COMMAND} as its argument: /srv/start a"
    assert not [*entrypoint_faults([], COMMAND, [line], found)]


@pytest.mark.parametrize(
    "line",
    [
        f"/srv/start: 3: exec: {COMMAND}: not found",
        f"/srv/start: line 3: exec: {COMMAND}: not found",
        f"[FATAL tini (7)] exec {COMMAND} failed: No such file or directory",
        f"env: '{COMMAND}': No such file or directory",
        f"bash: line 1: {COMMAND}: command not found",
        f'  File "/opt/jupyter/bin/{COMMAND}", line 5, in <module>',
        "cat: /home/jovyan/settings: No such file or directory",
    ],
)
def test_a_command_that_is_run_is_not_taken_for_an_argument(line: str) -> None:
    assert not [*entrypoint_faults(["/srv/start"], COMMAND, [line], [NOT_FOUND])]


@pytest.mark.parametrize(
    ("script", "log", "found", "drops"),
    [
        ("jupyter lab", "Jupyter Server is running", "hub-check: not ready after 60 s: refused", True),
        ('exec "$@"', "", "hub-check: the server ended with status 0", True),
        ('exec "$0" "$@"', "", "hub-check: the server ended with status 0", False),
        (f"exec {COMMAND}", "", "hub-check: not ready after 60 s: refused", False),
        ("start.sh", "Starting jupyterhub single-user server", "hub-check: not ready after 60 s: x", False),
        ("start.sh", "ModuleNotFoundError: x", "hub-check: the server ended with status 1", False),
    ],
)
def test_a_shell_form_that_drops_the_command_is_told(
    script: str, log: str, found: str, *, drops: bool
) -> None:
    told = [*entrypoint_faults(["/bin/sh", "-c", script], COMMAND, [log], [found])]
    expected = f"hub-check: the ENTRYPOINT in shell form drops {COMMAND}: /bin/sh -c {script}"
    assert told == ([expected] if drops else [])


LAB = "/opt/jupyter/bin/python3.11 /opt/jupyter/bin/jupyter-lab --ip=0.0.0.0"


@pytest.mark.parametrize(
    ("processes", "other"),
    [
        ([LAB], LAB),
        ([f"/bin/sh /srv/start {COMMAND}", LAB], LAB),
        ([f"tini -- /srv/start {COMMAND}", f"bash /srv/start {COMMAND}", LAB], LAB),
        ([f"python3 -u /usr/local/bin/repo2docker-entrypoint {COMMAND}", LAB], LAB),
        (["tini -- bash /srv/start", "bash /srv/start", LAB, ""], LAB),
        (["/bin/sh /srv/start", f"python3 /opt/jupyter/bin/{COMMAND}"], ""),
        (["python3 -m jupyterhub.singleuser --ip="], ""),
        (["python3 /opt/bin/jupyter-labhub"], ""),
        (["/bin/sh /srv/start"], ""),
        ([], ""),
    ],
)
def test_a_server_that_the_hub_did_not_ask_for_is_told(processes: list[str], other: str) -> None:
    assert another_server(processes, COMMAND) == other


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (
            "/srv/start: 2: .: cannot open /home/jovyan/a.sh: No such file",
            ["/srv/start", "/home/jovyan/a.sh"],
        ),
        ("ModuleNotFoundError: No module named 'otter.check'", ["otter.check"]),
        ("/srv/start: 2: exec: rstudio-server: not found", ["/srv/start", "rstudio-server"]),
        ("bash: line 1: voila: command not found", ["voila"]),
        ('exec: "jupyter-x": executable file not found in $PATH: unknown', ["jupyter-x"]),
        ("python3: can't open file '/home/jovyan/serve.py': [Errno 2] No such", ["/home/jovyan/serve.py"]),
        ("[I] Serving notebooks from local directory: /home/jovyan", []),
    ],
)
def test_what_a_line_misses_is_found(line: str, names: list[str]) -> None:
    assert missing(line) == names
