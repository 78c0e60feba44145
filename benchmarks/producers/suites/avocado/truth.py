import time

from avocado import Test, skip


class Truth(Test):
    def test_passing(self):
        pass

    def test_failing(self):
        self.fail("one is not two")

    def test_erring(self):
        {}["nothing"]

    def test_skipping(self):
        self.cancel("not here")

    @skip("switched off")
    def test_disabled(self):
        pass


class BadSetup(Test):
    def setUp(self):
        raise OSError("not ready")

    def test_badsetup(self):
        pass


class BadTeardown(Test):
    def tearDown(self):
        raise OSError("not tidied up")

    def test_badteardown(self):
        pass


class TimingOut(Test):
    timeout = 1

    def test_timingout(self):
        time.sleep(60)
