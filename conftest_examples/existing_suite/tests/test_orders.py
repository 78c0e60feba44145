import pytest


@pytest.mark.story("SHOP-1")
@pytest.mark.parametrize("amount", [1, 1250, 99_999_999])
def test_an_order_is_taken(shop, amount):
    assert shop.order(amount=amount) == (201, {"amount": amount})
    assert shop.orders() == [{"amount": amount}]


@pytest.mark.story("SHOP-1")
@pytest.mark.parametrize("amount", [0, -5])
def test_an_order_without_an_amount_is_refused(shop, amount):
    assert shop.order(amount=amount)[0] == 422
    assert shop.orders() == []


class TestRestart:
    def test_orders_outlive_the_process(self, shop):
        shop.order(amount=1)
        shop.kill()
        shop.start()
        assert shop.orders() == [{"amount": 1}]


def test_an_unknown_page_is_not_found(shop):
    assert shop.ask("/basket")[0] == 404
