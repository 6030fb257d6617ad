"""More that a role may do, given by what it is for and taken away with it."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.permissions import Statement


class Grant(pulumi.ComponentResource):
    """One inline policy of a role that was made earlier."""

    def __init__(
        self,
        name: str,
        *,
        role_name: pulumi.Input[str],
        statements: Mapping[str, Statement],  # purpose -> what it allows
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("groundwork:identity:Grant", name, None, opts)
        aws.iam.RolePolicy(
            name,
            role=role_name,
            policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [statement.document() for statement in statements.values()],
                }
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
