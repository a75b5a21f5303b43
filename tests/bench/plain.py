"""The same work as people write it: a loop over targets with boto3, one call after the other. A process of its own.

    plain.py ENDPOINT HOME_REGION TABLE TARGETS    TARGETS is JSON: [[account, region], ...]

The hub's keys are in the environment, as on Lambda. Prints one line of JSON.
"""

import json
import sys
import time

import boto3


def serve(endpoint: str, home: str, table: str, targets: list[list[str]]) -> int:
    """Returns how many instances it has seen."""
    seen = 0
    sts = boto3.client("sts", region_name=home, endpoint_url=endpoint)
    dynamodb = boto3.client("dynamodb", region_name=home, endpoint_url=endpoint)
    sessions = {}
    for account, region in targets:
        if account not in sessions:
            sessions[account] = sts.assume_role(
                RoleArn=f"arn:aws:iam::{account}:role/dayshift-spoke",
                RoleSessionName="plain",
                ExternalId="night-shift-7",
            )["Credentials"]
        keys = sessions[account]
        ec2 = boto3.client(
            "ec2",
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        filters = [{"Name": "tag-key", "Values": ["Schedule"]}]
        memories = {}
        for page in dynamodb.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression="target = :target",
            ExpressionAttributeValues={":target": {"S": f"aws/{account}/{region}"}},
        ):
            memories |= {item["resource"]["S"]: item for item in page["Items"]}
        for page in ec2.get_paginator("describe_instances").paginate(Filters=filters):
            for reservation in page["Reservations"]:
                for instance in reservation["Instances"]:
                    tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
                    remembered = memories.get("ec2-instance/" + instance["InstanceId"])
                    seen += bool(tags["Schedule"] and instance["State"]["Name"] and remembered)
    return seen


if __name__ == "__main__":
    endpoint, home, table, targets = sys.argv[1:]
    targets = json.loads(targets)
    began, cpu = time.perf_counter(), time.process_time()
    seen = serve(endpoint, home, table, targets)
    print(
        json.dumps(
            {
                "targets": len(targets),
                "instances": seen,
                "wall_s": time.perf_counter() - began,
                "cpu_s": time.process_time() - cpu,
            }
        )
    )
