"""What there is to schedule: accounts, Regions, resources, periods and schedules. Data, and questions about it."""

from dataclasses import dataclass

from .aws import partition_of

HUB = "123456789012"  # The account that moto takes every key for that it did not issue itself.
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

EC2, RDS = "ec2-instance", "rds-instance"


@dataclass(frozen=True)
class Resource:
    name: str
    account: str
    region: str
    kind: str = EC2
    schedule: str | None = None
    begins: str = "running"

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

    def served(self, schedule: str) -> set[Resource]:
        """What follows the schedule and can be reached."""
        return {each for each in self.resources if each.schedule == schedule and each.account != CLOSED}

    def untouchable(self) -> set[Resource]:
        """Untagged, tagged with a schedule that is wrong or missing, or in the account that trusts nobody."""
        return set(self.resources) - self.served("office") - self.served("on-call")

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
        Resource("app-1", SHOP, second, schedule="office"),
        Resource("app-2", PLANT, first, schedule="office", begins="stopped"),
        Resource("batch-1", PLANT, first, schedule="on-call"),
        Resource("closed-1", CLOSED, first, schedule="office"),
        *(Resource(f"fleet-{n:02}", PLANT, second, schedule="office") for n in range(FLEET_SIZE)),
    )
    if abroad_region:
        resources += (
            Resource("abroad-1", ABROAD, abroad_region, schedule="office"),
            Resource("abroad-bare", ABROAD, abroad_region),
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
    {"type": {"S": "period"}, "name": {"S": "half-past-25"}, "begintime": {"S": "25:30"}},
    {
        "type": {"S": "schedule"},
        "name": {"S": "office"},
        "timezone": {"S": ZONE},
        "periods": {"SS": ["office-hours"]},
    },
    {"type": {"S": "schedule"}, "name": {"S": "on-call"}, "override_status": {"S": "stopped"}},
    {"type": {"S": "schedule"}, "name": {"S": "unknown-period"}, "periods": {"SS": ["no-such-period"]}},
    {
        "type": {"S": "schedule"},
        "name": {"S": "unknown-zone"},
        "timezone": {"S": "Mars/Olympus"},
        "periods": {"SS": ["office-hours"]},
    },
    {"type": {"S": "schedule"}, "name": {"S": "bad-time"}, "periods": {"SS": ["half-past-25"]}},
]
