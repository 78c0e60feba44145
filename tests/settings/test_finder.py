"""The location of the config."""

from __future__ import annotations

import pytest

from pytest_readiness.settings import find_config


def test_nearest_config_upward(tmp_path):
    """A config in a parent folder is found from deep below, and one nearer by wins over it."""
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "readiness.toml").write_text("")
    assert find_config(deep) == tmp_path / "readiness.toml"
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.readiness]\n")
    assert find_config(deep) == tmp_path / "a" / "pyproject.toml"


def test_own_file_before_pyproject(tmp_path):
    """In one folder, readiness.toml is taken before a pyproject.toml that has our table."""
    (tmp_path / "pyproject.toml").write_text("[tool.readiness]\n")
    (tmp_path / "readiness.toml").write_text("")
    assert find_config(tmp_path) == tmp_path / "readiness.toml"


@pytest.mark.parametrize(
    "text",
    ["[tool.other]\n", "[project]\nname = 'readiness'\n", "tool = 3 # readiness\n", "[broken readiness\n"],
)
def test_foreign_pyproject_is_passed_over(tmp_path, text):
    """A pyproject.toml without our table is no config, even if it has the word readiness or is broken."""
    (tmp_path / "pyproject.toml").write_text(text)
    assert find_config(tmp_path) is None


def test_broken_pyproject_with_our_table_is_ours(tmp_path):
    """A pyproject.toml with our table and a syntax error is found, so that reading reports the error."""
    (tmp_path / "pyproject.toml").write_text("[tool.readiness]\ntracker = \n")
    assert find_config(tmp_path) == tmp_path / "pyproject.toml"


def test_a_folder_called_like_the_config_is_passed_over(tmp_path):
    """A folder called readiness.toml is not taken for the config."""
    (tmp_path / "readiness.toml").mkdir()
    assert find_config(tmp_path) is None
