"""What `build` finds out before it builds: in seconds, with what is to be done about it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hub_image_actions.packages.package_list import Package, PackageList
from scenarios.action import PYTHON
from scenarios.images import IMAGE, ImageRepository
from testbed.fault_proxy import Answer, FaultProxy
from testbed.registry import Registry
from testbed.seed_image import seed_image

ENVIRONMENT = "channels:\n  - conda-forge\ndependencies:\n  - numpy\n - pandas\n"


@pytest.fixture
def repository(images: ImageRepository, small_base_image: str) -> ImageRepository:
    """A repository that could be built."""
    images.commit({"Dockerfile": f"FROM {small_base_image}\n", "empty/notes.txt": ""})
    return images


@pytest.mark.parametrize(
    ("given", "said", "remedy"),
    [
        ({"image": ""}, "`image`: it is required and empty.", "`image: ${{ vars.IMAGE }}`"),
        ({"context": "no/such"}, "There is no folder 'no/such'.", "actions/checkout"),
        ({"dockerfile": "Dokcerfile"}, "There is no Dokcerfile in '.'.", "`builder: repo2docker`"),
        (
            {"context": "empty", "builder": "repo2docker"},
            "nothing in 'empty' that repo2docker",
            "environment.yml",
        ),
        ({"appendix_file": "a.txt"}, "There is no 'a.txt' in '.'.", "`appendix-file`"),
        (
            {"registry_password": "wrong\n$key", "push": "true"},
            "refuses the login of '_json_key'",
            "store the secret of `registry-password` anew",
        ),
        (
            {"registry_username": "reader", "registry_password": "only reads", "push": "true"},
            "cannot be pushed to with the user 'reader'",
            "give that account the right to push",
        ),
        (
            {"registry": "127.0.0.1:9", "push": "true"},
            "127.0.0.1:9 could not be logged in to",
            "Check `registry`",
        ),
    ],
)
def test_what_would_fail_after_the_build_fails_before(
    repository: ImageRepository, given: dict[str, str], said: str, remedy: str
) -> None:
    result = repository.build(**given)
    assert said in result.error
    assert remedy in result.error
    assert "Building" not in result.log
    # A registry that does not answer is asked again, with waits between; all else is told at once.
    assert result.seconds < (20 if "could not be logged in to" in said else 10)
    assert result.summary.startswith("### ❌ Build of ")


def test_all_inputs_that_cannot_be_used_are_told_at_once(repository: ImageRepository) -> None:
    result = repository.build(
        image="up//per",
        user_id="abc",
        test="maybe",
        labels="no equals sign",
        extra_tags="a b",
        repo_dir="../x",
    )
    assert result.status == 1
    assert len(result.said("error")) == 6
    assert result.summary.count("\n- **") == 6


@pytest.mark.parametrize("folder", ["", "binder/"])
def test_bad_indentation_is_shown_at_its_line(images: ImageRepository, folder: str) -> None:
    images.commit({f"hub/{folder}environment.yml": ENVIRONMENT})
    result = images.build(builder="repo2docker", context="hub")
    (error,) = (command for command in result.commands if command.name == "error")
    assert error.properties == {"file": f"hub/{folder}environment.yml", "line": "5"}
    assert "it is often the indentation" in result.error
    assert result.seconds < 10


@pytest.mark.parametrize(
    ("name", "encoding", "line"),
    [
        ("environment.yml", "utf-16", 1),
        ("binder/requirements.txt", "utf-16-le", 1),
        (".binder/apt.txt", "latin-1", 2),
        ("Dockerfile", "utf-16-be", 1),
    ],
)
def test_a_configuration_file_that_is_not_utf8_is_shown_at_its_line(
    images: ImageRepository, name: str, encoding: str, line: int
) -> None:
    images.commit({f"hub/{name}": "# Course\n# von Jörg\nnumpy\n".encode(encoding)})
    result = images.build(builder="repo2docker", context="hub")
    (error,) = (command for command in result.commands if command.name == "error")
    assert error.properties == {"file": f"hub/{name}", "line": str(line)}
    assert f"hub/{name}:{line} is not UTF-8: save it as UTF-8" in result.error
    assert "Building" not in result.log
    assert result.seconds < 10


def test_an_engine_that_does_not_run_is_told(repository: ImageRepository) -> None:
    result = repository.build({"DOCKER_HOST": f"unix://{repository.folder}/no.sock"})
    assert result.error.startswith("Docker does not run: Cannot connect to the Docker daemon")
    assert "start Docker" in result.error
    assert result.seconds < 10


def test_a_machine_without_docker_is_told(repository: ImageRepository, tmp_path: Path) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "python3").symlink_to(PYTHON)
    for program in ("bash", "git"):
        found = next(Path(folder, program) for folder in os.get_exec_path() if Path(folder, program).exists())
        (bin_folder / program).symlink_to(found.resolve())
    result = repository.build({"PATH": str(bin_folder)})
    assert result.error.startswith("Docker does not run: there is no docker.")


def test_a_registry_that_forbids_is_told(repository: ImageRepository) -> None:
    with FaultProxy(repository.registry.url) as proxy:
        proxy.fail(Answer(403), method="POST", path=r"/blobs/uploads/", times=9)
        result = repository.build(registry=proxy.host, push="true")
    assert f"{proxy.host}/{IMAGE} cannot be pushed to" in result.error
    assert "Building" not in result.log
    assert result.seconds < 10


def test_the_trial_of_a_push_leaves_nothing(repository: ImageRepository, registry: Registry) -> None:
    with FaultProxy(registry.url) as proxy:
        result = repository.build(registry=proxy.host, registry_password="", push="true", tag="trial")
        assert result.status == 0, result.log
        begun, *_ = proxy.seen("POST", "/blobs/uploads/")
        assert proxy.seen("DELETE", "/blobs/uploads/")[0].status == 204
        assert begun.status == 202


def test_a_script_with_windows_line_ends_is_warned_of(images: ImageRepository) -> None:
    images.commit({"postBuild": "#!/bin/bash\r\ntrue\r\n"})
    result = images.build(builder="repo2docker", repo2docker_args="--no-build")
    assert result.said("warning") == ["postBuild has Windows line ends, with which Linux cannot run it."]


def test_a_python_that_repo2docker_lacks_is_shown_before_anything_is_installed(
    images: ImageRepository,
) -> None:
    images.commit({"hub/binder/environment.yml": "dependencies:\n  - numpy=2.*\n  - python=3.13.*\n"})
    result = images.build(builder="repo2docker", repo2docker_version="2025.08.0", context="hub")
    (error,) = (command for command in result.commands if command.name == "error")
    assert error.properties == {"file": "hub/binder/environment.yml", "line": "3"}
    assert (
        "repo2docker 2025.08.0 has no Python 3.13, only 3.5 to 3.12. Set `repo2docker-version`"
        in result.error
    )
    assert "Preparing" not in result.log
    assert result.seconds < 10


def test_two_folders_for_the_configuration_are_refused_at_once(images: ImageRepository) -> None:
    images.commit({"binder/Dockerfile": "FROM scratch\n", ".binder/Dockerfile": "FROM scratch\n"})
    result = images.build(builder="repo2docker")
    assert result.error.startswith("repo2docker builds nothing from a folder with both binder/ and .binder/.")
    assert result.seconds < 10


def test_advice_is_shown_at_its_line_before_the_build(images: ImageRepository) -> None:
    entries = "".join(f"  - package{number}=1.*\n" * 2 for number in range(12))
    environment = f"channels: [defaults]\ndependencies:\n  - python=3.13.*\n  - sklearn\n{entries}"
    images.commit({"environment.yml": environment, "requirements.txt": "numpy\n"})
    result = images.build(builder="repo2docker", repo2docker_args="--no-build")
    warnings = [command for command in result.commands if command.name == "warning"]
    assert len(warnings) == 10
    assert warnings[0].properties == {"file": "requirements.txt"}
    assert warnings[0].message.startswith("repo2docker does not read requirements.txt: ")
    assert warnings[1].properties == {"file": "environment.yml", "line": "1"}
    assert warnings[1].message.startswith("environment.yml:1: the channel `defaults` is Anaconda's")
    assert warnings[3].message == "environment.yml:4: conda-forge has `scikit-learn`, not `sklearn`."
    assert warnings[-1].message == "7 more warnings are in the log."
    assert "warning: environment.yml:28: `package11` is named in line 27 already." in result.log
    assert result.summary.count("⚠️") == 7
    assert "has `scikit-learn`, not `sklearn`" in result.summary
    assert "⚠️ The log has 10 more of such warnings" in result.summary


def test_a_name_that_resembles_one_of_the_last_image_is_shown_before_the_build(
    images: ImageRepository, guarded_registry: Registry, small_base_image: str
) -> None:
    packages = PackageList((Package("pip", "otter-grader", "6.1.3"),), "ubuntu 24.04")
    guarded_registry.push(images.image, "last", seed_image(config={"Labels": packages.to_labels()}))
    images.commit(
        {
            "Dockerfile": f"FROM {small_base_image}\nCOPY requirements.txt /\nRUN false\n",
            "requirements.txt": "oter-grader==6.1.3\n",
        }
    )
    result = images.build(packages="true", compare_with="last")
    (warning,) = (command for command in result.commands if "Check the spelling" in command.message)
    assert warning.properties == {"file": "requirements.txt", "line": "1"}
    assert result.log.index("Check the spelling") < result.log.index("Building ")


def without_lfs(images: ImageRepository) -> str:
    """Leave pointers, as a checkout without `lfs: true` does."""
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'5e' * 32}\nsize 90210000\n"
    images.commit({f"data/lecture{number}.csv": pointer for number in range(5)})
    return "5 pointers of Git LFS: data/lecture0.csv, data/lecture1.csv, data/lecture2.csv and 2 more"


def without_submodules(images: ImageRepository) -> str:
    """Leave a folder empty, as a checkout without `submodules` does."""
    images.git("update-index", "--add", "--cacheinfo", f"160000,{images.head},vendor/solver")
    images.git("commit", "--quiet", "--message=solver")
    (images.checkout / "vendor/solver").mkdir(parents=True)
    return "a submodule that is not checked out: vendor/solver"


def sparse(images: ImageRepository) -> str:
    """Check out less than what is built."""
    images.commit({"lectures/week1.md": "x\n", ".dockerignore": "empty\n"})
    images.git("sparse-checkout", "set", "--no-cone", "/Dockerfile", "/.dockerignore")
    return "a file that is not checked out: lectures/week1.md"


@pytest.mark.parametrize(
    ("leave_out", "remedy"),
    [
        (without_lfs, "`lfs: true`"),
        (without_submodules, "`submodules: recursive`"),
        (sparse, "`sparse-checkout`"),
    ],
)
def test_a_checkout_that_lacks_what_is_built_is_warned_of(
    repository: ImageRepository, leave_out: Callable[[ImageRepository], str], remedy: str
) -> None:
    named = leave_out(repository)
    result = repository.build()
    assert result.status == 0, result.log
    (warning,) = result.said("warning")
    assert f"The image is built with {named}." in warning
    assert remedy in warning
    assert "⚠️ The image is built with " in result.summary


def test_a_full_disk_is_warned_of(repository: ImageRepository) -> None:
    result = repository.build(min_free_disk="1000000")
    assert result.status == 0, result.log
    (warning,) = result.said("warning")
    assert "less than the 1000000 GiB of `min-free-disk`; a large image may not fit." in warning
    assert "⚠️ Only " in result.summary
