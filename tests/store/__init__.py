"""Tests of the store: the contracts of every adapter, and accidents, crashes and edits of SQLite files."""

import pytest

pytest.register_assert_rewrite("tests.store.contracts")
