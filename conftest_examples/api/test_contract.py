"""Every operation of the contract, with inputs that schemathesis makes up."""

from pathlib import Path

import pytest
import schemathesis
from hypothesis import settings

from pytest_readiness import evidence

schema = schemathesis.openapi.from_path(Path(__file__).with_name("openapi.json"))


@evidence("UC-1", item="contract")
@pytest.mark.usefixtures("record_evidence")
@schema.parametrize()
@settings(max_examples=10, derandomize=True)
def test_the_service_keeps_its_contract(case, service):
    case.call_and_validate(base_url=service)
