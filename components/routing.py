"""Which request goes where: the rules of one listener, the most specific first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import pulumi
import pulumi_aws as aws

# Elastic Load Balancing quotas: a rule tests five values at most, and a path has 128 characters.
VALUES_A_RULE = 5
LONGEST_PATH = 128
# Priorities go to 50000: two kinds of host, a rank for each length of path, and these in each.
PLACES_A_RANK = 96
RANKS_A_HOST_KIND = 2 * LONGEST_PATH + 2


@dataclass(frozen=True, kw_only=True)
class Forward:
    """To the copies of a service, by weight when there are several groups of them."""

    weights: Mapping[str, int]  # target group's name -> its share


@dataclass(frozen=True, kw_only=True)
class Respond:
    """Answered on the spot: a closed path, an application without a release."""

    status: int
    body: str = ""


@dataclass(frozen=True, kw_only=True)
class Route:
    hosts: tuple[str, ...]
    paths: tuple[str, ...]  # "/api/*"; "/*" is everything
    action: Forward | Respond


@dataclass(frozen=True, kw_only=True)
class RoutingArgs:
    listener_arn: pulumi.Input[str]
    target_group_arns: Mapping[str, pulumi.Input[str]]
    routes: Mapping[str, Route]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One path on a few hosts, which is as much as AWS tests in one."""

    route: str
    hosts: tuple[str, ...]
    path: str

    @property
    def key(self) -> str:
        """Names the rule for life; it knows nothing of the rules beside it."""
        return f"{self.route}-{sha256(repr((self.hosts, self.path)).encode()).hexdigest()[:6]}"


class Routing(pulumi.ComponentResource):
    """All rules of a listener at once, since no two may have the same priority."""

    # By way of the rules: ECS refuses a service whose target group no listener forwards to yet.
    target_group_arns: dict[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: RoutingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:network:Routing", name, None, opts)
        made: dict[str, list[pulumi.Output[str]]] = {group: [] for group in args.target_group_arns}
        for rule, priority in prioritised(rules(args.routes)).items():
            action = args.routes[rule.route].action
            listener_rule = aws.lb.ListenerRule(
                f"{name}-{rule.key}",
                listener_arn=args.listener_arn,
                priority=priority,
                conditions=[
                    aws.lb.ListenerRuleConditionArgs(
                        host_header=aws.lb.ListenerRuleConditionHostHeaderArgs(
                            values=list(rule.hosts)
                        )
                    ),
                    aws.lb.ListenerRuleConditionArgs(
                        path_pattern=aws.lb.ListenerRuleConditionPathPatternArgs(values=[rule.path])
                    ),
                ],
                actions=[_action(action, args.target_group_arns)],
                opts=pulumi.ResourceOptions(parent=self),
            )
            for group in action.weights if isinstance(action, Forward) else ():
                made[group].append(listener_rule.arn)
        self.target_group_arns = {
            group: pulumi.Output.all(arn, *made[group]).apply(lambda known: known[0])
            for group, arn in args.target_group_arns.items()
        }
        self.register_outputs({})


def rules(routes: Mapping[str, Route]) -> list[Rule]:
    """A rule for each path, and one more for every four hosts."""
    hosts_a_rule = VALUES_A_RULE - 1
    return [
        Rule(route=name, hosts=route.hosts[first : first + hosts_a_rule], path=path)
        for name, route in routes.items()
        for path in route.paths
        for first in range(0, len(route.hosts), hosts_a_rule)
    ]


def prioritised(wanted: Sequence[Rule]) -> dict[Rule, int]:
    """Longer before shorter, whole before pattern; a rule added later seldom moves another.

    Each length has its own range of numbers, and a rule's place in it comes from the rule alone;
    only two that want the same place make way for each other, in the order of their keys.
    """
    taken: dict[int, Rule] = {}
    for rule in sorted(wanted, key=lambda rule: rule.key):
        start = 1 + _rank(rule) * PLACES_A_RANK
        hoped = int(sha256(rule.key.encode()).hexdigest(), 16) % PLACES_A_RANK
        places = (start + (hoped + step) % PLACES_A_RANK for step in range(PLACES_A_RANK))
        free = next((place for place in places if place not in taken), None)
        if free is None:
            raise ValueError(
                f"route {rule.route}: {rule.path}: more than {PLACES_A_RANK} rules have paths of "
                "this length; give some of the applications a load balancer of their own"
            )
        taken[free] = rule
    return {rule: taken_place for taken_place, rule in sorted(taken.items())}


def _rank(rule: Rule) -> int:
    literal = min(
        (len(rule.path.partition(mark)[0]) for mark in "*?" if mark in rule.path),
        default=len(rule.path),
    )
    whole = literal == len(rule.path)
    pattern_host = any(mark in host for host in rule.hosts for mark in "*?")
    return pattern_host * RANKS_A_HOST_KIND + RANKS_A_HOST_KIND - 1 - (2 * literal + whole)


def _action(
    action: Forward | Respond, arns: Mapping[str, pulumi.Input[str]]
) -> aws.lb.ListenerRuleActionArgs:
    match action:
        case Respond():
            return aws.lb.ListenerRuleActionArgs(
                type="fixed-response",
                fixed_response=aws.lb.ListenerRuleActionFixedResponseArgs(
                    content_type="text/plain",
                    message_body=action.body,
                    status_code=str(action.status),
                ),
            )
        case Forward(weights=weights) if len(weights) == 1:
            (only,) = weights
            return aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=arns[only])
        case Forward(weights=weights):
            return aws.lb.ListenerRuleActionArgs(
                type="forward",
                forward=aws.lb.ListenerRuleActionForwardArgs(
                    target_groups=[
                        aws.lb.ListenerRuleActionForwardTargetGroupArgs(
                            arn=arns[group], weight=weight
                        )
                        for group, weight in weights.items()
                    ]
                ),
            )
