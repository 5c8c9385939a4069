"""What `scripts/binder-badge` asks for, refuses and prints."""

import argparse
import io

import pytest

from hub_image_actions.binder.command import add_options, run
from hub_image_actions.entry.console import Console
from hub_image_actions.http import Http

NAME = "berkeley-dsep-infra/data100-user-image"


def read(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_intermixed_args(arguments)


def printed(*arguments: str) -> str:
    out = io.StringIO()
    assert run(read(*arguments), {}, Http(), Console(out, io.StringIO())) == 0
    return out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "address"),
    [
        ((NAME,), f"https://mybinder.org/v2/gh/{NAME}/HEAD"),
        ((NAME, "--ref", "a/b"), f"https://mybinder.org/v2/gh/{NAME}/a%2Fb"),
        ((NAME, "--urlpath", "lab"), f"https://mybinder.org/v2/gh/{NAME}/HEAD?urlpath=lab"),
        (("--binder-url", "https://b.example.org", NAME), f"https://b.example.org/v2/gh/{NAME}/HEAD"),
    ],
)
def test_a_badge_leads_to_the_repository(arguments: tuple[str, ...], address: str) -> None:
    text = printed(*arguments)
    assert text.startswith("[![Launch on Binder](")
    assert text.endswith(f"]({address})\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "REPOSITORY"),
        (("data100",), "'data100'"),
        ((NAME, "--binder-url", "mybinder.org"), "is not the address of a server"),
        ((NAME, "--urlpath", "lab", "--filepath", "a.ipynb"), "not allowed with argument --urlpath"),
    ],
)
def test_wrong_usage_ends_with_status_2_and_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(*arguments)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
