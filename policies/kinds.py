"""What the provider calls each kind of resource, old names and new ones together."""

_ELB_MODULES = ("lb", "alb", "elasticloadbalancingv2", "applicationloadbalancing")


def _elb(kind: str) -> tuple[str, ...]:
    lower = kind[0].lower() + kind[1:]
    return tuple(f"aws:{module}/{lower}:{kind}" for module in _ELB_MODULES)


def _s3(kind: str) -> tuple[str, ...]:
    lower = kind[0].lower() + kind[1:]
    return (f"aws:s3/{lower}:{kind}", f"aws:s3/{lower}V2:{kind}V2")


LOAD_BALANCER = _elb("LoadBalancer")
LISTENER = _elb("Listener")
LISTENER_RULE = _elb("ListenerRule")
TARGET_GROUP = _elb("TargetGroup")

BUCKET = _s3("Bucket")
BUCKET_ACL = _s3("BucketAcl")
BUCKET_ENCRYPTION = _s3("BucketServerSideEncryptionConfiguration")
BUCKET_LIFECYCLE = _s3("BucketLifecycleConfiguration")
BUCKET_LOGGING = _s3("BucketLogging")
BUCKET_VERSIONING = _s3("BucketVersioning")
BUCKET_WEBSITE = _s3("BucketWebsiteConfiguration")
BUCKET_CORS = _s3("BucketCorsConfiguration")
BUCKET_POLICY = ("aws:s3/bucketPolicy:BucketPolicy",)
BUCKET_OWNERSHIP = ("aws:s3/bucketOwnershipControls:BucketOwnershipControls",)
BUCKET_PUBLIC_ACCESS_BLOCK = ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",)
ACCOUNT_PUBLIC_ACCESS_BLOCK = ("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",)
ACCESS_POINT = ("aws:s3/accessPoint:AccessPoint",)

INSTANCE = ("aws:ec2/instance:Instance",)
LAUNCH_TEMPLATE = ("aws:ec2/launchTemplate:LaunchTemplate",)
LAUNCH_CONFIGURATION = ("aws:ec2/launchConfiguration:LaunchConfiguration",)
AUTO_SCALING_GROUP = ("aws:autoscaling/group:Group",)
EBS_VOLUME = ("aws:ebs/volume:Volume",)
SECURITY_GROUP = ("aws:ec2/securityGroup:SecurityGroup",)
DEFAULT_SECURITY_GROUP = ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",)
SECURITY_GROUP_RULE = ("aws:ec2/securityGroupRule:SecurityGroupRule",)
INGRESS_RULE = ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",)
EGRESS_RULE = ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",)
OPENINGS = (*SECURITY_GROUP, *SECURITY_GROUP_RULE, *INGRESS_RULE, *DEFAULT_SECURITY_GROUP)
VPC = ("aws:ec2/vpc:Vpc",)
SUBNET = ("aws:ec2/subnet:Subnet",)

DATABASE = ("aws:rds/instance:Instance",)
KMS_KEY = ("aws:kms/key:Key",)
TASK_DEFINITION = ("aws:ecs/taskDefinition:TaskDefinition",)
REMOTE_COMMAND = ("command:remote:Command",)
REMOTE_COPY = ("command:remote:CopyToRemote", "command:remote:CopyFile")
LOCAL_COMMAND = ("command:local:Command",)
