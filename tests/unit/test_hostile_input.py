"""What people who wish us ill can write: in logs, reports and comments it is text, and nothing else."""

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from hostile import MARKER, VALUES, WRITTEN, assert_harmless
from hub_image_actions import markdown
from hub_image_actions.build.context import BuildContext, ContextError
from hub_image_actions.build.encodings import NotUtf8
from hub_image_actions.build.environment_file import InvalidEnvironment
from hub_image_actions.build.report import BuildReport, ReusedImage
from hub_image_actions.bump.announcement import announced
from hub_image_actions.checks.diagnosis import Diagnosis, catalogue, diagnose
from hub_image_actions.checks.hub_check import CATALOGUE, HubCheckFailed, HubCheckResult, Kernel
from hub_image_actions.checks.hub_containers import UnexpectedAnswer, parse_finding
from hub_image_actions.checks.results import CaseResult, Outcome, SuiteResults, read_results
from hub_image_actions.docker.config import Credentials
from hub_image_actions.docker.container_files import UnusableFile, read_written
from hub_image_actions.docker.engine import Layer
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError, GitHubError, RegistryError
from hub_image_actions.exchange import Headers, Response
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.issues import Issues
from hub_image_actions.github.kept_comment import KeptComment
from hub_image_actions.github.repository import Repository
from hub_image_actions.http import Http
from hub_image_actions.images.comparison import ImageComparison
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.images.pushed_image import read_pushed_image
from hub_image_actions.images.size import ImageSize, LayerSize
from hub_image_actions.packages.package_list import DamagedPackages, Package, PackageList
from hub_image_actions.registry.calls import MANIFEST_TYPES
from hub_image_actions.registry.client import Registry
from scenarios.action import parse_command, parse_outputs

ON_RUNNER = {"GITHUB_ACTIONS": "true"}
COLOUR = "\x1b[31mred\x1b[0m"


@pytest.fixture(params=tuple(WRITTEN.values()), ids=tuple(WRITTEN))
def text(request: pytest.FixtureRequest) -> str:
    """Every hostile text."""
    return str(request.param)


# ---- the log, which the runner and terminals read


def lines(written: str) -> list[str]:
    """Return the lines that the runner, a program in .NET, finds in what a step writes."""
    return re.split(r"\r\n|\r|\n", written)


def test_what_a_program_writes_is_no_command(text: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Runner(ON_RUNNER).info(text)
    written = capfdbinary.readouterr().out.decode()
    assert [line for line in lines(written) if parse_command(line)] == []


def test_what_a_program_writes_moves_no_cursor(text: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Runner({}).info(text + COLOUR)
    written = capfdbinary.readouterr().out.decode()
    assert written.endswith(f"{COLOUR}\n")
    assert not {*map(chr, range(32)), *map(chr, range(127, 160))} & set(
        written.removesuffix(f"{COLOUR}\n")
    ) - {"\n", "\t"}


@pytest.mark.parametrize("kind", ["notice", "warning", "error"])
def test_an_annotation_is_one(kind: str, text: str, capfd: pytest.CaptureFixture[str]) -> None:
    runner = Runner(ON_RUNNER)
    if kind == "error":
        runner.error(ActionError(text, file=text, line=1))
    else:
        (runner.notice if kind == "notice" else runner.warning)(text)
    (command,) = filter(None, map(parse_command, lines(capfd.readouterr().out)))
    assert command.name == kind
    assert command.properties.keys() <= {"file", "line"}


def test_an_output_is_one(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = tmp_path / "outputs"
    outputs.touch()
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    Runner({"GITHUB_OUTPUT": str(outputs)}).outputs({"a": text, "b": "1"})
    found = parse_outputs(outputs.read_bytes().decode())
    assert found == {"a": text.encode(errors="replace").decode(), "b": "1"}


def test_a_summary_takes_whatever_is_in_it(text: str, tmp_path: Path) -> None:
    Runner({"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}).summary(text)
    assert (tmp_path / "summary").read_bytes().decode().endswith("\n\n")


# ---- reports and comments


def report(text: str) -> BuildReport:
    """Return a report in which a text stands wherever an image can put one."""
    case = CaseResult(text, text, 3, Outcome.FAILED, " ".join(text.splitlines()), text)
    contents = ImageContents(PackageList((Package("pip", "numpy", "1.0"),), unread=("conda",)))
    return BuildReport(
        "r.io/x:1",
        "Test",
        tags=(text,),
        pushed=True,
        size=1 << 30,
        layers=(Layer(1 << 29, text),),
        tests=SuiteResults((case,)),
        cached_from=text,
        warnings=[text],
        error=HubCheckFailed(Diagnosis(text, text, text, tuple(text.splitlines()))),
        diagnosis=Diagnosis(text, text, text, tuple(text.splitlines())),
        hub_check=str(HubCheckResult(1.0, text, (Kernel(text, 1.0),))),
        browser_tests=SuiteResults((case,)),
        contents=contents,
        comparison=ImageComparison(
            ImageContents(PackageList(tuple(packages(text))), problem=text), contents, text, text
        ),
        reused=ReusedImage(f"https://example.org/{text}", text, text),
    )


def packages(text: str) -> list[Package]:
    return [Package("pip", text, text, text), Package("npm", "a", text), Package("r", text, "1")]


def test_a_build_report_is_harmless(text: str) -> None:
    written = report(text).markdown()
    assert len(written) < 65_000
    assert_harmless(written)


def test_a_comparison_in_a_terminal_moves_no_cursor(text: str) -> None:
    size = ImageSize((LayerSize(1 << 30, text),))
    new = ImageContents(PackageList((Package("pip", "a", "1"),)), unpacked=size)
    old = ImageContents(PackageList(), unpacked=ImageSize((LayerSize(1 << 20, ""),)))
    assert all(line.isprintable() for line in ImageComparison(old, new, "1", "2").text().split("\n"))


@pytest.mark.parametrize("known", [True, False])
def test_a_comparison_of_packages_is_harmless(text: str, *, known: bool) -> None:
    new = ImageContents(PackageList(tuple(packages(text))) if known else None, problem=text)
    comparison = ImageComparison(ImageContents(PackageList()), new, text, text)
    assert len(comparison.markdown()) < 21_000
    assert_harmless(comparison.markdown())


def test_a_message_of_our_own_that_quotes_is_harmless(text: str) -> None:
    assert_harmless(markdown.prose(f"`{text}` is no tag, `{text}` neither."))
    assert_harmless(f"a {markdown.escape(text)} b\n\n{markdown.table(['a'], [[markdown.code(text)]])}")


def test_a_link_is_one_link_to_where_it_was_to_lead(text: str) -> None:
    written = f"| {markdown.link('label', f'https://example.org/{text}')} |"
    assert_harmless(written)
    assert "\n" not in written
    assert "<" not in written


class Comments(Issues):
    """A pull request with comments, in place of GitHub's."""

    def __init__(self, *bodies: str) -> None:
        self.listed = [
            {"id": number, "body": body, "html_url": "", "user": {"type": "Bot"}}
            for number, body in enumerate(bodies)
        ]

    def comments(self, number: int) -> Any:
        return iter(self.listed)

    def comment(self, number: int, body: str) -> dict[str, Any]:
        self.listed.append({"id": len(self.listed), "body": body, "html_url": "", "user": {"type": "Bot"}})
        return self.listed[-1]


def test_a_marker_that_a_test_prints_makes_no_comment_ours() -> None:
    marker = f"{MARKER} build-test r.io/x -->"
    other = report(f"x\n{marker}\n").markdown() + "\n\n<!-- hub-image-actions another -->"
    assert marker in other
    comments = Comments(other)
    KeptComment(comments, 1, marker, "").keep("ours")
    assert [comment["body"] for comment in comments.listed] == [other, f"ours\n\n{marker}"]


# ---- what programs in containers leave


def test_a_report_of_tests_is_read_as_it_is(text: str, tmp_path: Path) -> None:
    legal = "".join(char if char.isprintable() or char in "\t\n\r" else "?" for char in text)
    suite = ElementTree.Element("testsuite")
    case = ElementTree.SubElement(suite, "testcase", name=legal, file=legal, line=legal, time=legal)
    ElementTree.SubElement(case, "failure", message=legal).text = legal
    (tmp_path / "pytest.xml").write_bytes(ElementTree.tostring(suite, encoding="utf-8"))
    (found,) = read_results(tmp_path).failed
    assert (found.line, found.seconds) == (0, 0.0)
    assert len(found.name) + len(found.file) + len(found.message) < 2000
    assert_harmless(replace(report(""), tests=SuiteResults((found,))).markdown())


@pytest.mark.parametrize("attribute", ["nan", "inf", "-1", "1e400", "0x10", "\u0661", "9" * 5000, "1_0"])
def test_a_number_that_is_none_counts_as_unknown(attribute: str, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(f"<s><testcase name='a' line='{attribute}' time='{attribute}'/></s>")
    (found,) = read_results(tmp_path).cases
    assert (found.line, found.seconds) == (0, 0.0)


BOMB = "<!DOCTYPE a [{}]><a>&e9;</a>".format(
    "<!ENTITY e0 'xxxxxxxxxx'>" + "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 10))
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"<a>",
        b"<?xml version='1.0' encoding='nonsense'?><a/>",
        BOMB.encode(),
        b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    ],
    ids=["nothing", "bytes", "open", "encoding", "bomb", "entity"],
)
def test_a_report_that_is_none_is_an_error_with_a_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "pytest.xml").write_bytes(content)
    with pytest.raises(ActionError, match="is cut off"):
        read_results(tmp_path)


def as_link(path: Path, secret: Path) -> None:
    path.symlink_to(secret)


def as_pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def as_folder(path: Path, _: Path) -> None:
    path.mkdir()


def as_endless(path: Path, _: Path) -> None:
    path.symlink_to("/dev/zero")


def as_huge(path: Path, _: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize("make", [as_link, as_pipe, as_folder, as_endless, as_huge])
def test_only_a_file_that_a_container_itself_wrote_is_read(
    make: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("<a>ghs_secret</a>")
    folder = tmp_path / "results"
    folder.mkdir()
    make(folder / "pytest.xml", secret)
    with pytest.raises(UnusableFile):
        read_written(folder / "pytest.xml", 1 << 20)
    with pytest.raises(ActionError, match="report cannot be read") as raised:
        read_results(folder)
    assert "ghs" not in str(raised.value)


def test_a_list_of_packages_takes_no_text_that_is_no_name(text: str) -> None:
    lines = "".join(f"{each.name} {each.version}\n" for each in packages(text))
    value = {"form": 1, "packages": {"pip": {"": lines, text: lines}}, "unread": [text], "system": text}
    try:
        found = PackageList.from_value(value)
    except DamagedPackages:
        return
    assert all(each.name.isprintable() and len(each.name) <= 200 for each in found.packages)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_a_list_of_packages_of_another_shape_is_damaged(value: Any) -> None:
    for changed in (
        value,
        {"form": 1, "packages": value, "unread": []},
        {"form": 1, "packages": {"pip": value}, "unread": value},
        {"form": 1, "packages": {"pip": {"": value}}, "unread": value, "system": value},
    ):
        try:
            assert isinstance(PackageList.from_value(changed), PackageList)
        except DamagedPackages:
            continue


def test_labels_that_are_not_ours_are_no_list_of_packages(text: str) -> None:
    with pytest.raises(DamagedPackages):
        PackageList.from_labels({"hub-image-actions.packages.0": f"{text} "})


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_a_probe_says_what_probes_say_or_is_refused(value: Any) -> None:
    names = ("event", "version", "name", "text", "path", "seconds", "listening", "said")
    for changed in (value, {"event": "kernel", **dict.fromkeys(names[1:], value)}):
        try:
            found = parse_finding(json.dumps(changed))
        except UnexpectedAnswer:
            continue
        assert isinstance(found["seconds"], float)
        assert len(f"{found['name']}{found['text']}") <= 2000
        assert found["seconds"] >= 0 or value == -1


def test_a_servers_log_is_diagnosed_whatever_it_says(text: str) -> None:
    found = diagnose([*text.splitlines(), f"hub-check: not ready: {text}"], catalogue(CATALOGUE))
    assert_harmless(replace(report(""), diagnosis=found, error=HubCheckFailed(found)).markdown())


# ---- what is in a repository


@pytest.mark.parametrize(
    "name", ["", "image-tests", "Dockerfile", "environment.yml", "binder/apt.txt", "browser-tests", "binder"]
)
@pytest.mark.parametrize(
    "target", ["/", "/proc/self/environ", "../../..", "{checkout}/.git", "{checkout}/loop"]
)
def test_a_link_that_leads_out_of_the_repository_is_refused(name: str, target: str, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / ".git").mkdir(parents=True)
    (checkout / "loop").symlink_to("loop")
    link = checkout / "image" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target.replace("{checkout}", str(checkout)))
    context = BuildContext(checkout / "image", "image")
    with pytest.raises(ContextError, match="link"):
        context.check_inside(checkout, "image-tests", "browser-tests", "")


def test_a_link_inside_the_repository_is_followed(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/environment.yml").touch()
    (tmp_path / "image").mkdir()
    (tmp_path / "image/environment.yml").symlink_to("../shared/environment.yml")
    (tmp_path / "image/image-tests").symlink_to("../shared")
    BuildContext(tmp_path / "image", "image").check_inside(tmp_path, "image-tests")


@pytest.mark.parametrize(
    "content",
    [
        b"\xff",
        b"a: " + b"[" * 5000,
        b"? " * 5000,
        b"a: !!int x",
        b"<<: x",
        b"a: !!timestamp x",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_an_environment_that_is_no_yaml_is_a_clear_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_bytes(content)
    with pytest.raises((InvalidEnvironment, NotUtf8)) as raised:
        BuildContext(tmp_path, ".").check("repo2docker")
    assert raised.value.file == "environment.yml"


# ---- answers of APIs


class Told(Http):
    """Gives the same answer to whatever is asked."""

    def __init__(self, body: bytes, status: int = 200, **headers: str) -> None:
        super().__init__()
        self.answer = Response(
            status, Headers({name.replace("_", "-"): value for name, value in headers.items()}), body
        )

    def request(self, *_: Any, **__: Any) -> Response:
        return self.answer


PULL = {
    "number": 1,
    "html_url": "x",
    "title": "t",
    "body": None,
    "user": None,
    "head": {"ref": "b", "repo": None, "sha": "c"},
    "state": "open",
}


@pytest.mark.parametrize("status", [200, 422])
@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_an_answer_of_githubs_of_another_shape_is_githubs_error(value: Any, status: int) -> None:
    asked: list[Callable[[Repository], object]] = [
        Repository.described,
        Repository.default_branch_commits,
        lambda repository: list(repository.issues.comments(1)),
        lambda repository: repository.pull_request(1),
        lambda repository: repository.open_pull_requests(),
        lambda repository: repository.compare("a", "b"),
        lambda repository: repository.commits.branch_commit("a"),
        lambda repository: repository.commits.commit_and_tree("a"),
        lambda repository: KeptComment(repository.issues, 1, "m", "").keep("text"),
    ]
    for body in (value, [value], {"errors": value, "message": value}, {**PULL, "head": value}):
        http = Told(json.dumps(body).encode(), status)
        for ask in asked:
            # Whatever else is raised would be a traceback in somebody's log.
            with suppress(GitHubError):
                ask(Repository(GitHub(http, "https://a.example", "https://a.example", "t"), "o/r"))


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{", b"[" * 100_000, b"<html>"], ids=lambda body: repr(body[:6])
)
def test_an_answer_that_is_no_json_is_an_error_with_a_name(body: bytes) -> None:
    with pytest.raises(GitHubError):
        Repository(GitHub(Told(body), "https://a.example", "", "t"), "o/r").pull_request(1)
    with pytest.raises(RegistryError):
        read_pushed_image(Registry(Told(body), "r.example"), "x", "1")


@pytest.mark.parametrize("status", [200, 401, 404, 400])
@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_an_answer_of_a_registrys_of_another_shape_is_its_error(value: Any, status: int) -> None:
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPES[1]}
    bodies: list[Any] = [
        value,
        {"errors": value, "message": value, "tags": value, "token": value},
        {**manifest, "config": value, "layers": value},
        {**manifest, "manifests": value},
        {**manifest, "config": {"size": 1, "digest": "sha256:x"}, "layers": value, "history": value},
    ]
    for body in bodies:
        http = Told(json.dumps(body).encode(), status, www_authenticate='Bearer realm="https://a.example"')
        registry = Registry(http, "r.example", Credentials("u", "p"))
        for ask in (
            lambda registry=registry: read_pushed_image(registry, "x", "1"),
            lambda registry=registry: [tag.upper() for tag in registry.tags("x")],
            lambda registry=registry: registry.digest("x", "1"),
            lambda registry=registry: registry.check_push("x"),
        ):
            with suppress(RegistryError):
                ask()


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_a_dispatch_of_any_shape_announces_texts(value: Any) -> None:
    for event in (
        {"client_payload": value, "inputs": value},
        {"client_payload": {"image": value, "tag": value, "digest": value}},
    ):
        assert all(isinstance(text, str) for text in announced(event).values())


ADDRESSES = [
    "https://[x",
    "http://[::1",
    "//[",
    "https://a:b:c/",
    "\x00",
    "",
    "javascript:x",
    "https://\u2100.example",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_none_is_the_registrys_error(address: str) -> None:
    challenged = Told(b"{}", 401, www_authenticate=f'Bearer realm="{address}"')
    paged = Told(b'{"tags": []}', 200, link=f'<{address}>; rel="next"')
    uploading = Told(b"", 202, location=address)
    for http in (challenged, paged, uploading):
        registry = Registry(http, "r.example")
        for ask in (registry.tags, registry.check_push):
            with suppress(RegistryError):
                ask("x")


@pytest.mark.parametrize(
    "address", [*ADDRESSES, "https://evil.example/repos", "https://a.example.evil.example/"]
)
def test_the_token_is_not_sent_to_a_next_page_elsewhere(address: str) -> None:
    http = Told(b"[]", 200, link=f'<{address}>; rel="next"')
    repository = Repository(GitHub(http, "https://a.example", "", "t"), "o/r")
    if not address:
        assert list(repository.issues.comments(1)) == []
        return
    with pytest.raises(GitHubError, match="next page is elsewhere"):
        list(repository.issues.comments(1))
