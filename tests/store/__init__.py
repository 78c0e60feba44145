"""The store: what every adapter must do, and what SQLite does about accidents, crashes and edits."""

import pytest

pytest.register_assert_rewrite("tests.store.contract")
