"""What a customer sees, in a real browser."""

from playwright.sync_api import Page, expect

from pytest_readiness import evidence


def ask_for_the_price(page: Page, pieces: int):
    page.get_by_label("Pieces").fill(str(pieces))
    page.get_by_role("button").click()
    return page.get_by_role("status")


@evidence("UC-1", "UC-2", item="page")
def test_the_page_says_what_three_chairs_cost(page: Page, shop):
    page.goto(shop.url)
    expect(ask_for_the_price(page, 3)).to_have_text("149.70 EUR")


@evidence("UC-1", item="outage")
def test_the_page_stays_polite_when_the_shop_is_killed(page: Page, shop):
    page.goto(shop.url)
    shop.kill()
    expect(ask_for_the_price(page, 3)).to_have_text("Prices are not available. Please try again later.")


@evidence("UC-2", item="outage")
def test_the_page_stays_polite_when_prices_are_broken(page: Page, shop):
    page.route("**/price*", lambda route: route.fulfill(status=500, body="broken"))  # no shop ever said this
    page.goto(shop.url)
    expect(ask_for_the_price(page, 3)).to_have_text("Prices are not available. Please try again later.")
