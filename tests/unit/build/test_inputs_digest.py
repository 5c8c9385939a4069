"""The digest of an image's inputs: what makes another image has another digest."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from fake_build import fake_build, read_settings
from hub_image_actions.build.fingerprint import BuildInputs, InputsUnknown
from hub_image_actions.build.image_build import ImageBuild
from hub_image_actions.build.repo2docker import DEFAULT_BASE
from hub_image_actions.build.settings import BuildSettings
from hub_image_actions.registry.client import Registry

Change = Callable[[Path], object]
FILES: Mapping[str, str] = {
    "image/Dockerfile": "FROM quay.io/a/base:1\nCOPY . /srv\n",
    "image/start": "#!/bin/sh\n",
    "image/README.md": "# x\n",
    "image/image-tests/test_a.py": "def test_a(): pass\n",
    "image/browser-tests/test_b.py": "def test_b(): pass\n",
    "image/appendix": "RUN true\n",
    "shared/apt.txt": "git\n",
}


class Tags:
    """A registry that has every tag, each with a digest of its own."""

    host = "quay.io"

    def __init__(self, push: str = "") -> None:
        self.push = push

    def digest(self, repository: str, reference: str) -> str:
        return f"digest of {self.push} {repository}:{reference}"


def inputs_of(
    folder: Path, settings: BuildSettings, tags: Tags, environment: Mapping[str, str] | None = None
) -> BuildInputs:
    """Return what would be built from a folder."""
    build = fake_build(folder, settings)
    registry = cast("Registry", tags)
    login = replace(build.login, registry=registry, others=lambda _: registry)
    image = ImageBuild(replace(build.job, environment=environment or {}), login)
    with image._staged() as context:
        inputs = image._promotion.inputs(context.entries)
    if inputs is None:
        raise InputsUnknown(" ".join(build.told.lines))
    return inputs


def digest(folder: Path, **given: str) -> str:
    """Return the digest of what would be built from a folder."""
    return inputs_of(
        folder, read_settings(**{"builder": "docker", "context": "image", **given}), Tags()
    ).digest


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def write(name: str, text: str) -> Change:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    return change


def all_of(*changes: Change) -> Change:
    def change(folder: Path) -> None:
        for part in changes:
            part(folder)

    return change


def link(name: str, target: str) -> Change:
    return lambda folder: (folder / name).symlink_to(target)


def mode(name: str, bits: int) -> Change:
    return lambda folder: (folder / name).chmod(bits)


def moved(old: str, new: str) -> Change:
    return lambda folder: (folder / old).rename(folder / new)


def linked_then(name: str, target: str, written: str) -> tuple[Change, Change]:
    """Return a link, and the same link when what it leads to has changed."""
    return link(name, target), all_of(link(name, target), write(written, "changed\n"))


def nothing(folder: Path) -> None:
    """Leave the repository as it is."""


FILES_THAT_DIFFER: dict[str, tuple[Change, Change]] = {
    "a file": (nothing, write("image/start", "#!/bin/bash\n")),
    "a file more": (nothing, write("image/b", "")),
    "an empty folder": (nothing, lambda folder: (folder / "image/empty").mkdir()),
    "a name": (nothing, moved("image/start", "image/stop")),
    "the case of a name": (nothing, moved("image/start", "image/Start")),
    "a README": (nothing, write("image/README.md", "# y\n")),
    "a README of another kind": (nothing, write("image/README.rst.txt", "y")),
    "a licence": (nothing, write("image/LICENSE", "y")),
    "a licence with an ending": (nothing, write("image/LICENCE.md", "y")),
    "a changelog": (nothing, write("image/CHANGELOG", "y")),
    "a citation": (nothing, write("image/CITATION.cff", "y")),
    "a workflow": (nothing, write("image/.github/workflows/x.yaml", "y")),
    "what git ignores": (nothing, write("image/.gitignore", "y")),
    "what git is told of files": (nothing, write("image/.gitattributes", "y")),
    "submodules": (nothing, write("image/.gitmodules", "y")),
    "a file that git ignores": (
        write("image/.gitignore", "x\n"),
        all_of(write("image/.gitignore", "x\n"), write("image/x", "y")),
    ),
    "a hidden file": (nothing, write("image/.env", "A=1")),
    "a file in a submodule": (write("image/sub/a", "1"), write("image/sub/a", "2")),
    "what keeps files out": (nothing, write("image/.dockerignore", "nothing\n")),
    "that something is executable": (nothing, mode("image/start", 0o755)),
    "that everybody may write": (nothing, mode("image/start", 0o666)),
    "setuid": (mode("image/start", 0o755), mode("image/start", 0o4755)),
    "setgid": (mode("image/start", 0o755), mode("image/start", 0o2755)),
    "the mode of a folder": (nothing, mode("image/image-tests", 0o700)),
    "a sticky folder": (nothing, mode("image/image-tests", 0o1755)),
    "a link": (nothing, link("image/a", "start")),
    "where a link leads": (link("image/a", "start"), link("image/a", "README.md")),
    "where a dangling link leads": (link("image/a", "x"), link("image/a", "y")),
    "a link or a file with its text": (link("image/a", "start"), write("image/a", "start")),
    "a link to elsewhere": linked_then("image/apt.txt", "../shared/apt.txt", "shared/apt.txt"),
    "a link to a folder": linked_then("image/binder", "../shared", "shared/apt.txt"),
    "a link to a link": (
        all_of(link("shared/l", "apt.txt"), link("image/a", "../shared/l")),
        all_of(
            link("shared/l", "apt.txt"), link("image/a", "../shared/l"), write("shared/apt.txt", "changed")
        ),
    ),
    "tests": (nothing, write("image/image-tests/test_a.py", "def test_a(): assert 1\n")),
    "a file of the tests": (nothing, write("image/image-tests/data.csv", "1")),
    "tests that are kept out": (
        write("image/.dockerignore", "image-tests"),
        all_of(write("image/.dockerignore", "image-tests"), write("image/image-tests/test_a.py", "changed")),
    ),
    "linked tests": (
        all_of(moved("image/image-tests", "tests"), link("image/image-tests", "../tests")),
        all_of(
            moved("image/image-tests", "tests"),
            link("image/image-tests", "../tests"),
            write("tests/test_a.py", "changed"),
        ),
    ),
    "browser tests": (nothing, write("image/browser-tests/test_b.py", "changed")),
    "names that spell an entry": (
        all_of(write("image/a", "1"), write("image/b", "2")),
        all_of(write("image/a", "1"), write("image/b\nfile 0644", "2")),
    ),
    "names that run together": (write("image/ab/c", "1"), write("image/a/bc", "1")),
    "a file or an empty folder": (write("image/a", ""), lambda folder: (folder / "image/a").mkdir()),
    "a file that is named as tests are read": (
        write("image/read: image-tests", "1"),
        write("image/read: image-tests", "2"),
    ),
    "the mode of the context": (nothing, mode("image", 0o750)),
    "a folder that nobody writes to": (mode("image/image-tests", 0o500), mode("image/image-tests", 0o700)),
    "an exception in what keeps files out": (
        all_of(write("image/.dockerignore", "*\n!a"), write("image/a", "1")),
        all_of(write("image/.dockerignore", "*\n!a"), write("image/a", "2")),
    ),
    "what one file keeps out and the one beside the Dockerfile lets in": (
        all_of(
            write("image/.dockerignore", "a"),
            write("image/Dockerfile.dockerignore", ""),
            write("image/a", "1"),
        ),
        all_of(
            write("image/.dockerignore", "a"),
            write("image/Dockerfile.dockerignore", ""),
            write("image/a", "2"),
        ),
    ),
    "two contents exchanged": (
        all_of(write("image/a", "1"), write("image/b", "2")),
        all_of(write("image/a", "2"), write("image/b", "1")),
    ),
    "a name that is no UTF-8": (write("image/a\udcff", ""), write("image/a\udcfe", "")),
    "a name with a line break": (
        write("image/a\nb", ""),
        all_of(write("image/a", ""), write("image/b", "")),
    ),
    "a link to the same place": (link("image/a", "start"), link("image/a", "./start")),
    "a link or what it leads to": (link("image/a", "start"), write("image/a", "#!/bin/sh\n")),
    "a mode behind a link to elsewhere": (
        link("image/a", "../shared/apt.txt"),
        all_of(link("image/a", "../shared/apt.txt"), mode("shared/apt.txt", 0o755)),
    ),
    "a place in the tree": (write("image/a/b", ""), write("image/a/c/b", "")),
    "an empty folder in another": (
        lambda folder: (folder / "image/a").mkdir(),
        lambda folder: (folder / "image/a/b").mkdir(parents=True),
    ),
    "a Dockerfile that is kept out": (
        write("image/.dockerignore", "Dockerfile"),
        all_of(
            write("image/.dockerignore", "Dockerfile"),
            write("image/Dockerfile", "FROM quay.io/a/base:1\nRUN true\n"),
        ),
    ),
}
DOCKERFILES_THAT_DIFFER = {
    "the base": ("FROM quay.io/a/base:1\n", "FROM quay.io/a/base:2\n"),
    "what is copied from": ("COPY --from=quay.io/a/x:1 /a /\n", "COPY --from=quay.io/a/x:2 /a /\n"),
    "what is mounted": (
        "RUN --mount=type=bind,from=quay.io/a/x:1,target=/x true\n",
        "RUN --mount=type=bind,from=quay.io/a/x:2,target=/x true\n",
    ),
    "what is mounted, in capitals": (
        "RUN --mount=FROM=quay.io/a/x:1,target=/x true\n",
        "RUN --mount=FROM=quay.io/a/x:2,target=/x true\n",
    ),
    "what is copied from on build": (
        "ONBUILD COPY --from=quay.io/a/x:1 /a /\n",
        "ONBUILD COPY --from=quay.io/a/x:2 /a /\n",
    ),
}
SETTINGS_THAT_DIFFER: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "a build argument": ({}, {"build_args": "A=1"}),
    "the builder": ({}, {"builder": "repo2docker"}),
    "the platform": ({}, {"platform": "linux/arm64"}),
    "labels": ({}, {"labels": "a=b"}),
    "the folder of tests": ({}, {"tests_dir": "browser-tests"}),
    "the hub's version": ({}, {"hub_version": "5.3.0"}),
    "the hub's command": ({}, {"hub_check_command": "start.sh"}),
    "the user": ({}, {"user_id": "1234"}),
    "the version of repo2docker": (
        {"builder": "repo2docker"},
        {"builder": "repo2docker", "repo2docker_version": "2024.07.0"},
    ),
    "arguments of repo2docker": (
        {"builder": "repo2docker"},
        {"builder": "repo2docker", "repo2docker_args": "--debug"},
    ),
    "the appendix": ({"builder": "repo2docker"}, {"builder": "repo2docker", "appendix_file": "appendix"}),
}


@pytest.mark.parametrize("what", FILES_THAT_DIFFER)
def test_files_that_differ_have_another_digest(tmp_path: Path, repository: Path, what: str) -> None:
    del repository
    digests = []
    for number, change in enumerate(FILES_THAT_DIFFER[what]):
        folder = tmp_path / str(number) / "repository"
        for name, text in FILES.items():
            write(name, text)(folder)
        change(folder)
        digests.append(digest(folder))
    assert digests[0] != digests[1]


@pytest.mark.parametrize("what", DOCKERFILES_THAT_DIFFER)
def test_a_source_with_another_digest_is_another_input(repository: Path, what: str) -> None:
    """The registry's answer counts, and not only the text of the Dockerfile."""
    lines = DOCKERFILES_THAT_DIFFER[what][0]
    begin = "" if lines.startswith("FROM") else "FROM quay.io/a/base:1\n"
    (repository / "image/Dockerfile").write_text(begin + lines)
    settings = read_settings(builder="docker", context="image")
    first, second = (inputs_of(repository, settings, Tags(push)) for push in ("first", "second"))
    assert first.digest != second.digest


@pytest.mark.parametrize("what", SETTINGS_THAT_DIFFER)
def test_settings_that_differ_have_another_digest(repository: Path, what: str) -> None:
    one, other = SETTINGS_THAT_DIFFER[what]
    assert digest(repository, **one) != digest(repository, **other)


BASE = "FROM quay.io/a/base:1\n"
COPIES = "COPY --from=quay.io/a/other:1 /a /\n"
# What some version of BuildKit takes for a reader of the Dockerfile, or for another character that escapes.
OTHER_READERS = [
    "#!/bin/sh\n# syntax=quay.io/a/other:1\n",
    "// syntax=quay.io/a/other:1\n",
    ' {"syntax": "quay.io/a/other:1"}\n',
    "# escape=`\n",
    "#\u00a0escape=`\n",
]
# What an engine takes images by, and a simpler parser does not see.
HIDDEN_SOURCES = [
    'COPY --from="quay.io/a/other:1" /a /\n',
    'COPY --fr"om"=quay.io/a/other:1 /a /\n',
    "COPY --from=quay.io/a/ot\\her:1 /a /\n",
    "COPY --from=\\\nquay.io/a/$X /a /\n",
    'RUN --mount="type=bind,from=quay.io/a/other:1" true\n',
    "RUN --mount=type=bind,'\"from=quay.io/a/other:1\"' true\n",
    f"RUN true \\\n\x1c# x\n{COPIES}",
    f"RUN true \\\r\r\n{COPIES}",
    f"RUN true x\x1c<<EOF\n{COPIES}EOF\n",
    f"RUN true <<EOF\n{COPIES}EOF\n",
    "RUN true <<EOF\nCOPY \\\n--from=quay.io/a/other:1 /a /\nEOF\n",
    f"RUN true <<+EOF\n+EOF\n{COPIES}EOF\n",
    "RUN true <<EOF\nFROM quay.io/a/other:1\nEOF\n",
    "RUN [ -d / ] && true <<EOF\nFROM scratch AS other\nEOF\nCOPY --from=other /a /\n",
    "RUN true ${X:- <<EOF }\nFROM scratch AS other\nEOF\nCOPY --from=other /a /\n",
]


@pytest.mark.parametrize(
    "lines",
    [
        "ARG BASE\nFROM $BASE\n",
        "ARG TAG\nFROM quay.io/a/base:$TAG\n",
        "FROM quay.io/a/base:1\nCOPY --from=$X /a /\n",
        "FROM quay.io/a/base:1\nRUN --mount=type=bind,from=${X},target=/x true\n",
        "# syntax=$X\nFROM quay.io/a/base:1\n",
        'FROM quay.io/a/base:1\nCOPY --from="quay.io/a/x:1" /a /\n',
        *(begin + BASE for begin in OTHER_READERS),
        *(BASE + lines for lines in HIDDEN_SOURCES),
    ],
)
def test_a_source_that_cannot_be_told_keeps_an_image_from_being_used_again(
    repository: Path, lines: str
) -> None:
    (repository / "image/Dockerfile").write_text(lines)
    with pytest.raises(InputsUnknown):
        digest(repository)


@pytest.mark.parametrize(
    "lines",
    [
        "FROM quay.io/a/base:1\r\nCOPY . \\\r\n  /srv\r\n",
        "\ufeffFROM quay.io/a/base:1 AS a\nFROM \\\n\n # x\n  a\nCOPY --chown=1 --from=a /a /\n",
        "# COPY --from=$X /a /\nFROM quay.io/a/base:1\nRUN --mount=type=cache,target=/x true\n",
        "FROM quay.io/a/base:1\nRUN python3 <<'EOF'\nfrom os import path\nEOF\nCOPY <<-A <<B /\nA\nB\n",
    ],
)
def test_a_usual_dockerfile_leaves_no_doubt(repository: Path, lines: str) -> None:
    (repository / "image/Dockerfile").write_bytes(lines.encode())
    inputs = inputs_of(repository, read_settings(builder="docker", context="image"), Tags())
    assert list(inputs.bases) == ["quay.io/a/base:1"]


def test_what_an_appendix_takes_is_an_input(repository: Path) -> None:
    (repository / "image/Dockerfile").unlink()
    (repository / "image/appendix").write_text(COPIES)
    settings = read_settings(builder="repo2docker", context="image", appendix_file="appendix")
    assert "quay.io/a/other:1" in inputs_of(repository, settings, Tags()).bases
    (repository / "image/appendix").write_text("COPY --from=$X /a /\n")
    with pytest.raises(InputsUnknown):
        inputs_of(repository, settings, Tags())


def test_what_an_argument_has_the_dockerfile_read_by_is_an_input(repository: Path) -> None:
    arguments = "BUILDKIT_SYNTAX=quay.io/a/other:1"
    settings = read_settings(builder="docker", context="image", build_args=arguments)
    assert "quay.io/a/other:1" in inputs_of(repository, settings, Tags()).bases


@pytest.mark.parametrize(
    "version", ["jupyter-repo2docker>=2025.8", "git+https://github.com/jupyterhub/repo2docker", "2023.06.0"]
)
def test_a_builder_that_can_change_keeps_an_image_from_being_used_again(
    repository: Path, version: str
) -> None:
    with pytest.raises(InputsUnknown):
        digest(repository, builder="repo2docker", repo2docker_version=version)


@pytest.mark.parametrize(
    "arguments",
    [
        "--subdir image",
        "--subdir=image",
        "--sub image",
        "--Repo2Docker.subdir=image",
        "--build-arg BASE=x",
        "--cache-from quay.io/a/x:1",
        "--appendix 'COPY --from=quay.io/a/x:1 /a /'",
        "--base-image quay.io/a/x:1",
        "--base-image=quay.io/a/x:1",
        "--Repo2Docker.base_image quay.io/a/x:1",
        "--Repo2Docker.base_image=quay.io/a/x:1 --Repo2Docker.base_image=quay.io/a/y:1",
        "--DockerEngine.extra_buildx_build_args=--build-context=a=b",
        "https://example.org/another",
        "--label a=b https://example.org/another",
        "--debug another",
        "--",
    ],
)
@pytest.mark.parametrize("dockerfile", [True, False])
def test_an_argument_that_may_name_anything_keeps_an_image_from_being_used_again(
    repository: Path, arguments: str, *, dockerfile: bool
) -> None:
    if not dockerfile:
        (repository / "image/Dockerfile").unlink()
        (repository / "image/apt.txt").touch()
    with pytest.raises(InputsUnknown):
        digest(repository, builder="repo2docker", repo2docker_args=arguments)


@pytest.mark.parametrize(
    ("arguments", "bases"),
    [
        ("", [DEFAULT_BASE]),
        ("--debug -e A=1 --env=B=2 --label a=b --user-name ann --user-id=7 --no-clean", [DEFAULT_BASE]),
        ("--Repo2Docker.base_image=quay.io/a/x:1", ["quay.io/a/x:1"]),
    ],
)
def test_the_bases_of_repo2docker_are_known(repository: Path, arguments: str, bases: list[str]) -> None:
    (repository / "image/Dockerfile").unlink()
    settings = read_settings(builder="repo2docker", context="image", repo2docker_args=arguments)
    assert list(inputs_of(repository, settings, Tags()).bases) == bases


def test_a_base_that_is_no_reference_keeps_an_image_from_being_used_again(repository: Path) -> None:
    (repository / "image/Dockerfile").unlink()
    with pytest.raises(InputsUnknown, match="is not known"):
        digest(repository, builder="repo2docker", repo2docker_args="--Repo2Docker.base_image=$X")


def test_an_appendix_and_what_reads_the_dockerfile_are_sources_too(repository: Path) -> None:
    (repository / "image/Dockerfile").unlink()
    (repository / "image/appendix").write_text("COPY --from=quay.io/a/x:1 /a /\n")
    settings = read_settings(
        builder="repo2docker",
        context="image",
        appendix_file="appendix",
        build_args="BUILDKIT_SYNTAX=quay.io/a/y:1",
    )
    assert list(inputs_of(repository, settings, Tags()).bases) == [
        DEFAULT_BASE,
        "quay.io/a/y:1",
        "quay.io/a/x:1",
    ]


@pytest.mark.parametrize(
    ("dockerfile", "arguments"),
    [
        ("ARG TAG=1\nFROM quay.io/a/base:$TAG\n", "TAG=2"),
        ("ARG TAG\nFROM quay.io/a/base:$TAG\n", "TAG=2"),
        ("ARG BASE=quay.io/a/base:1\nFROM $BASE\n", "BASE=quay.io/a/base:2"),
    ],
)
def test_a_build_argument_chooses_the_base(repository: Path, dockerfile: str, arguments: str) -> None:
    (repository / "image/Dockerfile").write_text(dockerfile)
    settings = read_settings(builder="docker", context="image", build_args=arguments)
    inputs = inputs_of(repository, settings, Tags())
    assert list(inputs.bases) == ["quay.io/a/base:2"]


@pytest.mark.parametrize(
    "change",
    [
        write("image/README.md", "changed"),
        write("image/docs/a", "x"),
        write("image/.github/x", "x"),
        write("image/.git/config", "x"),
        write("other/Dockerfile", "x"),
        lambda folder: (folder / "image/start").touch(),
    ],
)
def test_what_cannot_enter_the_image_has_no_part_in_it(repository: Path, change: Change) -> None:
    (repository / "image/.dockerignore").write_text("README.md\ndocs\n.github\n")
    before = digest(repository)
    change(repository)
    assert digest(repository) == before


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({"DOCKER_DEFAULT_PLATFORM": "linux/s390x"}, "", "linux/s390x"),
        ({"DOCKER_DEFAULT_PLATFORM": "linux/arm/v7"}, "", "linux/arm/v7"),
        ({"DOCKER_DEFAULT_PLATFORM": "linux/s390x"}, "linux/arm64", "linux/arm64"),
    ],
)
def test_the_platform_counts_that_docker_is_told_of(
    repository: Path, environment: dict[str, str], platform: str, expected: str
) -> None:
    settings = read_settings(builder="docker", context="image", platform=platform)
    assert inputs_of(repository, settings, Tags(), environment).platform == expected


def test_tests_that_lead_in_a_circle_or_out_come_to_an_end(repository: Path) -> None:
    tests, outside = repository / "image/image-tests", repository.parent / "outside"
    outside.write_text("1")
    (tests / "again").symlink_to("../image-tests")
    (tests / "self").symlink_to("self")
    (tests / "up").symlink_to("../..")
    (tests / "out").symlink_to("../../../outside")
    (tests / "zero").symlink_to("/dev/zero")
    before = digest(repository)
    outside.write_text("2")
    assert digest(repository) == before


def test_the_table_is_long_enough() -> None:
    assert len(FILES_THAT_DIFFER) + len(DOCKERFILES_THAT_DIFFER) + len(SETTINGS_THAT_DIFFER) >= 50
