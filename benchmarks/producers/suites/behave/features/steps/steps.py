from behave import given


@given("it works")
def works(context):
    pass


@given("it fails")
def fails(context):
    assert 1 == 2


@given("it breaks")
def breaks(context):
    {}["nothing"]


@given("it is skipped")
def skipped(context):
    context.scenario.skip("not here")
