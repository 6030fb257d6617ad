from ipaddress import IPv4Network

from localcloud.network.firewall import Flow, Rule, flows, render

WORLD = IPv4Network("0.0.0.0/0")


def test_a_group_as_source_lets_in_its_members_and_nobody_else() -> None:
    rules = {"sg-db": [Rule("tcp", 5432, 5432, "sg-app")]}
    members = {"10.0.0.5": ["sg-app"], "10.0.0.6": ["sg-web"], "10.0.0.9": ["sg-db"]}
    assert flows(rules, members) == [
        Flow("tcp", IPv4Network("10.0.0.5/32"), "10.0.0.9", 5432, 5432)
    ]


def test_a_range_as_source_is_taken_as_it_is() -> None:
    rules = {"sg-web": [Rule("tcp", 443, 443, WORLD)]}
    assert flows(rules, {"10.0.0.6": ["sg-web"]}) == [Flow("tcp", WORLD, "10.0.0.6", 443, 443)]


def test_rules_of_a_group_without_members_let_nothing_through() -> None:
    assert flows({"sg-a": [Rule("-1", 0, 65535, WORLD)]}, {"10.0.0.6": ["sg-b"]}) == []


def test_what_no_rule_allows_is_dropped() -> None:
    text = render([])
    assert "policy drop" in text
    assert "dport" not in text


def test_a_first_packet_passes_only_to_the_ports_of_its_rule() -> None:
    text = render([Flow("tcp", IPv4Network("10.0.0.5/32"), "10.0.0.9", 5432, 5433)])
    assert "ip saddr 10.0.0.5/32 ip daddr 10.0.0.9 tcp dport 5432-5433 accept" in text


def test_datagrams_pass_both_ways() -> None:
    text = render([Flow("udp", IPv4Network("10.0.0.5/32"), "10.0.0.9", 53, 53)])
    assert "ip saddr 10.0.0.5/32 ip daddr 10.0.0.9 udp dport 53-53 accept" in text
    assert "ip daddr 10.0.0.5/32 ip saddr 10.0.0.9 udp sport 53-53 accept" in text


def test_a_rule_for_everything_opens_no_way_back_for_connections() -> None:
    text = render([Flow("-1", IPv4Network("10.0.0.5/32"), "10.0.0.9", 0, 65535)])
    assert "ip saddr 10.0.0.5/32 ip daddr 10.0.0.9 accept" in text
    assert "ip daddr 10.0.0.5/32 ip saddr 10.0.0.9 ip protocol != tcp accept" in text


def test_the_rules_replace_what_was_there_in_one_step() -> None:
    text = render([])
    assert text.index("delete table bridge security_groups") < text.index("chain forward")
