"""Which layer of a pushed image an instruction made: a layer that is built again is never the same."""

from scenarios.action import Result
from scenarios.images import ImageRepository


def layer_made_by(world: ImageRepository, pushed: Result, what: str) -> str:
    """Return the digest of the layer that the one instruction made that holds a text.

    Args:
        world: the repository of the image.
        pushed: the build that pushed it.
        what: a part of the instruction.
    """
    digest = pushed.outputs["digest"]
    manifest = world.registry.manifest(world.image, digest)
    if "manifests" in manifest:
        # In containerd's store, what is pushed is an index of the image and what BuildKit attests of it.
        (digest,) = (entry["digest"] for entry in manifest["manifests"] if entry["platform"]["os"] == "linux")
        manifest = world.registry.manifest(world.image, digest)
    history = world.registry.image_config(world.image, digest)["history"]
    made_by = [step["created_by"] for step in history if not step.get("empty_layer")]
    layers = [layer["digest"] for layer in manifest["layers"]]
    (place,) = (number for number, instruction in enumerate(made_by) if what in instruction)
    return str(layers[place])
