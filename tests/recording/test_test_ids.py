"""What a test is called: the way from the config's folder to its file, wherever pytest's rootdir lies."""

from __future__ import annotations

from posixpath import relpath

from hypothesis import given, strategies as st

from pytest_readiness.recording.test_ids import NodeIds
from pytest_readiness.redaction.redactor import Redactor

FOLDERS = st.lists(st.sampled_from(["a", "b"]), max_size=3)


@given(FOLDERS, FOLDERS, FOLDERS)
def test_a_name_begins_at_the_config(root: list[str], config: list[str], folders: list[str]) -> None:
    """Whatever is pytest's rootdir, below, above or beside: the name is the file's way from the config's folder."""
    top, home = "/".join(["/nowhere", *root]), "/".join(["/nowhere", *config])
    way = relpath(top, home)
    names = NodeIds({"prefix": "" if way == "." else f"{way}/", "folder": home}, Redactor(b"key"))
    nodeid = "/".join([*folders, "test_it.py::test_it"])
    assert names.name_of(nodeid) == relpath(f"{top}/{nodeid}", home)
