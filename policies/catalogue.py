"""Every rule, and how strictly each stack holds to it."""

from datetime import UTC, date, datetime

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.exemptions import Exemption, Exemptions
from policies.rule import Rule
from policies.rules.acm_certificates_are_published import acm_certificates_are_published
from policies.rules.acm_key_is_strong import acm_key_is_strong
from policies.rules.acm_renews_by_itself import acm_renews_by_itself
from policies.rules.autoscaling_launch_configuration_has_no_public_ip import (
    autoscaling_launch_configuration_has_no_public_ip,
)
from policies.rules.autoscaling_several_types import autoscaling_several_types
from policies.rules.autoscaling_several_zones import autoscaling_several_zones
from policies.rules.autoscaling_uses_launch_template import autoscaling_uses_launch_template
from policies.rules.autoscaling_uses_load_balancer_health import (
    autoscaling_uses_load_balancer_health,
)
from policies.rules.backup_plan_copies import backup_plan_copies
from policies.rules.backup_plan_keeps_a_week import backup_plan_keeps_a_week
from policies.rules.backup_vault_encrypted import backup_vault_encrypted
from policies.rules.backup_vault_kept import backup_vault_kept
from policies.rules.backup_vault_policy_not_public import backup_vault_policy_not_public
from policies.rules.backup_vault_protected import backup_vault_protected
from policies.rules.cloudfront_has_default_root_object import cloudfront_has_default_root_object
from policies.rules.cloudfront_has_own_certificate import cloudfront_has_own_certificate
from policies.rules.cloudfront_has_web_acl import cloudfront_has_web_acl
from policies.rules.cloudfront_logs import cloudfront_logs
from policies.rules.cloudfront_origin_fails_over import cloudfront_origin_fails_over
from policies.rules.cloudfront_reaches_origin_over_https import cloudfront_reaches_origin_over_https
from policies.rules.cloudfront_sends_security_headers import cloudfront_sends_security_headers
from policies.rules.cloudfront_signs_requests_to_s3 import cloudfront_signs_requests_to_s3
from policies.rules.cloudfront_uses_modern_tls import cloudfront_uses_modern_tls
from policies.rules.cloudfront_uses_modern_tls_to_origin import cloudfront_uses_modern_tls_to_origin
from policies.rules.cloudfront_uses_sni import cloudfront_uses_sni
from policies.rules.cloudfront_viewers_use_https import cloudfront_viewers_use_https
from policies.rules.cloudtrail_bucket_logs_access import cloudtrail_bucket_logs_access
from policies.rules.cloudtrail_covers_every_region import cloudtrail_covers_every_region
from policies.rules.cloudtrail_encrypted import cloudtrail_encrypted
from policies.rules.cloudtrail_reaches_cloudwatch import cloudtrail_reaches_cloudwatch
from policies.rules.cloudtrail_records_files import cloudtrail_records_files
from policies.rules.cloudtrail_validates_files import cloudtrail_validates_files
from policies.rules.cloudwatch_alarm_is_explained import cloudwatch_alarm_is_explained
from policies.rules.cloudwatch_alarm_tells_someone import cloudwatch_alarm_tells_someone
from policies.rules.command_checks_certificates import command_checks_certificates
from policies.rules.command_host_key_pinned import command_host_key_pinned
from policies.rules.command_logs_in_as_person import command_logs_in_as_person
from policies.rules.command_logs_in_with_key import command_logs_in_with_key
from policies.rules.command_no_secret_in_environment import command_no_secret_in_environment
from policies.rules.command_no_secret_in_text import command_no_secret_in_text
from policies.rules.command_runs_no_unseen_script import command_runs_no_unseen_script
from policies.rules.ebs_encryption_by_default_stays_on import ebs_encryption_by_default_stays_on
from policies.rules.ebs_volume_encrypted import ebs_volume_encrypted
from policies.rules.ec2_cifs_not_open_to_world import ec2_cifs_not_open_to_world
from policies.rules.ec2_client_vpn_logs import ec2_client_vpn_logs
from policies.rules.ec2_data_ports_only_by_group import ec2_data_ports_only_by_group
from policies.rules.ec2_default_security_group_empty import ec2_default_security_group_empty
from policies.rules.ec2_elastic_ip_used import ec2_elastic_ip_used
from policies.rules.ec2_flow_log_records_refusals import ec2_flow_log_records_refusals
from policies.rules.ec2_image_not_public import ec2_image_not_public
from policies.rules.ec2_instance_has_no_public_ip import ec2_instance_has_no_public_ip
from policies.rules.ec2_instance_has_role import ec2_instance_has_role
from policies.rules.ec2_instance_has_security_group import ec2_instance_has_security_group
from policies.rules.ec2_instance_not_paravirtual import ec2_instance_not_paravirtual
from policies.rules.ec2_instance_requires_imdsv2 import ec2_instance_requires_imdsv2
from policies.rules.ec2_instance_single_interface import ec2_instance_single_interface
from policies.rules.ec2_instance_volumes_encrypted import ec2_instance_volumes_encrypted
from policies.rules.ec2_launch_template_has_no_public_ip import ec2_launch_template_has_no_public_ip
from policies.rules.ec2_launch_template_requires_imdsv2 import ec2_launch_template_requires_imdsv2
from policies.rules.ec2_launch_template_tags_what_it_makes import (
    ec2_launch_template_tags_what_it_makes,
)
from policies.rules.ec2_launch_template_volumes_encrypted import (
    ec2_launch_template_volumes_encrypted,
)
from policies.rules.ec2_metadata_stays_on_host import ec2_metadata_stays_on_host
from policies.rules.ec2_network_acl_no_admin_ports import ec2_network_acl_no_admin_ports
from policies.rules.ec2_network_acl_used import ec2_network_acl_used
from policies.rules.ec2_only_web_ports_open_to_world import ec2_only_web_ports_open_to_world
from policies.rules.ec2_rdp_not_open_to_world import ec2_rdp_not_open_to_world
from policies.rules.ec2_risky_ports_not_open_to_world import ec2_risky_ports_not_open_to_world
from policies.rules.ec2_security_group_described import ec2_security_group_described
from policies.rules.ec2_security_group_rules_in_one_place import (
    ec2_security_group_rules_in_one_place,
)
from policies.rules.ec2_ssh_not_open_to_world import ec2_ssh_not_open_to_world
from policies.rules.ec2_subnet_gives_no_public_ip import ec2_subnet_gives_no_public_ip
from policies.rules.ec2_transit_gateway_asks import ec2_transit_gateway_asks
from policies.rules.ec2_user_data_without_secrets import ec2_user_data_without_secrets
from policies.rules.ec2_vpc_flow_logs import ec2_vpc_flow_logs
from policies.rules.ec2_vpc_reaches_ec2_privately import ec2_vpc_reaches_ec2_privately
from policies.rules.ec2_vpc_reaches_s3_privately import ec2_vpc_reaches_s3_privately
from policies.rules.ec2_world_enters_by_load_balancer import ec2_world_enters_by_load_balancer
from policies.rules.ecr_encrypted_with_own_key import ecr_encrypted_with_own_key
from policies.rules.ecr_has_lifecycle import ecr_has_lifecycle
from policies.rules.ecr_not_public import ecr_not_public
from policies.rules.ecr_scans_on_push import ecr_scans_on_push
from policies.rules.ecr_tags_are_immutable import ecr_tags_are_immutable
from policies.rules.ecs_cluster_has_insights import ecs_cluster_has_insights
from policies.rules.ecs_containers_log import ecs_containers_log
from policies.rules.ecs_containers_not_privileged import ecs_containers_not_privileged
from policies.rules.ecs_containers_run_as_user import ecs_containers_run_as_user
from policies.rules.ecs_efs_encrypted_in_transit import ecs_efs_encrypted_in_transit
from policies.rules.ecs_images_not_latest import ecs_images_not_latest
from policies.rules.ecs_images_pinned import ecs_images_pinned
from policies.rules.ecs_no_data_stores import ecs_no_data_stores
from policies.rules.ecs_no_host_paths import ecs_no_host_paths
from policies.rules.ecs_no_secret_in_environment import ecs_no_secret_in_environment
from policies.rules.ecs_no_shell_into_tasks import ecs_no_shell_into_tasks
from policies.rules.ecs_platform_version_is_latest import ecs_platform_version_is_latest
from policies.rules.ecs_root_file_system_read_only import ecs_root_file_system_read_only
from policies.rules.ecs_service_rolls_back import ecs_service_rolls_back
from policies.rules.ecs_services_have_no_public_ip import ecs_services_have_no_public_ip
from policies.rules.ecs_tasks_have_own_network import ecs_tasks_have_own_network
from policies.rules.ecs_tasks_see_own_processes import ecs_tasks_see_own_processes
from policies.rules.efs_encrypted import efs_encrypted
from policies.rules.elasticache_authenticates import elasticache_authenticates
from policies.rules.elasticache_backs_up import elasticache_backs_up
from policies.rules.elasticache_encrypted_at_rest import elasticache_encrypted_at_rest
from policies.rules.elasticache_encrypted_in_transit import elasticache_encrypted_in_transit
from policies.rules.elasticache_fails_over import elasticache_fails_over
from policies.rules.elasticache_in_own_subnets import elasticache_in_own_subnets
from policies.rules.elasticache_protected import elasticache_protected
from policies.rules.elasticache_queue_keeps_its_jobs import elasticache_queue_keeps_its_jobs
from policies.rules.elasticache_takes_minor_upgrades import elasticache_takes_minor_upgrades
from policies.rules.elasticache_user_has_password import elasticache_user_has_password
from policies.rules.elb_access_logs import elb_access_logs
from policies.rules.elb_classic_not_used import elb_classic_not_used
from policies.rules.elb_deletion_protected import elb_deletion_protected
from policies.rules.elb_desync_mitigated import elb_desync_mitigated
from policies.rules.elb_drops_invalid_headers import elb_drops_invalid_headers
from policies.rules.elb_http_redirects_to_https import elb_http_redirects_to_https
from policies.rules.elb_https_uses_modern_tls import elb_https_uses_modern_tls
from policies.rules.elb_public_has_web_acl import elb_public_has_web_acl
from policies.rules.elb_public_speaks_https import elb_public_speaks_https
from policies.rules.elb_several_zones import elb_several_zones
from policies.rules.elb_target_group_checks_health import elb_target_group_checks_health
from policies.rules.elb_target_port_is_open import elb_target_port_is_open
from policies.rules.iam_buckets_are_named import iam_buckets_are_named
from policies.rules.iam_decrypts_named_keys import iam_decrypts_named_keys
from policies.rules.iam_federation_names_its_subject import iam_federation_names_its_subject
from policies.rules.iam_no_access_keys import iam_no_access_keys
from policies.rules.iam_no_administrator_attached import iam_no_administrator_attached
from policies.rules.iam_no_administrators import iam_no_administrators
from policies.rules.iam_no_cloud_shell import iam_no_cloud_shell
from policies.rules.iam_no_console_passwords import iam_no_console_passwords
from policies.rules.iam_no_everything_but import iam_no_everything_but
from policies.rules.iam_no_server_certificates import iam_no_server_certificates
from policies.rules.iam_no_service_wildcards import iam_no_service_wildcards
from policies.rules.iam_no_user_policies import iam_no_user_policies
from policies.rules.iam_passes_named_roles import iam_passes_named_roles
from policies.rules.iam_password_policy_is_strong import iam_password_policy_is_strong
from policies.rules.iam_reads_named_parameters import iam_reads_named_parameters
from policies.rules.iam_reads_named_secrets import iam_reads_named_secrets
from policies.rules.iam_roles_trust_someone import iam_roles_trust_someone
from policies.rules.kms_key_deleted_slowly import kms_key_deleted_slowly
from policies.rules.kms_key_keeps_its_administrators import kms_key_keeps_its_administrators
from policies.rules.kms_key_not_public import kms_key_not_public
from policies.rules.kms_key_protected import kms_key_protected
from policies.rules.kms_key_rotates import kms_key_rotates
from policies.rules.logs_are_deleted_in_time import logs_are_deleted_in_time
from policies.rules.logs_encrypted_with_own_key import logs_encrypted_with_own_key
from policies.rules.rds_aurora_backtracks import rds_aurora_backtracks
from policies.rules.rds_backs_up import rds_backs_up
from policies.rules.rds_backup_plan_covers import rds_backup_plan_covers
from policies.rules.rds_cluster_encrypted import rds_cluster_encrypted
from policies.rules.rds_cluster_exports_logs import rds_cluster_exports_logs
from policies.rules.rds_cluster_several_zones import rds_cluster_several_zones
from policies.rules.rds_copies_tags_to_snapshots import rds_copies_tags_to_snapshots
from policies.rules.rds_deletion_protected import rds_deletion_protected
from policies.rules.rds_engine_is_supported import rds_engine_is_supported
from policies.rules.rds_enhanced_monitoring import rds_enhanced_monitoring
from policies.rules.rds_events_are_complete import rds_events_are_complete
from policies.rules.rds_exports_logs import rds_exports_logs
from policies.rules.rds_iam_authentication import rds_iam_authentication
from policies.rules.rds_in_own_subnets import rds_in_own_subnets
from policies.rules.rds_leaves_final_snapshot import rds_leaves_final_snapshot
from policies.rules.rds_multi_az import rds_multi_az
from policies.rules.rds_mysql_refuses_plain_text import rds_mysql_refuses_plain_text
from policies.rules.rds_not_on_default_port import rds_not_on_default_port
from policies.rules.rds_not_public import rds_not_public
from policies.rules.rds_owner_has_own_name import rds_owner_has_own_name
from policies.rules.rds_parameter_changes_are_told import rds_parameter_changes_are_told
from policies.rules.rds_postgres_refuses_plain_text import rds_postgres_refuses_plain_text
from policies.rules.rds_protected import rds_protected
from policies.rules.rds_proxy_requires_tls import rds_proxy_requires_tls
from policies.rules.rds_snapshot_not_shared_with_all import rds_snapshot_not_shared_with_all
from policies.rules.rds_storage_encrypted import rds_storage_encrypted
from policies.rules.rds_takes_minor_upgrades import rds_takes_minor_upgrades
from policies.rules.route53_logs_queries import route53_logs_queries
from policies.rules.route53_zone_kept import route53_zone_kept
from policies.rules.route53_zone_protected import route53_zone_protected
from policies.rules.s3_access_logs import s3_access_logs
from policies.rules.s3_access_point_blocks_public import s3_access_point_blocks_public
from policies.rules.s3_account_block_stays_on import s3_account_block_stays_on
from policies.rules.s3_acls_disabled import s3_acls_disabled
from policies.rules.s3_bucket_protected import s3_bucket_protected
from policies.rules.s3_cors_names_origins import s3_cors_names_origins
from policies.rules.s3_deletion_needs_device import s3_deletion_needs_device
from policies.rules.s3_encrypted_with_own_key import s3_encrypted_with_own_key
from policies.rules.s3_former_versions_expire import s3_former_versions_expire
from policies.rules.s3_has_lifecycle import s3_has_lifecycle
from policies.rules.s3_no_public_acl import s3_no_public_acl
from policies.rules.s3_not_a_website import s3_not_a_website
from policies.rules.s3_not_emptied_by_deletion import s3_not_emptied_by_deletion
from policies.rules.s3_objects_locked import s3_objects_locked
from policies.rules.s3_policy_keeps_control import s3_policy_keeps_control
from policies.rules.s3_policy_not_public import s3_policy_not_public
from policies.rules.s3_public_access_blocked import s3_public_access_blocked
from policies.rules.s3_replicated import s3_replicated
from policies.rules.s3_requires_tls import s3_requires_tls
from policies.rules.s3_tells_of_new_files import s3_tells_of_new_files
from policies.rules.s3_versioned import s3_versioned
from policies.rules.secretsmanager_can_be_recovered import secretsmanager_can_be_recovered
from policies.rules.secretsmanager_own_key import secretsmanager_own_key
from policies.rules.secretsmanager_policy_not_public import secretsmanager_policy_not_public
from policies.rules.secretsmanager_rotates import secretsmanager_rotates
from policies.rules.secretsmanager_rotates_in_time import secretsmanager_rotates_in_time
from policies.rules.secretsmanager_someone_reads_it import secretsmanager_someone_reads_it
from policies.rules.sns_delivers_over_tls import sns_delivers_over_tls
from policies.rules.sns_encrypted import sns_encrypted
from policies.rules.sns_not_public import sns_not_public
from policies.rules.sns_records_deliveries import sns_records_deliveries
from policies.rules.ssm_document_not_public import ssm_document_not_public
from policies.rules.ssm_secrets_are_secure_strings import ssm_secrets_are_secure_strings
from policies.rules.ssm_secure_strings_own_key import ssm_secure_strings_own_key
from policies.rules.tags_are_complete import tags_are_complete
from policies.rules.waf_acl_has_managed_rules import waf_acl_has_managed_rules
from policies.rules.waf_acl_has_rules import waf_acl_has_rules
from policies.rules.waf_acl_limits_rate import waf_acl_limits_rate
from policies.rules.waf_acl_logs import waf_acl_logs
from policies.rules.waf_classic_not_used import waf_classic_not_used
from policies.rules.waf_log_redacts_credentials import waf_log_redacts_credentials
from policies.rules.waf_managed_rules_block import waf_managed_rules_block
from policies.rules.waf_rules_have_metrics import waf_rules_have_metrics

RULES: tuple[Rule, ...] = (
    acm_certificates_are_published,
    acm_key_is_strong,
    acm_renews_by_itself,
    autoscaling_launch_configuration_has_no_public_ip,
    autoscaling_several_types,
    autoscaling_several_zones,
    autoscaling_uses_launch_template,
    autoscaling_uses_load_balancer_health,
    backup_plan_copies,
    backup_plan_keeps_a_week,
    backup_vault_encrypted,
    backup_vault_kept,
    backup_vault_policy_not_public,
    backup_vault_protected,
    cloudfront_has_default_root_object,
    cloudfront_has_own_certificate,
    cloudfront_has_web_acl,
    cloudfront_logs,
    cloudfront_origin_fails_over,
    cloudfront_reaches_origin_over_https,
    cloudfront_sends_security_headers,
    cloudfront_signs_requests_to_s3,
    cloudfront_uses_modern_tls,
    cloudfront_uses_modern_tls_to_origin,
    cloudfront_uses_sni,
    cloudfront_viewers_use_https,
    cloudtrail_bucket_logs_access,
    cloudtrail_covers_every_region,
    cloudtrail_encrypted,
    cloudtrail_reaches_cloudwatch,
    cloudtrail_records_files,
    cloudtrail_validates_files,
    cloudwatch_alarm_is_explained,
    cloudwatch_alarm_tells_someone,
    command_checks_certificates,
    command_host_key_pinned,
    command_logs_in_as_person,
    command_logs_in_with_key,
    command_no_secret_in_environment,
    command_no_secret_in_text,
    command_runs_no_unseen_script,
    ebs_encryption_by_default_stays_on,
    ebs_volume_encrypted,
    ec2_cifs_not_open_to_world,
    ec2_client_vpn_logs,
    ec2_data_ports_only_by_group,
    ec2_default_security_group_empty,
    ec2_elastic_ip_used,
    ec2_flow_log_records_refusals,
    ec2_image_not_public,
    ec2_instance_has_no_public_ip,
    ec2_instance_has_role,
    ec2_instance_has_security_group,
    ec2_instance_not_paravirtual,
    ec2_instance_requires_imdsv2,
    ec2_instance_single_interface,
    ec2_instance_volumes_encrypted,
    ec2_launch_template_has_no_public_ip,
    ec2_launch_template_requires_imdsv2,
    ec2_launch_template_tags_what_it_makes,
    ec2_launch_template_volumes_encrypted,
    ec2_metadata_stays_on_host,
    ec2_network_acl_no_admin_ports,
    ec2_network_acl_used,
    ec2_only_web_ports_open_to_world,
    ec2_rdp_not_open_to_world,
    ec2_risky_ports_not_open_to_world,
    ec2_security_group_described,
    ec2_security_group_rules_in_one_place,
    ec2_ssh_not_open_to_world,
    ec2_subnet_gives_no_public_ip,
    ec2_transit_gateway_asks,
    ec2_user_data_without_secrets,
    ec2_vpc_flow_logs,
    ec2_vpc_reaches_ec2_privately,
    ec2_vpc_reaches_s3_privately,
    ec2_world_enters_by_load_balancer,
    ecr_encrypted_with_own_key,
    ecr_has_lifecycle,
    ecr_not_public,
    ecr_scans_on_push,
    ecr_tags_are_immutable,
    ecs_cluster_has_insights,
    ecs_containers_log,
    ecs_containers_not_privileged,
    ecs_containers_run_as_user,
    ecs_efs_encrypted_in_transit,
    ecs_images_not_latest,
    ecs_images_pinned,
    ecs_no_data_stores,
    ecs_no_host_paths,
    ecs_no_secret_in_environment,
    ecs_no_shell_into_tasks,
    ecs_platform_version_is_latest,
    ecs_root_file_system_read_only,
    ecs_service_rolls_back,
    ecs_services_have_no_public_ip,
    ecs_tasks_have_own_network,
    ecs_tasks_see_own_processes,
    efs_encrypted,
    elasticache_authenticates,
    elasticache_backs_up,
    elasticache_encrypted_at_rest,
    elasticache_encrypted_in_transit,
    elasticache_fails_over,
    elasticache_in_own_subnets,
    elasticache_protected,
    elasticache_queue_keeps_its_jobs,
    elasticache_takes_minor_upgrades,
    elasticache_user_has_password,
    elb_access_logs,
    elb_classic_not_used,
    elb_deletion_protected,
    elb_desync_mitigated,
    elb_drops_invalid_headers,
    elb_http_redirects_to_https,
    elb_https_uses_modern_tls,
    elb_public_has_web_acl,
    elb_public_speaks_https,
    elb_several_zones,
    elb_target_group_checks_health,
    elb_target_port_is_open,
    iam_buckets_are_named,
    iam_decrypts_named_keys,
    iam_federation_names_its_subject,
    iam_no_access_keys,
    iam_no_administrator_attached,
    iam_no_administrators,
    iam_no_cloud_shell,
    iam_no_console_passwords,
    iam_no_everything_but,
    iam_no_server_certificates,
    iam_no_service_wildcards,
    iam_no_user_policies,
    iam_passes_named_roles,
    iam_password_policy_is_strong,
    iam_reads_named_parameters,
    iam_reads_named_secrets,
    iam_roles_trust_someone,
    kms_key_deleted_slowly,
    kms_key_keeps_its_administrators,
    kms_key_not_public,
    kms_key_protected,
    kms_key_rotates,
    logs_are_deleted_in_time,
    logs_encrypted_with_own_key,
    rds_aurora_backtracks,
    rds_backs_up,
    rds_backup_plan_covers,
    rds_cluster_encrypted,
    rds_cluster_exports_logs,
    rds_cluster_several_zones,
    rds_copies_tags_to_snapshots,
    rds_deletion_protected,
    rds_engine_is_supported,
    rds_enhanced_monitoring,
    rds_events_are_complete,
    rds_exports_logs,
    rds_iam_authentication,
    rds_in_own_subnets,
    rds_leaves_final_snapshot,
    rds_multi_az,
    rds_mysql_refuses_plain_text,
    rds_not_on_default_port,
    rds_not_public,
    rds_owner_has_own_name,
    rds_parameter_changes_are_told,
    rds_postgres_refuses_plain_text,
    rds_protected,
    rds_proxy_requires_tls,
    rds_snapshot_not_shared_with_all,
    rds_storage_encrypted,
    rds_takes_minor_upgrades,
    route53_logs_queries,
    route53_zone_kept,
    route53_zone_protected,
    s3_access_logs,
    s3_access_point_blocks_public,
    s3_account_block_stays_on,
    s3_acls_disabled,
    s3_bucket_protected,
    s3_cors_names_origins,
    s3_deletion_needs_device,
    s3_encrypted_with_own_key,
    s3_former_versions_expire,
    s3_has_lifecycle,
    s3_no_public_acl,
    s3_not_a_website,
    s3_not_emptied_by_deletion,
    s3_objects_locked,
    s3_policy_keeps_control,
    s3_policy_not_public,
    s3_public_access_blocked,
    s3_replicated,
    s3_requires_tls,
    s3_tells_of_new_files,
    s3_versioned,
    secretsmanager_can_be_recovered,
    secretsmanager_own_key,
    secretsmanager_policy_not_public,
    secretsmanager_rotates,
    secretsmanager_rotates_in_time,
    secretsmanager_someone_reads_it,
    sns_delivers_over_tls,
    sns_encrypted,
    sns_not_public,
    sns_records_deliveries,
    ssm_document_not_public,
    ssm_secrets_are_secure_strings,
    ssm_secure_strings_own_key,
    tags_are_complete,
    waf_acl_has_managed_rules,
    waf_acl_has_rules,
    waf_acl_limits_rate,
    waf_acl_logs,
    waf_classic_not_used,
    waf_log_redacts_credentials,
    waf_managed_rules_block,
    waf_rules_have_metrics,
)

KINDS = {rule.id: rule.on for rule in RULES}
ALWAYS_BLOCKING = {Severity.CRITICAL, Severity.HIGH}
PRODUCTION = ("prod", "production")


def is_production(stack: str) -> bool:
    """prod, production, or a name that ends so: acme-prod, eu.production."""
    return stack.replace(".", "-").replace("_", "-").rpartition("-")[2] in PRODUCTION


def policies_for(
    stack: str, exemptions: str | None = None, today: date | None = None
) -> list[Policy]:
    """What the engine runs on that stack, less what its configuration exempts (JSON)."""
    exempt = Exemptions.read(exemptions, KINDS, today or datetime.now(UTC).date())
    return [
        *(rule.policy(level(rule, stack), exempt.cover) for rule in RULES),
        _notices(exempt),
        _mistakes(exempt),
    ]


def level(rule: Rule, stack: str) -> EnforcementLevel:
    """Production holds to every rule; elsewhere only what is dangerous at once blocks."""
    if rule.off_because:
        return EnforcementLevel.DISABLED
    if is_production(stack):
        return EnforcementLevel.MANDATORY
    if rule.only_in_production:
        return EnforcementLevel.DISABLED
    blocks = rule.severity in ALWAYS_BLOCKING
    return EnforcementLevel.MANDATORY if blocks else EnforcementLevel.ADVISORY


def _meant(entry: Exemption, resource: ResourceValidationArgs | PolicyResource) -> bool:
    named = entry.names(resource.name, resource.urn)
    return named and resource.resource_type in KINDS[entry.rule]


def _notices(exempt: Exemptions) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for entry in exempt.entries:
            if _meant(entry, args):
                report(exempt.notice(entry), None)

    return ResourceValidationPolicy(
        name="exemption",
        description="A rule is set aside for this resource.",
        enforcement_level=EnforcementLevel.ADVISORY,
        validate=validate,
    )


def _mistakes(exempt: Exemptions) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for mistake in exempt.mistakes:
            report(mistake, None)
        for entry in exempt.entries:
            if not any(_meant(entry, resource) for resource in args.resources):
                report(
                    f"groundwork:exemptions: this stack has no resource {entry.resource!r} that "
                    f"{entry.rule} is about. Remove the entry or correct the name.",
                    None,
                )

    return StackValidationPolicy(
        name="exemptions-are-readable",
        description="Each exemption names a rule, a resource, a reason and a last day.",
        severity=Severity.HIGH,
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=validate,
    )
