"""Builds the current stack: settings → platform → outputs."""

import pulumi

from components.configuration import configuration
from components.platform import Platform
from settings.load import load
from settings.problem import SettingsError

try:
    platform = Platform("groundwork", load(pulumi.get_stack(), configuration()))
except SettingsError as error:
    raise pulumi.RunError(str(error)) from None

for name, value in platform.outputs.items():
    pulumi.export(name, value)
