"""Some years of a deployments repository: tags move, settings change, screenshots come."""

import random
from collections.abc import Iterator

from local_github.repository import Content

WORDS = ["memory", "limit", "guarantee", "storage", "node", "pool", "profile", "course", "admin", "culler"]


def history(
    chance: random.Random, image: str, old: str, *, hubs: int, commits: int
) -> Iterator[tuple[str, dict[str, Content]]]:
    """Yield the commits: the message, and the files.

    Args:
        chance: decides; the same seed gives the same history.
        image: the image that the last commit leaves in use; most hubs use others, named alike.
        old: the tag that it is at.
        hubs: how many hubs there are, of three files each.
        commits: how many commits lie between the first and the last.
    """
    first: dict[str, Content] = {}
    for number in range(hubs):
        folder = f"deployments/hub-{number}"
        first[f"{folder}/config/common.yaml"] = config(chance, folder, 60)
        first[f"{folder}/config/prod.yaml"] = config(chance, folder, 10)
        first[f"{folder}/hubploy.yaml"] = f"images:\n  image_name: {image}-{number}:{old}\n"
    yield "first", first
    for number in range(commits):
        hub = f"deployments/hub-{chance.randrange(hubs)}"
        kind = chance.random()
        if kind < 0.7:
            tag = f"{chance.getrandbits(48):012x}"
            text = f"images:\n  image_name: {image}-{hub.rpartition('-')[2]}:{tag}\n"
            yield f"Merge pull request #{number}\n\nupdate {hub} to {tag}", {f"{hub}/hubploy.yaml": text}
        elif kind < 0.98:
            yield (
                f"Tune {hub}, as asked for in ticket {number}",
                {f"{hub}/config/common.yaml": config(chance, hub, 60)},
            )
        else:
            screenshot = chance.randbytes(40_000)
            yield f"Document {number}", {f"docs/images/{number}.png": screenshot}
    last = f"images:\n  image_name: {image}:{old}\n"
    yield "last", {"deployments/hub-0/hubploy.yaml": last}


def config(chance: random.Random, hub: str, lines: int) -> str:
    """Return a hub's configuration: settings, comments and a list of people, as hubs have them."""
    text = [f"# {hub}", "jupyterhub:", "  singleuser:"]
    for number in range(lines):
        words = " ".join(chance.choices(WORDS, k=5))
        text.append(f"    {chance.choice(WORDS)}-{number}: {chance.randrange(10**6)}  # {words}")
    text.append("  admin_users:")
    text += [f"    - user-{chance.randrange(10**7)}  # {chance.choice(WORDS)}" for _ in range(lines // 4)]
    return "\n".join(text) + "\n"
