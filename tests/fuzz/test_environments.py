"""Files of packages as nobody writes them: each is read, or refused with a clear error."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from fake_build import read_settings
from fuzz.limits import LIMITS, mutated
from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.environment_advice import advice_on
from hub_image_actions.build.environment_file import (
    InvalidEnvironment,
    PackageFile,
    read_environment,
    read_requirements,
)
from hub_image_actions.build.review import review
from hub_image_actions.errors import ActionError

TEXTS = st.text(max_size=4)
WRITTEN = """name: a
channels:
- conda-forge
- defaults
dependencies:
- python=3.13.*
- sklearn
- a::b[version='>=1']
- pip:
  - torch==2 # x
  - -r r.txt
"""
ENVIRONMENTS = mutated(
    st.sampled_from(
        [
            WRITTEN,
            "dependencies: [numpy >=1, 'numpy 1.26 py_0', {pip: [numpy, 'a @ https://example.org/x']}]\n",
            "dependencies: &d\n- &p python>=3.12\n- *p\n- pip: [a]\n",
        ]
    ),
    st.one_of(
        st.sampled_from(
            [":", "- ", "[", "]", "{", "=", "::", "&a ", "*a", "!!int ", "\n", "\x00", "'", "~", "*"]
        ),
        TEXTS,
    ),
)
REQUIREMENTS = mutated(
    st.sampled_from(
        [
            "numpy==1.26 \\\n  --hash=sha256:00\nNumPy>=1; python_version < '3.12'\n-c x\na[b] @ https://example.org/x\n"
        ]
    ),
    st.one_of(st.sampled_from(["\\\n", "#", "[", ";", " -", "@", "==", "\u2028", "\x0c", "\ufeff"]), TEXTS),
)
RUNTIMES = mutated(
    st.sampled_from(["python-3.13", "r-4.4-2026-11-02", "python-3.12.4\n"]),
    st.one_of(st.sampled_from(["-", ".", "\n", "9" * 5000, "\u0663"]), TEXTS),
)


@LIMITS
@given(ENVIRONMENTS)
def test_any_environment_is_read_or_refused(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "environment.yml")
        path.write_bytes(text.encode(errors="replace"))
        refused = None
        try:
            file = read_environment(path, "environment.yml")
        except InvalidEnvironment as error:
            refused, file = error, PackageFile("")
    assert refused is None or refused.line >= 1
    assert all(entry.name == entry.name.lower() and entry.line >= 1 for entry in file.entries)
    assert all(advice.file == "environment.yml" for advice in advice_on([file], "5.3.0"))


@LIMITS
@given(REQUIREMENTS)
def test_any_requirements_are_read(text: str) -> None:
    file = read_requirements(text, "requirements.txt")
    assert all(1 <= entry.line <= len(text.splitlines()) for entry in file.entries)
    assert all(1 <= advice.line <= len(text.splitlines()) for advice in advice_on([file]))


@LIMITS
@given(ENVIRONMENTS, REQUIREMENTS, RUNTIMES, st.sampled_from(["2024.07.0", "2026.04.0", "repo2docker>=1"]))
def test_any_repository_is_reviewed_or_refused(
    environment: str, requirements: str, runtime: str, version: str
) -> None:
    with TemporaryDirectory() as folder:
        written = {
            "environment.yml": environment,
            "requirements.txt": requirements,
            "runtime.txt": runtime,
            "Pipfile": environment,
            "Pipfile.lock": runtime,
            "pyproject.toml": requirements,
        }
        for name, text in written.items():
            if len(text) % 3:
                Path(folder, name).write_bytes(text.encode(errors="replace"))
        told: list[str] = []
        try:
            reviewed = review(BuildContext(Path(folder), "."), read_settings(repo2docker_version=version))
            told = [str(advice) for advice in reviewed]
        except ActionError as error:
            told = [str(error)]
    assert all(text and "\n" not in text and len(text) < 2_000 for text in told)
