"""The stack's whole configuration, so that a key nobody knows is seen as well."""

from collections.abc import Mapping

from pulumi.runtime import config


def configuration() -> Mapping[str, str]:
    """namespace:key → text, as the engine hands it over; structured values are JSON."""
    return {**config.get_config_env(), **config.CONFIG.get()}
