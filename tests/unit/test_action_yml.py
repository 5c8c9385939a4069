"""Every action.yml says what its main.py does: the same inputs, defaults and outputs."""

import importlib.util
import re
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.errors import InvalidInputs

ROOT = Path(__file__).resolve().parents[2]
ACTIONS = sorted(path.parent for path in ROOT.glob("actions/*/action.yml"))
FILES = [*(action / "action.yml" for action in ACTIONS), *ROOT.glob("action.yml")]
# Texts that the inputs of that name take; an empty text is taken by all others.
TEXTS = {"image": "example.org/a/b", "tag": "x", "token": "x"}


def read(path: Path) -> dict[str, Any]:
    """Return an action.yml."""
    return dict(YAML(typ="safe", pure=True).load(path))


def main_of(path: Path) -> Path:
    """Return the program that an action.yml runs."""
    found = re.search(r'\$GITHUB_ACTION_PATH/([\w/.-]+)"', read(path)["runs"]["steps"][0]["run"])
    assert found
    return path.parent / found[1]


def loaded(script: Path) -> ModuleType:
    """Return a main.py as a module; the libraries are those of the tests."""
    spec = importlib.util.spec_from_file_location(f"main_of_{script.parent.name.replace('-', '_')}", script)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what a main.py does to the search path undone."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "path_hooks", [*sys.path_hooks])
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


def defaults_of(script: Path) -> dict[str, str]:
    """Return the inputs that a main.py reads, and what an empty one stands for."""
    inputs = Inputs(lambda name: TEXTS.get(name, ""))
    module = loaded(script)
    # An input that must be given is refused at the end, when all have been read.
    with suppress(InvalidInputs):
        module.read_inputs(inputs)
    return inputs.defaults


def variable(name: str) -> str:
    return f"INPUT_{name.replace('-', '_').upper()}"


def by_name(path: Path) -> str:
    return path.parent.name


@pytest.mark.parametrize("path", FILES, ids=by_name)
class TestActionYml:
    def test_every_input_is_forwarded_once(self, path: Path) -> None:
        step = read(path)["runs"]["steps"][0]
        assert step["env"] == {variable(name): f"${{{{ inputs.{name} }}}}" for name in read(path)["inputs"]}

    @pytest.mark.usefixtures("imports")
    def test_every_input_is_read_and_no_other(self, path: Path) -> None:
        assert set(defaults_of(main_of(path))) == set(read(path)["inputs"])

    @pytest.mark.usefixtures("imports")
    def test_the_defaults_are_the_same(self, path: Path) -> None:
        read_by_script = defaults_of(main_of(path))
        declared = {name: str(entry.get("default", "")) for name, entry in read(path)["inputs"].items()}
        of_the_run = {name for name, default in declared.items() if "${{ github." in default}
        assert {name: text for name, text in read_by_script.items() if name not in of_the_run} == {
            name: text for name, text in declared.items() if name not in of_the_run
        }

    def test_every_input_and_output_is_described(self, path: Path) -> None:
        declared = read(path)
        entries = {**declared["inputs"], **declared.get("outputs", {})}
        assert [name for name, entry in entries.items() if not entry.get("description")] == []

    def test_every_output_is_the_steps(self, path: Path) -> None:
        declared = read(path)
        step = declared["runs"]["steps"][0]["id"]
        assert {name: entry["value"] for name, entry in declared["outputs"].items()} == {
            name: f"${{{{ steps.{step}.outputs.{name} }}}}" for name in declared["outputs"]
        }

    def test_there_is_one_step_and_it_runs_the_script_alone(self, path: Path) -> None:
        (step,) = read(path)["runs"]["steps"]
        script = main_of(path).relative_to(path.parent)
        assert step["run"] == f'exec python3 -I -S "$GITHUB_ACTION_PATH/{script}"'
        assert step["shell"] == "bash"
        assert main_of(path).is_file()

    def test_nothing_is_spliced_into_the_command(self, path: Path) -> None:
        (step,) = read(path)["runs"]["steps"]
        assert "${{" not in step["run"]
        assert ".." not in step["run"]

    def test_a_list_of_inputs_names_those_that_must_be_given(self, path: Path) -> None:
        for name, entry in read(path)["inputs"].items():
            assert not (entry.get("required") and entry.get("default")), name
