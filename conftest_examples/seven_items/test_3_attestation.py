"""Item 3: the SDK that is installed is attested, in a store that keeps it."""

import json

import screening

from pytest_readiness import evidence

SDK = "psycopg"


@evidence("UC-301", item="attestation")
def test_the_sdk_is_attested_in_the_database(store, staging, record_evidence):
    stated = record_evidence.statement(SDK)  # fails if a file differs from what was installed
    with record_evidence.step("write the statement"):
        number = store.attest(stated)
        store.close()
    with record_evidence.step("read it back over another connection"):
        another = screening.Store(**staging.database)
        read_back = another.attested(number)
        another.close()

    record_evidence.attach(json.dumps(read_back, indent=2), "attestation.json")
    place = "postgresql://{host}:{port}/{dbname}".format_map(staging.database)
    record_evidence.attestation(stated, stored_at=f"{place} attestation {number}", read_back=read_back)
