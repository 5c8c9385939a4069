"""Git commands against a repository in a folder; smart HTTP is the scenarios' part."""

import subprocess
from pathlib import Path
from typing import ClassVar

import pytest

from hub_image_actions.errors import GitError, PushRefused
from hub_image_actions.git import Checkout, Identity, LocalRepository, Remote, TrackedPath, forget_environment
from testbed.loopback import LoopbackServer, QuietHandler

IDENTITY = Identity("Bot", "bot@example.org")
FILES = {
    "deployments/a/x.yaml": "a: 1\n",
    "deployments/b[1]/y.yaml": "b: 1\n",
    "docs/z.md": "z\n",
    "top": "t\n",
}


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", "-C", folder, *who, *arguments], check=True, capture_output=True, text=True, timeout=30
    )
    return done.stdout.strip()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    folder = tmp_path / "remote"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "linked").symlink_to("chained")
    (folder / "chained").symlink_to("deployments/a")
    (folder / "out").symlink_to("/etc")
    (folder / "circle").symlink_to("circle")
    (folder / "inside-git").symlink_to(".git/hooks")
    git(tmp_path, "init", "--quiet", "--initial-branch=staging", str(folder))
    for setting in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        git(folder, "config", setting, "true")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    return folder


@pytest.fixture
def checkout(remote: Path, tmp_path: Path) -> Checkout:
    folder = tmp_path / "clone"
    folder.mkdir()
    return Checkout(folder, Remote(f"file://{remote}", "ghs_secret"), sleep=lambda _: None)


def files(checkout: Checkout) -> set[str]:
    found = (path.relative_to(checkout.folder) for path in checkout.folder.rglob("*") if path.is_file())
    return {str(path) for path in found if path.parts[0] != ".git"}


@pytest.mark.parametrize(
    ("paths", "there"),
    [
        (["deployments"], {"deployments/a/x.yaml", "deployments/b[1]/y.yaml"}),
        (["./deployments/a/"], {"deployments/a/x.yaml"}),
        (["deployments/b[1]"], {"deployments/b[1]/y.yaml"}),
        (["top", "docs/z.md"], {"top", "docs/z.md"}),
        (["."], {*FILES}),
    ],
)
def test_only_the_paths_are_checked_out(checkout: Checkout, paths: list[str], there: set[str]) -> None:
    checkout.clone("staging", paths)
    assert files(checkout) & FILES.keys() == there


def test_the_commit_of_the_branch_is_returned(checkout: Checkout, remote: Path) -> None:
    assert checkout.clone("staging", ["top"]) == git(remote, "rev-parse", "staging")


def test_a_branch_that_is_not_there_is_an_error_with_a_remedy(checkout: Checkout) -> None:
    with pytest.raises(GitError) as caught:
        checkout.clone("nothing", ["top"])
    assert "base-branch" in caught.value.remedy


def test_links_inside_the_repository_are_followed_to_the_end(checkout: Checkout) -> None:
    checkout.clone("staging", ["linked"])
    assert checkout.follow(["linked"]) == ("deployments/a",)
    assert "deployments/a/x.yaml" in files(checkout)


def test_what_is_no_link_stays(checkout: Checkout) -> None:
    checkout.clone("staging", ["deployments", "."])
    assert checkout.follow(["./deployments/", "."]) == ("deployments", ".")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("out", "leads out"),
        ("inside-git", "leads out"),
        ("circle", "circle|There is no"),
        ("gone", "There is no 'gone'"),
    ],
)
def test_a_path_that_leads_nowhere_is_an_error(checkout: Checkout, path: str, said: str) -> None:
    checkout.clone("staging", [path])
    with pytest.raises(GitError, match=said):
        checkout.follow([path])


def test_a_commit_is_the_identitys_and_keeps_its_message(checkout: Checkout) -> None:
    checkout.clone("staging", ["top"])
    (checkout.folder / "top").write_text("changed\n")
    message = "# no comment\n\n- top\n\nImage: x\n"
    commit = checkout.commit(["top"], message, IDENTITY)
    form = "--format=%an %ae %cn %ce%n%B"
    shown = git(checkout.folder, "show", "--no-patch", form, commit)
    assert shown == f"Bot bot@example.org Bot bot@example.org\n{message}".strip()


def changed(checkout: Checkout, text: str = "changed\n") -> str:
    checkout.clone("staging", ["top"])
    (checkout.folder / "top").write_text(text)
    return checkout.commit(["top"], "change", IDENTITY)


def test_a_push_makes_the_branch(checkout: Checkout, remote: Path) -> None:
    commit = changed(checkout)
    checkout.push(commit, "new", expected="")
    assert git(remote, "rev-parse", "new") == commit == checkout.remote_commit("new")
    assert checkout.remote_tree(commit) == checkout.tree(commit)


@pytest.mark.parametrize("expected", ["", "1" * 40])
def test_a_push_over_something_unexpected_is_refused(checkout: Checkout, remote: Path, expected: str) -> None:
    git(remote, "branch", "new")
    before = git(remote, "rev-parse", "new")
    with pytest.raises(PushRefused) as caught:
        checkout.push(changed(checkout), "new", expected=expected)
    assert not caught.value.final
    assert git(remote, "rev-parse", "new") == before


def test_a_branch_that_is_not_there_has_no_commit(checkout: Checkout) -> None:
    checkout.clone("staging", ["top"])
    assert checkout.remote_commit("aging") == ""


def test_a_branch_whose_name_ends_the_same_is_another_one(checkout: Checkout, remote: Path) -> None:
    git(remote, "branch", "a/refs/heads/new")
    checkout.clone("staging", ["top"])
    assert checkout.remote_commit("new") == ""


def test_an_error_never_shows_the_token(tmp_path: Path) -> None:
    remote = Remote(f"file://{tmp_path}/ghs_secret", "ghs_secret")
    with pytest.raises(GitError) as caught:
        Checkout(tmp_path, remote, sleep=lambda _: None).clone("a", ["."])
    assert "ghs_secret" not in str(caught.value).replace(remote.url, "")
    assert "ghs_secret" not in repr(remote).replace(remote.url, "")


def test_variables_of_git_are_forgotten_and_no_others() -> None:
    kept = {
        "GITHUB_TOKEN": "y",
        "PATH": "z",
        "HTTPS_PROXY": "p",
        "GIT_SSL_CAINFO": "c",
        "GIT_SSL_CAPATH": "d",
    }
    environ = {"GIT_DIR": "x", "GIT_TRACE": "1", **kept}
    forget_environment(environ)
    assert environ == kept


class _ProxyHandler(QuietHandler):
    owner: ClassVar["RefusingProxy"]

    def do_CONNECT(self) -> None:  # noqa: N802 - http.server wants this name
        self.owner.tunnels.append(self.path)
        self.close_connection = True
        self.answer(self.owner.status)


class RefusingProxy(LoopbackServer):
    """A proxy that lets nobody through."""

    handler = _ProxyHandler

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status
        self.tunnels: list[str] = []


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(407, "`http://NAME:PASSWORD@HOST:PORT`"), (403, "check HTTPS_PROXY and NO_PROXY")],
)
def test_git_asks_through_the_proxy_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, remedy: str
) -> None:
    remote = Remote("https://git.invalid/a/b", "ghs_secret")
    with RefusingProxy(status) as proxy:
        through_proxy(monkeypatch, proxy.url.replace("//", "//somebody:s3cret@"))
        with pytest.raises(GitError) as raised:
            Checkout(tmp_path, remote, sleep=lambda _: None).clone("main", ["x"])
        assert set(proxy.tunnels) == {"git.invalid:443"}
    assert remedy in raised.value.remedy
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("left_out", ["git.invalid", ".invalid"])
def test_git_asks_whom_no_proxy_names_without_the_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    with RefusingProxy(403) as proxy:
        through_proxy(monkeypatch, proxy.url)
        monkeypatch.setenv("NO_PROXY", left_out)
        with pytest.raises(GitError, match="resolve host"):
            Checkout(tmp_path, Remote("https://git.invalid/a/b"), sleep=lambda _: None).clone("main", ["x"])
        assert proxy.tunnels == []


def test_a_proxy_that_git_can_make_nothing_of_is_shown_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    through_proxy(monkeypatch, "http://somebody:s3cret@proxy:99999")
    with pytest.raises(GitError) as raised:
        Checkout(tmp_path, Remote("https://git.invalid/a/b"), sleep=lambda _: None).clone("main", ["x"])
    assert "Unsupported proxy syntax in 'proxy:99999'" in raised.value.problem
    assert "check HTTPS_PROXY" in raised.value.remedy


class _Plain(QuietHandler):
    def do_GET(self) -> None:  # noqa: N802 - http.server wants this name
        self.answer(200, b"fine")


class PlainServer(LoopbackServer):
    """Speaks http, and no TLS."""

    handler = _Plain


def test_a_server_that_speaks_plain_http_has_a_remedy(tmp_path: Path) -> None:
    with PlainServer() as server, pytest.raises(GitError) as raised:
        Checkout(tmp_path, Remote(f"https://{server.host}/a/b"), sleep=lambda _: None).clone("main", ["x"])
    assert "answers in plain http where https is spoken" in raised.value.remedy


def test_a_proxy_that_speaks_plain_http_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = Checkout(tmp_path, Remote("https://git.invalid/a/b"), sleep=lambda _: None)
    with PlainServer() as server:
        through_proxy(monkeypatch, f"https://{server.host}")
        with pytest.raises(GitError) as raised:
            checkout.clone("main", ["x"])
    assert "begin its address in HTTPS_PROXY with `http://`" in raised.value.remedy


@pytest.mark.parametrize(
    "said",
    [
        "error:0A00010B:SSL routines::wrong version number",
        "OpenSSL/3.0.13: error:0A00010B:SSL routines::wrong version number",
        "TLS connect error: error:0A0000C6:SSL routines::packet length too long",
        "TLS connect error: error:0A000139:SSL routines::record layer failure",
        "gnutls_handshake() failed: An unexpected TLS packet was received.",
        "error:1408F10B:SSL routines:ssl3_get_record:wrong version number",
        "error:0A00009C:SSL routines::http request",
    ],
)
def test_plain_http_is_known_in_the_words_of_every_library(tmp_path: Path, said: str) -> None:
    checkout = Checkout(tmp_path, Remote("https://git.example/a/b"))
    error = checkout._error("fetch", f"fatal: unable to access 'https://git.example/a/b/': {said}")
    assert "answers in plain http" in error.remedy


def through_proxy(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    for name in ("https_proxy", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", address)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that is there once a program that a repository names was started."""
    return tmp_path / "canary"


def trapped(folder: Path, canary: Path, *kind: str) -> Path:
    """Return a repository whose configuration names programs wherever git takes one."""
    folder.mkdir(parents=True)
    program = canary.with_name("program")
    program.write_text(f"#!/bin/sh\ntouch {canary}\n")
    program.chmod(0o755)
    git(folder, "init", "--quiet", *kind)
    programs = ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "gpg.program")
    for name in programs:
        git(folder, "config", name, str(program))
    git(folder, "config", "log.showSignature", "true")
    return folder


def test_a_bare_repository_in_a_checkout_is_no_repository(tmp_path: Path, canary: Path) -> None:
    top = tmp_path / "checkout"
    top.mkdir()
    git(top, "init", "--quiet")
    inside = trapped(top / "images" / "a", canary, "--bare")
    git(inside, "config", "core.bare", "false")
    git(inside, "config", "core.worktree", ".")
    (inside / "Dockerfile").touch()
    git(top, "add", ".")
    git(top, "commit", "--quiet", "--message=x")
    repository = LocalRepository(inside)
    assert repository.head()[0] == git(top, "rev-parse", "HEAD")
    assert {"Dockerfile", "HEAD", "config"} <= set(repository.files())
    assert not canary.exists()


def test_a_checkout_starts_nothing_that_its_configuration_names(tmp_path: Path, canary: Path) -> None:
    top = trapped(tmp_path / "checkout", canary)
    (top / ".git" / "hooks" / "post-index-change").write_text(f"#!/bin/sh\ntouch {canary}\n")
    (top / ".git" / "hooks" / "post-index-change").chmod(0o755)
    (top / "a").touch()
    git(top, "-c", "core.fsmonitor=false", "add", ".")
    git(top, "-c", "core.fsmonitor=false", "commit", "--quiet", "--message=x")
    canary.unlink(missing_ok=True)
    repository = LocalRepository(top)
    assert repository.files() == ["a"]
    assert len(repository.history(3)) == 1
    assert not canary.exists()


def test_what_is_tracked_below_a_folder_is_told_whether_it_is_there_or_not(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    for name in ("course/a\tb", "course/c", "d"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=x")
    git(
        tmp_path,
        "update-index",
        "--add",
        "--cacheinfo",
        f"160000,{git(tmp_path, 'rev-parse', 'HEAD')},course/m",
    )
    git(tmp_path, "sparse-checkout", "set", "--no-cone", "/course/a*")
    assert LocalRepository(tmp_path / "course").tracked() == [
        TrackedPath("a\tb", is_submodule=False, is_left_out=False),
        TrackedPath("c", is_submodule=False, is_left_out=True),
        TrackedPath("m", is_submodule=True, is_left_out=True),
    ]


def test_a_checkout_of_somebody_else_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message=x")
    commit = git(tmp_path, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert subprocess.run(["git", "log"], cwd=tmp_path, capture_output=True, check=False).returncode
    assert LocalRepository(tmp_path).head()[0] == commit


def test_a_folder_outside_of_git_has_files_and_no_history(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "HEAD").write_text("ref: refs/heads/main\n")
    assert LocalRepository(tmp_path).files() == ["HEAD", "a"]
    assert LocalRepository(tmp_path).head() == ("", 0)
    assert LocalRepository(tmp_path).tracked() == []
