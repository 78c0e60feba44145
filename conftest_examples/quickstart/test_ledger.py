"""What these tests show of the ledger, and for which use case, stands in their marks."""

from pathlib import Path

from pytest_readiness import evidence


@evidence("UC-101", "UC-102", item="credential")
def test_takes_the_customers_key_and_nothing_else(client, record_evidence):
    assert client.get("/bookings")[0] == 200
    client.key = "somebody-elses"
    assert client.get("/bookings")[0] == 401
    record_evidence.set(refused_with=401)


@evidence("UC-101", item="restart")
def test_a_payment_survives_a_restart(client, service, record_evidence):
    with record_evidence.step("pay"):
        status, payment = client.post("/payments", amount=1250, reference="order-7")
        assert status == 201
    with record_evidence.step("kill the service and start it again"):
        service.restart()
    with record_evidence.step("read it back"):
        bookings = client.get("/bookings")[1]["bookings"]
        assert payment in bookings
    record_evidence.attach(Path(service.folder, "bookings.jsonl"))


@evidence("UC-102", item="restart")
def test_a_refund_survives_a_restart(client, service, record_evidence):
    refund = client.post("/refunds", amount=400, reference="order-7")[1]
    service.restart()
    assert refund in client.get("/bookings")[1]["bookings"]
    record_evidence.attach(Path(service.folder, "bookings.jsonl"))


@evidence("UC-101", item="keys")
def test_a_key_is_rotated_and_the_old_one_is_refused(client, record_evidence):
    with record_evidence.step("rotate"):
        second = client.post("/keys/rotate")[1]["key"]
        third = client.post("/keys/rotate")[1]["key"]
        old, new = record_evidence.secret(second), record_evidence.secret(third)
        record_evidence.note(f"key {old} was followed by key {new}")
        record_evidence.scope(part="rotation")
    with record_evidence.step("revoke the old one"):
        assert client.post("/keys/revoke", key=second)[0] == 200
        client.key = second
        assert client.get("/bookings")[0] == 401
        client.key = third
        assert client.get("/bookings")[0] == 200
        record_evidence.scope(part="revocation")


@evidence("UC-101", item="drill")
def test_a_disk_outage_is_noticed_and_audited(client, record_evidence):
    assert client.post("/fault", disk="out")[0] == 200
    try:
        assert client.post("/payments", amount=1, reference="during-the-drill")[0] == 503
    finally:
        client.post("/fault", disk="back")
    assert client.post("/payments", amount=1, reference="after-the-drill")[0] == 201

    log = client.get("/audit")[1]["log"]
    assert "payment during-the-drill refused: disk outage" in log
    record_evidence.attach("\n".join(log), name="audit.log")
    record_evidence.reference("how this drill is run", "https://wiki.example.com/drills/disk-outage")
