"""Inputs and files that hold quotes, commands, markup or line breaks: refused by name, or harmless."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostile import TEXTS, assert_harmless, hostile
from local_github.markdown import render
from scenarios.action import Result
from scenarios.deployments import IMAGE_NAME, Deployments

# Names of things may hold none of these; a title is free text, and harmless.
NAMES = ["image", "tag", "hub", "repository", "base-branch", "branch", "from-tag", "digest", "registry"]
ADDRESSES = ["api-url", "server-url", "author-email"]


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file that nothing may make."""
    path = tmp_path_factory.mktemp("canary") / "made"
    yield path
    assert not path.exists()


def named_errors(result: Result) -> set[str]:
    """Return the inputs that the errors name."""
    # GitHub shows ten errors: what comes after the ninth is told in one, a line each.
    return set(re.findall(r"(?m)^Input `([\w-]+)`", "\n".join(result.said("error"))))


@pytest.mark.parametrize("kind", TEXTS)
def test_a_name_is_refused_by_name_or_harmless(deployments: Deployments, kind: str, canary: Path) -> None:
    # What a name of that kind may be, after all.
    branch = {"quotes", "percent", "mention"}
    allowed = {"branch": branch, "base-branch": branch}
    text = hostile(kind, canary)
    result = deployments.bump(**{name.replace("-", "_"): text for name in (*NAMES, *ADDRESSES)})
    assert result.status == 1
    assert deployments.calls() == []
    expected = {*NAMES, *ADDRESSES}
    missing = expected - named_errors(result)
    assert missing <= {name for name, kinds in allowed.items() if kind in kinds} | {"author-email"}
    assert "changed" not in result.outputs


@pytest.mark.parametrize("kind", ["quotes", "percent", "mention", "html"])
def test_a_branch_that_git_takes_is_pushed_as_it_is(
    deployments: Deployments, kind: str, canary: Path
) -> None:
    name = hostile(kind, canary).replace(" ", "-").replace("::", "-")
    result = deployments.bump(branch=f"x{name}")
    assert result.notice
    assert f"x{name}" in deployments.repository.branches()
    assert result.outputs["branch"] == f"x{name}"


def test_a_branch_full_of_commands_runs_none(deployments: Deployments, canary: Path) -> None:
    name = f"x$(touch${{IFS}}{canary})`touch${{IFS}}{canary}`;touch&|'\""
    assert deployments.bump(branch=name).notice
    assert name in deployments.repository.branches()


LINE_BREAKS = {"line break", "carriage return", "set-output", "delimiter", "null", "line separator"}


@pytest.mark.parametrize("kind", sorted(TEXTS.keys() - LINE_BREAKS))
def test_a_title_is_taken_literally(deployments: Deployments, kind: str, canary: Path) -> None:
    text = hostile(kind, canary)
    result = deployments.bump(title=text)
    assert result.notice
    assert result.outputs["changed"] == "true"
    (pull,) = deployments.open_pulls()
    assert pull.title == text
    assert pull.commits()[0].message.split("\n")[0] == text


@pytest.mark.parametrize("kind", sorted(LINE_BREAKS))
def test_a_title_of_several_lines_is_refused(deployments: Deployments, kind: str, canary: Path) -> None:
    result = deployments.bump(title=hostile(kind, canary))
    assert result.error
    assert named_errors(result) == {"title"}


@pytest.mark.parametrize("kind", ["html", "mention", "markdown", "backticks"])
def test_the_summary_shows_a_title_literally(deployments: Deployments, kind: str, canary: Path) -> None:
    text = hostile(kind, canary)
    shown = deployments.bump(title=text).summary.split("\n")[0]
    assert_harmless(shown)
    assert "<code" not in render(shown)


@pytest.mark.parametrize("kind", TEXTS)
def test_labels_and_reviewers_are_harmless(deployments: Deployments, kind: str, canary: Path) -> None:
    text = hostile(kind, canary)
    result = deployments.bump(labels=text, reviewers=text)
    assert result.status == 0 or named_errors(result) <= {"labels", "reviewers"}
    assert result.outputs.get("changed") in {None, "true"}


@pytest.mark.parametrize(
    "kind", ["quotes", "substitution", "up", "dash", "short option", "command", "percent"]
)
def test_paths_are_refused_or_not_there(deployments: Deployments, kind: str, canary: Path) -> None:
    text = hostile(kind, canary)
    result = deployments.bump(paths=text)
    assert result.error
    assert set(deployments.repository.branches()) == {"staging"}


def test_a_pull_requests_title_in_the_images_repository_shows_literally(deployments: Deployments) -> None:
    title = "<script>x</script> @alice [a](http://evil.example) `b` | c ::error::d #9 <!-- hidden"
    deployments.images.commit({"b": b"1"}, f"Merge pull request #9 from a/b\n\n{title}")
    tag = deployments.images.commit({"b": b"2"}, "last")[:12]
    assert deployments.bump(tag=tag, verify_image="false").notice
    (pull,) = deployments.open_pulls()
    shown = render(pull.body)
    assert "<script" not in shown
    assert "evil.example" not in re.sub(r">[^<]*<", "><", shown)
    assert "@alice" not in pull.body
    assert pull.body.endswith(deployments.marker())
    assert "Asked for by" in re.sub(r"<[^>]*>", "", shown)


@pytest.mark.parametrize(
    "name",
    [
        "line\nbreak\nchanged<<x\nforged\nx",
        "tick`s`",
        "::error::forged",
        "##[error]forged",
        "a|b <img src=x> @alice",
        "$(touch x) ; -rf",
        "%0A::set-output name=changed::forged",
        "ünï cödé",
        "-rf",
        ":(exclude)x",
        "*",
    ],
)
def test_a_hostile_file_name_is_harmless(deployments: Deployments, name: str) -> None:
    path = f"deployments/{name.replace('/', '_')}/x.yaml"
    text = f"image: {deployments.image}:{deployments.old}\n"
    deployments.repository.commit({path: text.encode()})
    result = deployments.bump()
    assert result.notice
    assert result.outputs["changed"] == "true"
    assert set(result.outputs) == {
        *("changed", "pull-request-number", "pull-request-url", "branch"),
        *("commit", "files", "hubs", "old-tags"),
    }
    assert deployments.files(deployments.branch)[path] == text.replace(deployments.old, deployments.new)
    assert_harmless(deployments.open_pulls()[0].body)


def test_a_file_name_that_is_not_utf_8_is_a_clear_error(deployments: Deployments) -> None:
    repository = deployments.repository
    text = f"image: {deployments.image}:{deployments.old}\n".encode()
    stream = b"commit refs/heads/staging\ncommitter A <a@example.org> 1700000000 +0000\ndata 1\nx\n"
    stream += b"from refs/heads/staging^0\n"
    stream += b'M 100644 inline "deployments/\\377\\376/x.yaml"\ndata %d\n%s\n' % (len(text), text)
    subprocess.run(
        ["git", "-C", repository.git_dir, "fast-import", "--quiet"], input=stream, check=True, timeout=30
    )
    result = deployments.bump()
    assert r"'deployments/\udcff\udcfe/x.yaml' is not UTF-8" in result.error


@pytest.mark.parametrize(
    "text",
    [
        'display_name: "::error::forged"\nimage: {image}:{old}\n',
        'a: "x\\n::set-output name=changed::forged"\nimage: {image}:{old}\n',
        "::set-output name=changed::forged: 1\nimage: {image}:{old}\n",
        "a: '##[error]forged'\nimage: {image}:{old}\n",
        "a: !!python/object/apply:os.system ['touch x']\nimage: {image}:{old}\n",
        (
            "profileList:\n- display_name: '<img src=x> @alice | ![](http://evil.example)'\n"
            "  kubespawner_override:\n    image: {image}:{old}\n"
        ),
        "# image-hold until 2999-01-01: <img src=x> @alice ::error::x\nimage: {image}:{old}\n",
    ],
)
def test_hostile_yaml_is_harmless(deployments: Deployments, text: str) -> None:
    filled = text.replace("{image}", deployments.image).replace("{old}", deployments.old)
    deployments.repository.commit({"deployments/hostile/x.yaml": filled.encode()})
    result = deployments.bump()
    assert result.notice
    assert result.outputs["changed"] == "true"
    body = deployments.open_pulls()[0].body
    assert_harmless(body)


def test_an_image_repository_that_is_not_there_costs_the_comparison_only(deployments: Deployments) -> None:
    result = deployments.bump({"GITHUB_REPOSITORY": f"{IMAGE_NAME}-gone"})
    assert result.notice
    assert "What changed in the image" not in deployments.open_pulls()[0].body
