"""Plugins whose tests are no functions of a test module: documents, notebooks, linters, robot files, API descriptions."""
# ruff: noqa: E501 - a row is easier to compare with its neighbours on few lines

from __future__ import annotations

import json

from .row import CUT, Broken, F, P, Row, S

MARKDOWN = """
```python
assert 1 + 1 == 2
```

```python
assert 1 + 1 == 3
```

```python notest
assert 0
```
"""
DOCTESTS = '''
def good():
    """
    >>> 1 + 1
    2
    """
def bad():
    """
    >>> 1 + 1
    3
    """
def left():
    """
    >>> 1 + 1  # doctest: +SKIP
    3
    """
'''
RST = """
>>> 1 + 1
2

>>> 1 + 1
3
"""
SYBIL = """
from sybil import Sybil
from sybil.parsers.rest import DocTestParser
pytest_collect_file = Sybil(parsers=[DocTestParser()], patterns=["*.rst"]).pytest()
"""


def _cell(source: str, text: str) -> dict[str, object]:
    output = {"data": {"text/plain": [text]}, "execution_count": 1, "metadata": {}, "output_type": "execute_result"}
    return {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [output], "source": [source]}


NOTEBOOK = json.dumps({
    "cells": [_cell("1 + 1", "2"), _cell("1 + 2", "7")],
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "nbformat": 4, "nbformat_minor": 4,
})  # fmt: skip
ROBOT = """
*** Test Cases ***
Good
    Log    it works
Bad
    Fail    it does not
Left
    Skip    not today
"""
LEFT_BY_ROBOT = """
*** Test Cases ***
Left
    [Tags]    robot:skip
    Log    never reached
"""
TAGGED = """
*** Test Cases ***
Good
    [Tags]    UC-001.1
    Log    it works
Bad
    [Tags]    smoke    UC-001.1
    Fail    it does not
Nothing
    [Tags]    smoke
    Fail    this is no evidence
"""
TAGGED_SUITE = """
*** Settings ***
Test Tags    UC-001.1
*** Test Cases ***
Good
    Log    it works
"""
BY_TAG = """[environments.staging]\nreal = true\n[items.1]\ntitle = "x"\n[use_cases.UC-001]\ntitle = "y"
[claims.marks]\n"UC-*.*" = "UC-{1}/{2}"\n"""
SCHEMA = """
from schemathesis import openapi
def operation(): return {"get": {"responses": {"200": {"description": "ok"}}}}
schema = openapi.from_dict({
    "openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": operation(), "/b": operation()},
})
@schema.parametrize()
def test_api(case): assert case.path != "/a"
"""
SERVER = """
import http.server, threading
import pytest
@pytest.fixture(scope="session")
def site():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<h1>the real page</h1>")
        def log_message(self, *given): pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
"""
TAVERN = """
test_name: {name}
stages:
  - name: ask
    request:
      url: "{{site}}"
    response:
      status_code: {status}
marks:
  - usefixtures: [site]
"""
CASES = """
from pytest_cases import parametrize_with_cases
def case_small(): return 1
def case_large(): return 7
@parametrize_with_cases("n", cases=[case_small, case_large])
def test_it(n): assert n < 5
"""

ROWS = (
    Row("doctest", (), "", {"a.py::a.good": P, "a.py::a.bad": F, "a.py::a.left": S}, ("--doctest-modules",), files={"a.py": DOCTESTS}),
    Row("pytest-markdown-docs", ("pytest-markdown-docs==0.9.2",), "", {"a.md::[CodeFence#1][line:2]": P, "a.md::[CodeFence#2][line:6]": F},
        ("--markdown-docs",), files={"a.md": MARKDOWN}),
    Row("sybil", ("sybil==10.1.0",), "", {"a.rst::line:2,column:1": P, "a.rst::line:5,column:1": F}, files={"a.rst": RST, "conftest.py": SYBIL}),
    Row("nbval", ("nbval==0.11.0", "ipykernel"), "", {"a.ipynb::Cell 0": P, "a.ipynb::Cell 1": F}, ("--nbval",), files={"a.ipynb": NOTEBOOK}),
    Row("pytest-ruff", ("pytest-ruff==0.5",), "", {"good.py::ruff": P, "good.py::ruff::format": P, "bad.py::ruff": F, "bad.py::ruff::format": P},
        ("--ruff", "--ruff-format"), files={"good.py": "A = 1\n", "bad.py": "import os\n"}),
    Row("pytest-mypy", ("pytest-mypy==1.1.0",), "", {"good.py::mypy": P, "bad.py::mypy": F, "bad.py::mypy-status": F}, ("--mypy",),
        files={"good.py": "A: int = 1\n", "bad.py": "A: int = ''\n"}),
    Row("pytest-robotframework", ("pytest-robotframework==4.6.3",), "", {"a.robot::Good": P, "a.robot::Bad": F, "a.robot::Left": S},
        files={"a.robot": ROBOT}),
    Row("pytest-robotframework, robot:skip", ("pytest-robotframework==4.6.3",), "", {"a.robot::Left": CUT}, files={"a.robot": LEFT_BY_ROBOT},
        state="INTERRUPTED", xdist=False),
    Row("pytest-robotframework, tags", ("pytest-robotframework==4.6.3",), "", {"a.robot::Good": P, "a.robot::Bad": F, "b.robot::Good": P},
        files={"a.robot": TAGGED, "b.robot": TAGGED_SUITE, "readiness.toml": BY_TAG}),
    Row("schemathesis", ("schemathesis==4.32.5",), SCHEMA, {"test_api": F}),
    Row("tavern", ("tavern==3.7.1", "pytest==8.4.2"), "", {"test_a.tavern.yaml::good": P, "test_b.tavern.yaml::bad": F},
        files={"conftest.py": SERVER, "test_a.tavern.yaml": TAVERN.format(name="good", status=200),
               "test_b.tavern.yaml": TAVERN.format(name="bad", status=404)},
        newest=Broken("the plugin cannot be imported, and ends each session", {}, "MISSING", 3)),
    Row("pytest-cases", ("pytest-cases==3.10.1", "pytest==9.0.2"), CASES, {"test_it[small]": P, "test_it[large]": F},
        newest=Broken("the plugin cannot be imported, and ends each session", {}, "MISSING", 3)),
)  # fmt: skip
