"""Reads load balancers out of the control plane's records; call with its lock held."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from localcloud.control_plane.reconciler import Cloud
from localcloud.load_balancer.model import (
    Action,
    Balancer,
    Condition,
    Forward,
    HealthCheck,
    Listener,
    Redirect,
    Respond,
    Rule,
    Target,
    TargetGroup,
)
from localcloud.services.fleet import directory_name
from localcloud.services.placement import Place

KIND = "lb"
CONDITION_KEYS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
}
OLD_TLS = ("TLS-1-0", "TLS-1-1", "2015-05", "2016-08")
# HAProxy is told nothing older: OpenSSL 3 does not speak it at its usual level.
OLDEST_SPOKEN = "TLSv1.2"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What ACM holds; without a key of its own where ACM has made it."""

    arn: str
    names: tuple[str, ...]
    pem: str | None

    @property
    def file(self) -> str:
        return f"{self.arn.rpartition('/')[2]}.pem"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is wanted of one load balancer."""

    region: str
    arn: str
    name: str
    endpoint: str
    place: Place
    public_address: str | None
    security_groups: tuple[str, ...]
    balancer: Balancer
    certificates: tuple[Certificate, ...]
    targets: tuple[Target, ...]
    # Registered, but their instances do not run: target group, id and port.
    stopped: tuple[tuple[str, str, int], ...]
    # Target groups by the names they have here → their ARNs.
    group_arns: Mapping[str, str]

    @property
    def key(self) -> str:
        return directory_name(KIND, self.region, self.name)


def load_balancers(cloud: Cloud) -> Iterator[tuple[str, Any]]:
    for region in cloud.regions("elbv2"):
        for balancer in cloud.backend("elbv2", region).load_balancers.values():
            if balancer.type == "application":
                yield region, balancer


def read(cloud: Cloud, region: str, balancer: Any) -> Wanted:
    """Everything about one load balancer, copied."""
    elb = cloud.backend("elbv2", region)
    listeners = sorted(balancer.listeners.values(), key=lambda listener: int(listener.port))
    used: dict[str, Any] = {}
    stopped: list[tuple[str, str, int]] = []
    for listener in listeners:
        for rule in listener.rules.values():
            for arn in _group_arns(rule.actions):
                if arn in elb.target_groups:
                    used[group_name(arn)] = elb.target_groups[arn]
    arns = {arn for listener in listeners for arn in listener.certificates if arn}
    address, vpc, public = balancer.place
    return Wanted(
        region=region,
        arn=balancer.arn,
        name=balancer.name,
        endpoint=balancer.dns_name,
        place=Place.of(address, vpc),
        public_address=public,
        security_groups=tuple(sorted(balancer.security_groups or ())),
        balancer=Balancer(
            listeners=tuple(_listener(listener) for listener in listeners),
            groups={name: _target_group(name, group) for name, group in used.items()},
            idle_timeout=int(balancer.attrs.get("idle_timeout.timeout_seconds", 60)),
            http2=balancer.attrs.get("routing.http2.enabled", "true") == "true",
            forwarded_for=balancer.attrs.get("routing.http.xff_header_processing.mode", "append"),
        ),
        certificates=tuple(_certificate(cloud, arn) for arn in sorted(arns)),
        targets=tuple(_targets(cloud, region, used, stopped)),
        stopped=tuple(stopped),
        group_arns={name: group.arn for name, group in used.items()},
    )


def group_name(arn: str) -> str:
    """Readable, and as unlike any other as the ARN's own last part."""
    _, name, identifier = arn.rsplit("/", 2)
    return f"{name}-{identifier[:6]}"


def _group_arns(actions: Any) -> Iterator[str]:
    for action in actions:
        data = action.data
        if data.get("TargetGroupArn"):
            yield data["TargetGroupArn"]
        for group in data.get("ForwardConfig", {}).get("TargetGroups", []):
            yield group["TargetGroupArn"]


def _listener(listener: Any) -> Listener:
    rules = [rule for rule in listener.rules.values() if not rule.is_default]
    policy = listener.ssl_policy or ""
    return Listener(
        port=int(listener.port),
        certificates=tuple(
            f"{arn.rpartition('/')[2]}.pem" for arn in dict.fromkeys(listener.certificates)
        )
        if listener.protocol == "HTTPS"
        else (),
        oldest_tls="TLSv1.3" if "TLS13-1-3" in policy else OLDEST_SPOKEN,
        rules=tuple(
            Rule(
                conditions=tuple(_condition(condition) for condition in rule.conditions),
                action=_action(rule.actions),
            )
            for rule in sorted(rules, key=lambda rule: int(rule.priority))
        ),
        default=_action(listener.default_actions),
    )


def _condition(data: Mapping[str, Any]) -> Condition:
    kind = data["Field"]
    if kind == "query-string":
        pairs = data["QueryStringConfig"]["Values"]
        values = [f"{pair.get('Key', '')}={pair['Value']}" for pair in pairs]
    else:
        values = data.get(CONDITION_KEYS[kind], {}).get("Values") or data.get("Values", [])
    header = data.get("HttpHeaderConfig", {}).get("HttpHeaderName", "")
    return Condition(field=kind, values=tuple(values), header=header)


def _action(actions: Any) -> Action:
    """The last one decides; what comes before it would be a log-in, which is not there."""
    data = actions[-1].data
    if data["Type"] == "redirect":
        config = data["RedirectConfig"]
        return Redirect(
            protocol=config.get("Protocol") or "#{protocol}",
            host=config.get("Host") or "#{host}",
            port=str(config.get("Port") or "#{port}"),
            path=config.get("Path") or "/#{path}",
            query=config.get("Query") if config.get("Query") is not None else "#{query}",
            status=int(config["StatusCode"].removeprefix("HTTP_")),
        )
    if data["Type"] == "fixed-response":
        config = data["FixedResponseConfig"]
        return Respond(
            status=int(config["StatusCode"]),
            content_type=config.get("ContentType") or "text/plain",
            body=config.get("MessageBody") or "",
        )
    groups = data.get("ForwardConfig", {}).get("TargetGroups")
    if not groups:
        groups = [{"TargetGroupArn": data["TargetGroupArn"], "Weight": 1}]
    return Forward(
        weights=tuple((group_name(g["TargetGroupArn"]), int(g.get("Weight", 1))) for g in groups)
    )


def _target_group(name: str, group: Any) -> TargetGroup:
    attributes = group.attributes
    port = group.health_check_port
    sticky = str(attributes.get("stickiness.enabled", "false")).lower() == "true"
    return TargetGroup(
        name=name,
        tls=group.protocol == "HTTPS",
        algorithm=attributes.get("load_balancing.algorithm.type", "round_robin"),
        sticky=int(attributes.get("stickiness.lb_cookie.duration_seconds", 86400))
        if sticky
        else None,
        deregistration_delay=int(attributes.get("deregistration_delay.timeout_seconds", 300)),
        slow_start=int(attributes.get("slow_start.duration_seconds", 0)),
        health=HealthCheck(
            path=group.health_check_path or "/",
            port=int(port) if port and str(port).isdigit() else None,
            tls=group.health_check_protocol == "HTTPS",
            statuses=(group.matcher or {}).get("HttpCode") or "200",
            interval=int(group.health_check_interval_seconds),
            timeout=int(group.health_check_timeout_seconds),
            healthy=int(group.healthy_threshold_count),
            unhealthy=int(group.unhealthy_threshold_count),
        ),
    )


def _targets(
    cloud: Cloud, region: str, groups: Mapping[str, Any], stopped: list[tuple[str, str, int]]
) -> Iterator[Target]:
    ec2 = cloud.backend("ec2", region)
    for name, group in groups.items():
        for target in group.targets.values():
            address = target["Id"]
            if address.startswith("i-"):
                instance = ec2.get_instance_by_id(address)
                # Unused is who is off already (ELB API reference, TargetHealth): one that still
                # stops gets requests for as long as its check succeeds.
                if instance is None or instance.state in ("stopped", "terminated"):
                    stopped.append((group.arn, target["Id"], int(target["Port"] or group.port)))
                    continue
                address = instance.private_ip
            yield Target(
                group=name, id=target["Id"], address=address, port=int(target["Port"] or group.port)
            )


def _certificate(cloud: Cloud, arn: str) -> Certificate:
    region = arn.split(":")[3]
    bundle = cloud.backend("acm", region).get_certificate(arn)
    parsed = x509.load_pem_x509_certificate(bundle.cert)
    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = [bundle.common_name]
    imported = bundle.type == "IMPORTED"
    pem = b"\n".join((bundle.cert, bundle.chain, bundle.key)).decode() if imported else None
    return Certificate(arn=arn, names=tuple(sorted(names)), pem=pem)
