"""Test names: the path from the config's folder to the test's file, for any rootdir of pytest."""

from __future__ import annotations

from posixpath import relpath

from hypothesis import given, strategies as st

from pytest_readiness.recording.test_ids import NodeIds
from pytest_readiness.redaction.redactor import Redactor

FOLDERS = st.lists(st.sampled_from(["a", "b"]), max_size=3)


@given(FOLDERS, FOLDERS, FOLDERS)
def test_a_name_begins_at_the_config(root: list[str], config: list[str], folders: list[str]) -> None:
    """For any rootdir, the name begins with the file's path from the config's folder."""
    top, home = "/".join(["/nowhere", *root]), "/".join(["/nowhere", *config])
    relative = relpath(top, home)
    names = NodeIds({"prefix": "" if relative == "." else f"{relative}/", "folder": home}, Redactor(b"key"))
    nodeid = "/".join([*folders, "test_it.py::test_it"])
    assert names.name_of(nodeid) == relpath(f"{top}/{nodeid}", home)
