"""What the API says of targets is what the proxy does with them."""

from localcloud.load_balancer.model import lost, still_draining


def test_a_target_drains_until_the_proxy_has_let_go_of_it_however_slow_this_machine_is() -> None:
    asked = {"i-1": 100.0, "i-2": 200.0}

    assert still_draining(asked, leaving={"i-1"}, read_at=150.0) == asked
    assert still_draining(asked, leaving={"i-1"}, read_at=900.0) == {"i-1": 100.0}
    # It never had the second, and has let the first one go.
    assert still_draining(asked, leaving=(), read_at=900.0) == {}


def test_a_target_that_the_proxy_has_not_taken_over_leaves_no_longer() -> None:
    """It would be draining for ever."""
    gone, leaving, anothers = ("web-1", "i-1_80"), ("web-1", "i-2_80"), ("api-1", "i-1_80")

    assert lost([gone, leaving, anothers], groups={"web-1"}, servers={leaving}) == [gone]
