"""Names that conda-forge and PyPI do not share."""

import pytest

from hub_image_actions.build import package_names
from hub_image_actions.build.package_names import name_on_conda_forge, name_on_pypi, normalized, project


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("sklearn", "scikit-learn"),
        ("opencv_python", "opencv"),
        ("Torch", "pytorch"),
        ("jupyter-client", "jupyter_client"),
        ("jupyter_client", ""),
        ("numpy", ""),
        ("graphviz", ""),
        ("r-base", ""),
    ],
)
def test_what_conda_forge_calls_otherwise_is_known(name: str, right: str) -> None:
    assert name_on_conda_forge(name) == right


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("sklearn", "scikit-learn"),
        ("pytorch", "torch"),
        ("Python_Graphviz", "graphviz"),
        ("jupyter_client", ""),
    ],
)
def test_what_pypi_calls_otherwise_is_known(name: str, right: str) -> None:
    assert name_on_pypi(name) == right


def test_no_right_name_is_called_wrong_in_turn() -> None:
    for right in package_names._ON_CONDA_FORGE.values():
        assert name_on_conda_forge(right) == ""
    for right in package_names._ON_PYPI.values():
        assert name_on_pypi(right) == ""


def test_the_tables_are_in_order_and_in_the_form_that_is_looked_up() -> None:
    for table in (package_names._ON_CONDA_FORGE, package_names._ON_PYPI):
        assert [*table] == sorted(table)
        assert [*table] == [normalized(name) for name in table]


@pytest.mark.parametrize(
    ("conda", "pip"),
    [("pytorch", "torch"), ("opencv", "opencv-python-headless"), ("ruamel.yaml", "ruamel-yaml"), ("a", "A")],
)
def test_one_project_is_the_same_under_both_names(conda: str, pip: str) -> None:
    assert project(conda, "conda") == project(pip, "pip")


@pytest.mark.parametrize(
    ("conda", "pip"), [("graphviz", "graphviz"), ("r-numpy", "r-numpy"), ("zstd", "zstd")]
)
def test_a_program_is_not_the_package_of_its_name(conda: str, pip: str) -> None:
    assert project(conda, "conda") != project(pip, "pip")
