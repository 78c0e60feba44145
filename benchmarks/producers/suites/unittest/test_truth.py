import unittest


class Truth(unittest.TestCase):
    def test_passing(self):
        pass

    def test_failing(self):
        self.assertEqual(1, 2)

    def test_erring(self):
        {}["nothing"]

    def test_skipping(self):
        self.skipTest("not here")

    @unittest.skip("switched off")
    def test_disabled(self):
        pass

    @unittest.expectedFailure
    def test_expectedfailure(self):
        self.assertEqual(1, 2)

    @unittest.expectedFailure
    def test_unexpectedpass(self):
        pass


class BadSetup(unittest.TestCase):
    def setUp(self):
        raise OSError("not ready")

    def test_badsetup(self):
        pass


class BadTeardown(unittest.TestCase):
    def tearDown(self):
        raise OSError("not tidied up")

    def test_badteardown(self):
        pass


class Class_badsuiteteardown(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        raise OSError("not tidied up")

    def test_it(self):
        pass


if __name__ == "__main__":
    unittest.main()
