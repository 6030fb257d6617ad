from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network

from localcloud.network.firewall import Flow, Rule, arrivals, departures, render

WORLD = IPv4Network("0.0.0.0/0")
MEMBERS = {"10.0.0.5": ["sg-app"], "10.0.0.6": ["sg-web"], "10.0.0.9": ["sg-db"]}


def flow(protocol: str, first: int = 0, last: int = 65535) -> Flow:
    return Flow(protocol, IPv4Network("10.0.0.5/32"), "10.0.0.9", first, last)


def chains(
    *arriving: Flow,
    leaving: Sequence[Flow] = (),
    joined: Sequence[Flow] = (),
    members: Iterable[str] = (),
) -> dict[str, list[str]]:
    """Chain → its rules."""
    found: dict[str, list[str]] = {}
    for line in render(arriving, leaving, joined, members).splitlines():
        if line.startswith("  chain "):
            found[line.split()[1]] = []
        elif line.startswith("    "):
            found[list(found)[-1]].append(line.strip())
    return found


def test_a_group_as_peer_stands_for_its_members_and_nobody_else() -> None:
    let_in = {"sg-db": [Rule("tcp", 5432, 5432, "sg-app")]}
    let_out = {"sg-app": [Rule("tcp", 5432, 5432, "sg-db")]}

    assert arrivals(let_in, MEMBERS) == [flow("tcp", 5432, 5432)]
    assert departures(let_out, MEMBERS) == [flow("tcp", 5432, 5432)]


def test_a_range_as_peer_is_taken_as_it_is() -> None:
    rules = {"sg-web": [Rule("tcp", 443, 443, WORLD)]}

    assert arrivals(rules, MEMBERS) == [Flow("tcp", WORLD, "10.0.0.6", 443, 443)]
    assert departures(rules, MEMBERS) == [
        Flow("tcp", IPv4Network("10.0.0.6/32"), "0.0.0.0/0", 443, 443)
    ]


def test_rules_of_a_group_without_members_let_nothing_through() -> None:
    rules = {"sg-a": [Rule("-1", 0, 65535, WORLD)]}

    assert arrivals(rules, {"10.0.0.6": ["sg-b"]}) == []
    assert departures(rules, {"10.0.0.6": ["sg-b"]}) == []


def test_what_no_rule_allows_is_dropped() -> None:
    text = render([], [], [], [])
    assert "policy drop" in text
    assert "dport" not in text


def test_a_first_packet_passes_only_to_the_ports_of_its_rule() -> None:
    rules = chains(flow("tcp", 5432, 5433))["forward"]
    assert "ip saddr 10.0.0.5/32 ip daddr 10.0.0.9 tcp dport 5432-5433 accept" in rules


def test_whoever_sends_is_asked_before_whoever_is_sent_to() -> None:
    out = Flow("tcp", IPv4Network("10.0.0.5/32"), "0.0.0.0/0", 443, 443)
    found = chains(flow("tcp", 443, 443), leaving=[out], members=["10.0.0.9", "10.0.0.5"])

    arriving = found["forward"].index(
        "ip saddr 10.0.0.5/32 ip daddr 10.0.0.9 tcp dport 443-443 accept"
    )
    assert found["forward"].index("jump leaving") < arriving
    # What is let out goes on to the rules of who is sent to; a stranger has no group to ask.
    assert found["leaving"] == [
        "ip saddr 10.0.0.5/32 tcp dport 443-443 return",
        "ip saddr { 10.0.0.5, 10.0.0.9 } drop",
    ]


def test_aws_s_own_parts_reach_each_other_behind_the_groups_back() -> None:
    rules = chains(joined=[flow("tcp", 6379, 6379)], members=["10.0.0.5"])["forward"]

    own = rules.index("ip saddr 10.0.0.5/32 ip daddr 10.0.0.9 tcp dport 6379-6379 accept")
    assert own < rules.index("jump leaving")


def test_datagrams_are_answered_without_a_rule_for_the_answer() -> None:
    rules = chains(flow("udp", 53, 53), members=["10.0.0.9"])["forward"]

    assert "ip saddr 10.0.0.5/32 ip daddr 10.0.0.9 udp dport 53-53 accept" in rules
    answer = rules.index("ip daddr 10.0.0.5/32 ip saddr 10.0.0.9 udp sport 53-53 accept")
    assert answer < rules.index("jump leaving")


def test_a_rule_for_everything_opens_no_way_back_for_connections() -> None:
    rules = chains(flow("-1"))["forward"]

    assert "ip saddr 10.0.0.5/32 ip daddr 10.0.0.9 accept" in rules
    assert "ip daddr 10.0.0.5/32 ip saddr 10.0.0.9 ip protocol != tcp accept" in rules


def test_the_rules_replace_what_was_there_in_one_step() -> None:
    text = render([], [], [], [])
    assert text.index("delete table bridge security_groups") < text.index("chain forward")
