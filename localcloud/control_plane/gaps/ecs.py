"""ECS: services say that they do not rebalance between zones, as those of AWS do by default."""

from moto.ecs.models import Service

Service.availability_zone_rebalancing = "DISABLED"  # type: ignore[attr-defined]
