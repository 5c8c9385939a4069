"""What expressions of workflows come to, with all that is known, and with part of it."""

from collections.abc import Sequence

import pytest

from effort import growth
from hub_image_actions.fleet.workflows.expressions import Unsaid, Value, holds, truth, value_of

FILLED, UNKNOWN = Unsaid.FILLED, Unsaid.UNKNOWN
KNOWN: dict[str, Value] = {
    "vars.REGISTRY": "ghcr.io",
    "vars.NONE": "",
    "vars.IMAGE": "ghcr.io/o/x",
    "secrets.KEY": FILLED,
    "secrets.NONE": "",
    "github.token": FILLED,
    "github.event_name": "pull_request",
    "steps.app.outputs.token": "",
}


def look(way: Sequence[str]) -> Value:
    return KNOWN.get(".".join(way), UNKNOWN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("${{ vars.REGISTRY }}", "ghcr.io"),
        ("${{vars['REGISTRY']}}", "ghcr.io"),
        ("${{ vars.NONE || 'us' }}", "us"),
        ("${{ vars.NONE || secrets.NONE }}", ""),
        ("${{ secrets.KEY }}", FILLED),
        ("${{ needs.x.outputs.y }}", UNKNOWN),
        ("${{ needs.x.outputs.y || secrets.KEY }}", FILLED),
        ("${{ needs.x.outputs.y || secrets.NONE }}", UNKNOWN),
        ("${{ needs.x.outputs.y && secrets.NONE }}", ""),
        ("${{ steps.app.outputs.token || secrets.KEY }}", FILLED),
        ("${{ vars.REGISTRY }}/${{ vars.IMAGE }}", "ghcr.io/ghcr.io/o/x"),
        ("${{ vars.NONE }}${{ secrets.KEY }}", FILLED),
        ("${{ vars.NONE }}${{ inputs.x }}", UNKNOWN),
        ("x-${{ inputs.x }}", FILLED),
        ("${{ secrets.KEY != '' }}", True),
        ("${{ secrets.NONE != '' }}", False),
        ("is ${{ secrets.NONE == '' }}", "is true"),
        ("${{ secrets.KEY == 'a' }}", UNKNOWN),
        ("${{ 'it''s' }}", "it's"),
        ("${{ vars.REGISTRY == 'GHCR.io' && github.token || '' }}", FILLED),
        ("${{ vars.REGISTRY == 'quay.io' && github.token || '' }}", ""),
        ("${{ (vars.NONE || 'a') == 'a' && 'b' }}", "b"),
        ("${{ !secrets.NONE }}", True),
        ("${{ !!secrets.KEY }}", True),
        ("${{ true == 'true' }}", False),
        ("${{ startsWith(vars.IMAGE, 'ghcr.io/') }}", True),
        ("${{ endsWith(vars.IMAGE, '/y') }}", False),
        ("${{ contains(vars.IMAGE, '/O/') }}", True),
        ("${{ format('{0}', vars.IMAGE) }}", UNKNOWN),
        ("${{ toJSON(github.event.commits.*.id) }}", UNKNOWN),
        ("${{ null || 0 || 7 }}", "7"),
        ("${{ 2 > 1 }}", UNKNOWN),
    ],
)
def test_an_expression_comes_to_what_github_makes_of_it(text: str, expected: Value) -> None:
    assert value_of(text, look) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("github.event_name != 'pull_request'", False),
        ("${{ github.event_name == 'pull_request' }}", True),
        ("success()", None),
        ("success() && false", False),
        ("", True),
    ],
)
def test_a_condition_is_an_expression_with_braces_or_without(condition: str, expected: bool | None) -> None:
    assert holds(condition, look) is expected


@pytest.mark.parametrize(
    "text",
    ["a ||", "&& a", "(a", "a)", "f(a", "a b", "a[", "a.", "'a", "§", "(" * 5000, "!" * 5000, "a[" * 5000],
)
def test_what_is_no_expression_is_not_known(text: str) -> None:
    assert value_of(f"${{{{ {text} }}}}", look) is UNKNOWN


def test_what_is_not_known_is_neither_true_nor_false() -> None:
    assert (truth(UNKNOWN), truth(FILLED), truth(""), truth("a"), truth(False)) == (
        None,
        True,
        False,
        True,
        False,
    )


def test_a_long_text_is_read_in_linear_time() -> None:
    assert growth(lambda size: value_of("${{ " * size, look), 12_500) < 10
    assert growth(lambda size: value_of("${{ " + "a || " * size + "a }}", look), 5_000) < 10
