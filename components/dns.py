"""The host names by which the world finds the platform."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class HostNamesArgs:
    hosts: tuple[str, ...]
    zone_id: pulumi.Input[str] | None  # None: DNS is elsewhere, and a person makes the records
    target: pulumi.Input[str]  # the name that AWS gave what answers
    target_zone_id: pulumi.Input[str] | None  # AWS's own zone of it; None: the target is an address


class HostNames(pulumi.ComponentResource):
    """Each points at what answers for it, by alias, or by address where there is no other name."""

    wanted: pulumi.Output[list[dict[str, str]]]  # every record, made by the stack or by a person

    def __init__(
        self, name: str, args: HostNamesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:edge:HostNames", name, None, opts)
        for host in args.hosts if args.zone_id is not None else ():
            aws.route53.Record(
                f"{name}-{host}",
                zone_id=args.zone_id or "",
                name=host,
                type="A",
                ttl=300 if args.target_zone_id is None else None,
                records=[args.target] if args.target_zone_id is None else None,
                aliases=None
                if args.target_zone_id is None
                else [
                    aws.route53.RecordAliasArgs(
                        name=args.target,
                        zone_id=args.target_zone_id,
                        evaluate_target_health=False,
                    )
                ],
                opts=pulumi.ResourceOptions(parent=self),
            )
        kind = "A" if args.target_zone_id is None else "CNAME"
        self.wanted = pulumi.Output.from_input(args.target).apply(
            lambda target: [{"name": host, "type": kind, "value": target} for host in args.hosts]
        )
        self.register_outputs({"wanted": self.wanted})
