"""Images and pull requests that wish the runner ill: what they leave behind is their own result, no more."""

from pathlib import Path

import pytest

from hostile import MARKER, TEXTS, assert_harmless
from scenarios.images import ImageRepository

IN_PATH = "USER root\nCOPY python3 /usr/bin/python3\nRUN chmod 755 /usr/bin/python3 && mkdir -p /srv/repo\n"
LAST = "#!/bin/sh\nfor last; do :; done\n"
SAID = r"""
printf '::set-output name=tests::forged\n  ::add-mask::e\n##[error]forged\n\033[2K::error::forged\n'
printf 'harmless\r::stop-commands::x\n\033]0;x\007::warning::forged\n'
"""


def commit(world: ImageRepository, base: str, python: str, more: str = "") -> None:
    world.commit(
        {
            "Dockerfile": f"FROM {base}\n{IN_PATH}{more}",
            "python3": f"{LAST}{SAID}{python}",
            "image-tests/test_a.py": "",
        }
    )


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("problem.txt", "/proc/self/environ"),
        ("problem.txt", "{home}/.docker/config.json"),
        ("a.xml", "/dev/zero"),
    ],
)
def test_a_test_that_leaves_a_link_shows_no_file_of_the_runner(
    images: ImageRepository, small_base_image: str, name: str, target: str
) -> None:
    docker = images.home / ".docker"
    docker.mkdir()
    (docker / "config.json").write_text('{"auths": {"r.example": {"auth": "c2VjcmV0OnNlY3JldA=="}}}')
    path = target.replace("{home}", str(images.home))
    link = f'ln -s {path} "$last/{name}"'
    commit(images, small_base_image, f'case "$last" in *results) {link};; esac; exit 2')
    result = images.build_test(images.on_pull_request(images.pull_request()))
    assert result.status == 1
    (comment,) = images.comments(1)
    for shown in (result.log, result.summary, result.raw_outputs, comment.body):
        assert not any(part in shown for part in ("INPUT_", "root:x:", "c2VjcmV0", "GITHUB_WORKSPACE"))
    assert ("report cannot be read" if name == "a.xml" else "could not be run: ") in result.error


def test_what_containers_write_commands_nothing(images: ImageRepository, small_base_image: str) -> None:
    python = 'case "$last" in *results) echo "<s><testcase name=\'a\'/></s>" >"$last/pytest.xml";; esac'
    commit(images, small_base_image, f"{python}; mkfifo $last 2>/dev/null; exit 0")
    result = images.build_test(packages="true")
    assert result.status == 0, result.log
    assert result.outputs["tests"] == "1 passed"
    assert not [command for command in result.commands if "forged" in command.message]
    assert any(
        "packages cannot be read" in warning or "is no file" in warning for warning in result.said("warning")
    )


@pytest.mark.parametrize("answer", ["{", '{"event": {}}', '{"event": "ready", "version": [1]}'])
def test_a_probe_that_lies_ends_the_check_and_not_the_action(
    images: ImageRepository, small_base_image: str, answer: str
) -> None:
    hub = "case $1 in *hub_api.py) sleep 60;; esac"
    commit(images, small_base_image, f"{hub}\necho '{answer}'\nexit 0")
    result = images.build_test(
        test="false", hub_check="true", hub_check_command="sleep 60", hub_check_timeout="2"
    )
    assert "Traceback" not in result.log + result.stderr
    assert result.status == (0 if "ready" in answer else 1), result.log
    assert len(result.said("error")) == result.status


def test_a_server_whose_log_is_hostile_is_reported(images: ImageRepository, small_base_image: str) -> None:
    hub = "case $1 in *hub_api.py) sleep 60;; esac"
    commit(images, small_base_image, f'{hub}\necho \'{{"event": "waiting", "text": "<img src=x>"}}\'')
    images.commit({"server": f"#!/bin/sh\n{SAID}\necho '<img src=x> @alice ```'\nexit 3\n"})
    images.commit(
        {
            "Dockerfile": f"FROM {small_base_image}\n{IN_PATH}COPY server /usr/bin/server\n"
            "RUN chmod 755 /usr/bin/server\n"
        }
    )
    job = images.on_pull_request(images.pull_request())
    result = images.build_test(job, test="false", hub_check="true", hub_check_command="server")
    assert "ended with status 3" in result.error
    (comment,) = images.comments(1)
    assert_harmless(comment.body)
    assert_harmless(result.summary)


def test_labels_of_a_base_image_or_a_dockerfile_say_nothing_of_this_image(
    images: ImageRepository, small_base_image: str
) -> None:
    names = ("tests", "hub-check", "size", "run", "packages.0", "layers", "inputs")
    forged = " ".join(f'hub-image-actions.{name}="forged <img src=x>"' for name in names)
    labels = f'LABEL {forged} org.opencontainers.image.source="x" maintainer="::error::forged"\n'
    images.commit({"Dockerfile": f"FROM {small_base_image}\n{labels}"})
    result = images.build(push="true", reuse="true", packages="true")
    assert result.status == 0, result.log
    assert images.labels()["maintainer"] == "::error::forged"
    assert not [
        text for name, text in images.labels().items() if "image-actions" in name and "forged" in text
    ]
    again = images.build(push="true", reuse="true", packages="true")
    assert again.status == 0
    assert "forged" not in again.log.replace("::error::forged", "") + again.summary


@pytest.mark.parametrize(
    ("link", "target"),
    [("image-tests", "/"), ("Dockerfile", "/proc/self/environ"), ("image", "../.."), ("start", ".git")],
)
def test_a_link_out_of_the_checkout_is_refused_before_anything_is_built(
    images: ImageRepository, link: str, target: str
) -> None:
    images.commit({"README.md": ""})
    (images.checkout / link).symlink_to(target)
    result = images.build_test(context="image" if link == "image" else ".")
    assert "is a link that leads out of the repository" in result.error
    assert "docker" not in "\n".join(images.arguments)


@pytest.mark.parametrize(("name", "through"), [("sbom.json", "sbom.json"), ("out/sbom.json", "out")])
def test_a_list_of_packages_is_not_written_into_what_git_keeps(
    images: ImageRepository, small_base_image: str, name: str, through: str
) -> None:
    commit(images, small_base_image, 'echo \'{"form": 1, "packages": {}, "unread": []}\' >"$last"; exit 0')
    (images.checkout / "sbom.json").symlink_to(".git/config")
    (images.checkout / "out").symlink_to(".git", target_is_directory=True)
    (images.checkout / ".git" / "sbom.json").write_text("mine")
    before = (images.checkout / ".git" / "config").read_bytes()
    result = images.build_test(test="false", packages="true", sbom=name)
    assert result.error.startswith(f"{name} leads through a link, {through}.")
    assert (images.checkout / ".git" / "config").read_bytes() == before
    assert (images.checkout / ".git" / "sbom.json").read_text() == "mine"
    # It is said before there is a build.
    assert "docker" not in "\n".join(images.arguments)


@pytest.mark.parametrize("kind", ["substitution", "delimiter", "html"])
def test_names_of_files_and_tests_are_harmless(
    images: ImageRepository, small_base_image: str, tmp_path: Path, kind: str
) -> None:
    text = TEXTS[kind].replace("{canary}", str(tmp_path / "canary")).replace("/", "_")
    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;").replace("\n", "&#10;")
    failure = f"<failure message='{shown}'>{shown} &lt;!-- {MARKER[5:]}</failure>"
    xml = f"<s><testcase name='{shown}' file='{shown}'>{failure}</testcase></s>"
    images.commit({"report.xml": xml, f"image-tests/test_{text}.py": "", text: "", f"{text}.ipynb": ""})
    commit(
        images, small_base_image, 'cp /report.xml "$last/pytest.xml"; exit 1', "COPY report.xml /report.xml\n"
    )
    job = images.on_pull_request(images.pull_request())
    result = images.build_test(job, reuse="true")
    assert result.status == 1
    assert "Traceback" not in result.log + result.stderr
    assert "forged" not in "".join(result.outputs)
    assert result.outputs["tests"] == "1 failed"
    (comment,) = images.comments(1)
    assert_harmless(comment.body)
    assert not (tmp_path / "canary").exists()


def test_a_list_of_packages_written_through_a_link_is_refused(
    images: ImageRepository, small_base_image: str, tmp_path: Path
) -> None:
    kept = tmp_path / "bashrc"
    kept.write_text("mine")
    python = 'echo \'{"form": 1, "packages": {}, "unread": []}\' >"$last"; exit 0'
    commit(images, small_base_image, python)
    (images.checkout / "sbom.json").symlink_to(kept)
    result = images.build_test(test="false", packages="true", sbom="sbom.json")
    assert "sbom.json leads through a link" in result.error
    assert kept.read_text() == "mine"


@pytest.mark.parametrize("name", ["apt.txt", "binder", "Manifest.toml"])
def test_a_link_to_nothing_reaches_no_file_of_the_runner_from_where_it_is_staged(
    images: ImageRepository, name: str
) -> None:
    """So deep in the repository, the link stays inside; where the context is staged, it would lead out."""
    context, up = "a/b/c/d/e/f/g/h/i/j/k/l", "../" * 12
    target = f"{up}{images.home.relative_to('/')}/.docker/config.json"
    images.commit({f"{context}/environment.yml": "dependencies: []\n"})
    (images.checkout / context / name).symlink_to(target)
    result = images.build_test(builder="repo2docker", context=context)
    assert f"{name} is a link to nothing in the repository" in result.error
    assert "docker build" not in "\n".join(images.arguments)
