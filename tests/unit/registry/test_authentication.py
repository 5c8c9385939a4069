"""How servers say which credentials they want."""

import pytest

from hub_image_actions.registry.authentication import Challenge, parse_challenges

REALM = "https://auth.example.org/token"


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("Basic", [Challenge("basic")], id="a scheme alone"),
        pytest.param('Basic realm="r"', [Challenge("basic", {"realm": "r"})], id="one parameter"),
        pytest.param("Basic realm=r", [Challenge("basic", {"realm": "r"})], id="a token without quotes"),
        pytest.param('BASIC Realm = "r"', [Challenge("basic", {"realm": "r"})], id="any case, spaces"),
        pytest.param(
            f'Bearer realm="{REALM}",service="registry",scope="repository:demo/x:pull,push"',
            [
                Challenge(
                    "bearer", {"realm": REALM, "service": "registry", "scope": "repository:demo/x:pull,push"}
                )
            ],
            id="a comma in quotes",
        ),
        pytest.param(
            f'Bearer realm="{REALM}", scope="a b", Basic realm="r"',
            [Challenge("bearer", {"realm": REALM, "scope": "a b"}), Challenge("basic", {"realm": "r"})],
            id="two challenges",
        ),
        pytest.param(
            'Negotiate abc==, Basic realm="r"',
            [Challenge("negotiate"), Challenge("basic", {"realm": "r"})],
            id="a scheme with a token of its own",
        ),
        pytest.param(
            'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
            [
                Challenge("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}),
                Challenge("basic", {"realm": "simple"}),
            ],
            id="the example of RFC 9110",
        ),
        pytest.param(
            'Basic realm="first", realm="second"',
            [Challenge("basic", {"realm": "first"})],
            id="one given twice",
        ),
        pytest.param('realm="r", Basic', [Challenge("basic")], id="a parameter of nobody"),
        pytest.param(',, Basic realm="r" ,', [Challenge("basic", {"realm": "r"})], id="empty parts"),
        pytest.param('Basic realm="r', [Challenge("basic")], id="a quote that does not end"),
    ],
)
def test_challenges_are_read_from_the_header(header: str, challenges: list[Challenge]) -> None:
    assert parse_challenges(header) == challenges
