"""Lists of what runs: what kubectl, docker, podman and texts say of images, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.errors import ConfigError
from pytest_readiness.external.running_images import RunningImage, read_running_images

A, B, C = (f"sha256:{digit * 64}" for digit in "abc")
NAMES = st.from_regex(r"[a-z]{1,8}(\.[a-z]{2,3})?(/[a-z]{1,8}){0,2}(:[0-9.]{1,4}[0-9])?", fullmatch=True)
DIGESTS = st.from_regex(r"[0-9a-f]{64}", fullmatch=True).map("sha256:".__add__)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | DIGESTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["items", "kind", "metadata", "spec", "status", "Image", "Config", "State", "RepoDigests", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def images(source: Any) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Names and digests of each image in a text, or in a JSON document."""
    text = source if isinstance(source, str) else json.dumps(source)
    return [(image.names, image.digests) for image in read_running_images(text.encode(), "list").images]


def pod(*statuses: dict[str, Any], phase: str = "Running", **spec: Any) -> dict[str, Any]:
    """A pod as kubectl prints it."""
    containers = [{"name": status["name"], "image": status.get("image", "x")} for status in statuses]
    return {
        "kind": "Pod",
        "metadata": {"namespace": "shop", "name": "api-1"},
        "spec": {"containers": containers, **spec},
        "status": {"phase": phase, "containerStatuses": list(statuses)},
    }


@given(
    st.lists(st.tuples(NAMES, DIGESTS), min_size=1, max_size=6, unique=True), st.sampled_from(["\n", " ", ", ", "\t"])
)
def test_a_text_of_digests(pairs: list[tuple[str, str]], separator: str) -> None:
    """Each word is an image by its digest, with its name, in any of the forms."""
    expected = [((name,), (digest,)) for name, digest in pairs]
    for form in ("{}@{}", "docker-pullable://{}@{}"):
        assert images(separator.join(form.format(*pair) for pair in pairs)) == expected
    assert images([f"{name}@{digest}" for name, digest in pairs]) == expected
    bare = list(dict.fromkeys(digest for _, digest in pairs))
    assert images(separator.join(digest.upper().replace("SHA", "sha") for digest in bare)) == [
        ((), (digest,)) for digest in bare
    ]


@given(
    st.lists(st.tuples(NAMES, DIGESTS), min_size=1, max_size=4, unique=True),
    st.integers(0, 3),
    st.text(min_size=1, max_size=12),
)
def test_a_word_without_a_digest_is_refused(pairs: list[tuple[str, str]], at: int, other: str) -> None:
    """Between digests too: nothing that runs is passed over in silence."""
    words = [f"{name}@{digest}" for name, digest in pairs]
    stray = "".join(letter for letter in other if letter.isalnum()) or "nginx"
    words.insert(min(at, len(words)), f"{stray}:1.25")
    with pytest.raises(ConfigError, match="names no digest") as raised:
        images("\n".join(words))
    assert "\n" not in str(raised.value)


@given(PLAIN)
def test_any_json_is_read_or_refused_in_one_line(document: Any) -> None:
    """No traceback, and no image that is made up of nothing."""
    try:
        read = images([document])
    except ConfigError as error:
        assert_is_one_line(str(error))
    else:
        assert all(digest.startswith("sha256:") for _, digests in read for digest in digests)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_one_line(data: bytes) -> None:
    """So with what is no text."""
    try:
        read_running_images(data, "list")
    except ConfigError as error:
        assert_is_one_line(str(error))


def assert_is_one_line(message: str) -> None:
    """The message names the list and the way out."""
    assert message.startswith("list: ")
    assert "kubectl get pods" in message
    assert "\n" not in message


def test_pods() -> None:
    """The digest is that of ``imageID``; init and ephemeral containers run, too; one that ended is counted."""
    api = {"name": "api", "image": "reg/api:1", "imageID": f"reg/api@{A}"}
    with_more = pod(api, initContainers=[{"name": "init", "image": "reg/init:1"}])
    with_more["status"]["initContainerStatuses"] = [{"name": "init", "imageID": f"docker-pullable://reg/init@{B}"}]
    with_more["status"]["ephemeralContainerStatuses"] = [{"name": "debug", "imageID": f"reg/debug@{C}"}]
    document = {"kind": "List", "items": [with_more, pod(api), pod(api, phase="Succeeded"), pod(api, phase="Failed")]}
    read = read_running_images(json.dumps(document).encode(), "list")
    assert read.ended == 2
    assert read.images == (
        RunningImage(("reg/init", "reg/init:1"), (B,), ("shop/api-1 init",)),
        RunningImage(("reg/api", "reg/api:1"), (A,), ("shop/api-1 api", "shop/api-1 api")),
        RunningImage(("reg/debug",), (C,), ("shop/api-1 debug",)),
    )
    assert images(pod(api)) == [(("reg/api", "reg/api:1"), (A,))]


def test_a_container_without_a_digest_is_there_without_one() -> None:
    """One that has not started, and one that the status does not know yet."""
    waiting = pod({"name": "api", "image": "reg/api:1", "imageID": ""})
    unknown = pod()
    unknown["spec"]["containers"] = [{"name": "web", "image": "reg/web:1"}]
    assert images([waiting, unknown]) == [(("reg/api:1",), ()), (("reg/web:1",), ())]


def test_digests_of_index_and_platform() -> None:
    """What was asked for by digest and what was pulled stand for one image."""
    both = pod({"name": "api", "image": f"reg/api@{A}", "imageID": f"reg/api@{B}"})
    assert images(both) == [(("reg/api",), (B, A))]


def test_a_page_of_a_list_is_refused() -> None:
    """The API of Kubernetes answers in pages, and what the next one has is not known."""
    api = {"name": "api", "imageID": f"reg/api@{A}"}
    assert images({"metadata": {"continue": "", "resourceVersion": "7"}, "items": [pod(api)]})
    with pytest.raises(ConfigError, match="one page of a list that goes on"):
        images({"metadata": {"continue": "eyJ2IjoibWV0"}, "items": [pod(api)]})


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "Node"])
def test_what_should_run_is_refused(kind: str) -> None:
    """A deployment says what should run."""
    with pytest.raises(ConfigError, match=f"entry 1 is a {kind}, and says what should run"):
        images({"items": [{"kind": kind, "metadata": {}, "spec": {"template": {}}}]})


def test_docker() -> None:
    """Containers by what they were started from and by their image's id; images by all of their digests."""
    container = {"Name": "/api", "Image": A, "Config": {"Image": f"reg/api@{B}"}, "State": {"Running": True}}
    ended = {**container, "State": {"Running": False, "Status": "exited"}}
    read = read_running_images(json.dumps([container, ended]).encode(), "list")
    assert (read.ended, read.images) == (1, (RunningImage(("reg/api",), (B, A), ("api",)),))
    tagged = {**container, "Config": {"Image": "reg/api:1"}}
    assert images([tagged]) == [(("reg/api:1",), (A,))]
    assert images([{"Id": A, "RepoTags": ["reg/api:1"], "RepoDigests": [f"reg/api@{B}"]}]) == [
        (("reg/api", "reg/api:1"), (B, A))
    ]
    lines = [
        {"ID": "0" * 64, "Image": f"reg/api@{B}", "Names": "api", "State": "running"},
        {"Image": "nginx", "State": "running"},
    ]
    assert images("\n".join(map(json.dumps, lines))) == [(("reg/api",), (B,)), (("nginx",), ())]


def test_a_table_has_its_images_in_a_column() -> None:
    """``docker ps --no-trunc``: a digest in the command of a container is not that of its image."""
    table = (
        "CONTAINER ID                                                       IMAGE                   COMMAND\n"
        f'{"0" * 64}   nginx:1.25              "/run --like {A}"\n'
    )
    assert images(table) == [(("nginx:1.25",), ())]
    width = len(f"reg/api@{A}") + 3
    custom = f"NAME    {'IMAGEID':<{width}}NODE\napi-1   {f'reg/api@{A}':<{width}}n1\nweb-1   {'<none>':<{width}}n2\n"
    assert images(custom) == [(("reg/api",), (A,)), (("<none>",), ())]


def test_other_texts() -> None:
    """Names with digests, the output of sha256sum, comments, and nothing at all."""
    assert images(f"# what runs\napi={A}\n\n  'web@{B}'\n") == [(("api",), (A,)), (("web",), (B,))]
    assert images(f"{'a' * 64}  dist/app.whl\n{'b' * 64} *app.tar\n") == [
        (("dist/app.whl",), (A,)),
        (("app.tar",), (B,)),
    ]
    assert images({"api": A, "web": B}) == [(("api",), (A,)), (("web",), (B,))]
    assert images("") == images("[]") == images("# none\n") == images({"items": []}) == []
    assert images(f"\ufeff{A}\r\n") == [((), (A,))]


@pytest.mark.parametrize("text", ["A" * 1_000_000, "a" * 1_000_000, "a://" * 250_000])
def test_a_long_word_is_refused_at_once(text: str) -> None:
    """A million letters without a space take no time."""
    with pytest.raises(ConfigError, match="names no digest"):
        images(text)


@pytest.mark.parametrize(
    "text", ["{", "[1]", '{"a": 1}', "[" * 100_000, "sha512:" + "a" * 128, f"{'a' * 64}", "latest"]
)
def test_another_form_is_refused(text: str) -> None:
    """One line."""
    with pytest.raises(ConfigError) as raised:
        images(text)
    assert_is_one_line(str(raised.value))
