from concurrent.futures import ThreadPoolExecutor

from pytest_readiness import evidence


@evidence("UC-2", item="answers")
def test_what_comes_in_is_in_stock(warehouse):
    assert warehouse.put(chair=3, table=1) == 201
    warehouse.kill()
    warehouse.start()
    assert warehouse.stock() == {"chair": 3, "table": 1}


@evidence("UC-2", item="crowd")
def test_nothing_is_lost_at_the_ramp(warehouse):
    with ThreadPoolExecutor(10) as lorries:
        assert set(lorries.map(lambda _: warehouse.put(chair=1), range(20))) == {201}
    assert warehouse.stock() == {"chair": 20}
