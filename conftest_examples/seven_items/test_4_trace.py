"""Item 4: two real runs of one payment leave the same trace."""

import screening

from pytest_readiness import evidence

DIFFERS = ["run", "at", "request_id"]
"""What may differ from run to run. The rest of a trace may not."""


@evidence("UC-301", item="trace")
def test_a_payment_always_leaves_the_same_trace(payment, provider, store, record_evidence):
    first, second = (store.trace(screening.screen(payment, provider, store)) for _ in range(2))
    record_evidence.trace(first, again=second, mask=DIFFERS)
