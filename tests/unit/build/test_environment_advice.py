"""Advice on the packages that an image asks for; and none where nothing is amiss."""

from pathlib import Path

import pytest

from hub_image_actions.build.environment_advice import Advice, advice_on
from hub_image_actions.build.environment_file import PackageFile, read_environment, read_requirements

PINNED = "channels: [conda-forge, nodefaults]\ndependencies:\n"


def environment(folder: Path, text: str) -> PackageFile:
    path = folder / "environment.yml"
    path.write_text(text)
    return read_environment(path, "environment.yml")


def advice(folder: Path, text: str, hub_version: str = "") -> list[Advice]:
    return advice_on([environment(folder, text)], hub_version)


@pytest.mark.parametrize(
    "text",
    [
        "dependencies: []\n",
        PINNED + "- python=3.13.*\n- pip\n- numpy>=1,<2\n- pip:\n  - otter-grader==6.1\n",
        PINNED + "- graphviz=12.*\n- python-graphviz=0.20.*\n",
        PINNED + "- graphviz=12.*\n- pip:\n  - graphviz==0.20\n",
        PINNED + "- jupyterhub-base=5.*\n- jupyterhub-singleuser=5.*\n- jupyter_client=8.*\n",
        PINNED + "- dask-core=2026.*\n- dask=2026.*\n- matplotlib-base=3.*\n- matplotlib=3.*\n",
        PINNED + "- pytorch::torch=2.*\n- conda-forge::numpy=2.*\n- r-base=4.4.*\n- r-tables=1.*\n",
        PINNED
        + "- python=3.13.*\n- pip:\n  - a==1; python_version < '3.12'\n  - a==2; python_version >= '3.12'\n",
        PINNED + "- python=3.13.*\n- pip:\n  - -c constraints.txt\n  - pandas\n",
        PINNED
        + "- python=3.13.*\n- pip:\n  - git+https://example.org/a\n  - -e .\n  - b @ https://example.org/b\n",
    ],
)
def test_what_is_in_order_gets_no_advice(tmp_path: Path, text: str) -> None:
    assert advice(tmp_path, text, "5.3.0") == []


@pytest.mark.parametrize(
    ("entries", "line", "said"),
    [
        ("- sklearn=1.5.*\n", 3, "conda-forge has `scikit-learn`, not `sklearn`."),
        (
            "- pip:\n  - pytorch==2.0\n",
            4,
            "on PyPI the package is `torch`; `pytorch` is another project there",
        ),
        ("- numpy=1.*\n- numpy>=1.2\n", 4, "`numpy` is named in line 3 already."),
        ("- pip:\n  - a-b==1\n  - A.b==1\n", 5, "`a.b` is named in line 4 already."),
        (
            "- numpy=1.*\n- pip:\n  - NumPy==1\n",
            5,
            "with `numpy`, pip replaces conda's `numpy` of line 3, which",
        ),
        (
            "- pytorch=2.*\n- pip:\n  - torch==2\n",
            5,
            "with `torch`, pip replaces conda's `pytorch` of line 3, which",
        ),
        ("- defaults::numpy=1.*\n", 3, "the channel `defaults` is Anaconda's"),
        ("- numpy\n", 3, "no version is asked for of `numpy`: a rebuild"),
        ("- numpy=1.*\n- 'pandas *'\n- scipy\n", 4, "no version is asked for of `pandas` and `scipy`:"),
        ("- pip:\n  - a\n", 4, "as in `a==1.2.*`."),
    ],
)
def test_what_is_amiss_is_told_at_its_line(tmp_path: Path, entries: str, line: int, said: str) -> None:
    (told,) = advice(tmp_path, PINNED + entries)
    assert said in told.text
    assert (told.file, told.line) == ("environment.yml", line)
    assert str(told).startswith(f"environment.yml:{line}: ")


@pytest.mark.parametrize(
    "channel", ["defaults", "anaconda", "main", "pkgs/r", "https://repo.anaconda.com/pkgs/main/linux-64"]
)
def test_a_channel_of_anacondas_is_told_once(tmp_path: Path, channel: str) -> None:
    text = f"channels:\n- conda-forge\n- {channel}\n- defaults\ndependencies: []\n"
    (told,) = advice(tmp_path, text)
    assert told.text.startswith(f"the channel `{channel}` is Anaconda's")
    assert told.line == 3


@pytest.mark.parametrize(
    ("version", "hub", "is_told"),
    [
        ("=5.3.*", "5.3.0", False),
        ("=5", "5.3.0", False),
        ("==4.1", "5.3.0", True),
        (" 4.*", "5.3.0", True),
        ("=4.1", "", False),
        (">=4,<6", "5.3.0", False),
        (">=4", "5.3.0", False),
        ("~=4.0", "5.3.0", True),
    ],
)
def test_jupyterhub_of_another_major_than_the_hub_is_told(
    tmp_path: Path, version: str, hub: str, is_told: bool
) -> None:
    told = advice(tmp_path, f"{PINNED}- jupyterhub{version}\n", hub)
    assert [one.line for one in told] == ([3] if is_told else [])
    if is_told:
        assert "the hub has JupyterHub 5.3.0 (`hub-version`), and this is 4" in told[0].text


def test_many_packages_without_a_version_are_one_warning(tmp_path: Path) -> None:
    (told,) = advice(tmp_path, PINNED + "".join(f"- package{number}\n" for number in range(40)))
    assert "`package7` and 32 more:" in told.text


def test_files_that_make_one_environment_are_looked_at_together(tmp_path: Path) -> None:
    first = environment(tmp_path, PINNED + "- numpy=2.*\n- pip:\n  - -r requirements.txt\n")
    (told,) = advice_on([first, read_requirements("a==1\nnumpy==2.0\n", "requirements.txt")])
    assert str(told).startswith(
        "requirements.txt:2: with `numpy`, pip replaces conda's `numpy` of environment.yml:3"
    )
