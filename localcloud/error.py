"""What is wrong and what to do about it: the only way in which the local cloud says no."""

from commands.error import CommandError


class LocalCloudError(CommandError):
    """Shown to the person as it is, without a traceback."""
