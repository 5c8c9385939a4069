"""The two ways in which Docker engines keep images, and the tests that must hold with both."""

import pytest

# The usual one is the machine's own, or keeps images as Docker did up to 28. GitHub's newer runners keep them
# in containerd's store, where what is built is an index with an attestation beside the image.
on_both_engines = pytest.mark.parametrize("engine", ["usual", "containerd"], indirect=True)
