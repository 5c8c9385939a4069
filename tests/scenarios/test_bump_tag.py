"""scripts/bump-tag as people run it: a process in a checkout."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

IMAGE = "us-central1-docker.pkg.dev/p/user-images/data100-user-image"
OLD, NEW = "130d6247d491", "511c4637d702"
FILES = {
    "deployments/data100/hubploy.yaml": f"images:\n  images:\n    - name: {IMAGE}:{OLD}\n",
    "deployments/dev/config/common.yaml": (
        f"image:\n  name: {IMAGE}\n  tag: {OLD} # the same as data100\n"
        f"# image-hold until 9999-12-31: a demonstration\nother: {IMAGE}:{OLD}\n"
    ),
    "deployments/stat20/hubploy.yaml": f"images:\n  image_name: {IMAGE}-03-26:{OLD}\n",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of deployments; the name of its folder needs quotes in a shell."""
    folder = tmp_path / "a 'checkout'"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return folder


class BumpTag:
    """Runs the script in a checkout."""

    def __init__(self, root: Path, checkout: Path) -> None:
        self.command = [str(root / "scripts" / "bump-tag"), "--image", IMAGE]
        self.checkout = checkout

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run it with `arguments` after the image's name."""
        environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **variables}
        return subprocess.run(
            [*self.command, *arguments],
            cwd=self.checkout,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=60,
            check=False,
        )

    def files(self) -> dict[str, str]:
        """Return the files of the checkout."""
        found = (path for path in self.checkout.rglob("*") if path.is_file())
        return {str(path.relative_to(self.checkout)): path.read_text() for path in found}


@pytest.fixture
def bump_tag(root: Path, checkout: Path) -> BumpTag:
    return BumpTag(root, checkout)


def test_files_are_edited_in_place(bump_tag: BumpTag) -> None:
    assert bump_tag.run("--tag", NEW, "deployments").returncode == 0
    data100, dev = "deployments/data100/hubploy.yaml", "deployments/dev/config/common.yaml"
    assert bump_tag.files() == {
        **FILES,
        data100: FILES[data100].replace(OLD, NEW),
        dev: FILES[dev].replace(f"tag: {OLD}", f"tag: {NEW}"),
    }


def test_the_report_is_a_table(bump_tag: BumpTag) -> None:
    done = bump_tag.run("--tag", NEW, "deployments")
    held = "left: held until 9999-12-31: a demonstration"
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "HUB      WHERE                                 SHAPE         FROM          TO",
        f"data100  deployments/data100/hubploy.yaml:3    images list   {OLD}  {NEW}",
        f"dev      deployments/dev/config/common.yaml:3  name and tag  {OLD}  {NEW}",
        f"dev      deployments/dev/config/common.yaml:5  scalar        {OLD}  {held}",
        "2 moved in 2 files, 1 left.",
    ]


def test_options_may_stand_between_the_paths(bump_tag: BumpTag) -> None:
    done = bump_tag.run("deployments/data100", "--tag", NEW, "deployments/dev", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "2 moved in 2 files, 1 left.\n")


def test_a_dry_run_writes_nothing(bump_tag: BumpTag) -> None:
    assert bump_tag.run("--tag", NEW, "--dry-run", "deployments").returncode == 0
    assert bump_tag.files() == FILES


def test_a_dry_run_prints_a_diff_that_git_applies(bump_tag: BumpTag, checkout: Path) -> None:
    diff = bump_tag.run("--tag", NEW, "--dry-run", "deployments").stdout
    subprocess.run(["git", "apply", "-"], cwd=checkout, input=diff.encode(), check=True)
    applied = bump_tag.files()
    subprocess.run(["git", "apply", "-R", "-"], cwd=checkout, input=diff.encode(), check=True)
    bump_tag.run("--tag", NEW, "deployments")
    assert applied == bump_tag.files() != FILES


def test_the_report_comes_as_json(bump_tag: BumpTag) -> None:
    report = json.loads(bump_tag.run("--tag", NEW, "--json", "deployments/data100").stdout)
    name = "deployments/data100/hubploy.yaml"
    assert report == {
        "changed": True,
        "files": [name],
        "references": [
            {
                "file": name,
                "line": 3,
                "hub": "data100",
                "shape": "images list",
                "profile": "",
                "image": IMAGE,
                "old": OLD,
                "new": NEW,
                "reason": "",
                "note": "",
            }
        ],
    }


@pytest.mark.parametrize(
    ("arguments", "last_line"),
    [
        (("--tag", OLD, "deployments"), "0 moved in 0 files, 3 left."),
        (("--tag", NEW, "--from-tag", "latest", "deployments"), "0 moved in 0 files, 3 left."),
        (("--tag", NEW, "deployments/stat20"), "No reference to this image was found."),
    ],
)
def test_nothing_to_change_is_no_failure(
    bump_tag: BumpTag, arguments: tuple[str, ...], last_line: str
) -> None:
    done = bump_tag.run(*arguments)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, last_line)
    assert bump_tag.files() == FILES


def test_a_missing_path_is_an_error(bump_tag: BumpTag) -> None:
    done = bump_tag.run("--tag", NEW, "deployments", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("bump-tag: There is no file or folder 'nowhere' in ")
    assert bump_tag.files() == FILES


def test_a_malformed_hold_is_an_error_before_anything_is_written(bump_tag: BumpTag, checkout: Path) -> None:
    with (checkout / "deployments/stat20/hubploy.yaml").open("a") as file:
        file.write(f"b: {IMAGE}:{OLD} # image-hold until spring\n")
    before = bump_tag.files()
    done = bump_tag.run("--tag", NEW, "deployments")
    assert done.returncode == 1
    assert "deployments/stat20/hubploy.yaml:3: 'image-hold until spring' is not a hold." in done.stderr
    assert bump_tag.files() == before


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--tag", NEW),
        ("deployments",),
        ("--tag", "no tag", "deployments"),
        ("--tag", "", "deployments"),
        ("--tag", "$(touch x)", "deployments"),
        ("--tag", NEW, "--digest", "sha256:1", "deployments"),
        ("--tag", NEW, "--from-tag", "-x", "deployments"),
        ("--tag", NEW, "--image", f"{IMAGE}:{OLD}", "deployments"),
        ("--tag", NEW, "--unknown", "deployments"),
    ],
)
def test_wrong_usage_ends_with_status_2(bump_tag: BumpTag, arguments: tuple[str, ...]) -> None:
    done = bump_tag.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: bump-tag" in done.stderr
    assert bump_tag.files() == FILES


def test_help_says_what_it_is_for(bump_tag: BumpTag) -> None:
    done = bump_tag.run("--help")
    assert done.returncode == 0
    assert "Move an image's references" in done.stdout


def test_permissions_are_kept(bump_tag: BumpTag, checkout: Path) -> None:
    path = checkout / "deployments/data100/hubploy.yaml"
    path.chmod(0o640)
    bump_tag.run("--tag", NEW, "deployments")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_file_is_replaced_in_one_step(bump_tag: BumpTag, checkout: Path) -> None:
    path = checkout / "deployments/data100/hubploy.yaml"
    (checkout / "kept").hardlink_to(path)
    bump_tag.run("--tag", NEW, "deployments")
    assert (checkout / "kept").read_text() == FILES["deployments/data100/hubploy.yaml"]


@pytest.mark.parametrize("option", [(), ("--dry-run",), ("--json",)])
def test_a_file_name_that_is_no_utf8_does_no_harm(
    bump_tag: BumpTag, checkout: Path, option: tuple[str, ...]
) -> None:
    name = Path(os.fsdecode(os.fsencode(checkout) + b"/deployments/data100/\xff.yaml"))
    name.write_text(f"a: {IMAGE}:{OLD}\n")
    done = bump_tag.run("--tag", NEW, *option, "deployments/data100", LC_ALL="en_US.ISO-8859-1")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "\udcff" in done.stdout or "\\udcff" in done.stdout


@pytest.mark.parametrize("module", ["argparse", "json", "ruamel", "re", "sitecustomize"])
def test_a_module_in_the_checkout_is_not_run(bump_tag: BumpTag, checkout: Path, module: str) -> None:
    (checkout / f"{module}.py").write_text("raise SystemExit('hostile')\n")
    done = bump_tag.run("--tag", NEW, "--json", "deployments", PYTHONPATH=str(checkout))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_path_is_no_pattern_where_the_shell_has_taken_it(bump_tag: BumpTag) -> None:
    path = Path("deployments/[a]*.yaml")
    (bump_tag.checkout / path).write_text(f"image: {IMAGE}:{OLD}\n")
    done = bump_tag.run("--tag", NEW, str(path))
    assert (bump_tag.checkout / path).read_text() == f"image: {IMAGE}:{NEW}\n"
    assert done.stderr == ""


def test_what_leaves_nothing_out_is_warned_of(bump_tag: BumpTag) -> None:
    excluded = ("--exclude", "hubploy.yaml", "--exclude", "**/hubploy.yaml")
    done = bump_tag.run("--tag", NEW, *excluded, "deployments")
    assert done.returncode == 0
    assert done.stderr.startswith("warning: 'hubploy.yaml' leaves nothing out: no file matches it.")
    assert done.stderr.count("warning") == 1
