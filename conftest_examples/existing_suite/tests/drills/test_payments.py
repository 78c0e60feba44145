def test_a_slow_provider_costs_no_order(open_shop):
    status, answer = open_shop("--slow-payments").order(amount=7)
    assert status == 504
    assert "nothing was ordered" in answer["error"]
    assert open_shop().orders() == []
