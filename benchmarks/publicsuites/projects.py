"""The public suites: source archives as the package index has them, at pinned versions, with what they need."""

from __future__ import annotations

from dataclasses import dataclass

PYTEST = ("pytest==9.2.0", "pytest-xdist==3.8.0")
CLOCKED = "tests/test_deserialization.py::TestFieldDeserialization::test_invalid_datetime_deserialization"


@dataclass(frozen=True)
class PublicSuite:
    """A public project whose source archive has its tests."""

    name: str
    version: str
    kind: str
    tests: tuple[str, ...]
    """Files and folders of its tests, and other arguments of pytest."""
    needs: tuple[str, ...] = ()
    """What its tests need, at pinned versions."""
    extra: str = ""
    """Extra of the project that its tests need."""
    is_large: bool = False
    """Whether its cost is measured: the others are too short for that."""

    @property
    def pinned(self) -> str:
        return f"{self.name}=={self.version}"


SUITES = (
    PublicSuite(
        "packaging",
        "26.4",
        "50,000 cases",
        ("tests/test_version.py",),
        ("pretend==1.0.9", "tomli-w==1.2.0"),
        is_large=True,
    ),
    PublicSuite(
        "anyio",
        "4.16.0",
        "async: asyncio, trio, uvloop",
        (
            "tests/test_synchronization.py",
            "tests/test_taskgroups.py",
            "tests/test_fileio.py",
            "tests/test_functools.py",
            "tests/test_itertools.py",
            "tests/streams",
        ),
        (
            "blockbuster==1.5.29",
            "psutil==7.2.2",
            "pytest-mock==3.17.0",
            "pytest-timeout==2.4.0",
            "trustme==1.2.1",
            "truststore==0.10.5",
            "uvloop==0.23.0",
        ),
        extra="trio",
    ),
    PublicSuite("more_itertools", "11.2.1", "unittest with subtests", ("tests/test_recipes.py",)),
    PublicSuite(
        "marshmallow",
        "4.4.0",
        "parametrised",
        ("tests", f"--deselect={CLOCKED}"),  # its node ids have the time of day, and differ in each session
        ("simplejson==4.3.0",),
    ),
    PublicSuite(
        "structlog",
        "26.1.0",
        "plain and pytest-asyncio",
        ("tests",),
        ("pytest-asyncio==1.5.0", "simplejson==4.3.0", "time-machine==3.6.0"),
    ),
)
