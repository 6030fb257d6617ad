from pulumi_policy import PolicyResource

from policies.inputs import text
from policies.kinds import DATABASE_CLUSTER, DATABASE_CLUSTER_INSTANCE
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "rds-cluster-several-zones",
    on=DATABASE_CLUSTER,
    severity=Severity.MEDIUM,
    controls=("FSBP RDS.15",),
    protects_from="an outage as long as a restore when one availability zone or host fails",
    fix="add a second ClusterInstance.",
    only_in_production=True,
)
def rds_cluster_several_zones(cluster: PolicyResource, stack: Stack) -> Findings:
    """A production cluster has a second instance to fail over to."""
    instances = stack.pointing_at(cluster, DATABASE_CLUSTER_INSTANCE, by="clusterIdentifier")
    # A Multi-AZ cluster names an instance class itself and always has three instances.
    if not text(cluster.props, "dbClusterInstanceClass") and len(instances) < 2:
        yield "The cluster has nothing to fail over to."
