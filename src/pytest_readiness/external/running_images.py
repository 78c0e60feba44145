"""Images that run, read from what kubectl, docker or podman prints, or from a text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ..errors import ConfigError, one_line

BIGGEST = 1 << 26
"""Maximum size of a list, in bytes."""
_REFERENCE = re.compile(
    r"(?:[a-z][a-z0-9.+-]*://)?(?:(?P<name>[^\s@=]+)[@=])?(?P<digest>sha256:[0-9a-fA-F]{64})", re.ASCII
)
"""``REPOSITORY@sha256:HEX``, ``NAME=sha256:HEX`` or ``sha256:HEX``, also with the scheme of a container runtime."""
_SUM = re.compile(r"(?P<digits>[0-9a-fA-F]{64}) [ *](?P<name>\S.*)", re.ASCII)
"""A line of ``sha256sum``."""
_LONGEST_HEADER = 10_000
_COLUMN = re.compile(r"\S+(?: \S+)*")
_IMAGE_COLUMNS = ("IMAGE", "IMAGEID", "IMAGE ID", "IMAGES", "DIGEST")
_ENDED_PHASES = frozenset({"Succeeded", "Failed"})
_RUNNING_STATES = frozenset({"running", "restarting", "paused"})
_NOTHING: dict[str, Any] = {}
_FORMS = (
    "pass what `kubectl get pods -o json` or `docker inspect` prints, or a text with a digest on each line, such as "
    "api@sha256:HEX"
)


class RunningImage(Struct, frozen=True):
    """Image that runs, once for all containers with it."""

    names: tuple[str, ...]
    """What it is called, without digest; empty: it has no name."""
    digests: tuple[str, ...]
    """Digests (``sha256:...``) that stand for it, such as those of its index and of its config; empty: none known."""
    containers: tuple[str, ...] = ()
    """The containers that run it, as the list calls them."""

    @property
    def label(self) -> str:
        """Name and first digest, as they are shown."""
        return " ".join([*self.names[:1], *self.digests[:1]]) or "an image without name and digest"


class RunningImages(Struct, frozen=True):
    """Images of a list."""

    images: tuple[RunningImage, ...]
    """In the order of the list, each once."""
    ended: int = 0
    """Number of pods and containers that had ended, and are left out."""


def read_running_images(data: bytes, where: str) -> RunningImages:
    """Return the images that run.

    Args:
        data: JSON of ``kubectl get pods`` or of ``docker inspect`` (containers or images), ``docker ps`` or podman;
            or a text whose words are digests, a table with a column of images, or the output of ``sha256sum``.
        where: where the list comes from, for messages.

    Raises:
        ConfigError: it is none of these; the message is one line.
    """
    if len(data) > BIGGEST:
        raise ConfigError(f"{where}: is larger than {BIGGEST >> 20} MiB: {_FORMS}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: is not UTF-8 text: {_FORMS}") from None
    try:
        read = list(_from_json(text) if text.lstrip()[:1] in ("{", "[") else _from_text(text))
    except (_FormError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigError(f"{where}: {reason}: {_FORMS}") from None
    merged: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for image in read:
        if image is not None:
            merged.setdefault((image.names, image.digests), []).extend(image.containers)
    images = tuple(RunningImage(*key, tuple(containers)) for key, containers in merged.items())
    return RunningImages(images, sum(image is None for image in read))


class _FormError(ValueError):
    """The list has an unknown form; the text says where."""


def _image(references: Sequence[Any], container: str = "") -> RunningImage:
    """Return the image that these references stand for. Each may name it, and a digest of it."""
    names: dict[str, None] = {}
    digests: dict[str, None] = {}
    for reference in references:
        text = reference.strip() if isinstance(reference, str) else ""
        match = _REFERENCE.fullmatch(text)
        if match is not None:
            digests[match["digest"].lower()] = None
        name = match["name"] if match is not None else text.partition("@")[0]
        if name and not re.fullmatch(r"[0-9a-f]{12,64}", name):  # an id is no name
            names[name] = None
    return RunningImage(tuple(names), tuple(digests), (container,) if container else ())


# -- text --------------------------------------------------------------------------------------------------------------


def _from_text(text: str) -> Iterator[RunningImage]:
    """Yield the image of each word, or of each row of a table.

    Raises:
        _FormError: a word is no digest.
    """
    column: tuple[int, int | None] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if column is None and (column := _image_column(line)) is not None:
            continue
        if column is not None:
            words = line[slice(*column)].replace(",", " ").split()
            yield from [_image([word], line.split()[0]) for word in words] or [_image([], line.split()[0])]
        elif (summed := _SUM.fullmatch(line.strip())) is not None:
            yield RunningImage((summed["name"].strip(),), (f"sha256:{summed['digits'].lower()}",))
        else:
            for word in line.replace(",", " ").split():
                stripped = word.strip("\"'")
                if _REFERENCE.fullmatch(stripped) is None:
                    raise _FormError(f"line {number}: '{one_line(word, 80)}' names no digest")
                yield _image([stripped])


def _image_column(line: str) -> tuple[int, int | None] | None:
    """Return begin and end of the column with images if the line is the header of a table; None: it is not."""
    if len(line) > _LONGEST_HEADER or "sha256:" in line or line != line.upper():
        return None
    columns = [(match[0], match.start()) for match in _COLUMN.finditer(line)]
    begins = [begin for _, begin in columns]
    for name in _IMAGE_COLUMNS:
        for column, begin in columns:
            if column == name:
                return begin, min((other for other in begins if other > begin), default=None)
    return None


# -- JSON --------------------------------------------------------------------------------------------------------------


def _from_json(text: str) -> Iterator[RunningImage | None]:
    """Yield the images; None for each pod or container that has ended.

    Raises:
        _FormError: it is no list of images.
    """
    try:
        plain = json.loads(text)
    except ValueError as error:
        plain = _json_lines(text, error)
    if isinstance(plain, dict) and isinstance(plain.get("items"), list):
        if _table(plain.get("metadata")).get("continue"):
            raise _FormError("is one page of a list that goes on ('metadata.continue')")
        plain = plain["items"]
    elif isinstance(plain, dict) and plain and all(_is_digest(value) for value in plain.values()):
        plain = [f"{name}={digest}" for name, digest in plain.items()]
    elif isinstance(plain, dict):
        plain = [plain]
    for number, entry in enumerate(plain, 1):
        yield from _entry(entry, number)


def _json_lines(text: str, error: ValueError) -> list[Any]:
    """Return the objects of JSON lines, as ``docker ps --format json`` prints them."""
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError:
        raise _FormError(f"is not valid JSON: {one_line(str(error), 120)}") from None


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("sha256:") and _REFERENCE.fullmatch(value) is not None


def _entry(entry: Any, number: int) -> Iterator[RunningImage | None]:
    if isinstance(entry, str):
        if _REFERENCE.fullmatch(entry.strip()) is None:
            raise _FormError(f"entry {number}: '{one_line(entry, 80)}' names no digest")
        yield _image([entry])
    elif not isinstance(entry, dict):
        raise _FormError(f"entry {number} is no image")
    elif "metadata" in entry or "kind" in entry:
        yield from _pod(entry, number)
    elif "RepoDigests" in entry or "RepoTags" in entry:  # docker inspect IMAGE
        yield _image([*_list(entry.get("RepoDigests")), *_list(entry.get("RepoTags")), entry.get("Id")])
    elif isinstance(entry.get("Config"), dict) and "Image" in entry:  # docker inspect CONTAINER, podman inspect
        yield _inspected(entry)
    elif "Image" in entry:  # docker ps --format json, podman ps --format json
        yield _listed(entry)
    else:
        raise _FormError(f"entry {number} is no pod, container or image")


def _pod(pod: Mapping[str, Any], number: int) -> Iterator[RunningImage | None]:
    """Yield the image of each container of a pod."""
    kind, spec, status = pod.get("kind", "Pod"), pod.get("spec"), pod.get("status")
    if kind != "Pod" or not isinstance(spec, dict):
        raise _FormError(f"entry {number} is a {one_line(str(kind), 40)}, and says what should run, not what runs")
    status = _table(status)
    if status.get("phase") in _ENDED_PHASES:
        yield None
        return
    metadata = _table(pod.get("metadata"))
    place = "/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key))
    containers = 0
    for group in ("initContainers", "containers", "ephemeralContainers"):
        states = {str(state.get("name")): state for state in map(_table, _list(status.get(f"{group[:-1]}Statuses")))}
        declared = {str(entry.get("name")): entry for entry in map(_table, _list(spec.get(group)))}
        for name in dict.fromkeys((*declared, *states)):
            state, wanted = states.get(name, _NOTHING), declared.get(name, _NOTHING)
            containers += 1
            yield _image([state.get("imageID"), state.get("image"), wanted.get("image")], f"{place} {name}".strip())
    if not containers:
        raise _FormError(f"entry {number} is a pod without containers")


def _inspected(container: Mapping[str, Any]) -> RunningImage | None:
    state = _table(container.get("State"))
    if state.get("Running") is False and state.get("Status", "exited") not in _RUNNING_STATES:
        return None
    manifest = _table(container.get("ImageManifestDescriptor"))
    references = [
        container["Config"].get("Image"),
        container.get("ImageName"),
        manifest.get("digest"),
        container.get("ImageDigest"),
        container.get("Image"),
    ]
    return _image(references, str(container.get("Name", "")).lstrip("/"))


def _listed(container: Mapping[str, Any]) -> RunningImage | None:
    state = container.get("State")
    if isinstance(state, str) and state.lower() not in _RUNNING_STATES:
        return None
    names = container.get("Names")
    label = ",".join(map(str, names)) if isinstance(names, list) else str(names or "")
    return _image([container.get("Image"), container.get("ImageDigest")], label)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _NOTHING


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
