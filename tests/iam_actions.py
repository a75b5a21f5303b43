"""Which actions AWS asks a role for, where that is not the name of the call that is made."""

# Services whose prefix in policies is not their name in requests, nor in the SDK.
POLICY_PREFIX = {
    "tagging": "tag",
    "resourcegroupstagging": "tag",
    "applicationautoscaling": "application-autoscaling",
}

# Calls that ask for another action than their own.
INSTEAD = {
    "lambda:Invoke": {"lambda:InvokeFunction"},  # The action has a name of its own.
    "sqs:SendMessageBatch": {"sqs:SendMessage"},  # A batch is allowed where one message is.
    "dynamodb:TransactWriteItems": {"dynamodb:PutItem", "dynamodb:DeleteItem"},  # Asked for part by part.
}

# What the tagging API asks for besides, by the service whose resource is tagged.
TAGGING_ASKS = {
    ("TagResources", "ecs"): "ecs:TagResource",
    ("TagResources", "rds"): "rds:AddTagsToResource",
    ("TagResources", "redshift"): "redshift:CreateTags",
    ("UntagResources", "ecs"): "ecs:UntagResource",
    ("UntagResources", "rds"): "rds:RemoveTagsFromResource",
    ("UntagResources", "redshift"): "redshift:DeleteTags",
}

# What a stop that leaves a snapshot asks for besides: the snapshot has its instance's tags.
SNAPSHOT_ASKS = {"rds:CreateDBSnapshot", "rds:AddTagsToResource"}

# Calls that ask for more than their own action.
BESIDES = {
    "rds:StopDBInstance": SNAPSHOT_ASKS,
    # RDS lists tags in the caller's name.
    "rds:DescribeDBInstances": {"rds:ListTagsForResource"},
    "rds:DescribeDBClusters": {"rds:ListTagsForResource"},
    # EC2 attaches encrypted volumes in the caller's name.
    "ec2:StartInstances": {"kms:CreateGrant"},
    **{
        f"tag:{operation}": {asked for (of, _), asked in TAGGING_ASKS.items() if of == operation}
        for operation in ("TagResources", "UntagResources")
    },
}

# What no call of the program's asks for: AWS does it in the role's name.
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}  # Lambda, of what the program prints.
TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}  # Lambda, where it traces.
DEAD_LETTERS = {"sqs:SendMessage"}  # Lambda, of the event of an invocation that failed.
TAKEN_MESSAGES = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}  # Lambda, of a mapped queue.
SECRETS = {"kms:Decrypt"}  # The Parameter Store, of a SecureString that is to be decrypted.
# DynamoDB and SQS, with a key of the user's own: what their documentation asks for.
OWN_KEY = {
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}


def asked_for(call: str) -> set[str]:
    """The actions that a role needs for a call, `service:Operation`, of whatever it may be made."""
    return INSTEAD.get(call, {call}) | BESIDES.get(call, set())
