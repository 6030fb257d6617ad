from policies.inputs import blocks, texts, values
from policies.kinds import BUCKET, BUCKET_CORS
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "s3-cors-names-origins",
    on=(*BUCKET_CORS, *BUCKET),
    severity=Severity.MEDIUM,
    protects_from="any site writing to the bucket in a visitor's name",
    fix="name the sites in allowed_origins.",
)
def s3_cors_names_origins(props: Props) -> Findings:
    """Only named sites may write to a bucket from a browser."""
    for rule in blocks(props, "corsRules"):
        writes = {"PUT", "POST", "DELETE"}.intersection(texts(rule, "allowedMethods"))
        if writes and "*" in values(rule, "allowedOrigins"):
            yield f"Any site may {', '.join(sorted(writes))}."
