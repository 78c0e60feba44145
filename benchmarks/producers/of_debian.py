"""Producers that Debian gives: runners of C++, PHP, Ruby, Go, Perl and the shell."""

from __future__ import annotations

from .producer import Producer, Registry, Run

_REPORT = "report.xml"


def _shell(text: str, report: str = _REPORT) -> Run:
    return Run(("sh", "-c", text), report)


PRODUCERS = (
    Producer(
        name="GoogleTest",
        key="googletest",
        registry=Registry.DEBIAN,
        packages=("libgtest-dev", "g++"),
        runs=(_shell(f"g++ -o truth truth.cc -lgtest -lgtest_main -pthread && ./truth --gtest_output=xml:{_REPORT}"),),
        lacks=frozenset({"flaking", "expectedfailure", "unexpectedpass", "timingout", "unloadable"}),
        cannot_tell={"badsuiteteardown": "a failing `TearDownTestSuite` is not in the file"},
    ),
    Producer(
        name="CTest",
        key="ctest",
        registry=Registry.DEBIAN,
        packages=("cmake", "make"),
        runs=(_shell(f"cmake -S . -B . >log && ctest --repeat until-pass:2 --output-junit {_REPORT}"),),
        lacks=frozenset({"badteardown", "badsuiteteardown"}),
        cannot_tell={
            "flaking": "only the last try is written",
            "expectedfailure": "`WILL_FAIL`: to CTest it is a pass",
        },
    ),
    Producer(
        name="Catch2",
        key="catch2",
        registry=Registry.DEBIAN,
        packages=("catch2", "g++"),
        runs=(
            _shell(f"g++ -o truth truth.cc && ./truth -r junit -o {_REPORT}"),
            _shell("g++ -o unexpected unexpected.cc && ./unexpected -r junit -o unexpected.xml", "unexpected.xml"),
        ),
        lacks=frozenset({"disabled", "flaking", "badteardown", "badsuiteteardown", "timingout", "unloadable"}),
    ),
    Producer(
        name="Boost.Test",
        key="boost",
        registry=Registry.DEBIAN,
        packages=("libboost-test-dev", "g++"),
        runs=(_shell(f"g++ -o truth truth.cc && ./truth --logger=JUNIT,all,{_REPORT}"),),
        lacks=frozenset({"flaking", "unexpectedpass", "unloadable"}),
    ),
    Producer(
        name="PHPUnit",
        key="phpunit",
        registry=Registry.DEBIAN,
        packages=("phpunit",),
        runs=(
            _shell(f"phpunit --log-junit {_REPORT} tests"),
            _shell("phpunit --log-junit unloadable.xml unloadable", "unloadable.xml"),
        ),
        lacks=frozenset({"flaking", "expectedfailure", "unexpectedpass", "timingout"}),
    ),
    Producer(
        name="RSpec, its JUnit formatter",
        key="rspec",
        registry=Registry.DEBIAN,
        packages=("ruby-rspec-core", "ruby-rspec-expectations", "ruby-rspec-mocks", "ruby-rspec-junit-formatter"),
        runs=(
            _shell(f"rspec -r rspec_junit_formatter -f RspecJunitFormatter -o {_REPORT} spec"),
            _shell("rspec -r rspec_junit_formatter -f RspecJunitFormatter -o no.xml unloadable", "no.xml"),
        ),
        lacks=frozenset({"flaking", "timingout"}),
        cannot_tell={"badsuiteteardown": "a failing `after(:all)` is not in the file"},
    ),
    Producer(
        name="gotestsum",
        key="gotestsum",
        registry=Registry.DEBIAN,
        packages=("gotestsum", "golang-go"),
        runs=(
            _shell(
                "export HOME=$PWD; for package in *_; do gotestsum --rerun-fails --packages=./$package "
                "--junitfile reports/$package.xml -- -timeout 3s; done",
                "reports",
            ),
        ),
        lacks=frozenset({"disabled", "expectedfailure", "unexpectedpass", "badsetup"}),
        also={"badsuiteteardown": "*TestMain*"},
    ),
    Producer(
        name="TAP::Formatter::JUnit",
        key="tap",
        registry=Registry.DEBIAN,
        packages=("libtap-formatter-junit-perl", "perl"),
        runs=(
            _shell(
                "for file in *.t; do prove --formatter TAP::Formatter::JUnit $file >reports/$file.xml; done", "reports"
            ),
        ),
        lacks=frozenset({"flaking", "badsetup", "badteardown", "badsuiteteardown", "timingout"}),
        cannot_tell={
            "skipping": "is a case without a child",
            "disabled": "`todo_skip` is a case without a child",
            "expectedfailure": "a failing `TODO` is a case without a child",
        },
    ),
    Producer(
        name="bats of Debian",
        key="bats-debian",
        suite="bats",
        registry=Registry.DEBIAN,
        packages=("bats",),
        runs=(
            Run(
                ("/usr/bin/bats", "--report-formatter", "junit", "-o", "reports", "."),
                "reports",
                {"BATS_TEST_TIMEOUT": "1"},
            ),
            Run(("/usr/bin/bats", "--report-formatter", "junit", "-o", "no", "unloadable"), "no"),
        ),
        lacks=frozenset({"disabled", "expectedfailure", "unexpectedpass"}),
    ),
)
