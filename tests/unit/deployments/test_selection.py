"""Which files are looked at: paths, patterns, and what is left out."""

from pathlib import Path

import pytest

from hub_image_actions.deployments.selection import Selection
from hub_image_actions.errors import DeploymentsError

STAGING, PROD = "deployments/a/config/staging.yaml", "deployments/a/config/prod.yaml"


@pytest.mark.parametrize(
    ("paths", "exclude", "name", "covered"),
    [
        (("deployments",), (), STAGING, True),
        (("deployments/*/config/staging.yaml",), (), STAGING, True),
        (("deployments/*/config/staging.yaml",), (), PROD, False),
        (("deployments/**/staging.yaml",), (), STAGING, True),
        (("**/staging.yaml",), (), STAGING, True),
        (("**/staging.yaml",), (), "staging.yaml", True),
        (("deployments/*",), (), STAGING, True),
        (("deployments/?",), (), STAGING, True),
        (("deployments/[ab]/config",), (), STAGING, True),
        (("deployments/[!ab]/config",), (), STAGING, False),
        (("deployments/[b-z]/config",), (), STAGING, False),
        (("*/config",), (), STAGING, False),
        (("deployments",), ("deployments/*/config/prod.yaml",), PROD, False),
        (("deployments",), ("deployments/*/config/prod.yaml",), STAGING, True),
        (("deployments",), ("**/prod.yaml",), PROD, False),
        (("deployments",), ("deployments/a",), PROD, False),
        (("deployments",), ("deployments/a/",), PROD, False),
        (("deployments",), ("./deployments/a",), PROD, False),
        (("deployments",), ("deployments/aa", "a", "prod"), PROD, True),
        ((".",), ("deployments",), PROD, False),
        (("deployments/a+b",), ("deployments/a+b/x",), "deployments/a+b/x/y", False),
    ],
)
def test_a_file_is_covered(
    paths: tuple[str, ...], exclude: tuple[str, ...], name: str, covered: bool
) -> None:
    assert Selection(paths, exclude).covers(name) is covered


@pytest.mark.parametrize(
    ("paths", "roots"),
    [
        (("deployments",), ("deployments",)),
        (("deployments/*/x", "deployments/**"), ("deployments",)),
        (("*.yaml", "a/b[c]/d"), (".", "a")),
    ],
)
def test_the_search_begins_where_the_wildcards_do(paths: tuple[str, ...], roots: tuple[str, ...]) -> None:
    assert Selection(paths).roots == roots


def test_a_pattern_that_matches_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "deployments/a").mkdir(parents=True)
    (tmp_path / "deployments/a/x.yaml").write_text("")
    Selection(("deployments/*/x.yaml", "deployments")).check(tmp_path)
    with pytest.raises(DeploymentsError, match=r"Nothing matches 'deployments/\*/y\.yaml'"):
        Selection(("deployments/*/y.yaml",)).check(tmp_path)


def test_what_leaves_nothing_out_is_told(tmp_path: Path) -> None:
    (tmp_path / "deployments/a").mkdir(parents=True)
    (tmp_path / "deployments/a/prod.yaml").write_text("")
    (tmp_path / "other.yaml").write_text("")
    patterns = ("prod.yaml", "deployments/a", "**/prod.yaml", "deployments/b", "other.yaml")
    selection = Selection((), patterns)
    assert selection.idle(tmp_path, ["deployments"]) == ("prod.yaml", "deployments/b", "other.yaml")
    assert Selection((), ("other.yaml",)).idle(tmp_path, ["other.yaml"]) == ()
    assert Selection(()).idle(tmp_path, ["deployments"]) == ()
