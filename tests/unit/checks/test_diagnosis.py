"""The catalogue of known failures of builds."""

import re
import time

import pytest

from hub_image_actions.checks.diagnosis import KnownFailure, catalogue, diagnose_build


@pytest.mark.parametrize("failure", catalogue(), ids=lambda failure: failure.name)
def test_every_example_is_diagnosed_as_its_entry(failure: KnownFailure) -> None:
    found = diagnose_build(failure.example.splitlines())
    assert found.remedy == failure.remedy
    assert found.name.startswith(failure.name.partition("{")[0].rstrip(": "))


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("#17 2.01 └─ geopandass does not exist (perhaps a typo)", "conda finds no package geopandass"),
        ("E: Unable to locate package libgeos-3.8", "apt finds no package libgeos-3.8"),
        ("E: Package 'python' has no installation candidate", "apt finds no package python"),
        (
            "ERROR: No matching distribution found for otter==9; x",
            "pip finds no version of otter==9 that fits",
        ),
        (
            "failed to resolve source metadata for quay.io/a/b:2024-10: not found",
            "The base image quay.io/a/b:2024-10 is not there, or may not be pulled",
        ),
        (
            "ERROR: 127.0.0.1:5000/a/b:1: failed to resolve source metadata for 127.0.0.1:5000/a/b:1: no",
            "The base image 127.0.0.1:5000/a/b:1 is not there, or may not be pulled",
        ),
        (
            "pull access denied for a/b, repository does not exist",
            "The base image a/b is not there, or may not be pulled",
        ),
    ],
)
def test_what_is_missing_is_named(line: str, name: str) -> None:
    assert diagnose_build([line]).name == name


def test_a_cause_goes_before_what_follows_from_it() -> None:
    found = diagnose_build(
        ["CondaHTTPError: x", "OSError: [Errno 28] No space left on device", "exit code: 137"]
    )
    assert found.name == "The disk is full"


def test_the_excerpt_is_what_stands_around() -> None:
    log = [f"line {number}" for number in range(100)]
    log[50] = "E: Unable to locate package x"
    excerpt = diagnose_build(log).excerpt
    assert (excerpt[0], excerpt[8], excerpt[-1], len(excerpt)) == ("line 42", log[50], "line 56", 15)


def test_an_unknown_failure_shows_the_last_lines_that_say_something() -> None:
    log = ["start", *["useful"] * 30, "why it failed", "", "#9 DONE 0.1s", "------"]
    found = diagnose_build(log)
    assert (found.name, found.remedy, found.line) == ("The build failed", "", "why it failed")
    assert len(found.excerpt) == 20


def test_an_empty_log_has_a_diagnosis() -> None:
    assert diagnose_build([]).excerpt == ()


def test_a_builder_that_says_where_it_builds_has_not_said_why_it_failed() -> None:
    last = 'invalid excludepatterns: [!]: illegal exclusion pattern: "!"'
    log = [
        '#0 building with "default" instance using docker driver',
        "#1 [internal] load .dockerignore",
        f"ERROR: failed to solve: {last}",
    ]
    assert diagnose_build(log).line == last


WRAPPED = {
    "BuildKit": """\
#0 building with "default" instance using docker driver
#6 [2/3] RUN true
#6 0.1 mkdir: cannot create directory '/x': Permission denied
#6 DONE 0.1s
#7 [3/3] RUN sh work.sh
{stamped}
#7 ERROR: process "/bin/sh -c sh work.sh || echo Killed" did not complete successfully: exit code: 3
------
 > [3/3] RUN sh work.sh:
------
Dockerfile:3
--------------------
   3 | >>> RUN sh work.sh
--------------------
ERROR: failed to solve: process "/bin/sh -c sh work.sh || echo Killed" did not complete successfully: \
exit code: 3
""",
    "classic": """\
Step 2/3 : RUN true
 ---> Running in 0a1b2c3d4e5f
mkdir: cannot create directory '/x': Permission denied
Step 3/3 : RUN sh work.sh
 ---> Running in 1a1b2c3d4e5f
{plain}
The command '/bin/sh -c sh work.sh || echo Killed' returned a non-zero code: 3
""",
}


@pytest.mark.parametrize("failure", catalogue(), ids=lambda failure: failure.name)
@pytest.mark.parametrize("engine", WRAPPED)
def test_every_failure_is_known_as_each_engine_shows_it(engine: str, failure: KnownFailure) -> None:
    said = [re.sub(r"^#\d+ \d+\.\d+ ", "", line) for line in failure.example.splitlines()]
    said = [line for line in said if not line.startswith(("Step ", "ERROR: failed to solve: proc"))]
    log = WRAPPED[engine].format(stamped="\n".join(f"#7 1.25 {line}" for line in said), plain="\n".join(said))
    assert diagnose_build(log.splitlines()).remedy == failure.remedy


def test_an_expression_may_be_given_in_parts() -> None:
    (failure,) = (each for each in catalogue() if each.name == "A server failed")
    assert failure.pattern.search("HTTP error 502 while getting x")
    assert failure.pattern.search("503 Service Unavailable")


@pytest.mark.parametrize(
    "failure", [each for each in catalogue() if "{what}" in each.name], ids=lambda each: each.name
)
def test_what_a_name_leaves_open_is_found_in_the_example(failure: KnownFailure) -> None:
    nothing = " ".join(failure.name.format(what="").split()).rstrip(": ")
    assert diagnose_build(failure.example.splitlines()).name != nothing


def test_a_long_log_is_judged_in_reasonable_time() -> None:
    # What some expressions begin with, over and over.
    lines = [
        "failed to copy: " * 200,
        "Get https://a/" * 200,
        "├─ a" * 500,
        "x/start" * 400,
        "configure: error: a " * 90,
        "cannot open " * 400,
        "└─ a " * 500,
    ]
    started = time.process_time()
    assert diagnose_build([f"#7 0.1 a: {line}" for line in lines * 40]).remedy == ""
    assert time.process_time() - started < 30


def test_no_two_entries_have_one_name() -> None:
    names = [failure.name for failure in catalogue()]
    assert len(set(names)) == len(names)


PULL = 'failed to do request: Head "https://registry.lab.example/v2/base/r/manifests/4": '
UNREACHED = "The network failed: {} could not be reached"


@pytest.mark.parametrize(
    "fault",
    [
        "dial tcp: lookup registry.lab.example on 127.0.0.53:53: no such host",
        "dial tcp: lookup registry.lab.example on 10.0.0.2:53: server misbehaving",
        "dial tcp 10.1.2.3:443: i/o timeout",
        "dial tcp 10.1.2.3:443: connect: connection refused",
        "read tcp 10.0.0.5:41000->10.1.2.3:443: read: connection reset by peer",
        "dial tcp 10.1.2.3:443: connect: network is unreachable",
        "dial tcp 10.1.2.3:443: connect: no route to host",
        "net/http: TLS handshake timeout",
        "context deadline exceeded",
        "EOF",
    ],
)
@pytest.mark.parametrize("engine", ["BuildKit", "BuildKit of before 2023", "classic"])
def test_a_base_image_that_the_network_keeps_away_is_named(engine: str, fault: str) -> None:
    base = "registry.lab.example/base/r:4"
    logs = {
        "BuildKit": [
            '#0 building with "default" instance using docker driver',
            f"#2 [internal] load metadata for {base}",
            f"#2 ERROR: {PULL}{fault}",
            "------",
            f" > [internal] load metadata for {base}:",
            "------",
            f"ERROR: failed to solve: {base}: failed to resolve source metadata for {base}: {PULL}{fault}",
        ],
        "BuildKit of before 2023": [
            f"#2 [internal] load metadata for {base}",
            f"#2 ERROR: {PULL}{fault}",
            f"ERROR: failed to solve: rpc error: code = Unknown desc = failed to solve: {PULL}{fault}",
        ],
        "classic": [f"Step 1/2 : FROM {base}", f'Get "https://registry.lab.example/v2/": {fault}'],
    }
    found = diagnose_build(logs[engine])
    assert found.name == f"The network failed: the base image {base} could not be fetched"
    assert found.line.endswith(fault)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (
            "W: Failed to fetch http://archive.example/x  Temporary failure resolving 'archive.example'",
            UNREACHED.format("archive.example"),
        ),
        (
            "  Could not connect to deb.example:80 (10.1.1.1), connection timed out",
            UNREACHED.format("deb.example"),
        ),
        ("curl: (6) Could not resolve host: github.example", UNREACHED.format("github.example")),
        ("curl: (7) Failed to connect to dl.example port 443 after 2 ms", UNREACHED.format("dl.example")),
        (
            "fatal: unable to access 'https://git.example/a/b/': Could not resolve host: git.example",
            UNREACHED.format("git.example"),
        ),
        (
            "CondaHTTPError: HTTP 000 CONNECTION FAILED for url <https://conda.example/linux-64/repodata.json>",
            UNREACHED.format("conda.example"),
        ),
        (
            "critical libmamba Download error (28) Timeout was reached [https://conda.example/noarch/a.zst]",
            UNREACHED.format("conda.example"),
        ),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<x>: '",
            "The network failed",
        ),
        (
            "ReadTimeoutError: HTTPSConnectionPool(host='f.example', port=443): Read timed out.",
            UNREACHED.format("f.example"),
        ),
        (
            "ConnectionError: HTTPSConnectionPool(host='data.example'): Max retries exceeded with url: /a",
            UNREACHED.format("data.example"),
        ),
        (
            "Warning: unable to access index for repository https://cran.example/src/contrib:",
            UNREACHED.format("cran.example"),
        ),
        ("  cannot open URL 'https://cran.example/src/contrib/PACKAGES'", UNREACHED.format("cran.example")),
        (
            "npm error network request to https://npm.example/a failed, reason: ENOTFOUND ETIMEDOUT",
            UNREACHED.format("npm.example"),
        ),
        ("npm error code ETIMEDOUT", "The network failed"),
        (
            'error An unexpected error occurred: "https://npm.example/x: ESOCKETTIMEDOUT". ETIMEDOUT',
            "The network failed",
        ),
        ("fatal: early EOF", "The network failed"),
        ("error: RPC failed; curl 56 GnuTLS recv error (-9)", "The network failed"),
        ("socket.gaierror: [Errno -2] Name or service not known", "The network failed"),
        ("E: Failed to fetch http://a.example/Packages.gz  Hash Sum mismatch", "The network failed"),
        ("HTTP error 502 while getting https://pypi.example/simple/", "A server failed"),
        (
            "quay.io/a:1: unexpected status from HEAD request to https://quay.io/v2/a/manifests/1: 503 S",
            "A server failed",
        ),
    ],
)
def test_a_failure_of_the_network_is_known_by_each_tools_words(line: str, name: str) -> None:
    # What tools say next is that they know no such package.
    follows = ["E: Unable to locate package git", "ERROR: No matching distribution found for numpy"]
    assert diagnose_build([f"#7 0.3 {each}" for each in (line, *follows)]).name == name


@pytest.mark.parametrize(
    "line",
    [
        "WARNING: Retrying (Retry(total=4)) after connection broken by 'ReadTimeoutError(x)': /a/",
        'psql: error: connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused',
        "/bin/sh: 3: syntax error: unexpected EOF while looking for matching `\"'",
        "  URL 'https://cran.example/a.tar.gz': status was '404 Not Found'",
    ],
)
def test_what_is_no_failure_of_the_network_is_not_taken_for_one(line: str) -> None:
    assert "network" not in diagnose_build([line, "the exam is over"]).name


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        # What R could not be installed for stands before what it could not be installed.
        (
            [
                "Configuration failed because libxml-2.0 was not found. Try installing:",
                "installation of package 'xml2' had non-zero exit status",
            ],
            "A system library is missing: libxml-2.0",
        ),
        (
            ["ImportError: libGL.so.1: cannot open shared object file: No such file or directory"],
            "A system library is missing: libGL.so.1",
        ),
        (["Error: pg_config executable not found."], "A system library is missing: pg_config"),
        (
            ["ERROR: Package 'otter-grader' requires a different Python: 3.13.1 not in '<3.13,>=3.9'"],
            "A package is not made for the image's version of Python: otter-grader",
        ),
        (
            [
                "    ├─ python =3.12 * is requested and can be installed;",
                "    │  └─ _python_rc =* *, which does not exist",
                "Could not solve for environment specs",
            ],
            "conda finds no set of versions that go together",
        ),
        (
            [
                "├─ menuinst, which can be installed (as previously explained);",
                "The following packages are incompatible",
            ],
            "conda finds no set of versions that go together",
        ),
        (
            ["ResolvePackageNotFound: ", "  - numpy==1.21.2=py38hd8d4704_0"],
            "conda finds no package numpy==1.21.2=py38hd8d4704_0",
        ),
        (
            [
                "CondaHTTPError: HTTP 404 NOT FOUND for url <https://conda.anaconda.org/nosuch/noarch/a.json>",
            ],
            "conda cannot use the channel nosuch",
        ),
        (["git@github.com: Permission denied (publickey)."], "git may not read a repository"),
        (["/bin/sh: 1: jupyter-book: not found"], "The command jupyter-book is not in the image"),
        (["bash: line 2: npm: command not found"], "The command npm is not in the image"),
        (
            ["bash: ./postBuild: /bin/bash^M: bad interpreter: No such file"],
            "A script has Windows line ends",
        ),
        (["./postBuild: line 2: $'\\r': command not found"], "A script has Windows line ends"),
        (
            [
                "a/b:1: failed to resolve source metadata for a/b:1: failed to do request: x509: unknown",
            ],
            "A certificate is not trusted",
        ),
        (["/bin/sh: 1: cannot create /etc/motd: Permission denied"], "A file may not be run or written"),
        (["toomanyrequests: Rate exceeded"], "A server takes no more requests for now"),
    ],
)
def test_what_wants_another_remedy_is_another_failure(lines: list[str], name: str) -> None:
    assert diagnose_build([f"#7 0.3 {line}" for line in lines]).name == name


MAMBA = "critical libmamba Transfer finalized, status: {} [https://conda.anaconda.org/{}] 0 bytes"
RETRY = "WARNING: Retrying (Retry(total={}, connect=None)) after connection broken by '{}': /simple/otter/"
CONFLICTING = "these package versions have conflicting dependencies."
NONE = ["ERROR: Could not find a version that satisfies the requirement otter (from versions: none)"]


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ([MAMBA.format(503, "conda-forge/noarch/a-1-0.conda")], "A server failed"),
        ([MAMBA.format(429, "conda-forge/noarch/a-1-0.conda")], "A server takes no more requests for now"),
        (
            [MAMBA.format(404, "conda-forge/noarch/a-1-0.conda")],
            "A download is not there: https://conda.anaconda.org/conda-forge/noarch/a-1-0.conda",
        ),
        (
            [MAMBA.format(404, "conda-forg/noarch/repodata.json.zst")],
            "conda cannot use the channel conda-forg",
        ),
        (
            ["    Transfer finalized, status: 404 [https://conda.example/own/noarch/repodata.json] 9 bytes"],
            "conda cannot use the channel https://conda.example/own",
        ),
        (
            ["critical libmamba Download error (56) Failure when receiving [https://conda.example/a.conda]"],
            UNREACHED.format("conda.example"),
        ),
        (
            [
                "critical libmamba Download error (92) Stream error in the HTTP/2 layer [https://conda.example/a]"
            ],
            UNREACHED.format("conda.example"),
        ),
        (
            [
                "critical libmamba Download error (60) SSL peer certificate or SSH remote key was not OK [https://a]"
            ],
            "A certificate is not trusted",
        ),
        (
            ["critical libmamba Subprocess call failed (killed)"],
            "A step was killed, most likely because it ran out of memory",
        ),
        (
            ["critical libmamba Found incorrect downloads. Aborting"],
            "A conda package did not arrive as it should",
        ),
        (
            ["critical libmamba LockFile error. Aborting."],
            "conda waits for another conda that uses the same folder",
        ),
        (
            ["    └─ numpy =99 * does not exist (perhaps a typo or a missing channel)."],
            "conda finds no package numpy =99",
        ),
        (
            ["    └─ numpi =* * does not exist (perhaps a typo or a missing channel)."],
            "conda finds no package numpi",
        ),
        (["  - nothing provides requested mamba 0.25.1**"], "conda finds no package mamba"),
        (
            [
                "PackagesNotFoundError: The following packages are not available:",
                "",
                "  - numpi",
                "  - scipi=2",
                "",
                "  - https://conda.example/x",
            ],
            "conda finds no package numpi and scipi=2",
        ),
        (
            ["LibMambaUnsatisfiableError: x", "  - package a-1-0 requires b >=3, but none can be installed"],
            "conda finds no set of versions that go together: a-1-0",
        ),
        (
            [
                "    The following packages are incompatible",
                "    ├─ pin on python 3.13.* =* * is installable and it requires",
                "    │  └─ python =3.13 *, which can be installed;",
                "    └─ nbconvert =5.6 * is not installable because there are no viable options",
            ],
            "conda finds no set of versions that go together: python and nbconvert",
        ),
        (
            [
                "    The following packages are incompatible",
                "    ├─ numpy * py311* is installable and it requires",
                "    └─ pin-1 is not installable because it requires",
                "       └─ python 3.10** , which conflicts with any installable versions",
            ],
            "conda finds no set of versions that go together: numpy",
        ),
        (
            ["critical libmamba Could not solve for environment specs"],
            "conda finds no set of versions that go together",
        ),
        (
            [
                "Could not solve for environment specs",
                *(f"├─ p{number} =1 * is requested" for number in range(9)),
            ],
            "conda finds no set of versions that go together: p0 and p1 and p2 and p3 and others",
        ),
        (
            [
                "  x No solution found when resolving dependencies:",
                "  ╰─▶ Because ottr-grader was not found in the package registry and you require it, …",
            ],
            "pip finds no package ottr-grader",
        ),
        (
            [
                "error    libmamba Failed to download package from https://a.example/a.conda (status 503)",
                "ERROR: Could not find a version that satisfies the requirement otter (from versions: none)",
            ],
            "pip finds no package otter",
        ),
        (
            [
                "    ├─ nbgiter =* * does not exist (perhaps a typo or a missing channel);",
                "    └─ pandas =9 * does not exist (perhaps a typo or a missing channel).",
            ],
            "conda finds no package nbgiter and pandas =9",
        ),
        (
            ["npm error code E404", "npm error 404  'jupyterlab-tocc@*' is not in this registry."],
            "npm finds no package jupyterlab-tocc@*",
        ),
        (
            [
                f"Cannot install -r x (line 3), a==1 and b==2 because {CONFLICTING}",
            ],
            "pip finds no set of versions that go together: a==1 and b==2",
        ),
        (
            ["groupadd: GID '1000' already exists"],
            "The base image has a user or group with that number already",
        ),
        (
            ["ValueError: Python version 3.13 on linux-64 is not supported!"],
            "This repo2docker does not know Python 3.13",
        ),
        (
            [
                "ERROR: Ignored the following versions that require a different python version: 1.21 x",
                "ERROR: Could not find a version that satisfies the requirement numpy==99 (from versions: 2)",
            ],
            "pip finds no version of numpy==99 that fits",
        ),
        (
            ["ModuleNotFoundError: No module named 'numpy'", "error: subprocess-exited-with-error"],
            "A package that pip builds needs the module numpy",
        ),
        (["ModuleNotFoundError: No module named 'otter.api'"], "Python finds no module otter.api"),
        (
            ["x.sh: 2: \r: not found"],
            "A script has Windows line ends",
        ),
    ],
)
def test_what_tools_of_today_say_is_known(lines: list[str], name: str) -> None:
    assert diagnose_build([f"#7 0.3 {line}" for line in lines]).name == name


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (
            "NewConnectionError('<x>: Failed to establish a new connection: [Errno -2] Name')",
            "The network failed",
        ),
        (
            "NameResolutionError(\"<x>: Failed to resolve 'index.example' ([Errno -3])\")",
            UNREACHED.format("index.example"),
        ),
        (
            "ReadTimeoutError(\"HTTPSConnectionPool(host='index.example', port=443): Read timed out.\")",
            UNREACHED.format("index.example"),
        ),
        (
            "ProtocolError('Connection aborted.', RemoteDisconnected('Remote end closed'))",
            "The network failed",
        ),
        ("ConnectionResetError(104, 'Connection reset by peer')", "The network failed"),
        (
            "SSLError(SSLEOFError(8, '[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred'))",
            "The network failed",
        ),
        (
            "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] x'))",
            "A certificate is not trusted",
        ),
        (
            "ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 403 Forbidden'))",
            "The proxy lets nothing through",
        ),
        ("ResponseError('too many 503 error responses')", "A server failed"),
        ("ResponseError('too many 429 error responses')", "A server takes no more requests for now"),
        ("SomethingNew('of a later version')", "The network failed"),
    ],
)
def test_an_index_that_pip_could_not_read_is_told_and_not_the_package(fault: str, name: str) -> None:
    log = [f"#7 0.3 {line}" for line in (*(RETRY.format(left, fault) for left in (4, 3, 2, 1, 0)), *NONE)]
    assert diagnose_build(log).name == name


def test_an_index_that_answered_in_the_end_is_not_why_pip_finds_no_package() -> None:
    log = [RETRY.format(4, "NewConnectionError('<x>: Failed to establish a new connection')"), *NONE]
    assert diagnose_build([f"#7 0.3 {line}" for line in log]).name == "pip finds no package otter"


@pytest.mark.parametrize(
    ("before", "follows", "name"),
    [
        (
            ["W: Failed to fetch http://deb.example/x  Could not resolve 'deb.example'"],
            "E: Unable to locate package git",
            UNREACHED.format("deb.example"),
        ),
        (
            ["Err:1 http://deb.example noble InRelease", "  503  Service Unavailable [IP: 10.0.0.1 80]"],
            "E: Unable to locate package git",
            "A server failed",
        ),
        (
            ["W: Some index files failed to download. They have been ignored, or old ones used instead."],
            "E: Unable to locate package git",
            "apt could not fetch its lists of packages",
        ),
        (
            ["  Connection failed [IP: 10.0.0.1 80]"],
            "E: Package 'git' has no installation candidate",
            "The network failed",
        ),
        (
            ["critical libmamba x", "    Subdir conda-forge/noarch not loaded!"],
            "  - nothing provides requested git",
            "conda could not read the channel conda-forge",
        ),
        (
            ["Warning: unable to access index for repository https://cran.example/src/contrib:"],
            "package 'sf' is not available for this version of R",
            UNREACHED.format("cran.example"),
        ),
        (["npm error code EAI_AGAIN"], "npm error 404  'a@*' is not in this registry.", "The network failed"),
        (
            ["wget: unable to resolve host address 'data.example'"],
            "gzip: stdin: unexpected end of file",
            UNREACHED.format("data.example"),
        ),
    ],
)
def test_an_index_that_could_not_be_read_is_why_packages_are_not_found(
    before: list[str], follows: str, name: str
) -> None:
    assert diagnose_build([f"#7 0.3 {line}" for line in (*before, follows)]).name == name


def test_what_was_only_warned_of_is_not_the_line_that_is_shown() -> None:
    log = [
        "warning  libmamba Download error (6) Could not resolve hostname [https://conda.example/linux-64/a.zst]",
        "    Could not resolve host: conda.example",
        "warning  libmamba Retrying in 2 seconds",
        *(
            4
            * [
                "warning  libmamba Download error (6) Could not resolve hostname [https://conda.example/noarch/a]"
            ]
        ),
        "critical libmamba Multiple errors occurred:",
        "    Download error (6) Could not resolve hostname [https://conda.example/noarch/a.zst]",
    ]
    found = diagnose_build([f"#7 0.3 {line}" for line in log])
    assert found.line == log[-1].strip()
    # What comes again and again is shown once.
    assert len(found.excerpt) == 5


def test_a_conflict_is_told_in_one_line_and_drawn_whole() -> None:
    tree = [
        "    ├─ jupyterlab =4.4.9 * is requested and can be installed;",
        "    └─ notebook =7.6 * is not installable because it requires",
    ]
    tree += [f"       ├─ jupyterlab-{number} <4.7 *, which conflicts" for number in range(20)]
    log = [
        "error    libmamba Could not solve for environment specs",
        "    The following packages are incompatible",
        *tree,
        "done",
    ]
    found = diagnose_build([f"#7 0.3 {line}" for line in log])
    assert found.name == "conda finds no set of versions that go together: jupyterlab and notebook"
    assert found.line.startswith(
        "jupyterlab =4.4.9 * is requested and can be installed; notebook =7.6 * is not"
    )
    assert found.line.endswith("…")
    assert set(tree) <= set(found.excerpt)


@pytest.mark.parametrize("text", ["/", "docker.io", "'", "nc-config'", "package '"])
def test_a_log_of_long_hostile_lines_is_judged_in_seconds(text: str) -> None:
    log = [f"#8 1.0 {text * (5000 // len(text))}"] * 1000
    begin = time.process_time()
    diagnose_build(log)
    assert time.process_time() - begin < 20
