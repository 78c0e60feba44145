"""Producers that run on Node.js: its own, and those that npm gives."""

from __future__ import annotations

from .producer import Producer, Registry, Run

_REPORT = "report.xml"
_NO_LOAD = "unloadable.xml"
_BATS = "../node_modules/bats/bin/bats"
PRODUCERS = (
    Producer(
        name="node:test",
        key="node",
        registry=Registry.NODE,
        packages=(),
        runs=(
            Run(
                (
                    *("node", "--test", "--test-reporter=junit", f"--test-reporter-destination={_REPORT}"),
                    *("truth.test.js", "unloadable.test.js"),
                ),
                _REPORT,
            ),
        ),
        lacks=frozenset({"flaking"}),
        cannot_tell={
            "disabled": "a test without a body is a case without a child",
            "badsuiteteardown": "a failing `after` is not in the file",
        },
    ),
    Producer(
        name="Playwright",
        key="playwright",
        registry=Registry.NPM,
        packages=("@playwright/test@1.65.1",),
        runs=(
            Run(
                ("playwright", "test", "--reporter=junit", "truth"), _REPORT, {"PLAYWRIGHT_JUNIT_OUTPUT_NAME": _REPORT}
            ),
            Run(("playwright", "test", "--reporter=junit"), _NO_LOAD, {"PLAYWRIGHT_JUNIT_OUTPUT_NAME": _NO_LOAD}),
        ),
        cannot_tell={"flaking": "without `includeRetries`, only the last try is written"},
    ),
    Producer(
        name="vitest",
        key="vitest",
        registry=Registry.NPM,
        packages=("vitest@4.1.12",),
        runs=(Run(("vitest", "run", "--reporter=junit", f"--outputFile={_REPORT}"), _REPORT),),
        cannot_tell={"flaking": "only the last try is written", "expectedfailure": "is written as a pass"},
    ),
    Producer(
        name="jest, jest-junit",
        key="jest",
        registry=Registry.NPM,
        packages=("jest@30.5.2", "jest-junit@17.0.0"),
        also={"badsuiteteardown": "*could be caused by test hooks*"},
        runs=(Run(("jest", "--ci", "--reporters=jest-junit"), _REPORT, {"JEST_JUNIT_OUTPUT_NAME": _REPORT}),),
        cannot_tell={
            "disabled": "`test.todo` is a case without a child; import tells that its suite has more than it says",
            "flaking": "only the last try is written",
            "expectedfailure": "is written as a pass",
        },
    ),
    Producer(
        name="mocha, mocha-junit-reporter",
        key="mocha",
        registry=Registry.NPM,
        packages=("mocha@11.8.0", "mocha-junit-reporter@2.2.1"),
        runs=(
            Run(("mocha", "--reporter", "mocha-junit-reporter"), _REPORT, {"MOCHA_FILE": _REPORT}),
            Run(("mocha", "--reporter", "mocha-junit-reporter", "unloadable"), _NO_LOAD, {"MOCHA_FILE": _NO_LOAD}),
        ),
        lacks=frozenset({"expectedfailure", "unexpectedpass"}),
        cannot_tell={"flaking": "only the last try is written"},
    ),
    Producer(
        name="cucumber-js",
        key="cucumber",
        registry=Registry.NPM,
        packages=("@cucumber/cucumber@12.9.0",),
        runs=(
            Run(
                ("cucumber-js", "--format", f"junit:{_REPORT}", "--retry", "1", "--retry-tag-filter", "@flaky"),
                _REPORT,
            ),
            Run(
                (
                    *("cucumber-js", "--format", "junit:suite.xml", "--require", "features/steps.js"),
                    "badsuiteteardown.feature",
                ),
                "suite.xml",
                {"BAD_SUITE": "1"},
            ),
        ),
        lacks=frozenset({"expectedfailure", "unexpectedpass", "unloadable"}),
        cannot_tell={"flaking": "only the last try is written"},
    ),
    Producer(
        name="newman",
        key="newman",
        registry=Registry.NPM,
        packages=("newman@6.2.2",),
        runs=(
            Run(
                (
                    *("python3", "serve.py", "newman", "run", "collection.json", "--timeout-request", "500"),
                    *("--env-var", "url=http://127.0.0.1:{port}", "-r", "junit", "--reporter-junit-export", _REPORT),
                ),
                _REPORT,
            ),
        ),
        lacks=frozenset(
            {
                *("disabled", "flaking", "expectedfailure", "unexpectedpass"),
                *("badteardown", "badsuiteteardown", "unloadable"),
            }
        ),
        cannot_tell={"skipping": "`pm.test.skip` is a case without a child"},
    ),
    Producer(
        name="bats",
        key="bats",
        registry=Registry.NPM,
        packages=("bats@1.13.0",),
        runs=(
            Run((_BATS, "--report-formatter", "junit", "-o", "reports", "."), "reports", {"BATS_TEST_TIMEOUT": "1"}),
            Run((_BATS, "--report-formatter", "junit", "-o", "unloadables", ".", "unloadable"), "unloadables"),
        ),
        lacks=frozenset({"disabled", "expectedfailure", "unexpectedpass"}),
        cannot_tell={"flaking": "only the last try is written"},
    ),
)
