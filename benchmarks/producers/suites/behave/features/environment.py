def before_scenario(context, scenario):
    if "skip" in scenario.tags:
        scenario.skip("switched off")
    if "bad_setup" in scenario.tags:
        raise OSError("not ready")


def after_scenario(context, scenario):
    if "bad_teardown" in scenario.tags:
        raise OSError("not tidied up")


def after_feature(context, feature):
    if "bad_suite" in feature.tags:
        raise OSError("not tidied up")
