"""The image's own tests, run by `build` in a container of the image."""

import json
import zipfile
from pathlib import Path

import pytest

from scenarios.images import IMAGE, PASSING, ImageRepository, notebook

NOT_COPIED = "FROM {base}\nUSER root\nRUN mkdir -p /srv/repo && chown 1000 /srv/repo\nUSER jovyan\n"
COPIED = "FROM {base}\nCOPY --chown=1000 . /srv/repo\n"


def wheel(folder: Path) -> bytes:
    """Return a wheel of a package with one module."""
    path = folder / "course_checks-1.0-py3-none-any.whl"
    info = "course_checks-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("course_checks.py", "ANSWER = 42\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: course-checks\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path.read_bytes()


def test_every_kind_of_failing_test_is_told_with_its_place(
    images: ImageRepository, jupyter_base_image: str
) -> None:
    images.commit(
        {
            "Dockerfile": NOT_COPIED.format(base=jupyter_base_image),
            "image-tests/test_math.py": "import pytest\n\n\ndef test_ok():\n    assert True\n\n\n"
            "def test_sums():\n    x = 1\n    assert x == 2, 'sums'\n\n\n"
            "@pytest.mark.skip(reason='later')\ndef test_later():\n    assert False\n",
            "image-tests/test_broken.py": "import sys\nimport no_such_library\n",
            "image-tests/notebooks/plot.ipynb": notebook("x = 0", "1 / x"),
            "image-tests/notebooks/r.ipynb": notebook("1", kernel="ir"),
            "image-tests/notebooks/cut.ipynb": notebook("1")[:40],
            "image-tests/notebooks/dies.ipynb": notebook("import os; os.kill(os.getpid(), 9)"),
            "image-tests/notebooks/.ipynb_checkpoints/old.ipynb": notebook("1 / 0"),
        }
    )
    result = images.build(push="true")
    assert result.status == 1
    told = {
        (command.properties.get("file"), command.properties.get("line")): command.message
        for command in result.commands
        if command.name == "error"
    }
    assert told["image-tests/test_math.py", "10"].startswith("test_sums: AssertionError: sums")
    assert "No module named 'no_such_library'" in told["image-tests/test_broken.py", "2"]
    assert "code cell 2: ZeroDivisionError: division by zero" in told["image-tests/notebooks/plot.ipynb", "1"]
    assert "no such kernel, only python3" in told["image-tests/notebooks/r.ipynb", "1"]
    assert "this is not a notebook" in told["image-tests/notebooks/cut.ipynb", "1"]
    assert "the kernel died" in told["image-tests/notebooks/dies.ipynb", "1"]
    assert told[None, None].startswith("6 of the image's tests failed: ")
    assert result.outputs["tests"] == "1 passed, 6 failed, 1 skipped"
    assert "| **Tests** | ❌ 1 passed, 6 failed, 1 skipped |" in result.summary
    assert (
        "<details><summary>❌ test_sums (image-tests/test_math.py:10): AssertionError: sums" in result.summary
    )
    assert images.registry.tags(IMAGE).count(images.head[:12]) == 0


def test_tests_that_the_dockerfile_does_not_copy_are_run_with_what_they_require(
    images: ImageRepository, jupyter_base_image: str, tmp_path: Path
) -> None:
    images.commit(
        {
            "stat20/Dockerfile": NOT_COPIED.format(base=jupyter_base_image),
            "stat20/ci/tests/requirements.txt": "./ci/tests/course_checks-1.0-py3-none-any.whl\n",
            "stat20/ci/tests/course_checks-1.0-py3-none-any.whl": wheel(tmp_path),
            "stat20/ci/tests/test_checks.py": "import os\nimport course_checks\n\n\n"
            "def test_user():\n    assert os.getuid() == 1000\n\n\n"
            "def test_place():\n    assert os.getcwd() == '/srv/repo'\n",
        }
    )
    result = images.build(context="stat20", tests_dir="ci/tests")
    assert result.status == 0, result.log
    assert result.outputs["tests"] == "2 passed"


def test_tests_in_the_image_are_run_where_they_may_write(
    images: ImageRepository, jupyter_base_image: str
) -> None:
    images.commit(
        {
            "Dockerfile": COPIED.format(base=jupyter_base_image),
            "image-tests/test_write.py": "from pathlib import Path\n\n\n"
            "def test_write():\n    Path(__file__).with_name('written').write_text('x')\n",
        }
    )
    result = images.build()
    assert result.status == 0, result.log
    assert result.outputs["tests"] == "1 passed"
    assert "written" not in json.dumps([str(path) for path in images.checkout.rglob("*")])


def test_an_image_without_pytest_that_cannot_be_installed_is_told(
    images: ImageRepository, jupyter_base_image: str
) -> None:
    images.commit(
        {
            "Dockerfile": f"FROM {jupyter_base_image}\nUSER root\nENV PIP_NO_INDEX=1\n"
            "RUN rm -r /opt/jupyter/lib/python3*/site-packages/pytest\nUSER jovyan\n",
            "image-tests/test_sums.py": PASSING,
        }
    )
    result = images.build()
    assert result.error.startswith(
        "The image's tests could not be run. The image lacks pytest, which its tests need. "
        "pip could not install pytest: No matching distribution found for pytest."
    )


def test_tests_that_are_killed_are_told(images: ImageRepository, jupyter_base_image: str) -> None:
    images.commit(
        {
            "Dockerfile": COPIED.format(base=jupyter_base_image),
            "image-tests/test_memory.py": "import os\n\n\ndef test_all():\n    os.kill(os.getpid(), 9)\n",
        }
    )
    result = images.build()
    assert "pytest was killed by signal 9" in result.error
    assert "image-tests/test_memory.py::test_all" in result.log


def test_an_image_without_python_is_told(images: ImageRepository, small_base_image: str) -> None:
    images.commit({"Dockerfile": f"FROM {small_base_image}\n", "image-tests/test_sums.py": PASSING})
    result = images.build()
    assert "The image's tests could not be run:" in result.error
    assert "The tests need `python3` in the image. Add it, or set `test: false`." in result.error


def test_a_start_that_may_not_be_run_is_told(images: ImageRepository, small_base_image: str) -> None:
    dockerfile = f'FROM {small_base_image}\nCOPY start /start\nENTRYPOINT ["/bin/sh", "-c", "/start"]\n'
    images.commit({"Dockerfile": dockerfile, "start": "#!/bin/sh\n", "image-tests/test_sums.py": PASSING})
    assert "Make that file executable" in images.build().error


@pytest.mark.parametrize("given", [{"test": "false"}, {"tests_dir": "no-such-tests"}])
def test_an_image_may_go_untested(
    images: ImageRepository, small_base_image: str, given: dict[str, str]
) -> None:
    images.commit({"Dockerfile": f"FROM {small_base_image}\n", "image-tests/test_sums.py": PASSING})
    result = images.build(**given)
    assert result.status == 0, result.log
    assert result.outputs["tests"] == ""
