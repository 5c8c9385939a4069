"""Containers and volumes of runs that are gone, and those of others."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from hub_image_actions.docker.engine import Docker
from hub_image_actions.docker.leftovers import owner_label, sweep_containers
from hub_image_actions.errors import CommandError
from hub_image_actions.ownership import this_process

MINE = this_process()
GONE = replace(MINE, start=MINE.start - 1)


@dataclass
class Engine:
    """An engine that has what it is told, and notes what it is asked."""

    containers: Sequence[str] = ()
    volumes: Sequence[str] = ()
    refuses: tuple[str, ...] = ()
    asked: list[tuple[str, ...]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def ask(self, *arguments: str) -> str:
        if arguments[0] in self.refuses or arguments[:2] == self.refuses:
            raise CommandError("docker", 1, "", "no")
        if "--filter" in arguments:
            return "\n".join(self.containers if arguments[0] == "ps" else self.volumes)
        self.asked.append(arguments)
        return ""

    def tell(self, text: str) -> None:
        self.told.append(text)


def swept(engine: Engine) -> list[str]:
    return sweep_containers(cast("Docker", engine))


def test_what_those_left_that_are_gone_is_removed_and_nothing_else() -> None:
    containers = (f"old {GONE}", f"mine {MINE}", "nobodys ", "odd x")
    engine = Engine(containers, (f"old-home {GONE}", f"home {MINE}"))
    assert swept(engine) == ["old", "old-home"]
    assert engine.asked == [("rm", "--force", "--volumes", "old"), ("volume", "rm", "--force", "old-home")]


def test_an_engine_that_does_not_tell_keeps_no_build_from_its_work() -> None:
    assert swept(Engine((f"old {GONE}",), refuses=("ps",))) == []


def test_what_cannot_be_removed_is_told() -> None:
    engine = Engine((f"old {GONE}",), refuses=("rm",))
    assert swept(engine) == ["old"]
    assert engine.told[0].startswith("What an earlier run left stays: ")


def test_the_label_names_this_process() -> None:
    assert owner_label() == f"hub-image-actions.owner={MINE}"
