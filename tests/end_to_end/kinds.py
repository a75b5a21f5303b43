"""The kinds of resources as their owners have them: made, started and stopped by hand, and looked at.

What moto (5.2.5) lacks of them, so that this suite cannot show it; the crates' tests on the sandbox do:

- databases: AutomaticRestartTime, so that AWS's own start after seven days does not come; members of a cluster do not
  stop and start with it; every change of state is immediate.
- Redshift: the tagging API neither lists nor tags clusters (the front door does the latter); pause and resume are
  immediate.
- ECS: runningCount stays at nought, and nothing drains.
- Auto Scaling: the tagging API answers 404 for a group's ARN. Nothing asks it for one.
- Systems Manager: windows have no NextExecutionTime, so that windows by rate do not open; filters other than Name are
  ignored.
- EC2: there is always capacity, and no start is taken back.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .estate import ASG, CLUSTER, EC2, ECS, RDS, REDSHIFT, Resource

# The client of a service where the resource is.
Clients = Callable[[str], object]

ECS_CLUSTER = "main"
SUSPENSIONS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
RESTING_GROUP = "0-0-0"


@dataclass(frozen=True)
class Seen:
    """What AWS says of a resource. The state of what has a size is its size."""

    state: str
    tags: dict[str, str] = field(default_factory=dict)


def state_of(resource: Resource, seen: Seen | None) -> str:
    """Running, stopped or what else AWS says. What has a size runs at its own, and no other."""
    if seen is None:
        return "gone"
    words = {resource.size: "running", resting(resource): "stopped"} if resource.size else {"available": "running"}
    return words.get(seen.state, seen.state)


def resting(resource: Resource) -> str:
    """The state of a group or service that rests."""
    if resource.kind == ASG:
        return RESTING_GROUP
    if not resource.is_scaled:
        return "0"
    least, _, most = resource.size.split("-")
    return f"{least}-0-{most} suspended"


class Ec2Instances:
    def create(self, clients: Clients, resource: Resource, tags: dict[str, str]) -> str:
        made = clients("ec2").run_instances(
            ImageId="ami-12345678",
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": pairs(tags)}],
        )
        return made["Instances"][0]["InstanceId"]

    def start(self, clients: Clients, resource: Resource, resource_id: str) -> None:
        clients("ec2").start_instances(InstanceIds=[resource_id])

    def stop(self, clients: Clients, resource: Resource, resource_id: str) -> None:
        clients("ec2").stop_instances(InstanceIds=[resource_id])

    def seen(self, clients: Clients) -> dict[str, Seen]:
        reservations = (each for page in pages(clients("ec2"), "describe_instances") for each in page["Reservations"])
        instances = (each for reservation in reservations for each in reservation["Instances"])
        return {each["InstanceId"]: Seen(each["State"]["Name"], tag_map(each.get("Tags", []))) for each in instances}


class RdsInstances:
    def create(self, clients: Clients, resource: Resource, tags: dict[str, str]) -> str:
        storage = (
            {"Engine": "aurora-postgresql", "DBClusterIdentifier": resource.member_of}
            if resource.member_of
            else {
                "Engine": "postgres",
                "AllocatedStorage": 20,
                "MasterUsername": "postgres",
                "MasterUserPassword": "not-a-secret",
            }
        )
        clients("rds").create_db_instance(
            DBInstanceIdentifier=resource.name, DBInstanceClass="db.t3.medium", Tags=pairs(tags), **storage
        )
        return resource.name

    def start(self, clients: Clients, resource: Resource, resource_id: str) -> None:
        clients("rds").start_db_instance(DBInstanceIdentifier=resource_id)

    def stop(self, clients: Clients, resource: Resource, resource_id: str) -> None:
        clients("rds").stop_db_instance(DBInstanceIdentifier=resource_id)

    def seen(self, clients: Clients) -> dict[str, Seen]:
        found = (each for page in pages(clients("rds"), "describe_db_instances") for each in page["DBInstances"])
        return {
            each["DBInstanceIdentifier"]: Seen(each["DBInstanceStatus"], tag_map(each["TagList"])) for each in found
        }


class RdsClusters:
    def create(self, clients: Clients, resource: Resource, tags: dict[str, str]) -> str:
        clients("rds").create_db_cluster(
            DBClusterIdentifier=resource.name,
            Engine="aurora-postgresql",
            MasterUsername="postgres",
            MasterUserPassword="not-a-secret",
            Tags=pairs(tags),
        )
        return resource.name

    def start(self, clients: Clients, resource: Resource, resource_id: str) -> None:
        clients("rds").start_db_cluster(DBClusterIdentifier=resource_id)

    def stop(self, clients: Clients, resource: Resource, resource_id: str) -> None:
        clients("rds").stop_db_cluster(DBClusterIdentifier=resource_id)

    def seen(self, clients: Clients) -> dict[str, Seen]:
        found = (each for page in pages(clients("rds"), "describe_db_clusters") for each in page["DBClusters"])
        return {each["DBClusterIdentifier"]: Seen(each["Status"], tag_map(each["TagList"])) for each in found}


class AutoScalingGroups:
    def create(self, clients: Clients, resource: Resource, tags: dict[str, str]) -> str:
        groups = clients("autoscaling")
        groups.create_launch_configuration(
            LaunchConfigurationName=resource.name, ImageId="ami-12345678", InstanceType="t3.micro"
        )
        of_the_group = {"ResourceId": resource.name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
        groups.create_auto_scaling_group(
            AutoScalingGroupName=resource.name,
            LaunchConfigurationName=resource.name,
            AvailabilityZones=[resource.region + "a"],
            Tags=[{**of_the_group, **tag} for tag in pairs(tags)],
            **group_size(resource.size),
        )
        return resource.name

    def start(self, clients: Clients, resource: Resource, resource_id: str) -> None:
        clients("autoscaling").update_auto_scaling_group(
            AutoScalingGroupName=resource_id, **group_size(resource.size)
        )

    def stop(self, clients: Clients, resource: Resource, resource_id: str) -> None:
        clients("autoscaling").update_auto_scaling_group(
            AutoScalingGroupName=resource_id, **group_size(RESTING_GROUP)
        )

    def seen(self, clients: Clients) -> dict[str, Seen]:
        found = pages(clients("autoscaling"), "describe_auto_scaling_groups")
        return {
            each["AutoScalingGroupName"]: Seen(
                f"{each['MinSize']}-{each['DesiredCapacity']}-{each['MaxSize']}", tag_map(each["Tags"])
            )
            for page in found
            for each in page["AutoScalingGroups"]
        }


class EcsServices:
    """A service of three numbers is scaled automatically between the first and the last."""

    def create(self, clients: Clients, resource: Resource, tags: dict[str, str]) -> str:
        ecs = clients("ecs")
        ecs.create_cluster(clusterName=ECS_CLUSTER)
        ecs.register_task_definition(
            family=resource.name, containerDefinitions=[{"name": "it", "image": "busybox", "memory": 128}]
        )
        ecs.create_service(
            cluster=ECS_CLUSTER,
            serviceName=resource.name,
            taskDefinition=resource.name,
            desiredCount=desired_count(resource),
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )
        if resource.is_scaled:
            least, _, most = resource.size.split("-")
            clients("application-autoscaling").register_scalable_target(
                ServiceNamespace="ecs",
                ResourceId=f"service/{ECS_CLUSTER}/{resource.name}",
                ScalableDimension="ecs:service:DesiredCount",
                MinCapacity=int(least),
                MaxCapacity=int(most),
            )
        return f"{ECS_CLUSTER}/{resource.name}"

    def start(self, clients: Clients, resource: Resource, resource_id: str) -> None:
        self._count(clients, resource, desired_count(resource))

    def stop(self, clients: Clients, resource: Resource, resource_id: str) -> None:
        self._count(clients, resource, 0)

    def seen(self, clients: Clients) -> dict[str, Seen]:
        ecs = clients("ecs")
        if not ecs.list_clusters()["clusterArns"]:
            return {}
        targets = clients("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
        scaling = {each["ResourceId"].removeprefix("service/"): each for each in targets["ScalableTargets"]}
        names = ecs.list_services(cluster=ECS_CLUSTER)["serviceArns"]
        services = ecs.describe_services(cluster=ECS_CLUSTER, services=names, include=["TAGS"])["services"]
        ids = {f"{ECS_CLUSTER}/{each['serviceName']}": each for each in services}
        return {
            service_id: Seen(
                service_size(each["desiredCount"], scaling.get(service_id)),
                {tag["key"]: tag["value"] for tag in each.get("tags", [])},
            )
            for service_id, each in ids.items()
        }

    def _count(self, clients: Clients, resource: Resource, count: int) -> None:
        clients("ecs").update_service(cluster=ECS_CLUSTER, service=resource.name, desiredCount=count)


class RedshiftClusters:
    def create(self, clients: Clients, resource: Resource, tags: dict[str, str]) -> str:
        clients("redshift").create_cluster(
            ClusterIdentifier=resource.name,
            NodeType="ra3.large",
            ClusterType="single-node",
            MasterUsername="admin",
            MasterUserPassword="Not-a-secret-1",
            Tags=pairs(tags),
        )
        return resource.name

    def start(self, clients: Clients, resource: Resource, resource_id: str) -> None:
        clients("redshift").resume_cluster(ClusterIdentifier=resource_id)

    def stop(self, clients: Clients, resource: Resource, resource_id: str) -> None:
        clients("redshift").pause_cluster(ClusterIdentifier=resource_id)

    def seen(self, clients: Clients) -> dict[str, Seen]:
        found = (each for page in pages(clients("redshift"), "describe_clusters") for each in page["Clusters"])
        words = {"paused": "stopped"}
        return {
            each["ClusterIdentifier"]: Seen(
                words.get(each["ClusterStatus"], each["ClusterStatus"]), tag_map(each["Tags"])
            )
            for each in found
        }


KINDS = {
    EC2: Ec2Instances(),
    RDS: RdsInstances(),
    CLUSTER: RdsClusters(),
    ASG: AutoScalingGroups(),
    ECS: EcsServices(),
    REDSHIFT: RedshiftClusters(),
}


def pages(client, operation: str) -> Iterable[dict]:
    return client.get_paginator(operation).paginate()


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tag_map(tags: list[dict]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def group_size(size: str) -> dict[str, int]:
    least, desired, most = (int(number) for number in size.split("-"))
    return {"MinSize": least, "DesiredCapacity": desired, "MaxSize": most}


def desired_count(resource: Resource) -> int:
    return int(resource.size.split("-")[1] if resource.is_scaled else resource.size)


def service_size(count: int, target: dict | None) -> str:
    if target is None:
        return str(count)
    suspended = [target.get("SuspendedState", {}).get(each, False) for each in SUSPENSIONS]
    word = " suspended" if all(suspended) else " half suspended" if any(suspended) else ""
    return f"{target['MinCapacity']}-{count}-{target['MaxCapacity']}{word}"
