"""Item 6: the password of the product is rotated, and the old one opens nothing any more."""

from collections.abc import Callable

import psycopg
import pytest

from pytest_readiness import evidence


@evidence("UC-301", item="secrets", part="rotation")
@evidence("UC-301", item="secrets", part="revocation")
def test_the_password_is_rotated_and_the_old_one_is_refused(store, staging, record_evidence):
    inside = store.connection  # opened with the old password
    old = staging.database["password"]
    with record_evidence.step("rotate"):
        new = staging.rotate_password()
        record_evidence.secret(new)
    with record_evidence.step("the new password is accepted"), psycopg.connect(**staging.database) as connection:
        session = f"PostgreSQL let {connection.info.user} in, as process {connection.info.backend_pid}"
        record_evidence.rotation(old=old, new=new, accepted_by=session)
    with record_evidence.step("the old password is refused"):
        refusal = _refusal(lambda: psycopg.connect(**staging.database | {"password": old}))
        assert "password authentication failed" in str(refusal)
        record_evidence.attach(str(refusal), "refusal.txt")
        record_evidence.revocation(old=old, rejected_by=refusal)
    with record_evidence.step("who came in with the old password is out"), pytest.raises(psycopg.OperationalError):
        inside.execute("SELECT 1")


def _refusal(attempt: Callable[[], psycopg.Connection]) -> psycopg.OperationalError:
    try:
        attempt().close()
    except psycopg.OperationalError as refusal:
        return refusal
    pytest.fail("the database still accepts the old password: it is not revoked")
