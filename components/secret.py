"""A value nobody should see, kept in Secrets Manager and known to everything else by its ARN."""

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws
import pulumi_random as random


@dataclass(frozen=True, kw_only=True)
class Generated:
    """Made by us, and never shown to anyone."""

    length: int = 48  # characters; of base64 the bytes behind them
    # No alphabet but base64 holds what a URL or a connection string takes for something else.
    alphabet: Literal["alphanumeric", "hex", "symbols", "base64"] = "alphanumeric"


@dataclass(frozen=True, kw_only=True)
class TwoKeys:
    """A signing key, and another that is accepted beside it: {current, previous}.

    Each generation is a random value of its own name in the state, encrypted there like every
    other. So the stack's file alone says which two there are: a run without a change changes
    nothing, the other key outlives any number of runs, and a secret that somebody deleted comes
    back with both. Rotation inside Secrets Manager would keep them there alone, change behind the
    program's back what it then takes for drift, and need a function that may write secrets.
    """

    of: Generated
    current: int
    accepted: int


@dataclass(frozen=True, kw_only=True)
class Supplied:
    """Given by the stack's configuration."""

    value: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class SecretArgs:
    description: str
    content: Generated | TwoKeys | Supplied
    key_arn: pulumi.Input[str]
    durable: bool


class Secret(pulumi.ComponentResource):
    """Encrypted with the stack's key; where durable, a deletion can be undone for a month."""

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: SecretArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:data:Secret", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        secret = aws.secretsmanager.Secret(
            name,
            description=args.description,
            kms_key_id=args.key_arn,
            # The range that Secrets Manager allows is 7 to 30, or none.
            recovery_window_in_days=30 if args.durable else 0,
            opts=child,
        )
        match args.content:
            case Generated() as wanted:
                value = generate(name, wanted, child)
            case TwoKeys(of=wanted, current=current, accepted=accepted):
                value = pulumi.Output.secret(
                    pulumi.Output.json_dumps(
                        {
                            "current": generate(name, wanted, child, current),
                            "previous": generate(name, wanted, child, accepted),
                        }
                    )
                )
            case Supplied(value=supplied):
                value = pulumi.Output.secret(supplied)
        version = aws.secretsmanager.SecretVersion(
            name, secret_id=secret.id, secret_string=value, opts=child
        )
        # By way of the version, so that whoever is given the ARN finds a value behind it.
        self.arn = pulumi.Output.all(secret.arn, version.version_id).apply(lambda known: known[0])
        self.register_outputs({"arn": self.arn})


def generate(
    name: str, wanted: Generated, opts: pulumi.ResourceOptions, generation: int = 1
) -> pulumi.Output[str]:
    """A random value that stays the same from run to run; another one for each generation."""
    if generation != 1:
        name = f"{name}-{generation}"
    if wanted.alphabet == "hex":
        # Two digits a byte.
        return pulumi.Output.secret(
            random.RandomBytes(name, length=(wanted.length + 1) // 2, opts=opts).hex
        )
    if wanted.alphabet == "base64":
        return pulumi.Output.secret(
            random.RandomBytes(name, length=wanted.length, opts=opts).base64
        )
    symbols = wanted.alphabet == "symbols"
    return random.RandomPassword(
        name,
        length=wanted.length,
        special=symbols,
        override_special="!*-_.~" if symbols else None,
        opts=opts,
    ).result
