"""How conda-forge names what PyPI has under another name."""

from collections.abc import Iterable

from packaging.utils import canonicalize_name

PYPI_NAMES = {
    "brotli-python": "brotli",
    "jupyterhub-base": "jupyterhub",
    "matplotlib-base": "matplotlib",
    "nbconvert-core": "nbconvert",
    "python-fastjsonschema": "fastjsonschema",
}
CONDA_NAMES = {pypi: conda for conda, pypi in PYPI_NAMES.items()}


def pypi_name(conda: str) -> str:
    """Return PyPI's name of a Python package of conda-forge."""
    return PYPI_NAMES.get(conda, canonicalize_name(conda))


class CondaNames:
    """Conda-forge's names of what PyPI has.

    Args:
        known: names that conda-forge has; where one has a dot or an underscore, as `stack_data`, nothing
            else tells it.
    """

    def __init__(self, known: Iterable[str]) -> None:
        # Of cached-property and cached_property, the latter is the package.
        self._spelled = {canonicalize_name(name): name for name in known if "_" in name or "." in name}

    def of(self, pypi: str) -> str:
        """Return conda-forge's name of a package of PyPI."""
        name = canonicalize_name(pypi)
        return CONDA_NAMES.get(name, self._spelled.get(name, name))
