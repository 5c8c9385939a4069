"""The commands that pages quote do what the pages say: they are run, in order, as a reader would run them."""

import functools
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub_image_actions.build.repo2docker import DEFAULT_VERSION
from hub_image_actions.references import DEFAULT_REGISTRY
from scenarios.action import ROOT
from scenarios.image_fleet import ImageFleet
from scenarios.images import ImageRepository
from testbed.registry import Registry

GITHUB, OWN_GITHUB = "https://github.com", "https://github.example.org"
OURS = "berkeley-dsep-infra/hub-image-actions"
NAME = "berkeley-dsep-infra/data100-user-image"
BLOCK = re.compile(r"^```shell\n(?P<commands>.*?)^```", re.DOTALL | re.MULTILINE)
CONTINUED = re.compile(r"\\\n\s*|(?<=\|)\n\s*")
# The clients of GitHub and of clouds need accounts: what they are told is written down, and a key is a file.
CLIENT = """\
#!{python} -IS
import json, pathlib, subprocess, sys
words = sys.argv[1:]
with open({record!r}, "a") as record:
    record.write(json.dumps([{name!r}, *words]) + "\\n")
if "key.json" in words:
    pathlib.Path("key.json").write_text("{{}}")
if words[:2] == ["repo", "create"]:
    subprocess.run(["git", "remote", "add", "origin", f"{github}/{{words[2]}}.git"], check=True)
"""


def pages() -> list[Path]:
    """Return every page that readers find, the template's own included."""
    patterns = ("*.md", "actions/*/*.md", "docs/**/*.md", "template/*.md")
    return sorted(page for pattern in patterns for page in ROOT.glob(pattern))


def commands(page: Path) -> list[str]:
    """Return the commands of a page, each on one line."""
    blocks = (CONTINUED.sub(" ", block["commands"]) for block in BLOCK.finditer(page.read_text()))
    return [line for block in blocks for line in block.splitlines() if line.strip()]


class Reader:
    """Somebody at a shell who does what a page says.

    Args:
        folder: an empty folder, in which the home directory and the repositories of GitHub are.
    """

    def __init__(self, folder: Path) -> None:
        self.home, self.github, self.record = folder / "home", folder / "github", folder / "told"
        programs = folder / "programs"
        for made in (self.home, self.github, programs):
            made.mkdir()
        for name in ("az", "gcloud", "gh"):
            facts = {"python": sys.executable, "record": str(self.record), "name": name, "github": GITHUB}
            (programs / name).write_text(CLIENT.format(**facts))
            (programs / name).chmod(0o755)
        (self.home / ".gitconfig").write_text(
            "[user]\n\tname = Reader\n\temail = reader@example.org\n[init]\n\tdefaultBranch = main\n"
            f'[url "file://{self.github}/"]\n\tinsteadOf = {GITHUB}/\n\tinsteadOf = {OWN_GITHUB}/\n'
            "[safe]\n\tdirectory = *\n"
        )
        self.environment = {"HOME": str(self.home), "PATH": f"{programs}:/usr/bin:/bin"}

    def publish(self, name: str, folder: Path, *tags: str) -> None:
        """Put a folder's files on GitHub as a repository with one commit, and tags."""
        work = self.github / f"{name}.work"
        shutil.copytree(folder, work, symlinks=True)
        steps = "git init -q; git add -A; git commit -qm 'Begin'"
        tagging = "".join(f"; git tag {tag}" for tag in tags)
        self.run(f"{steps}{tagging}; git clone -q --bare . {shlex.quote(str(self.github / name))}.git", work)

    def run(self, script: str, folder: Path | None = None) -> str:
        """Run commands one after the other; the first that fails ends the test."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder or self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def told(self, client: str) -> list[list[str]]:
        """Return the arguments that a client was given."""
        lines = self.record.read_text().splitlines() if self.record.exists() else []
        return [words[1:] for words in map(json.loads, lines) if words[0] == client]


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """Somebody at a shell; GitHub has the files of this project that pages copy."""
    reader = Reader(tmp_path)
    ours = tmp_path / "ours"
    shutil.copytree(ROOT / "template", ours / "template", ignore=shutil.ignore_patterns("__pycache__"))
    reader.publish(OURS, ours, "v1")
    return reader


def names(workflows: Path, kind: str) -> set[str]:
    """Return the variables or secrets that the template's workflows read."""
    texts = (path.read_text() for path in workflows.glob("*.yaml"))
    return {name for text in texts for name in re.findall(rf"\b{kind}\.(\w+)", text)}


def test_a_repository_is_set_up_by_the_commands_of_its_page(reader: Reader) -> None:
    empty = reader.home / "empty"
    empty.mkdir()
    reader.run(
        f"git init -q --bare {shlex.quote(str(reader.github))}/berkeley-dsep-infra/data100-user-image.git",
        empty,
    )
    reader.run("\n".join(commands(ROOT / "docs/set-up.md")))
    reader.run(f"git clone -q {GITHUB}/berkeley-dsep-infra/data100-user-image.git pushed")
    files = {
        str(path.relative_to(ROOT / "template")) for path in (ROOT / "template").rglob("*") if path.is_file()
    }
    pushed = reader.run("git ls-files", reader.home / "pushed").split()
    assert set(pushed) == {name for name in files if "__pycache__" not in name}
    assert "<HUBNAME>" not in (reader.home / "pushed/README.md").read_text()
    assert not (reader.home / "data100-user-image/key.json").exists()


def test_what_pages_have_set_is_what_the_templates_workflows_read() -> None:
    workflows = ROOT / "template/.github/workflows"
    lines = [shlex.split(line) for page in pages() for line in commands(page) if line.startswith("gh ")]
    set_ones = {kind: {w[3] for w in lines if w[1:3] == [kind, "set"]} for kind in ("variable", "secret")}
    assert set_ones["variable"] - names(workflows, "vars") == set()
    assert set_ones["secret"] - names(workflows, "secrets") == set()
    assert {"HUB", "IMAGE", "REGISTRY"} <= set_ones["variable"]
    assert "GAR_SECRET_KEY" in set_ones["secret"]


def test_workflows_are_replaced_by_the_commands_of_the_page_on_migrating(reader: Reader) -> None:
    image = reader.home / "image"
    old = image / ".github/workflows"
    old.mkdir(parents=True)
    for name in ("build-push-create-pr.yaml", "build-test-image.yaml"):
        (old / name).write_text("on: push\n")
    reader.run("git init -q; git add -A; git commit -qm 'Begin'", image)
    by_hand = [line for line in commands(ROOT / "docs/migrating.md") if not line.startswith("scripts/")]
    reader.run("\n".join(by_hand), image)
    assert reader.run("git branch --show-current", image) == "use-hub-image-actions\n"
    template = {path.name for path in (ROOT / "template/.github/workflows").iterdir()}
    assert {path.name for path in old.iterdir()} == template
    staged = reader.run("git diff --cached --name-only", image).split()
    assert {".github/workflows/test.yaml", ".yamllint.yaml"} <= set(staged)


def test_a_change_is_proposed_by_the_commands_of_the_contribution_guide(reader: Reader, root: Path) -> None:
    reader.publish("alice/data100-user-image", root / "template")
    guide = [
        line.replace("<YOUR-ACCOUNT>", "alice")
        .replace("<ORGANISATION>", "berkeley-dsep-infra")
        .replace("<THIS-REPOSITORY>", "data100-user-image")
        for line in commands(root / "template/CONTRIBUTING.md")
    ]
    assert all("<" not in line for line in guide)
    of_git = [line for line in guide if line.split()[0] in {"git", "cd"}]
    committed = next(line for line in of_git if line.startswith("git commit"))
    of_git.insert(of_git.index(committed), "echo '  - geopandas=1.1.*' >> environment.yml")
    reader.run("\n".join(of_git))
    branches = reader.run(f"git ls-remote --heads {GITHUB}/alice/data100-user-image.git")
    assert "refs/heads/add-geopandas" in branches


def test_the_contribution_guide_builds_and_tests_on_a_laptop(
    images: ImageRepository, small_base_image: str, run_on_laptop: Callable[..., tuple[int, str, str]]
) -> None:
    (quoted,) = (line for line in commands(ROOT / "template/CONTRIBUTING.md") if "actions/build-test" in line)
    program, *arguments = shlex.split(quoted)[1:]
    assert program == "~/hub-image-actions/actions/build-test/main.py"
    images.commit({"Dockerfile": f"FROM {small_base_image}\n"})
    status, output, errors = run_on_laptop(images, *arguments, "--hub-check=false", action="build-test")
    assert status == 0, output + errors
    assert f"image: {DEFAULT_REGISTRY}/checkout" in output


def test_the_contribution_guide_takes_the_repo2docker_of_the_actions() -> None:
    (quoted,) = (line for line in commands(ROOT / "template/CONTRIBUTING.md") if "pip install" in line)
    version = quoted.rpartition("==")[2]
    assert [int(part) for part in version.split(".")] == [int(part) for part in DEFAULT_VERSION.split(".")]


@pytest.mark.parametrize("name", ["github-enterprise.md", "registries.md", "try-it.md"])
def test_the_commands_of_a_page_do_what_they_say_one_after_the_other(reader: Reader, name: str) -> None:
    reader.run("\n".join(commands(ROOT / "docs" / name)))


def test_every_command_that_a_page_quotes_is_run_by_a_test() -> None:
    run_as_a_whole = {"set-up.md", "migrating.md", "github-enterprise.md", "registries.md", "try-it.md"}
    left = {
        line.split()[0].rpartition("/")[2]
        for page in pages()
        if page.name not in run_as_a_whole and page.parent.name != "template"
        for line in commands(page)
    }
    assert left <= COMMANDS | DEVELOPERS | NEED_THE_WORLD


def ours(page: Path) -> Iterator[list[str]]:
    """Yield the words of each command of a page that is one of ours for image repositories."""
    for line in commands(page):
        words = shlex.split(line.partition(" | ")[0], comments=True)
        program = Path(words[0])
        if program.parent.name == "scripts" and program.name in COMMANDS:
            yield [program.name, *words[1:]]


COMMANDS = {
    "binder-badge",
    "bump-tag",
    "doctor",
    "image-packages",
    "image-status",
    "new-image-repo",
    "upgrade-base-image",
    "upgrade-image-repos",
}
# Of this repository's own development: one of them runs this test, and the others have tests of their own.
DEVELOPERS = {"bench", "check", "demo", "fuzz", "release", "test"}
# A client of GitHub's own service, a release that is published, a commit in whatever repository is at hand.
NEED_THE_WORLD = {"export", "gh", "git", "GITHUB_TOKEN=$(gh"}
QUOTED = sorted({tuple(words) for page in pages() for words in ours(page)})


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageFleet]:
    """An organization with its deployments and one image repository."""
    with ImageFleet(tmp_path_factory.mktemp("fleet")) as made:
        made.make_repository().topics.append("hub-user-image")
        yield made


@pytest.mark.parametrize("words", QUOTED, ids=" ".join)
def test_a_command_of_ours_is_quoted_as_it_is_to_be_given(
    words: tuple[str, ...],
    fleet: ImageFleet,
    registry: Registry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images.txt").write_text(f"{NAME}\n")
    (tmp_path / "deployments").mkdir()
    clone = ["git", "clone", "--quiet", str(fleet.deployments.git_dir), str(tmp_path / "src/datahub")]
    subprocess.run(clone, check=True, capture_output=True)
    own = {"us-central1-docker.pkg.dev": registry.host, "~": str(tmp_path)}
    here = [functools.reduce(lambda text, pair: text.replace(*pair), own.items(), word) for word in words]
    done = fleet.run(*here)
    # 2 stands for wrong usage; a finding, or what is not there in this small world, is 1.
    assert done.returncode in {0, 1}, done.stderr
    assert "usage:" not in done.stderr
    assert "Traceback" not in done.stderr
