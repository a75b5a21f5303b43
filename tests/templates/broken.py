"""Templates that were broken on purpose, each in one place, and the rule that has to see it."""

from dataclasses import dataclass

from . import rules
from .rules import Rule


@dataclass(frozen=True)
class Broken:
    """A template in which one text was put in place of another; `old` is in the true one, perhaps several times."""

    rule: Rule
    template: str
    old: str
    new: str

    def source(self, true: str) -> str:
        if self.old not in true:
            raise ValueError(f"{self.template} has no {self.old!r}; {self.rule.__name__} is tried with it")
        return true.replace(self.old, self.new, 1)

    def __str__(self) -> str:
        return f"{self.rule.__name__}: {self.template} with {self.new!r} for {self.old!r}"


def hub(rule: Rule, old: str, new: str = "") -> Broken:
    return Broken(rule, "hub.yaml", old, new)


def spoke(rule: Rule, old: str, new: str = "") -> Broken:
    return Broken(rule, "spoke.yaml", old, new)


CONFIG_PUT = "                  - dynamodb:PutItem\n                  - dynamodb:UpdateItem\n"
CONFIG_WRITES = CONFIG_PUT + "                  - dynamodb:DeleteItem\n                Resource"
CONFIG_PUT_AND_DELETE = "- dynamodb:PutItem\n                  - dynamodb:DeleteItem\n                Resource: "
SSE = "KMSMasterKeyId: !If [HasEncryptionKey, !Ref EncryptionKeyArn, !Ref AWS::NoValue]"
LEAVES = "- Sid: LeaveDeadLetters\n                Effect: Allow\n                Action: sqs:"
SOURCE = "    Type: AWS::Lambda::EventSourceMapping\n"
TAG_CONDITION = '"Condition": {"Null": {"aws:ResourceTag/${TagKey}": "false"}}'

BROKEN = [
    hub(rules.no_action_has_a_wildcard, "Action: ssm:GetParametersByPath", "Action: ssm:*"),
    hub(
        rules.no_action_has_a_wildcard,
        "Action: lambda:InvokeFunction\n                Resource",
        'Action: "*"\n                Resource',
    ),
    hub(rules.no_action_has_a_wildcard, "- kms:Decrypt\n              - kms:GenerateDataKey", "- kms:*"),
    spoke(rules.no_action_has_a_wildcard, '["rds:StartDBInstance", "rds:StopDBInstance"]', '"rds:*"'),
    hub(
        rules.no_permission_is_for_everything,
        "Resource: !Sub arn:${AWS::Partition}:iam::*:role/${SpokeRoleName}",
        'Resource: "*"',
    ),
    hub(rules.no_permission_is_for_everything, "cloudwatch:namespace: !If", "aws:PrincipalTag/any: !If"),
    spoke(
        rules.no_permission_is_for_everything,
        '"arn:${AWS::Partition}:redshift:*:${AWS::AccountId}:cluster:*",\n              "Condition"',
        '"*",\n              "Condition"',
    ),
    hub(rules.every_function_has_a_role_of_its_own, "Role: !GetAtt AdminRole.Arn", "Role: !GetAtt SchedulerRole.Arn"),
    hub(rules.the_doors_touch_no_resources, CONFIG_WRITES, "                  - ec2:StopInstances\n" + CONFIG_WRITES),
    hub(
        rules.the_doors_touch_no_resources,
        "Action: ssm:GetParameter\n                Resource: !Sub",
        "Action: sts:AssumeRole\n                Resource: !Sub",
    ),
    hub(
        rules.the_doors_invoke_the_scheduler_alone,
        "Action: lambda:InvokeFunction\n                Resource: !GetAtt Scheduler.Arn",
        "Action: lambda:InvokeFunction\n                Resource: !Sub arn:${AWS::Partition}:lambda:*:*:function:*",
    ),
    hub(
        rules.the_admin_opens_the_config_table_alone,
        f"{CONFIG_PUT_AND_DELETE}!If\n                  - HasConfigTableName",
        f"{CONFIG_PUT_AND_DELETE}!If\n                  - HasMetrics",
    ),
    hub(rules.the_admin_opens_no_secret, "Effect: Deny", "Effect: Allow"),
    hub(
        rules.the_admin_opens_no_secret,
        'Action: kms:Decrypt\n                Resource: "*"',
        'Action: kms:Sign\n                Resource: "*"',
    ),
    hub(rules.the_gateway_writes_overrides_alone, "[override]", "[override, schedule]"),
    hub(rules.the_gateway_writes_overrides_alone, '"Null": { "dynamodb:LeadingKeys": "false" }'),
    hub(
        rules.the_gateway_writes_overrides_alone,
        CONFIG_WRITES,
        CONFIG_PUT + "                  - dynamodb:BatchWriteItem\n                Resource",
    ),
    hub(
        rules.roles_are_taken_by_the_scheduler_alone,
        "arn:${AWS::Partition}:iam::*:role/${SpokeRoleName}",
        "arn:${AWS::Partition}:iam::*:role/*",
    ),
    hub(rules.roles_are_taken_by_the_scheduler_alone, "Action: sqs:SendMessage", "Action: sts:AssumeRole"),
    hub(rules.shards_are_the_schedulers_alone, CONFIG_WRITES, "                  - sqs:SendMessage\n" + CONFIG_WRITES),
    hub(
        rules.shards_are_the_schedulers_alone,
        "  Issues:\n",
        "  Sent:\n    Type: AWS::SQS::QueuePolicy\n    Properties: { Queues: [!Ref Shards] }\n  Issues:\n",
    ),
    spoke(rules.a_spoke_is_taken_with_its_external_id, 'StringEquals: { "sts:ExternalId": !Ref ExternalId }', "{}"),
    spoke(
        rules.a_spoke_is_taken_with_its_external_id,
        "Principal: { AWS: !Ref TrustedPrincipalArn }",
        'Principal: { AWS: "*" }',
    ),
    spoke(rules.a_spoke_changes_only_what_is_tagged, TAG_CONDITION, '"Condition": {}'),
    spoke(
        rules.a_spoke_changes_only_what_is_tagged,
        '"arn:${AWS::Partition}:rds:*:${AWS::AccountId}:snapshot:${SnapshotsOfHub}-stopped-*"',
        '"arn:${AWS::Partition}:rds:*:${AWS::AccountId}:db:*"',
    ),
    spoke(rules.a_spoke_changes_only_what_is_tagged, '"ecs:DescribeServices",', '"ecs:DeleteService",'),
    spoke(
        rules.a_spoke_cannot_write_the_schedule_tag,
        ',\n                "ForAllValues:StringNotEquals": {"aws:TagKeys": ["${TagKey}"]}',
    ),
    spoke(rules.a_spoke_cannot_write_the_schedule_tag, ', "aws:TagKeys": "false"'),
    spoke(
        rules.snapshots_are_named_after_the_hub,
        "'^([a-z][a-z0-9]*(-[a-z0-9]+)*)?$'",
        "'^([A-Za-z][A-Za-z0-9-]*)?$'",
    ),
    spoke(
        rules.snapshots_are_named_after_the_hub, "snapshot:${SnapshotsOfHub}-stopped-*", "snapshot:${SnapshotsOfHub}-*"
    ),
    spoke(
        rules.a_spoke_changes_an_instances_type_and_nothing_else_of_it, ', "ec2:Attribute/InstanceType": "false"'
    ),
    spoke(
        rules.a_spoke_serves_the_chosen_kinds_alone,
        "  RdsClustersPolicy:\n    Type: AWS::IAM::Policy\n    Condition: HasRdsClusters\n",
        "  RdsClustersPolicy:\n    Type: AWS::IAM::Policy\n",
    ),
    spoke(
        rules.a_spoke_serves_the_chosen_kinds_alone,
        "{ Condition: HasTags }, { Condition: HasAutoScalingGroups }",
        "{ Condition: HasTags }, { Condition: HasTags }",
    ),
    spoke(rules.keys_are_granted_to_aws_alone, 'Bool: { "kms:GrantIsForAWSResource": "true" }'),
    spoke(rules.keys_are_granted_to_aws_alone, "- !Sub ec2.*.${AWS::URLSuffix}\n"),
    spoke(
        rules.keys_are_granted_to_aws_alone,
        'Resource: !Split [",", !Ref KmsKeyArns]',
        "Resource: !Sub arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*",
    ),
    hub(
        rules.each_role_may_do_what_its_code_calls,
        "- dynamodb:UpdateItem\n                  - dynamodb:DeleteItem\n                  - dynamodb:DescribeTable",
        "- dynamodb:DeleteItem\n                  - dynamodb:DescribeTable",
    ),
    hub(rules.each_role_may_do_what_its_code_calls, "                  - sqs:DeleteMessage\n"),
    hub(rules.each_role_may_do_what_its_code_calls, SOURCE, "    Type: AWS::Lambda::Version\n"),
    hub(
        rules.each_role_may_do_what_its_code_calls,
        "- sqs:GetQueueAttributes\n                Resource: !GetAtt Shards.Arn",
        "- sqs:GetQueueAttributes\n                Resource: !GetAtt DeadLetters.Arn",
    ),
    hub(
        rules.each_role_may_do_what_its_code_calls,
        "table/${ConfigTableName}\n                  - !GetAtt ConfigTable.Arn\n              - Sid: KeepState",
        "table/*\n                  - !GetAtt ConfigTable.Arn\n              - Sid: KeepState",
    ),
    hub(
        rules.each_role_may_do_what_its_code_calls,
        "Action: ssm:GetParameters\n",
        "Action: [ssm:GetParameter, ssm:GetParameters]\n",
    ),
    hub(rules.each_role_may_do_what_its_code_calls, "- organizations:ListAccountsForParent\n              "),
    spoke(
        rules.each_role_may_do_what_its_code_calls,
        '["ecs:UpdateService"]',
        '["ecs:UpdateService", "ecs:StopTask"]',
    ),
    spoke(rules.each_role_may_do_what_its_code_calls, ',\n                "rds:DeleteDBSnapshot"'),
    hub(rules.everything_at_rest_is_encrypted, "SSEEnabled: true", "SSEEnabled: false"),
    hub(rules.everything_at_rest_is_encrypted, SSE),
    hub(rules.everything_at_rest_is_encrypted, "SqsManagedSseEnabled: !If [HasEncryptionKey, !Ref AWS::NoValue, true]"),
    hub(
        rules.everything_at_rest_is_encrypted,
        "KmsMasterKeyId: !If [HasEncryptionKey, !Ref EncryptionKeyArn, !GetAtt IssuesKey.Arn]",
        "KmsMasterKeyId: alias/aws/sns",
    ),
    hub(
        rules.everything_at_rest_is_encrypted,
        "      KmsKeyId: !If [HasEncryptionKey, !Ref EncryptionKeyArn, !Ref AWS::NoValue]\n",
    ),
    hub(rules.keys_rotate, "EnableKeyRotation: true", "EnableKeyRotation: false"),
    hub(rules.keys_rotate, "Principal: { Service: cloudwatch.amazonaws.com }", 'Principal: { AWS: "*" }'),
    hub(rules.every_function_logs_for_a_limited_time, "      RetentionInDays: !Ref LogRetentionDays\n"),
    hub(
        rules.every_function_logs_for_a_limited_time,
        "LogGroupName: !Sub /aws/lambda/${AWS::StackName}-admin",
        "LogGroupName: !Sub /aws/lambda/${AWS::StackName}-admins",
    ),
    hub(rules.what_is_lost_with_a_stack_is_written_down, "DeletionPolicy: Retain", "DeletionPolicy: Delete"),
    hub(
        rules.what_is_lost_with_a_stack_is_written_down,
        "    Type: AWS::SQS::Queue\n    DeletionPolicy: Delete\n",
        "    Type: AWS::SQS::Queue\n",
    ),
    hub(
        rules.what_is_lost_with_a_stack_is_written_down,
        "DeletionProtectionEnabled: !If [HasDeletionProtection, true, false]",
        "DeletionProtectionEnabled: false",
    ),
    hub(
        rules.what_is_lost_with_a_stack_is_written_down,
        "PointInTimeRecoveryEnabled: true",
        "PointInTimeRecoveryEnabled: false",
    ),
    hub(rules.a_failed_invocation_leaves_its_event, "OnFailure: { Destination: !GetAtt DeadLetters.Arn }", "{}"),
    hub(rules.a_failed_invocation_leaves_its_event, "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 3600"),
    hub(rules.a_failed_invocation_leaves_its_event, f"{LEAVES}SendMessage", f"{LEAVES}ReceiveMessage"),
    hub(rules.a_shard_comes_back, SOURCE, f"    Condition: HasMetrics\n{SOURCE}"),
    hub(
        rules.a_shard_comes_back,
        "FunctionName: !Ref Scheduler\n      BatchSize",
        "FunctionName: !Ref Admin\n      BatchSize",
    ),
    hub(rules.a_shard_comes_back, "BatchSize: 1", "BatchSize: 10"),
    hub(rules.a_shard_comes_back, "      FunctionResponseTypes: [ReportBatchItemFailures]\n"),
    hub(rules.a_shard_comes_back, "MaximumConcurrency: !Ref ShardsAtOnce", "MaximumConcurrency: 2"),
    hub(rules.a_shard_comes_back, "VisibilityTimeout: !Ref Timeout", "VisibilityTimeout: 300"),
    hub(
        rules.a_shard_comes_back,
        "MemorySize: !Ref MemorySize",
        "MemorySize: !Ref MemorySize\n      ReservedConcurrentExecutions: 1",
    ),
    hub(rules.a_shard_comes_back, "maxReceiveCount: 5", "maxReceiveCount: 1"),
    hub(
        rules.a_shard_comes_back,
        "      RedrivePolicy: { deadLetterTargetArn: !GetAtt DeadLetters.Arn, maxReceiveCount: 5 }\n",
    ),
    hub(rules.an_old_shard_is_worthless, "      MessageRetentionPeriod: 3600\n"),
    hub(rules.an_old_shard_is_worthless, "MessageRetentionPeriod: 3600", "MessageRetentionPeriod: 1800"),
    hub(rules.an_old_shard_is_worthless, "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 3600"),
    hub(rules.every_alarm_tells_somebody, "      AlarmActions: [!Ref Issues]\n"),
    hub(rules.every_alarm_tells_somebody, "      TreatMissingData: ignore\n"),
    hub(rules.alarms_may_publish, "aws:SourceArn:", "aws:PrincipalArn:"),
    hub(
        rules.alarms_may_publish,
        "Principal: { Service: cloudwatch.amazonaws.com }\n            Action: sns:Publish",
        'Principal: { AWS: "*" }\n            Action: sns:Publish',
    ),
    hub(
        rules.dead_letters_are_noticed,
        "[{ Name: QueueName, Value: !GetAtt DeadLetters.QueueName }]",
        "[{ Name: QueueName, Value: !GetAtt Shards.QueueName }]",
    ),
    hub(rules.a_missed_pass_is_noticed, "Period: 180", "Period: 60"),
    hub(rules.a_missed_pass_is_noticed, "- IsHourly\n        - 60\n", "- IsHourly\n        - 1\n"),
    hub(rules.a_missed_pass_is_noticed, "TreatMissingData: breaching", "TreatMissingData: notBreaching"),
    hub(rules.only_metrics_that_passes_publish_are_shown, "MetricName: FailedTargets", "MetricName: TargetsFailed"),
    hub(rules.only_metrics_that_passes_publish_are_shown, 'MetricName=\\"Stopped\\"', 'MetricName=\\"HoursAvoided\\"'),
    hub(rules.only_metrics_that_passes_publish_are_shown, "Code,Kind}", "Code}"),
    hub(rules.only_metrics_that_passes_publish_are_shown, '"${In}", "PassDuration"', '"Dayshift", "PassDuration"'),
    hub(rules.nothing_is_generated_or_nested, "Parameters:\n  Accounts:", "Transform: M\nParameters:\n  Accounts:"),
    hub(rules.nothing_is_generated_or_nested, "Handler: admin", "Handler: scheduler"),
    hub(rules.nothing_is_generated_or_nested, "        S3Key: !Ref CodeKey\n", "        ZipFile: print()\n"),
    hub(rules.every_partition_gets_arns_of_its_own, "arn:${AWS::Partition}:kms", "arn:aws:kms"),
    spoke(rules.every_partition_gets_arns_of_its_own, "arn:${AWS::Partition}:ec2", "arn:aws:ec2"),
    hub(rules.every_setting_is_read, "/targets-per-shard\n", "/targets-a-shard\n"),
    hub(rules.no_pass_runs_without_its_settings, "ShardQueueParameter]", "SchedulerRole]"),
    hub(
        rules.no_pass_runs_without_its_settings,
        ", without the accounts in ${ExcludedAccountsParameter}.",
        ", without some accounts.",
    ),
    hub(
        rules.no_pass_runs_without_its_settings,
        "Condition: HasExcludedAccounts\n",
        "Condition: HasSpokeRoleArns\n",
    ),
    hub(
        rules.no_pass_runs_without_its_settings,
        "Value: !If [HasConfigTableName, !Ref ConfigTableName, !Ref ConfigTable]",
        "Value: !Ref ConfigTable",
    ),
    hub(rules.no_pass_runs_without_its_settings, "Value: !Ref Shards\n", "Value: !Ref DeadLetters\n"),
    hub(rules.a_template_fits_into_a_request, "Resources:\n", f"# {'x' * 8000}\nResources:\n"),
    hub(rules.a_template_fits_into_a_request, "    Description: Who is told of alarms;", "    NoDescription: Who;"),
    hub(rules.a_template_fits_into_a_request, "\n          PermissionsBoundaryArn]", "]"),
    hub(rules.every_parameter_is_documented, "Default: rate(5 minutes)", "Default: rate(10 minutes)"),
    hub(rules.every_parameter_is_documented, "  DashboardName:\n    Condition", "  DashboardTitle:\n    Condition"),
    spoke(rules.every_parameter_is_documented, "Default: dayshift-spoke", "Default: night-spoke"),
    hub(rules.every_permission_is_documented, "Sid: KeepConfig", "Sid: KeepEverything"),
    spoke(rules.every_permission_is_documented, '"Sid": "ResizeTagged"', '"Sid": "ChangeTagged"'),
    hub(rules.every_alarm_and_graph_is_documented, "-pass-missed", "-pass-late"),
    hub(rules.every_alarm_and_graph_is_documented, '"Targets", "metrics"', '"Accounts", "metrics"'),
    spoke(rules.a_roles_policies_fit, "- tag:TagResources\n", "- tag:TagResources\n              " * 400),
]
