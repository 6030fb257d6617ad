"""Names that AWS allows only once, things made of others, a secret, and something slow."""

import json

import pulumi
import pulumi_aws as aws
import pulumi_command as command
import pulumi_random as random

config = pulumi.Config()
provider = aws.Provider("main", region="eu-west-1", default_tags={"tags": {"stack": "small"}})
on = pulumi.ResourceOptions(provider=provider)

password = random.RandomPassword("password", length=24)
command.local.Command("plain", create="echo written")
command.local.Command("fed-a-secret", create="cat", stdin=password.result)

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
role = aws.iam.Role("role", name="small-role", assume_role_policy=json.dumps(TRUST), opts=on)
bucket = aws.s3.Bucket("bucket", bucket="small-bucket", opts=on)
secret = aws.secretsmanager.Secret("secret", name="small/secret", opts=on)
aws.secretsmanager.SecretVersion(
    "version", secret_id=secret.id, secret_string=password.result, opts=on
)
network = aws.ec2.Vpc("network", cidr_block="10.90.0.0/16", opts=on)
for number in range(3):
    aws.ec2.Subnet(
        f"subnet-{number}", vpc_id=network.id, cidr_block=f"10.90.{number}.0/24", opts=on
    )
for number in range(config.require_int("parameters")):
    aws.ssm.Parameter(
        f"parameter-{number}", name=f"/small/{number}", type="String", value=str(number), opts=on
    )

pulumi.export("bucket", bucket.bucket)
pulumi.export("password", password.result)
