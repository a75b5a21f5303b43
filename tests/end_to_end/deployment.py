"""Deploys both templates to moto as a person would, then makes up for what moto ignores, and says so."""

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from . import estate as where
from .aws import Aws, partition_of
from .estate import Estate, Resource
from .kinds import KINDS, Clients

TEMPLATES = Path(__file__).resolve().parents[2] / "cloudformation"
CODE_BUCKET, CODE_KEY = "dayshift-code", "bootstrap.zip"


@dataclass(frozen=True)
class Deployment:
    """The hub stack's outputs, and whose keys are whose."""

    outputs: dict[str, str]
    principals: dict[str, str]

    @property
    def config_table(self) -> str:
        return self.outputs["ConfigTableName"]

    @property
    def state_table(self) -> str:
        return self.outputs["StateTableName"]

    @property
    def namespace(self) -> str:
        return f"Dayshift/{where.STACK}"


def deploy(aws: Aws, estate: Estate) -> Deployment:
    upload_code(aws)
    outputs = deploy_hub(aws, estate)
    make_up_for_moto(aws, outputs)
    principals = {aws.hub_keys["aws_access_key_id"]: outputs["SchedulerRoleArn"]}
    if estate.abroad_region:
        principals |= serve_abroad(aws, estate, outputs)
    for account, region in estate.spokes:
        deploy_spoke(aws, account, region, trusted_in(region, principals), outputs["ExternalId"])
    if partition_of(estate.spokes[-1][1]) != "aws":
        say("takes every partition for aws in templates: policies abroad hold other ARNs than real stacks'")
    write_config(aws, outputs["ConfigTableName"])
    return Deployment(outputs, principals)


def trusted_in(region: str, principals: dict[str, str]) -> str:
    """Whom the hub acts as in a Region's partition."""
    return next(arn for arn in principals.values() if arn.split(":")[1] == partition_of(region))


def say(gap: str) -> None:
    print(f"  moto   {gap}", flush=True)


def upload_code(aws: Aws) -> None:
    """moto wants the object to exist and never opens it; the program runs under our own runtime API."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("bootstrap", "")
    s3 = aws.hub("s3")
    location = (
        {} if aws.hub_region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": aws.hub_region}}
    )
    s3.create_bucket(Bucket=CODE_BUCKET, **location)
    s3.put_object(Bucket=CODE_BUCKET, Key=CODE_KEY, Body=archive.getvalue())


def deploy_hub(aws: Aws, estate: Estate) -> dict[str, str]:
    return deploy_stack(aws.hub("cloudformation"), where.STACK, "hub.yaml", hub_parameters(estate))


def hub_parameters(estate: Estate) -> dict[str, str]:
    return {
        "Accounts": ",".join((where.SHOP, where.PLANT, where.CLOSED)),
        "Regions": ",".join(estate.regions),
        "TagKey": where.TAG_KEY,
        "StartedTags": where.STARTED_TAGS,
        "StoppedTags": where.STOPPED_TAGS,
        "CreateRdsSnapshot": "Yes",
        "CodeBucket": CODE_BUCKET,
        "CodeKey": CODE_KEY,
    }


def deploy_spoke(aws: Aws, account: str, region: str, trusted: str, external_id: str) -> None:
    parameters = spoke_parameters(trusted, external_id)
    deploy_stack(aws.client("cloudformation", account, region), "dayshift-spoke", "spoke.yaml", parameters)


def spoke_parameters(trusted: str, external_id: str) -> dict[str, str]:
    return {
        "TrustedPrincipalArn": trusted,
        "ExternalId": external_id,
        "TagKey": where.TAG_KEY,
        "SnapshotsOfHub": where.STACK,
    }


def deploy_stack(cloudformation, name: str, template: str, parameters: dict[str, str]) -> dict[str, str]:
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    cloudformation.create_stack(StackName=name, Parameters=given, **contents(template))
    return outputs_once(cloudformation, name, "CREATE_COMPLETE")


def update_stack(cloudformation, name: str, template: str, parameters: dict[str, str]) -> dict[str, str]:
    """Takes all that were given before too: what is given for the first time, moto takes for changed, and then stumbles
    over the resources that a condition leaves out."""
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    cloudformation.update_stack(StackName=name, Parameters=given, **contents(template))
    return outputs_once(cloudformation, name, "UPDATE_COMPLETE")


def contents(template: str) -> dict:
    return {"TemplateBody": (TEMPLATES / template).read_text(), "Capabilities": ["CAPABILITY_NAMED_IAM"]}


def outputs_once(cloudformation, name: str, status: str) -> dict[str, str]:
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    if stack["StackStatus"] != status:
        raise RuntimeError(f"{name}: {stack['StackStatus']}: {stack.get('StackStatusReason')}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def make_up_for_moto(aws: Aws, outputs: dict[str, str]) -> None:
    """Asks for each thing that moto is known to ignore, so that nothing is said of a moto that has learned it."""
    make_up_for_time_to_live(aws.hub("dynamodb"), outputs["StateTableName"])
    for table in (outputs["ConfigTableName"], outputs["StateTableName"]):
        make_up_for_recovery(aws.hub("dynamodb"), table)
    make_up_for_async_invocation(aws.hub("lambda"), outputs["FunctionName"])
    make_up_for_event_source(aws.hub("lambda"))


def make_up_for_time_to_live(dynamodb, table: str) -> None:
    if dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED":
        return
    say("ignores TimeToLiveSpecification: set through the API")
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})


def make_up_for_recovery(dynamodb, table: str) -> None:
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    if backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED":
        return
    say(f"ignores PointInTimeRecoverySpecification of {table}: set through the API")
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def make_up_for_async_invocation(functions, name: str) -> None:
    if functions.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]:
        return
    say("ignores AWS::Lambda::EventInvokeConfig: created through the API")
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0, MaximumEventAgeInSeconds=300)


def make_up_for_event_source(functions) -> None:
    """A message in the queue would have it look for Docker."""
    for each in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=each["UUID"], Enabled=False)
    say("invokes functions for a queue's messages in Docker alone: the shards are brought by our own hand")


def serve_abroad(aws: Aws, estate: Estate, outputs: dict[str, str]) -> dict[str, str]:
    """Makes the base user of the other partition and gives the hub its keys, as the template says a person does."""
    iam = aws.client("iam", where.ABROAD_BASE, estate.abroad_region)
    user = iam.create_user(UserName="dayshift")["User"]
    keys = iam.create_access_key(UserName="dayshift")["AccessKey"]
    prefix = f"{outputs['ParameterPrefix']}/partitions/{partition_of(estate.abroad_region)}"
    secret = {"access_key_id": keys["AccessKeyId"], "secret_access_key": keys["SecretAccessKey"]}
    put = aws.hub("ssm").put_parameter
    put(Name=f"{prefix}/accounts", Type="StringList", Value=where.ABROAD)
    put(Name=f"{prefix}/regions", Type="StringList", Value=estate.abroad_region)
    put(Name=f"{prefix}/credentials", Type="SecureString", Value=json.dumps(secret))
    return {keys["AccessKeyId"]: user["Arn"]}


def write_config(aws: Aws, table: str) -> None:
    for item in where.CONFIG_ITEMS:
        aws.hub("dynamodb").put_item(TableName=table, Item=item)


def create_resources(aws: Aws, estate: Estate) -> dict[Resource, str]:
    """Creates every resource as the story finds it; returns their ids."""
    ids = {resource: create(aws, resource) for resource in estate.resources}
    for resource, resource_id in ids.items():
        if resource.begins == "stopped":
            stop(aws, resource, resource_id)
    return ids


def create(aws: Aws, resource: Resource) -> str:
    tags = {"Name": resource.name}
    if resource.schedule:
        tags[where.TAG_KEY] = resource.schedule
    if resource.size and resource.begins == "stopped":
        tags[where.TAG_KEY + "Size"] = resource.size
    return KINDS[resource.kind].create(clients(aws, resource), resource, tags)


def create_window(aws: Aws, estate: Estate) -> None:
    """Every evening from eight to ten, where there is something to patch."""
    for each in estate.served("patched"):
        clients(aws, each)("ssm").create_maintenance_window(
            Name=where.WINDOW,
            Schedule="cron(0 20 ? * * *)",
            ScheduleTimezone=where.ZONE,
            Duration=2,
            Cutoff=0,
            AllowUnassociatedTargets=True,
        )


def start(aws: Aws, resource: Resource, resource_id: str) -> None:
    """By hand, past the scheduler."""
    KINDS[resource.kind].start(clients(aws, resource), resource, resource_id)


def stop(aws: Aws, resource: Resource, resource_id: str) -> None:
    """By hand, past the scheduler."""
    KINDS[resource.kind].stop(clients(aws, resource), resource, resource_id)


def clients(aws: Aws, resource: Resource) -> Clients:
    return lambda service: aws.client(service, resource.account, resource.region)
