"""The rules of a web ACL, whether given as blocks or as the JSON that AWS takes."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from policies.documents import listed, parsed
from policies.inputs import Props, block, blocks


def firewall_rules(props: Props) -> list[Props]:
    """Every rule, written as blocks are."""
    if "ruleJson" in props:
        return [cast(Props, _camel(rule)) for rule in listed(parsed(props["ruleJson"]))]
    if "rulesJson" in props:
        return [cast(Props, _camel(rule)) for rule in listed(parsed(props["rulesJson"]))]
    return blocks(props, "rules")


def managed_groups(props: Props) -> Iterator[tuple[str, Props]]:
    """The managed rule groups by name, each with the rule it stands in."""
    for rule in firewall_rules(props):
        group = block(block(rule, "statement"), "managedRuleGroupStatement")
        if group:
            yield str(group.get("name")), rule


def _camel(value: Any) -> Any:
    if isinstance(value, Mapping):
        items = cast(Mapping[str, Any], value).items()
        return {_lower(key): _camel(each) for key, each in items}
    if isinstance(value, list):
        return [_camel(each) for each in cast(list[Any], value)]
    return value


def _lower(key: str) -> str:
    # AWS writes CloudWatchMetricsEnabled where the provider has cloudwatchMetricsEnabled.
    return (
        key.replace("CloudWatch", "cloudwatch")[:1].lower()
        + key.replace("CloudWatch", "Cloudwatch")[1:]
    )
