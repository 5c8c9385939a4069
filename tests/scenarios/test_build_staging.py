"""What is staged for a build holds all that Docker itself would take, and what is built is what is staged."""

import re
from pathlib import Path

import pytest

from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.staging import staged
from scenarios.images import IMAGE, ImageRepository

IGNORED = """\
# Comments, blanks at ends, slashes at begins
  docs  \t
!docs/kept
docs
/top.md
*.log
!keep.log
**/*.tmp
a/**/deep
b/*
!b/c
b/c/no
[xy].txt
\\!bang
 # hash
folder/
!folder/in
sub/**
"""
FILES = [
    "docs/a.md",
    "docs/kept",
    "docs2/a",
    "top.md",
    "in/top.md",
    "a.log",
    "keep.log",
    "in/a.log",
    "a.tmp",
    "in/x/a.tmp",
    "a/deep",
    "a/b/c/deep/f",
    "a/deeper",
    "b/x",
    "b/c/yes",
    "b/c/no",
    "x.txt",
    "z.txt",
    "in/x.txt",
    "x.csv",
    "a.csv",
    "!bang",
    "folder/in",
    "folder/out",
    "sub/a/b",
    "README.md",
    ".github/w.yaml",
    ".hidden",
    "docs.md",
    "in/docs/a",
    "apt.txt",
    "setup",
]


@pytest.fixture
def repository(images: ImageRepository) -> ImageRepository:
    """A repository whose image has a name of its own."""
    images.image = f"{IMAGE}-staging"
    return images


def content_of(repository: ImageRepository, reference: str) -> set[str]:
    """Return what is in `/all` of an image: names and modes."""
    shown = ("/all", "-exec", "stat", "-c", "%n %a", "{}", "+")
    listed = repository.engine.docker("run", "--rm", "--user=0", "--entrypoint=find", reference, *shown)
    return {line.removeprefix("/all/") for line in listed.splitlines() if line.startswith("/all/")}


def names(content: set[str]) -> set[str]:
    """Return the names; of git's history nothing is staged."""
    return {
        name for name in (line.rpartition(" ")[0] for line in content) if not re.match(r"\.git(/|$)", name)
    }


@pytest.mark.parametrize(
    ("name", "ignored"),
    [
        (".dockerignore", IGNORED),
        ("Dockerfile.dockerignore", IGNORED),
        # Nobody here can be sure of this one: then all of it is staged, and Docker keeps out what it does.
        (".dockerignore", f"{IGNORED}[^a].csv\n"),
    ],
    ids=["in the context", "beside the Dockerfile", "in doubt"],
)
def test_all_that_docker_takes_is_staged(
    repository: ImageRepository, small_base_image: str, tmp_path: Path, name: str, ignored: str
) -> None:
    dockerfile = f"FROM {small_base_image}\nUSER root\nCOPY . /all\n"
    files = {"Dockerfile": dockerfile, name: ignored, "# hash": "x", **dict.fromkeys(FILES, "x")}
    if name != ".dockerignore":
        # Only an older builder reads it.
        files[".dockerignore"] = f"{ignored}README.md\n"
    repository.commit(files)
    (repository.checkout / "setup").chmod(0o4755)
    (repository.checkout / "empty").mkdir(mode=0o750)
    (repository.checkout / "read-only").mkdir()
    (repository.checkout / "read-only/a").write_text("x")
    (repository.checkout / "read-only").chmod(0o500)
    (repository.checkout / "link").symlink_to("./docs//a.md")
    repository.engine.docker("build", "--quiet", "--tag=plain:staging", str(repository.checkout))
    plain = content_of(repository, "plain:staging")
    context = BuildContext(repository.checkout, ".")
    rules, always = context.ignore_rules("docker"), context.always_staged("docker")
    with staged(repository.checkout, repository.checkout, tmp_path / "staged", rules, always) as what:
        assert names(plain) <= set(what.entries)
        kept_out = {"docs/a.md", "a.log", "b/x", "in/x/a.tmp"} - set(what.entries)
        assert len(kept_out) == (4 if ignored == IGNORED else 0)
    result = repository.build()
    assert result.status == 0, result.log
    built = content_of(repository, result.outputs["image"])
    assert built == {line for line in plain if names({line})}
    assert {"setup 4755", "empty 750", "read-only 500", "docs/kept 644", "b/c/yes 644"} <= built
