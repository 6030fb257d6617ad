from policies.inputs import yes
from policies.kinds import DATABASE, DATABASE_CLUSTER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-copies-tags-to-snapshots",
    on=(*DATABASE, *DATABASE_CLUSTER),
    severity=Severity.LOW,
    controls=(
        "FSBP RDS.16",
        "FSBP RDS.17",
    ),
    protects_from="snapshots of which no one knows whose they are",
    fix="set copy_tags_to_snapshot=True.",
)
def rds_copies_tags_to_snapshots(props: Props) -> Findings:
    """Snapshots carry the tags of their database."""
    if not yes(props, "copyTagsToSnapshot"):
        yield "Snapshots are made without tags."
