"""Docker's commands in a job's scripts: what they build, and which image they push."""

import pytest

from hub_image_actions.fleet.migration.docker_commands import BuildOptions, ImageNames, Scripts, Unclear


def scripts(*runs: str, **variables: str) -> Scripts:
    return Scripts(iter(runs), variables)


def pushed(*runs: str, **variables: str) -> ImageNames:
    read = scripts(*runs, **variables)
    return read.pushed(read.build())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$GITHUB_SHA", "{sha:40}"),
        ("${{github.sha}}", "{sha:40}"),
        ("${GITHUB_SHA::7}", "{sha:7}"),
        ("${GITHUB_SHA:0:9}", "{sha:9}"),
        ("$(git rev-parse --short=8 HEAD)", "{sha:8}"),
        ("$(git rev-parse --short HEAD)", "{sha:7}"),
        ('$(echo "$GITHUB_SHA" | cut -c1-10)', "{sha:10}"),
        ("${{ github.ref_name }}", "{ref_name}"),
    ],
)
def test_a_tag_that_is_made_of_the_commit_is_a_placeholder_of_ours(text: str, value: str) -> None:
    run = f"TAG={text}\ndocker build -t a.io/b:$TAG .\ndocker push a.io/b:$TAG"
    assert pushed(run) == ImageNames("a.io", "b", (value,))


@pytest.mark.parametrize(
    ("run", "registry", "image"),
    [
        ("docker build -t quay.io/o/r .\ndocker push quay.io/o/r", "quay.io", "o/r"),
        ("docker build -t $A/o/r . --push", "localhost:5000", "o/r"),
        ("B=o/$C\ndocker build -t x .\ndocker tag x $B\ndocker push $B", "", "o/${{ vars.C }}"),
        ('echo "D=a.io/d" >> "$GITHUB_ENV"\ndocker build -t x .\ndocker push $D', "a.io", "d"),
        ("docker build \\\n  -t a.io/d \\\n  . && docker push a.io/d", "a.io", "d"),
    ],
)
def test_variables_of_the_shell_are_put_in(run: str, registry: str, image: str) -> None:
    names = pushed(run, A="localhost:5000", C="${{vars.C}}")
    assert (names.registry, names.image, names.tags) == (registry, image, ("latest",))


@pytest.mark.parametrize(
    ("run", "why"),
    [
        ("docker build -t $(./name) .\ndocker push $(./name)", "only to the machine"),
        ("docker build -t ${{ steps.ecr.outputs.registry }}/a . --push", "only to the machine"),
        ("A=$A\ndocker build -t $A . --push", "only to the machine"),
        ("docker build -t a .\ndocker build -t b .\ndocker push a", "builds several"),
        ("docker build -t a .\ndocker push a\ndocker push b", "pushes several"),
        ("docker build .", "cannot be seen"),
        ("cd a\ndocker build -t a .\ndocker push a", "another folder"),
        ("docker build -t 'a .", "cannot be read"),
        ("docker build -t a:b+c . --push", "the tag"),
    ],
)
def test_what_cannot_be_known_is_not_guessed(run: str, why: str) -> None:
    with pytest.raises(Unclear, match=why):
        pushed(run)


def test_options_are_read_and_those_without_a_like_are_named() -> None:
    options = scripts("docker build -q --file=a/D --build-arg A=1 --progress plain --target x a").build()
    assert options == BuildOptions("a", {"--file": ["a/D"], "--build-arg": ["A=1"]}, ["--target"])


@pytest.mark.parametrize(
    ("context", "path", "dockerfile"),
    [(".", "", ""), (".", "./a/D", "a/D"), ("a", "a/D", "D"), ("./a/", "a/b/D", "b/D")],
)
def test_a_dockerfile_is_named_from_the_context_on(context: str, path: str, dockerfile: str) -> None:
    assert BuildOptions(context, {"--file": [path]}).dockerfile == dockerfile


def test_a_dockerfile_outside_of_the_context_is_none_of_ours() -> None:
    with pytest.raises(Unclear, match="outside"):
        _ = BuildOptions("a", {"--file": ["b/D"]}).dockerfile
