"""Producers that PyPI gives."""

from __future__ import annotations

from .producer import Producer, Registry, Run

_NO_RETRY = "flaking"
PRODUCERS = (
    Producer(
        name="pytest, pytest-rerunfailures, pytest-timeout",
        key="pytest",
        registry=Registry.PYPI,
        packages=("pytest==9.2.0", "pytest-rerunfailures==16.7", "pytest-timeout==2.4.0"),
        runs=(Run(("pytest", "--junitxml=report.xml", "--continue-on-collection-errors"), "report.xml"),),
        cannot_tell={"flaking": "a failed try is one more case without a failure"},
    ),
    Producer(
        name="unittest-xml-reporting",
        key="unittest",
        registry=Registry.PYPI,
        packages=("unittest-xml-reporting==4.0.0",),
        runs=(Run(("python", "-m", "xmlrunner", "discover", "-o", "reports"), "reports"),),
        lacks=frozenset({_NO_RETRY, "timingout"}),
    ),
    Producer(
        name="nose2",
        key="nose2",
        suite="unittest",
        registry=Registry.PYPI,
        packages=("nose2==0.16.0",),
        runs=(Run(("nose2", "--plugin", "nose2.plugins.junitxml", "--junit-xml"), "nose2-junit.xml"),),
        lacks=frozenset({_NO_RETRY, "timingout"}),
    ),
    Producer(
        name="green",
        key="green",
        suite="unittest",
        registry=Registry.PYPI,
        packages=("green==4.0.2",),
        runs=(Run(("green", "--junit-report=report.xml", "test_truth.py"), "report.xml"),),
        lacks=frozenset({_NO_RETRY, "timingout"}),
        cannot_tell={"badsuiteteardown": "a failing `tearDownClass` is not in the file"},
    ),
    Producer(
        name="python-subunit, junitxml",
        key="subunit",
        suite="unittest",
        registry=Registry.PYPI,
        packages=("python-subunit==1.4.6", "junitxml==0.7"),
        runs=(Run(("sh", "-c", "python -m subunit.run discover . | subunit2junitxml -o report.xml"), "report.xml"),),
        lacks=frozenset({_NO_RETRY, "timingout"}),
        cannot_tell={"expectedfailure": "is written as a pass"},
    ),
    Producer(
        name="avocado",
        key="avocado",
        registry=Registry.PYPI,
        packages=("avocado-framework==113.0",),
        runs=(Run(("avocado", "run", "truth.py", "--xunit", "report.xml", "--job-results-dir", "jobs"), "report.xml"),),
        lacks=frozenset({_NO_RETRY, "expectedfailure", "unexpectedpass", "badsuiteteardown", "unloadable"}),
    ),
    Producer(
        name="behave",
        key="behave",
        registry=Registry.PYPI,
        packages=("behave==1.3.3",),
        runs=(Run(("behave", "--junit", "--junit-directory", "reports"), "reports"),),
        lacks=frozenset({_NO_RETRY, "expectedfailure", "unexpectedpass", "timingout"}),
        cannot_tell={"badsuiteteardown": "a failing `after_feature` is not in the file"},
    ),
    Producer(
        name="Robot Framework",
        key="robot",
        registry=Registry.PYPI,
        packages=("robotframework==7.5",),
        runs=(Run(("robot", "--xunit", "report.xml", "."), "report.xml"),),
        lacks=frozenset({_NO_RETRY, "disabled"}),
        cannot_tell={
            "expectedfailure": "a keyword expects the failure: to Robot it is a pass",
            "unloadable": "a library that cannot be imported is only logged, as long as no keyword of it is used",
        },
    ),
    Producer(
        name="schemathesis",
        key="schemathesis",
        registry=Registry.PYPI,
        packages=("schemathesis==4.32.5",),
        runs=(
            Run(
                (
                    *("python", "serve.py", "schemathesis", "run", "openapi.json", "--url", "http://127.0.0.1:{port}"),
                    *("--report", "junit", "--report-junit-path", "report.xml", "--request-timeout", "1"),
                    *("--max-examples", "2", "--exclude-path", "/skipping"),
                ),
                "report.xml",
            ),
        ),
        lacks=frozenset(
            {
                *("disabled", "flaking", "expectedfailure", "unexpectedpass"),
                *("badsetup", "badteardown", "badsuiteteardown", "unloadable"),
            }
        ),
    ),
    Producer(
        name="lit, psutil",
        key="lit",
        registry=Registry.PYPI,
        packages=("lit==23.1.5", "psutil==7.2.2"),
        runs=(Run(("lit", "--timeout=1", "--xunit-xml-output", "report.xml", "."), "report.xml"),),
        lacks=frozenset({"badsetup", "badteardown", "badsuiteteardown"}),
        cannot_tell={"flaking": "only the last try is written", "expectedfailure": "is written as a pass"},
    ),
)
