from concurrent.futures import ThreadPoolExecutor

from pytest_readiness import evidence


@evidence("UC-1", item="answers")
def test_an_order_is_taken_or_refused(warehouse):
    warehouse.put(chair=3)
    assert warehouse.order(chair=2) == 201
    assert warehouse.order(chair=2) == 409
    assert warehouse.stock() == {"chair": 1}


@evidence("UC-1", item="crowd")
def test_nothing_is_sold_twice(warehouse, record_evidence):
    warehouse.put(chair=5)
    with ThreadPoolExecutor(20) as customers:
        answers = list(customers.map(lambda _: warehouse.order(chair=1), range(20)))
    assert (answers.count(201), answers.count(409)) == (5, 15)
    assert warehouse.stock() == {"chair": 0}
    record_evidence.set(customers=20)
