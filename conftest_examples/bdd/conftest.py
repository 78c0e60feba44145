"""Keeps the steps of each scenario as steps of its evidence, each with its result and how long it took."""

from contextlib import AbstractContextManager

import pytest

RUNNING = pytest.StashKey[AbstractContextManager]()


def pytest_bdd_before_step(request, step):
    request.node.stash[RUNNING] = request.getfixturevalue("record_evidence").step(f"{step.keyword} {step.name}")
    request.node.stash[RUNNING].__enter__()


def pytest_bdd_after_step(request):
    request.node.stash[RUNNING].__exit__(None, None, None)


def pytest_bdd_step_error(request, exception):
    request.node.stash[RUNNING].__exit__(type(exception), exception, exception.__traceback__)
