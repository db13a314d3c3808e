from engine.inputs import GIVEN, panels_needed

INPUTS = (("FF3", {"factors": "ff3"}), ("FF5", {"factors": "ff5", "on": True}), ("VIX", {}))


def test_a_panel_is_needed_where_each_parameter_named_has_its_value():
    assert panels_needed(INPUTS, {"factors": "ff3", "on": True}) == ("FF3", "VIX")
    assert panels_needed(INPUTS, {"factors": "ff5", "on": True}) == ("FF5", "VIX")
    assert panels_needed(INPUTS, {"factors": "ff5", "on": False}) == ("VIX",)


def test_a_panel_needed_twice_is_named_once():
    assert panels_needed([("VIX", {}), ("VIX3M", {}), ("VIX", {"on": 1})], {"on": 1}) == (
        "VIX",
        "VIX3M",
    )


def test_a_panel_may_hang_on_whether_a_parameter_is_given_at_all():
    floor = [("VIX", {"vix_min": GIVEN})]

    assert panels_needed(floor, {"vix_min": 20.0}) == ("VIX",)
    assert panels_needed(floor, {"vix_min": 0.0}) == ("VIX",)
    assert panels_needed(floor, {"vix_min": None}) == ()
