"""Item 1: the provider accepts the customer's key and ours, and no other."""

import pytest
import screening

from pytest_readiness import evidence


@pytest.mark.parametrize("mode", ["BYOK", "MANAGED"])
@evidence("UC-301", item="credential")
def test_the_provider_accepts_the_key(mode, provider, payment, staging, record_evidence):
    record_evidence.scope(provider_mode=mode)  # first of all: a failure then counts against this mode only
    answer = provider.score(payment)

    request = provider.logged(answer.request_id)  # the provider's own log, not ours
    assert (request["account"], request["nonce"]) == (mode, record_evidence.nonce)

    stranger = screening.Provider(**staging.provider, key="sk_of_somebody_else")
    with pytest.raises(screening.RefusedError):
        stranger.score(payment)

    record_evidence.reference("the provider's log", provider.address(f"/requests/{answer.request_id}"))
    record_evidence.credential(mode=mode, secret=staging.keys[mode], request_id=answer.request_id)
    record_evidence.receipt(answer.request_id)
