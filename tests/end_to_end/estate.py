"""What there is to schedule: accounts, Regions, resources, periods and schedules. Data, and questions about it."""

from dataclasses import dataclass

from .aws import partition_of

HUB = "123456789012"  # The account that moto takes every key for that it did not issue itself.
# So these are HUB's too: whose a call was shows by its key.
ADMIN_KEYS = {"aws_access_key_id": "AKIAADMINOFTHEHUB000", "aws_secret_access_key": "any"}
PERSON_KEYS = {"aws_access_key_id": "AKIAPERSONATTHEDESK0", "aws_secret_access_key": "any"}
STACK = "dayshift"
TAG_KEY = "Schedule"
ZONE = "Europe/Berlin"

SHOP, PLANT, CLOSED = "111122223333", "222233334444", "333344445555"
ABROAD, ABROAD_BASE = "444455556666", "555566667777"

REGIONS = {
    "aws": ("us-east-1", "eu-west-1"),
    "aws-cn": ("cn-north-1", "cn-northwest-1"),
    "aws-us-gov": ("us-gov-west-1", "us-gov-east-1"),
}

# More than one call of StartInstances takes, which is 50.
FLEET_SIZE = 55

EC2, RDS, CLUSTER = "ec2-instance", "rds-instance", "rds-cluster"
ASG, ECS, REDSHIFT = "asg", "ecs-service", "redshift-cluster"

# Those of the schedules below that are as they should be.
SCHEDULES = ("office", "on-call", "render", "patched")

WINDOW = "patch-night"
RENDER_TYPE = "m5.large"

# As a person deploys the hub, with tags of their own for what was started and for what was stopped.
STARTED_TAGS = "Shift=on since {year}-{month}-{day} {hour}:{minute}"
STOPPED_TAGS = "Rest=by {scheduler}"


@dataclass(frozen=True)
class Resource:
    name: str
    account: str
    region: str
    kind: str = EC2
    schedule: str | None = None
    begins: str = "running"
    # Of a group or service: what it runs at, `least-desired-most` or a count.
    size: str = ""
    # Of an RDS instance: its cluster, which alone can be stopped.
    member_of: str = ""

    @property
    def is_scaled(self) -> bool:
        """Whether it has bounds to be scaled between."""
        return "-" in self.size

    @property
    def target(self) -> str:
        """The state table's key for where it is."""
        return f"{partition_of(self.region)}/{self.account}/{self.region}"


@dataclass(frozen=True)
class Estate:
    """One hub partition, and perhaps another partition that the hub serves from there."""

    partition: str
    resources: tuple[Resource, ...]
    abroad_region: str | None

    @property
    def regions(self) -> tuple[str, ...]:
        return REGIONS[self.partition]

    @property
    def hub_region(self) -> str:
        return self.regions[0]

    @property
    def partitions(self) -> list[str]:
        return [self.partition] + ([partition_of(self.abroad_region)] if self.abroad_region else [])

    @property
    def spokes(self) -> list[tuple[str, str]]:
        """Account and Region of every spoke that has its role. CLOSED is on the hub's list and has none."""
        home = [(account, self.hub_region) for account in (SHOP, PLANT)]
        return home + ([(ABROAD, self.abroad_region)] if self.abroad_region else [])

    @property
    def open_targets(self) -> int:
        return 2 * len(self.regions) + (1 if self.abroad_region else 0)

    @property
    def closed_targets(self) -> set[tuple[str, str]]:
        return {(CLOSED, region) for region in self.regions}

    def managed(self) -> set[Resource]:
        """What follows a schedule and can be reached."""
        return {each for each in self.resources if each.schedule in SCHEDULES and each.account != CLOSED}

    def served(self, *schedules: str) -> set[Resource]:
        """What is started and stopped by these schedules, or by any."""
        among = schedules or SCHEDULES
        return {each for each in self.managed() if each.schedule in among and not each.member_of}

    def untouchable(self) -> set[Resource]:
        """Untagged, tagged with a schedule that is wrong or missing, in the account that trusts nobody, or a member of
        a cluster."""
        return set(self.resources) - self.served()

    def mistaken(self) -> set[Resource]:
        return {each for each in self.untouchable() if each.schedule and each.account != CLOSED}

    def named(self, name: str) -> Resource:
        return next(each for each in self.resources if each.name == name)


def estate(partition: str) -> Estate:
    first, second = REGIONS[partition]
    abroad_region = "cn-north-1" if partition == "aws" else None
    resources = (
        Resource("web-1", SHOP, first, schedule="office"),
        Resource("web-2", SHOP, first, schedule="office", begins="stopped"),
        Resource("bare-1", SHOP, first),
        Resource("bare-2", SHOP, first, begins="stopped"),
        Resource("unknown-period", SHOP, first, schedule="unknown-period"),
        Resource("unknown-zone", SHOP, first, schedule="unknown-zone", begins="stopped"),
        Resource("bad-time", SHOP, first, schedule="bad-time"),
        Resource("unknown-schedule", SHOP, first, schedule="nobody-wrote-this"),
        Resource("orders", SHOP, first, RDS, schedule="office"),
        Resource("ledger", SHOP, first, RDS),
        Resource("aurora", SHOP, first, CLUSTER, schedule="office"),
        Resource("aurora-1", SHOP, first, RDS, schedule="office", member_of="aurora"),
        Resource("bare-aurora", SHOP, first, CLUSTER),
        Resource("workers", SHOP, first, ASG, schedule="office", size="1-2-4"),
        Resource("bare-workers", SHOP, first, ASG, size="1-1-1"),
        Resource("site", SHOP, first, ECS, schedule="office", size="2-3-6"),
        Resource("bare-site", SHOP, first, ECS, size="1"),
        Resource("warehouse", SHOP, first, REDSHIFT, schedule="office"),
        Resource("bare-warehouse", SHOP, first, REDSHIFT),
        Resource("patched-1", SHOP, second, schedule="patched", begins="stopped"),
        Resource("render-1", SHOP, second, schedule="render"),
        Resource("render-2", SHOP, second, schedule="render", begins="stopped"),
        Resource("app-1", SHOP, second, schedule="office"),
        Resource("app-2", PLANT, first, schedule="office", begins="stopped"),
        Resource("batch-1", PLANT, first, schedule="on-call"),
        Resource("night-workers", PLANT, first, ASG, schedule="office", begins="stopped", size="1-1-3"),
        Resource("mailer", PLANT, first, ECS, schedule="office", begins="stopped", size="2"),
        Resource("closed-1", CLOSED, first, schedule="office"),
        Resource("closed-workers", CLOSED, first, ASG, schedule="office", size="1-1-1"),
        *(Resource(f"fleet-{n:02}", PLANT, second, schedule="office") for n in range(FLEET_SIZE)),
    )
    if abroad_region:
        resources += (
            Resource("abroad-1", ABROAD, abroad_region, schedule="office"),
            Resource("abroad-bare", ABROAD, abroad_region),
            Resource("abroad-site", ABROAD, abroad_region, ECS, schedule="office", size="1-2-3"),
        )
    return Estate(partition, resources, abroad_region)


# DynamoDB attributes, written as people and earlier schedulers write them: string sets, times as text.
CONFIG_ITEMS = [
    {
        "type": {"S": "period"},
        "name": {"S": "office-hours"},
        "begintime": {"S": "09:00"},
        "endtime": {"S": "17:00"},
        "weekdays": {"SS": ["mon-fri"]},
    },
    {
        "type": {"S": "period"},
        "name": {"S": "ten-to-four"},
        "begintime": {"S": "10:00"},
        "endtime": {"S": "16:00"},
        "weekdays": {"SS": ["mon-fri"]},
    },
    {
        "type": {"S": "period"},
        "name": {"S": "leap-night"},
        "begintime": {"S": "03:00"},
        "endtime": {"S": "03:01"},
        "monthdays": {"SS": ["29"]},
        "months": {"SS": ["feb"]},
    },
    {"type": {"S": "period"}, "name": {"S": "half-past-25"}, "begintime": {"S": "25:30"}},
    {
        "type": {"S": "schedule"},
        "name": {"S": "office"},
        "timezone": {"S": ZONE},
        "periods": {"SS": ["office-hours"]},
    },
    {"type": {"S": "schedule"}, "name": {"S": "on-call"}, "override_status": {"S": "stopped"}},
    {
        "type": {"S": "schedule"},
        "name": {"S": "render"},
        "timezone": {"S": ZONE},
        "periods": {"SS": [f"ten-to-four@{RENDER_TYPE}"]},
    },
    {
        "type": {"S": "schedule"},
        "name": {"S": "patched"},
        "timezone": {"S": ZONE},
        "periods": {"SS": ["leap-night"]},
        "ssm_maintenance_window": {"SS": [WINDOW]},
    },
    {"type": {"S": "schedule"}, "name": {"S": "unknown-period"}, "periods": {"SS": ["no-such-period"]}},
    {
        "type": {"S": "schedule"},
        "name": {"S": "unknown-zone"},
        "timezone": {"S": "Mars/Olympus"},
        "periods": {"SS": ["office-hours"]},
    },
    {"type": {"S": "schedule"}, "name": {"S": "bad-time"}, "periods": {"SS": ["half-past-25"]}},
]
