from pulumi_policy import PolicyResource

from policies.buckets import receives_logs
from policies.inputs import block, blocks, text
from policies.kinds import BUCKET, BUCKET_ENCRYPTION
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "s3-encrypted-with-own-key",
    on=BUCKET,
    severity=Severity.MEDIUM,
    controls=("FSBP S3.17",),
    protects_from="files readable to whoever may read the bucket, with no key to revoke",
    fix='add a BucketServerSideEncryptionConfiguration with sse_algorithm="aws:kms" and the key.',
)
def s3_encrypted_with_own_key(bucket: PolicyResource, stack: Stack) -> Findings:
    """A bucket encrypts its files with a key of one's own."""
    apart = stack.pointing_at(bucket, BUCKET_ENCRYPTION, by="bucket")
    rules = [rule for each in apart for rule in blocks(each.props, "rules")]
    inline = block(block(bucket.props, "serverSideEncryptionConfiguration"), "rule")
    algorithms = [
        text(block(rule, "applyServerSideEncryptionByDefault"), "sseAlgorithm")
        for rule in [*rules, *([inline] if inline else [])]
    ]
    if not any(algorithm.startswith("aws:kms") for algorithm in algorithms):
        # These services can write to buckets under Amazon's key only.
        if not receives_logs(stack, bucket):
            yield "The bucket's files are not encrypted with a KMS key."
        elif not algorithms:
            yield "The log bucket declares no encryption."
