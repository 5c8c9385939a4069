"""The labels of ours in an image: what it was made from, and what was found out about it."""

INPUTS = "hub-image-actions.inputs"
CREATED = "org.opencontainers.image.created"
TESTS = "hub-image-actions.tests"
HUB_CHECK = "hub-image-actions.hub-check"
SIZE = "hub-image-actions.size"
RUN = "hub-image-actions.run"
