import time

import pytest

tries = []


def test_passing():
    pass


def test_failing():
    assert 1 == 2


def test_erring():
    {}["nothing"]


def test_skipping():
    pytest.skip("not here")


@pytest.mark.skip(reason="switched off")
def test_disabled():
    pass


@pytest.mark.flaky(reruns=2)
def test_flaking():
    tries.append(1)
    assert len(tries) > 1


@pytest.mark.xfail
def test_expectedfailure():
    assert 1 == 2


@pytest.mark.xfail(strict=True)
def test_unexpectedpass():
    pass


@pytest.fixture
def unready():
    raise OSError("not ready")


def test_badsetup(unready):
    pass


@pytest.fixture
def untidy():
    yield
    raise OSError("not tidied up")


def test_badteardown(untidy):
    pass


class TestClass:
    @pytest.fixture(scope="class")
    def untidy_class(self):
        yield
        raise OSError("not tidied up")

    def test_badsuiteteardown(self, untidy_class):
        pass


@pytest.mark.timeout(0.5)
def test_timingout():
    time.sleep(30)
