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
TARGET_ATTACHMENT = _elb("TargetGroupAttachment")

BUCKET = _s3("Bucket")
BUCKET_ACL = _s3("BucketAcl")
BUCKET_ENCRYPTION = _s3("BucketServerSideEncryptionConfiguration")
BUCKET_LIFECYCLE = _s3("BucketLifecycleConfiguration")
BUCKET_LOGGING = _s3("BucketLogging")
BUCKET_VERSIONING = _s3("BucketVersioning")
BUCKET_WEBSITE = _s3("BucketWebsiteConfiguration")
BUCKET_CORS = _s3("BucketCorsConfiguration")
BUCKET_REPLICATION = ("aws:s3/bucketReplicationConfig:BucketReplicationConfig",)
BUCKET_NOTIFICATION = ("aws:s3/bucketNotification:BucketNotification",)
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

VPC_ENDPOINT = ("aws:ec2/vpcEndpoint:VpcEndpoint",)
FLOW_LOG = ("aws:ec2/flowLog:FlowLog",)
NETWORK_ACL = ("aws:ec2/networkAcl:NetworkAcl",)
DEFAULT_NETWORK_ACL = ("aws:ec2/defaultNetworkAcl:DefaultNetworkAcl",)
NETWORK_ACL_RULE = ("aws:ec2/networkAclRule:NetworkAclRule",)
NETWORK_ACL_ASSOCIATION = ("aws:ec2/networkAclAssociation:NetworkAclAssociation",)
ELASTIC_IP = ("aws:ec2/eip:Eip",)
ELASTIC_IP_ASSOCIATION = ("aws:ec2/eipAssociation:EipAssociation",)
NAT_GATEWAY = ("aws:ec2/natGateway:NatGateway",)
TRANSIT_GATEWAY = ("aws:ec2transitgateway/transitGateway:TransitGateway",)
CLIENT_VPN = ("aws:ec2clientvpn/endpoint:Endpoint",)
IMAGE_PERMISSION = ("aws:ec2/amiLaunchPermission:AmiLaunchPermission",)
EBS_DEFAULT = ("aws:ebs/encryptionByDefault:EncryptionByDefault",)
FILE_SYSTEM = ("aws:efs/fileSystem:FileSystem",)

CLASSIC_LOAD_BALANCER = (
    "aws:elb/loadBalancer:LoadBalancer",
    "aws:elasticloadbalancing/loadBalancer:LoadBalancer",
)
DISTRIBUTION = ("aws:cloudfront/distribution:Distribution",)
LOG_DELIVERY_SOURCE = ("aws:cloudwatch/logDeliverySource:LogDeliverySource",)
WEB_ACL = ("aws:wafv2/webAcl:WebAcl",)
WEB_ACL_LOGGING = ("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",)
WEB_ACL_ASSOCIATION = ("aws:wafv2/webAclAssociation:WebAclAssociation",)
WAF_RULE_GROUP = ("aws:wafv2/ruleGroup:RuleGroup",)
CLASSIC_FIREWALL = (
    "aws:waf/webAcl:WebAcl",
    "aws:waf/rule:Rule",
    "aws:waf/ruleGroup:RuleGroup",
    "aws:waf/rateBasedRule:RateBasedRule",
    "aws:wafregional/webAcl:WebAcl",
    "aws:wafregional/rule:Rule",
    "aws:wafregional/ruleGroup:RuleGroup",
    "aws:wafregional/rateBasedRule:RateBasedRule",
)

TASK_DEFINITION = ("aws:ecs/taskDefinition:TaskDefinition",)
ECS_SERVICE = ("aws:ecs/service:Service",)
ECS_CLUSTER = ("aws:ecs/cluster:Cluster",)
REPOSITORY = ("aws:ecr/repository:Repository",)
REPOSITORY_LIFECYCLE = ("aws:ecr/lifecyclePolicy:LifecyclePolicy",)
REPOSITORY_POLICY = ("aws:ecr/repositoryPolicy:RepositoryPolicy",)

DATABASE = ("aws:rds/instance:Instance",)
DATABASE_CLUSTER = ("aws:rds/cluster:Cluster",)
DATABASE_CLUSTER_INSTANCE = ("aws:rds/clusterInstance:ClusterInstance",)
DATABASE_PARAMETERS = ("aws:rds/parameterGroup:ParameterGroup",)
DATABASE_EVENTS = ("aws:rds/eventSubscription:EventSubscription",)
DATABASE_SNAPSHOT = ("aws:rds/snapshot:Snapshot", "aws:rds/snapshotCopy:SnapshotCopy")
DATABASE_PROXY = ("aws:rds/proxy:Proxy",)
REPLICATION_GROUP = ("aws:elasticache/replicationGroup:ReplicationGroup",)
CACHE_CLUSTER = ("aws:elasticache/cluster:Cluster",)
CACHE_PARAMETERS = ("aws:elasticache/parameterGroup:ParameterGroup",)
CACHE_USER = ("aws:elasticache/user:User",)

SECRET = ("aws:secretsmanager/secret:Secret",)
SECRET_ROTATION = ("aws:secretsmanager/secretRotation:SecretRotation",)
SECRET_POLICY = ("aws:secretsmanager/secretPolicy:SecretPolicy",)
KMS_KEY = ("aws:kms/key:Key",)
KMS_KEY_POLICY = ("aws:kms/keyPolicy:KeyPolicy",)

ROLE = ("aws:iam/role:Role",)
IAM_POLICY = ("aws:iam/policy:Policy",)
ROLE_POLICY = ("aws:iam/rolePolicy:RolePolicy",)
USER_POLICY = ("aws:iam/userPolicy:UserPolicy",)
GROUP_POLICY = ("aws:iam/groupPolicy:GroupPolicy",)
PERMISSIONS = (*IAM_POLICY, *ROLE_POLICY, *USER_POLICY, *GROUP_POLICY, *ROLE)
USER_POLICY_ATTACHMENT = ("aws:iam/userPolicyAttachment:UserPolicyAttachment",)
POLICY_ATTACHMENT = (
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
    *USER_POLICY_ATTACHMENT,
)
ACCESS_KEY = ("aws:iam/accessKey:AccessKey",)
LOGIN_PROFILE = ("aws:iam/userLoginProfile:UserLoginProfile",)
PASSWORD_POLICY = ("aws:iam/accountPasswordPolicy:AccountPasswordPolicy",)
SERVER_CERTIFICATE = ("aws:iam/serverCertificate:ServerCertificate",)

TRAIL = ("aws:cloudtrail/trail:Trail",)
LOG_GROUP = ("aws:cloudwatch/logGroup:LogGroup",)
ALARM = (
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm",
)
CERTIFICATE = ("aws:acm/certificate:Certificate",)
ZONE = ("aws:route53/zone:Zone",)
QUERY_LOG = ("aws:route53/queryLog:QueryLog",)
BACKUP_VAULT = ("aws:backup/vault:Vault",)
BACKUP_VAULT_POLICY = ("aws:backup/vaultPolicy:VaultPolicy",)
BACKUP_PLAN = ("aws:backup/plan:Plan",)
BACKUP_SELECTION = ("aws:backup/selection:Selection",)
PARAMETER = ("aws:ssm/parameter:Parameter",)
SSM_DOCUMENT = ("aws:ssm/document:Document",)
TOPIC = ("aws:sns/topic:Topic",)
TOPIC_POLICY = ("aws:sns/topicPolicy:TopicPolicy",)
SUBSCRIPTION = ("aws:sns/topicSubscription:TopicSubscription",)

REMOTE_COMMAND = ("command:remote:Command",)
REMOTE_COPY = ("command:remote:CopyToRemote", "command:remote:CopyFile")
LOCAL_COMMAND = ("command:local:Command",)
