"""A test case that records proofs: a fixture hands ``record_evidence`` over to the instance."""

import pytest

from pytest_readiness import evidence
from vault_case import VaultTestCase


@evidence("UC-1", item="keys")
class KeysTest(VaultTestCase):
    @pytest.fixture(autouse=True)
    def hand_over(self, record_evidence):
        self.record = record_evidence

    def test_a_key_is_rotated_and_the_old_one_is_refused(self):
        old, (_, new) = self.key, self.ask("POST", "/keys")
        for key in (old, new):
            self.record.secret(key)  # from here on, neither is written anywhere
        self.record.rotation(old=old, new=new, accepted_by=self.ask("PUT", "/secrets/db", "1", key=new)[0])

        self.assertEqual(self.ask("DELETE", "/keys", key=old)[0], 200)
        status, reason = self.ask("GET", "/secrets/db", key=old)
        self.assertEqual(status, 401)
        self.record.revocation(old=old, rejected_by=f"{status} {reason}")
