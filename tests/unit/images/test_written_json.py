"""JSON of images, as it is written back."""

import json

from hub_image_actions.images.written_json import digest_of, written


def test_the_same_object_is_the_same_bytes_and_means_what_it_meant() -> None:
    content = {"b": ["ü", "\ud83d", "\x00"], "a": 10**30}
    assert written(content) == written(json.loads(written(content)))
    assert json.loads(written(content)) == content
    assert written({"a": 1}) == b'{"a":1}'
    assert digest_of(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
