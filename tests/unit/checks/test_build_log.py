"""What is left of a build's log once the builders' wrapping is off."""

import json

import pytest

from hub_image_actions.checks.build_log import read_build_log
from hub_image_actions.checks.diagnosis import diagnose_build

BUILDKIT = """\
#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 180B done
#1 DONE 0.0s

#5 [2/4] RUN echo fine
#5 0.211 cp: cannot stat '/etc/x': Permission denied
#5 DONE 0.3s

#8 [stage-1 2/2] RUN make-books
#8 0.120 binding

#7 [3/4] RUN fetch-roster fall || (echo no space left on device; exit 4)
#7 0.120 asking the registrar
#7 1.402 \x1b[31mroster: term fall has no sections\x1b[0m
#7 ERROR: process "/bin/sh -c fetch-roster fall || (echo no space left on device; exit 4)" did not complete \
successfully: exit code: 4

#8 1.500 bound
#8 CANCELED
------
 > [3/4] RUN fetch-roster fall || (echo no space left on device; exit 4):
0.120 asking the registrar
1.402 roster: term fall has no sections
------

 1 warning found (use docker --debug to expand):
 - JSONArgsRecommended: JSON arguments recommended for CMD (line 6)
Dockerfile:3
--------------------
   1 |     FROM campus/base:1
   2 |     RUN echo fine
   3 | >>> RUN fetch-roster fall || (echo no space left on device; exit 4)
   4 |     RUN echo Killed
--------------------
ERROR: failed to solve: process "/bin/sh -c fetch-roster fall || (echo no space left on device; exit 4)" did \
not complete successfully: exit code: 4
"""
CLASSIC = """\
Step 1/3 : FROM campus/base:1
 ---> 8d5f1e9c7a01
Step 2/3 : RUN echo fine
 ---> Running in 0a1b2c3d4e5f
cp: cannot stat '/etc/x': Permission denied
Removing intermediate container 0a1b2c3d4e5f
 ---> 77aa66bb55cc
Step 3/3 : RUN fetch-roster fall || (echo no space left on device; exit 4)
 ---> Running in 5f4e3d2c1b0a
asking the registrar
\x1b[91mroster: term fall has no sections
\x1b[0m
The command '/bin/sh -c fetch-roster fall || (echo no space left on device; exit 4)' returned a non-zero \
code: 4
"""
TRACEBACK = """\
Traceback (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main
  File "/opt/tools/lib/python3.12/site-packages/repo2docker/__main__.py", line 499, in <module>
    main()
    ~~~~^^
  File "/opt/tools/lib/python3.12/site-packages/repo2docker/app.py", line 819, in build
    for l in picked_buildpack.build(
"""
ONLY_FAILED = (
    "subprocess.CalledProcessError: Command '['docker', 'buildx', 'build', '--progress', 'plain']' returned "
    "non-zero exit status 1.\n"
)
CHAINED = f"{TRACEBACK}{ONLY_FAILED}\nDuring handling of the above exception, another exception occurred:\n\n"


@pytest.mark.parametrize(
    "log",
    [
        BUILDKIT,
        CLASSIC,
        f"{BUILDKIT}{TRACEBACK}{ONLY_FAILED}",
        f"{BUILDKIT}{CHAINED}{TRACEBACK}docker.errors.BuildError: it failed\n",
        f"{CLASSIC}{TRACEBACK}repo2docker.app.BuildError: The command 'x' returned a non-zero code: 4\n",
        "\n".join(
            json.dumps({"message": f"{line}\n", "phase": "building"}) for line in BUILDKIT.splitlines()
        ),
    ],
    ids=["BuildKit", "classic", "repo2docker", "repo2docker, chained", "repo2docker, classic", "JSON"],
)
def test_the_last_words_of_the_step_are_told_in_each_format(log: str) -> None:
    found = diagnose_build(log.splitlines())
    assert (found.name, found.line) == ("The build failed", "roster: term fall has no sections")
    assert found.excerpt[:2] == ("asking the registrar", "roster: term fall has no sections")
    shown = "\n".join(found.excerpt)
    for wrapping in (
        "#0",
        "#7",
        "Traceback",
        "CalledProcessError",
        "------",
        ">>>",
        "Step 3",
        "\x1b",
        "bound",
    ):
        assert wrapping not in shown


@pytest.mark.parametrize("wrapping", ["failed to solve", "failed to build: failed to solve"])
def test_a_step_that_says_nothing_is_told_by_its_command(wrapping: str) -> None:
    log = [
        '#0 building with "default" instance using docker driver',
        "#6 [2/2] RUN test -d /srv",
        '#6 ERROR: process "/bin/sh -c test -d /srv" did not complete successfully: exit code: 1',
    ]
    log.append(f"ERROR: {wrapping}: {log[-1].partition('ERROR: ')[2]}")
    found = diagnose_build(log)
    assert found.name == "A step failed and said nothing"
    assert found.line == 'process "/bin/sh -c test -d /srv" did not complete successfully: exit code: 1'
    assert (len(found.excerpt), found.is_known) == (1, False)


def test_a_long_command_is_cut() -> None:
    log = [f"The command '/bin/sh -c {'x' * 5000}' returned a non-zero code: 1"]
    (line,) = diagnose_build(["Step 1/1 : RUN x", *log]).excerpt
    assert len(line) < 200
    assert line.endswith("…' returned a non-zero code: 1")


def test_a_command_that_is_quoted_is_no_failure() -> None:
    judged = [line.judged for line in read_build_log(BUILDKIT.splitlines()).lines]
    assert "no space" not in "\n".join(judged)
    assert judged.count('process "…" did not complete successfully: exit code: 4') == 1


@pytest.mark.parametrize("log", [BUILDKIT, CLASSIC], ids=["BuildKit", "classic"])
def test_a_step_that_went_well_has_no_say(log: str) -> None:
    assert "Permission denied" not in "\n".join(line.text for line in read_build_log(log.splitlines()).lines)


def test_what_repo2docker_raises_of_its_own_is_told() -> None:
    log = f"{TRACEBACK}UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0\n"
    found = diagnose_build(log.splitlines())
    assert found.line == "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0"
    assert found.excerpt == (found.line,)


def test_a_traceback_of_a_step_is_told_whole() -> None:
    frames = ["Traceback (most recent call last):", '  File "/srv/repo/setup.py", line 3, in <module>']
    log = [
        "Step 2/2 : RUN python setup.py",
        *frames,
        "ValueError: no course",
        "The command 'x' returned a non-zero code: 1",
    ]
    found = diagnose_build(log)
    assert found.line == "ValueError: no course"
    assert found.excerpt[:2] == tuple(frames)


def test_the_builders_copy_of_the_words_is_taken_where_the_step_is_cut_off() -> None:
    log = BUILDKIT.splitlines()
    assert diagnose_build(log[log.index("------") :]).line == "roster: term fall has no sections"


@pytest.mark.parametrize(
    "after",
    [
        "make: *** [Makefile:3: install] Error 2",
        "npm error A complete log of this run can be found in: /root/.npm/_logs/1.log",
        "Execution halted",
        "subprocess.CalledProcessError: Command '['npm']' returned non-zero exit status 1.",
        "note: This error originates from a subprocess, and is likely not a problem with pip.",
    ],
)
def test_that_something_failed_is_not_why(after: str) -> None:
    assert diagnose_build([f"#5 0.1 {line}" for line in ("the syllabus is missing", after)]).line == (
        "the syllabus is missing"
    )


def test_an_engine_that_ends_is_told_where_no_step_failed() -> None:
    log = [
        "#5 [2/2] RUN sleep 9",
        "#5 0.1 sleeping",
        "ERROR: failed to receive status: rpc error: code = Aborted",
    ]
    assert diagnose_build(log).line == "failed to receive status: rpc error: code = Aborted"


@pytest.mark.parametrize(
    "words",
    [
        "\x1b[91mgroupadd: GID '1000' already exists",
        "\x1b[1;31mgroupadd: GID '1000' already exists\x1b[0m\x1b[K",
        "\x1b]8;;https://docs.example/gid\x1b\\groupadd: GID '1000' already exists\x1b]8;;\x1b\\",
        "\x9b31mgroupadd: GID '1000' already exists\x9b0m",
        "\\x1b[91mgroupadd: GID '1000' already exists\\x1b[0m",
        " 10%\r100%\rgroupadd: GID '1000' already exists\r",
        "|\b/\b-\bgroupadd: GID '1000' already exists",
    ],
    ids=repr,
)
def test_no_order_to_a_terminal_reaches_what_is_told(words: str) -> None:
    log = ["Step 2/2 : RUN add", f"{words}\n", "\x1b[0mRemoving intermediate container 0a1b2c3d4e5f"]
    found = diagnose_build([*log, "The command '/bin/sh -c add' returned a non-zero code: 4"])
    assert found.line == "groupadd: GID '1000' already exists"
    assert not set("".join(found.excerpt)) & set("\x1b\x9b\r\b\x07")


TIMES = {
    "repo2docker": ["time: 0.280", "time: 0.512"],
    "bash": ["", "real\t0m0.512s", "user\t0m0.100s", "sys\t0m0.020s"],
    "GNU": [
        "Command exited with non-zero status 1",
        "0.28user 0.01system 0:00.30elapsed 98%CPU (0avgtext+0avgdata 3084maxresident)k",
        "0inputs+0outputs (0major+151minor)pagefaults 0swaps",
    ],
}


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("engine", ["BuildKit", "BuildKit of before 2023", "classic"])
def test_how_long_a_step_took_is_not_why_it_failed(engine: str, times: list[str]) -> None:
    said = ["asking the registrar", "roster: term fall has no sections", *times]
    stamped = [f"#7 1.402 {line}" for line in said]
    log = {
        "BuildKit": [
            *stamped,
            '#7 ERROR: process "/bin/sh -c x" did not complete successfully: exit code: 1',
        ],
        "BuildKit of before 2023": [
            *stamped,
            "#7 ERROR: executor failed running [/bin/sh -c x]: exit code: 1",
        ],
        "classic": ["Step 2/2 : RUN x", *said, "The command '/bin/sh -c x' returned a non-zero code: 1"],
    }[engine]
    found = diagnose_build([*log, *TRACEBACK.splitlines(), *ONLY_FAILED.splitlines()])
    assert found.line == "roster: term fall has no sections"
    assert found.excerpt[:2] == tuple(said[:2])
    assert len(found.excerpt) == 3


def test_a_step_that_only_says_how_long_it_took_is_told_by_its_command() -> None:
    log = [
        "#7 0.2 time: 0.100",
        '#7 ERROR: process "/bin/sh -c x" did not complete successfully: exit code: 1',
    ]
    assert diagnose_build(log).line == 'process "/bin/sh -c x" did not complete successfully: exit code: 1'


@pytest.mark.parametrize(
    "after",
    [
        ["    If you run into this error repeatedly, your package cache may be corrupted."],
        ["    Please try running `mamba clean -a` to remove this cache before retrying the operation."],
        [
            "    If you still are having issues, please report the error on the issue tracker:",
            "    https://github.com/mamba-org/mamba/issues/new?assignees=&labels=&projects=&template=bug.yml",
        ],
        ["critical libmamba pip failed to update packages", "time: 19.4"],
        ["return code: 1", "", "()", "", "CondaEnvException: Pip failed"],
        [
            "Stacktrace:",
            " [1] error(s::String)",
            "   @ Base ./error.jl:35",
            "in expression starting at /x.jl:3",
        ],
        ["    at Module._compile (node:internal/modules/cjs/loader:1358:14)", "Node.js v20.14.0"],
        ["Calls: library -> stopifnot", "Execution halted"],
        ["ninja: build stopped: subcommand failed."],
        ["In addition: Warning message:", "In f(x) : the roster is old", "Execution halted"],
        ["E: Sub-process /usr/bin/dpkg returned an error code (1)"],
    ],
    ids=lambda after: after[0].strip(),
)
def test_what_tools_say_below_any_error_is_not_why(after: list[str]) -> None:
    assert diagnose_build([f"#5 0.1 {line}" for line in ("the syllabus is missing", *after)]).line == (
        "the syllabus is missing"
    )
