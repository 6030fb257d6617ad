"""Terraform core's part of a plan: what is proposed to the provider, and what then changed."""

from typing import Any, cast

from localcloud.standins.aws.schema import LIST, MAP, SET, Block, NestedBlock
from localcloud.standins.values import UNKNOWN, has_unknown

Values = dict[str, Any]


def proposed(block: Block, prior: Values | None, config: Values) -> Values:
    """The configuration, with the provider's own earlier answers where it says nothing."""
    before = prior or {}
    values: Values = {}
    for name, field in block.attributes.items():
        kept = field.computed and config.get(name) is None
        values[name] = before.get(name) if kept else config.get(name)
    for name, nested in block.blocks.items():
        values[name] = _proposed_blocks(nested, before.get(name), config.get(name))
    return values


def _proposed_blocks(nested: NestedBlock, prior: Any, config: Any) -> Any:
    if config is None or config is UNKNOWN:
        return config
    match nested.nesting:
        case n if n == LIST:
            before: list[Any] = prior if isinstance(prior, list) else []
            return [
                proposed(nested.block, before[i] if i < len(before) else None, item)
                for i, item in enumerate(config)
            ]
        case n if n == SET:
            return _proposed_set(nested.block, prior if isinstance(prior, list) else [], config)
        case n if n == MAP:
            return {k: proposed(nested.block, (prior or {}).get(k), v) for k, v in config.items()}
        case _:
            return proposed(nested.block, prior, config)


def _proposed_set(block: Block, prior: list[Any], config: list[Any]) -> list[Any]:
    """Members of a set have no index: each is paired with the one it does not differ from."""
    left = list(prior)
    found: list[Any] = []
    for item in config:
        match = next((old for old in left if proposed(block, old, item) == old), None)
        if match is not None:
            left.remove(match)
        found.append(proposed(block, match, item))
    return found


def changed(block: Block, prior: Values, planned: Values) -> list[str]:
    """Terraform's names of the fields in which a plan differs from the state."""
    names = [
        name
        for name, field in block.attributes.items()
        if not _same(prior.get(name), planned.get(name), is_set=field.type[0] == "set")
    ]
    return names + [
        name
        for name, nested in block.blocks.items()
        if not _same(prior.get(name), planned.get(name), is_set=nested.nesting == SET)
    ]


def _same(before: Any, after: Any, *, is_set: bool) -> bool:
    before, after = normal(before), normal(after)
    if has_unknown(before) or has_unknown(after):
        return False
    if is_set and isinstance(before, list) and isinstance(after, list):
        return sorted(map(_key, before)) == sorted(map(_key, after))
    return before == after


def normal(value: Any) -> Any:
    """Null, empty list and empty map are one value to providers of the older SDK."""
    if isinstance(value, dict):
        return {k: normal(v) for k, v in cast(Values, value).items()} or None
    if isinstance(value, list):
        return [normal(item) for item in cast(list[Any], value)] or None
    return value


def _key(value: Any) -> str:
    if isinstance(value, dict):
        return repr(sorted((k, _key(v)) for k, v in cast(Values, value).items()))
    return repr(value)


def sensitive(state: Values, block: Block) -> set[str]:
    """Terraform's names of the top-level fields that hold something sensitive, however deep."""
    found = {name for name, field in block.attributes.items() if field.sensitive}
    for name, nested in block.blocks.items():
        value = state.get(name)
        if isinstance(value, dict) and nested.nesting == MAP:
            value = list(cast(Values, value).values())
        items = cast(list[Any], value) if isinstance(value, list) else [value]
        if any(_holds_sensitive(item, nested.block) for item in items):
            found.add(name)
    return found


def _holds_sensitive(value: Any, block: Block) -> bool:
    if not isinstance(value, dict):
        return False
    state = cast(Values, value)
    return any(state.get(name) not in (None, []) for name in sensitive(state, block))
