"""Plain test cases. The mark on a class holds for each of its methods, the mark on a method for that one."""

from pytest_readiness import evidence
from vault_case import VaultTestCase


@evidence("UC-1", item="access")
class AccessTest(VaultTestCase):
    def test_a_secret_is_stored_and_read(self):
        self.assertEqual(self.ask("PUT", "/secrets/db", "hunter2"), (201, "stored"))
        self.assertEqual(self.ask("GET", "/secrets/db"), (200, "hunter2"))

    def test_nobody_reads_without_a_key(self):
        for key in ("", "vk_guessed", self.key.upper(), self.key[:-1]):
            with self.subTest(key=len(key)):  # one subtest that fails makes the evidence FAILED
                self.assertEqual(self.ask("GET", "/secrets/db", key=key)[0], 401)


class AbsenceTest(VaultTestCase):
    @evidence("UC-1", item="absence")
    def test_a_secret_that_is_not_there(self):
        self.assertEqual(self.ask("GET", "/secrets/none"), (404, "no such secret"))

    def test_this_one_is_no_evidence(self):
        self.assertTrue(self.url.startswith("http://127.0.0.1:"))
