"""scripts/bench: what it lists, what it measures with, and what it keeps."""

import os
import subprocess
import sys
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.cold_start import bundle
from benchmarks.measurement import Command, compared
from benchmarks.search import IMAGE, write_deployments


@pytest.fixture
def bench(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Loads the script as a module that keeps its figures in a temporary folder."""
    monkeypatch.setattr("sys.dont_write_bytecode", True)  # compiled code would lie in scripts/
    loader = SourceFileLoader("bench", str(root / "scripts/bench"))
    spec = spec_from_loader("bench", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/benchmarks.md").write_text("# Benchmarks\n\nRead the medians.\n")
    return module


def test_every_benchmark_is_there_and_explained(bench: ModuleType) -> None:
    for name, place in bench.BENCHMARKS.items():
        module, _, function = place.partition(".")
        assert callable(getattr(import_module(f"benchmarks.{module}"), function))
        assert f"scripts/bench {name} " in (bench.__doc__ or "")


def test_figures_replace_those_of_the_same_benchmark_where_they_were(bench: ModuleType) -> None:
    for name, figures in (("search", "1"), ("bump", "2"), ("search", "3")):
        bench.keep(name, "a machine", figures)
    written = (bench.ROOT / "docs/benchmarks.md").read_text()
    assert written == (
        "# Benchmarks\n\nRead the medians.\n\n"
        "## search\n\n`scripts/bench search` on a machine:\n\n```text\n3\n```\n\n"
        "## bump\n\n`scripts/bench bump` on a machine:\n\n```text\n2\n```\n"
    )


@pytest.mark.parametrize(("files", "matching"), [(10, 3), (100, 3), (100, 10)])
def test_just_so_many_files_of_a_tree_name_the_image(tmp_path: Path, files: int, matching: int) -> None:
    write_deployments(tmp_path, files=files, matching=matching)
    texts = [path.read_text() for path in tmp_path.rglob("*.yaml")]
    assert len(texts) == files
    assert sum(IMAGE in text for text in texts) == matching


class Told:
    """Takes the times that it is told."""

    def __init__(self, name: str, *times: float) -> None:
        self.name = name
        self._times = list(times)

    def seconds(self) -> float:
        return self._times.pop(0)


def test_the_ratio_is_the_median_of_pairs_without_the_first() -> None:
    figures = compared(Told("one", 99, 2, 9, 8), Told("other", 99, 1, 1, 2), 3, "at most 5")
    assert figures.splitlines()[:2] == [
        "one takes 4.00 times as long as other (at most 5), 3 runs",
        "  ratio      median 4.000, 2.000 to 9.000",
    ]


def test_a_command_that_does_not_do_what_is_measured_is_no_measurement(tmp_path: Path) -> None:
    command = Command("true", (sys.executable, "-c", "print('no')"), tmp_path, {}, output="yes")
    with pytest.raises(RuntimeError, match="true ended with 0: no"):
        command.seconds()


@pytest.mark.parametrize(("tag", "status"), [("no tag", 1), ("511c4637d702", 0)])
def test_the_action_in_javascript_checks_its_inputs(tmp_path: Path, tag: str, status: int) -> None:
    given = {"INPUT_IMAGE": "registry.example/project/image", "INPUT_TAG": tag, "INPUT_TOKEN": "x"}
    done = subprocess.run(["node", bundle(tmp_path)], env={"PATH": os.environ["PATH"], **given}, check=False)
    assert done.returncode == status
