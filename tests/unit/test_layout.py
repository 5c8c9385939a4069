"""The layout of the code: what an action may load, and how big a room may get."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

OURS = "hub_image_actions"
ACTIONS = ("binder-badge", "build", "build-test", "bump-base-image", "bump-datahub-tag", "comment-result")
LONGEST_FUNCTION, LONGEST_CLASS, MOST_METHODS = 40, 200, 15
FOLDERS = ("src", "actions", "release", "demo", "scripts")


def module_file(root: Path, name: str) -> Path | None:
    """Returns the file of a module of ours, or None where a name is not one."""
    path = root / "src" / name.replace(".", "/")
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def imported(file: Path) -> Iterator[str]:
    """Yields the modules that a file imports anywhere in it, inside functions as well."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def loaded(root: Path, main: Path) -> set[str]:
    """Returns all modules of ours that a program can load."""
    seen: set[str] = set()
    left = [main]
    while left:
        for name in imported(left.pop()):
            file = module_file(root, name) if name.startswith(OURS) else None
            if name not in seen and (file or name.partition(".")[0] == "release"):
                seen.add(name)
                left += [file] if file else []
    return seen


def python_files(root: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            is_script = not path.suffix and path.is_file() and b"python" in path.read_bytes()[:80]
            if "__pycache__" not in path.parts and (path.suffix == ".py" or is_script):
                yield path


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_loads_nothing_that_only_laptop_commands_use(root: Path, action: str) -> None:
    modules = loaded(root, root / "actions" / action / "main.py")
    assert f"{OURS}.entry.runner" in modules
    assert [name for name in modules if name.startswith((f"{OURS}.fleet", "release"))] == []


def test_every_action_is_looked_at(root: Path) -> None:
    assert {path.parent.name for path in root.glob("actions/*/main.py")} == set(ACTIONS)


def modules_of(root: Path) -> list[str]:
    """Returns the path of every module of ours below the package, without its ending."""
    top = root / "src" / OURS
    files = (path.relative_to(top) for path in top.rglob("*.py") if path.name != "__init__.py")
    return sorted(path.with_suffix("").as_posix() for path in files)


@pytest.mark.parametrize("module", modules_of(Path(__file__).parents[2]))
def test_every_module_has_its_unit_tests_in_a_file_of_its_name(root: Path, module: str) -> None:
    folder, _, name = module.rpartition("/")
    assert (root / "tests/unit" / folder / f"test_{name}.py").is_file()


def test_a_package_itself_holds_no_code(root: Path) -> None:
    """What is in it would be loaded with each of its modules: the cold start is a published figure."""
    files = list(root.glob("src/hub_image_actions/*/**/__init__.py"))
    files += [root / "release/__init__.py"]
    bodies = {path: ast.parse(path.read_text()).body for path in files}
    assert [
        path for path, body in bodies.items() if [node for node in body if not isinstance(node, ast.Expr)]
    ] == []


def described(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yields the first cell and the paths in backquotes of each row that says where something is."""
    text = (root / "CONTRIBUTING.md").read_text()
    section = text.partition("\n## Where to change what\n")[2].partition("\n## ")[0]
    for row in re.findall(r"^\| (.*?) \| (.*) \|$", section, re.MULTILINE)[1:]:
        first, second = row
        yield (
            first,
            [path for path in re.findall("`([^`]+)`", second) if path.endswith((".py", ".yaml", ".yml"))],
        )


def test_every_file_that_contributors_are_sent_to_is_there(root: Path) -> None:
    rows = list(described(root))
    assert len(rows) > 40
    missing = []
    for first, paths in rows:
        folders = [root, root / "src" / OURS, root / "src" / OURS / first.strip("`")]
        missing += [path for path in paths if not any([*folder.glob(path)] for folder in folders)]
    assert missing == []


def definitions(root: Path) -> Iterator[tuple[str, ast.AST, int]]:
    """Yields each function and class, by a name that tells where it is, with its number of lines."""
    for file in python_files(root):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                lines = (node.end_lineno or 0) - node.lineno + 1
                yield f"{file.relative_to(root)}: {node.name}", node, lines


def test_no_function_is_longer_than_a_screen(root: Path) -> None:
    functions = [
        (name, lines) for name, node, lines in definitions(root) if not isinstance(node, ast.ClassDef)
    ]
    assert len(functions) > 1500
    assert [(name, lines) for name, lines in functions if lines > LONGEST_FUNCTION] == []


def test_no_class_is_longer_than_two_screens(root: Path) -> None:
    classes = [(name, lines) for name, node, lines in definitions(root) if isinstance(node, ast.ClassDef)]
    assert len(classes) > 150
    assert [(name, lines) for name, lines in classes if lines > LONGEST_CLASS] == []


def test_no_class_has_more_than_fifteen_methods(root: Path) -> None:
    methods = {
        name: sum(isinstance(part, ast.FunctionDef) for part in node.body)
        for name, node, _ in definitions(root)
        if isinstance(node, ast.ClassDef)
    }
    assert {name: count for name, count in methods.items() if count > MOST_METHODS} == {}
