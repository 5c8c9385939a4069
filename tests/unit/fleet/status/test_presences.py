"""Whether registries have what hubs run, and what is told of one that does not say."""

from collections.abc import Callable, Mapping

import pytest

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.errors import ActionError, RegistryError, RegistryUnreachable
from hub_image_actions.fleet.status.answers import K, T
from hub_image_actions.fleet.status.presences import Presences
from hub_image_actions.fleet.status.table import Presence
from hub_image_actions.references import parse_reference


class Images:
    """A registry that answers each question so, and counts them."""

    def __init__(self, answer: Callable[[str], bool]) -> None:
        self.asked: list[str] = []
        self._answer = answer

    def has(self, repository: str, reference: str) -> bool:
        self.asked.append(reference)
        return self._answer(reference)


def one_by_one(what: str, calls: Mapping[K, Callable[[], T]]) -> Mapping[K, T | ActionError]:
    """Makes the calls; returns their answers and errors."""
    answers: dict[K, T | ActionError] = {}
    for key, call in calls.items():
        try:
            answers[key] = call()
        except ActionError as error:
            answers[key] = error
    return answers


def deployed(host: str, *tags: str) -> list[Deployed]:
    """Returns references to an image on a host, one for each hub."""
    name = parse_reference(f"{host}/p/x:1").name
    return [Deployed(f"deployments/{tag}/x.yaml", 1, tag, name, tag, "") for tag in tags]


def unreachable(_: str) -> bool:
    raise RegistryUnreachable("The registry down.org gave no answer: refused.")


def refuses(reference: str) -> bool:
    raise RegistryError(f"{reference} cannot be read without a login.")


def sometimes(reference: str) -> bool:
    return refuses(reference) if reference == "t1" else True


TAGS = [f"t{number}" for number in range(30)]


def test_a_registry_that_cannot_be_reached_is_asked_once_and_is_one_notice() -> None:
    down, well = Images(unreachable), Images(lambda _: True)
    presences = Presences(lambda host: down if host == "down.org" else well, one_by_one)
    found = presences.of([*deployed("down.org", *TAGS), *deployed("well.org", "a", "b")])
    assert down.asked == ["t0"]
    assert {found[f"down.org/p/x:{tag}"] for tag in TAGS} == {Presence()}
    assert {found[f"well.org/p/x:{tag}"] for tag in "ab"} == {Presence(True)}
    (problem,) = presences.problems
    assert problem == (
        "Whether down.org has the 30 images on hubs is not known: "
        "The registry down.org gave no answer: refused."
    )


def test_a_registry_that_refuses_all_is_one_notice() -> None:
    presences = Presences(lambda _: Images(refuses), one_by_one)
    found = presences.of(deployed("own.org", *TAGS))
    assert set(found.values()) == {Presence()}
    (problem,) = presences.problems
    assert problem.endswith("t0 cannot be read without a login.")


@pytest.mark.parametrize("tags", [["t1"], ["t0", "t1"]])
def test_a_single_image_that_cannot_be_read_is_told_where_it_runs(tags: list[str]) -> None:
    presences = Presences(lambda _: Images(sometimes), one_by_one)
    found = presences.of(deployed("own.org", *tags))
    assert "t1 cannot be read" in found["own.org/p/x:t1"].problem
    assert presences.problems == []
