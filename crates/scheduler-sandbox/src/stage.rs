//! A deployment of Dayshift on a sandbox, set up as its templates and its users would: through the AWS APIs.
//!
//! It is what the demo and the tests of the other crates stand on. Names here are those of `cloudformation/`.

use serde_json::{Map, Value, json};

use crate::{CallError, Caller, Credentials, Effect, Fault, Sandbox, texts};

mod fleet;
mod organization;
mod queue;

pub use fleet::{Deployed, Fleet, fleet};
pub use organization::{Organization, organizations};
pub use queue::{DEAD_LETTERS, SHARD_QUEUE, SHARD_RECEIVES, SHARD_VISIBILITY};

/// The stack's name; parameters are below `/dayshift/` and this.
pub const STACK: &str = "dayshift";

/// What the spoke roles ask for.
pub const EXTERNAL_ID: &str = "night-shift-7";

/// The name of the role of the hub's function.
pub const HUB_ROLE: &str = "dayshift-scheduler";

/// The name of the spoke role in every account.
pub const SPOKE_ROLE: &str = "dayshift-spoke";

/// What the role of the hub's function allows.
const HUB_ACTIONS: [&str; 15] = [
    "sts:AssumeRole",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:Scan",
    "dynamodb:Query",
    "dynamodb:BatchWriteItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "ssm:GetParametersByPath",
    "ssm:GetParameters",
    "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent",
    "cloudwatch:PutMetricData",
];

/// What the spoke role allows.
const SPOKE_ACTIONS: [&str; 38] = [
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:RegisterScalableTarget",
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:DeleteTags",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:UpdateAutoScalingGroup",
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:ModifyInstanceAttribute",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ecs:DescribeServices",
    "ecs:TagResource",
    "ecs:UntagResource",
    "ecs:UpdateService",
    "iam:SimulatePrincipalPolicy",
    "rds:AddTagsToResource",
    "rds:CreateDBSnapshot",
    "rds:DeleteDBSnapshot",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSnapshots",
    "rds:RemoveTagsFromResource",
    "rds:StartDBCluster",
    "rds:StartDBInstance",
    "rds:StopDBCluster",
    "rds:StopDBInstance",
    "redshift:CreateTags",
    "redshift:DeleteTags",
    "redshift:DescribeClusters",
    "redshift:PauseCluster",
    "redshift:ResumeCluster",
    "ssm:DescribeMaintenanceWindows",
    "tag:GetResources",
    "tag:TagResources",
    "tag:UntagResources",
];

/// A hub on a sandbox.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The AWS it stands on.
    pub sandbox: Sandbox,
    /// The hub's account, in its Region.
    pub hub: Caller,
    hub_arn: String,
}

/// An EC2 instance or a database to create.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The value of its `Name` tag, or its identifier.
    pub name: &'a str,
    /// Its instance type or class.
    pub instance_type: &'a str,
    /// The value of its `Schedule` tag, if it has one.
    pub schedule: Option<&'a str>,
}

impl Stage {
    /// Creates the hub: account, tables, parameters. It serves its own Region and no accounts yet.
    pub async fn deploy(sandbox: &Sandbox, account: &str, region: &str) -> Result<Self, CallError> {
        let hub = Caller::new(sandbox, &sandbox.create_account("aws", account), region);
        let hub_arn = format!("arn:aws:iam::{account}:role/{HUB_ROLE}");
        let stage = Self { sandbox: sandbox.clone(), hub, hub_arn };
        stage.create_role().await?;
        stage.create_table("config", "type", "name").await?;
        stage.create_table("state", "target", "resource").await?;
        stage.expire_state().await?;
        for (name, value) in [
            ("config-table", format!("{STACK}-config")),
            ("state-table", format!("{STACK}-state")),
            ("external-id", EXTERNAL_ID.into()),
            ("metrics-namespace", format!("Dayshift/{STACK}")),
        ] {
            stage.put_parameter(name, "String", &value).await?;
        }
        Ok(stage)
    }

    /// Credentials of the function's role, good for twelve hours: what Lambda hands to the function.
    pub async fn session(&self) -> Result<Credentials, CallError> {
        let assume = [
            ("RoleArn", &*self.hub_arn),
            ("RoleSessionName", "scheduler"),
            ("DurationSeconds", "43200"),
        ];
        let answer = self.hub.query("sts", "AssumeRole", &assume).await?;
        let text = |element| texts(&answer, element).into_iter().next();
        Ok(Credentials {
            access_key_id: text("AccessKeyId").unwrap_or_default(),
            secret_access_key: text("SecretAccessKey").unwrap_or_default(),
            session_token: text("SessionToken"),
        })
    }

    /// The function's role. It trusts the account's root here, where no Lambda service takes it.
    async fn create_role(&self) -> Result<(), CallError> {
        let root = self.hub_arn.replace(&format!("role/{HUB_ROLE}"), "root");
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole",
        }]});
        let role = [
            ("RoleName", HUB_ROLE),
            ("AssumeRolePolicyDocument", &trust.to_string()),
            ("MaxSessionDuration", "43200"),
        ];
        self.hub.query("iam", "CreateRole", &role).await?;
        put_policy(&self.hub, HUB_ROLE, &HUB_ACTIONS).await
    }

    /// Where the hub's parameters are.
    pub fn prefix(&self) -> String {
        format!("/dayshift/{STACK}")
    }

    async fn create_table(&self, name: &str, hash: &str, range: &str) -> Result<(), CallError> {
        let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
        let attribute = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
        let table = json!({
            "TableName": format!("{STACK}-{name}"),
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [key(hash, "HASH"), key(range, "RANGE")],
            "AttributeDefinitions": [attribute(hash), attribute(range)],
        });
        self.hub.json("dynamodb", "DynamoDB_20120810.CreateTable", table).await.map(drop)
    }

    async fn expire_state(&self) -> Result<(), CallError> {
        let expiry = json!({
            "TableName": format!("{STACK}-state"),
            "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": true},
        });
        self.hub.json("dynamodb", "DynamoDB_20120810.UpdateTimeToLive", expiry).await.map(drop)
    }

    /// Writes a parameter below the prefix; `kind` is `String`, `StringList` or `SecureString`.
    pub async fn put_parameter(
        &self,
        name: &str,
        kind: &str,
        value: &str,
    ) -> Result<(), CallError> {
        let name = format!("{}/{name}", self.prefix());
        let parameter = json!({"Name": name, "Type": kind, "Value": value, "Overwrite": true});
        self.hub.json("ssm", "AmazonSSM.PutParameter", parameter).await.map(drop)
    }

    /// Names the accounts and Regions that are served in the hub's own partition.
    pub async fn serve(&self, accounts: &[&str], regions: &[&str]) -> Result<(), CallError> {
        self.put_parameter("accounts", "StringList", &accounts.join(",")).await?;
        self.put_parameter("regions", "StringList", &regions.join(",")).await
    }

    /// Names the accounts and Regions of another partition, and the keys to reach them with.
    pub async fn serve_partition(
        &self,
        partition: &str,
        accounts: &[&str],
        regions: &[&str],
        keys: &Credentials,
    ) -> Result<(), CallError> {
        let below = |name: &str| format!("partitions/{partition}/{name}");
        self.put_parameter(&below("accounts"), "StringList", &accounts.join(",")).await?;
        self.put_parameter(&below("regions"), "StringList", &regions.join(",")).await?;
        let keys = json!({"access_key_id": keys.access_key_id, "secret_access_key": keys.secret_access_key});
        self.put_parameter(&below("credentials"), "SecureString", &keys.to_string()).await
    }

    /// Stores a period or schedule. Lists become string sets, as Instance Scheduler on AWS stores them.
    pub async fn put_item(&self, kind: &str, name: &str, fields: &Value) -> Result<(), CallError> {
        let mut item: Map<String, Value> = fields
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), attribute(value)))
            .collect();
        item.insert("type".into(), json!({"S": kind}));
        item.insert("name".into(), json!({"S": name}));
        let put = json!({"TableName": format!("{STACK}-config"), "Item": item});
        self.hub.json("dynamodb", "DynamoDB_20120810.PutItem", put).await.map(drop)
    }

    /// Creates an account with a spoke role that trusts the hub; answers with the account's own keys.
    pub async fn deploy_spoke(&self, account: &str, region: &str) -> Result<Caller, CallError> {
        self.deploy_spoke_trusting("aws", account, region, &self.hub_arn).await
    }

    /// The same in any partition, trusting any principal.
    pub async fn deploy_spoke_trusting(
        &self,
        partition: &str,
        account: &str,
        region: &str,
        principal: &str,
    ) -> Result<Caller, CallError> {
        let spoke =
            Caller::new(&self.sandbox, &self.sandbox.create_account(partition, account), region);
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": principal},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
        }]});
        let role = [("RoleName", SPOKE_ROLE), ("AssumeRolePolicyDocument", &trust.to_string())];
        spoke.query("iam", "CreateRole", &role).await?;
        put_policy(&spoke, SPOKE_ROLE, &SPOKE_ACTIONS).await?;
        Ok(spoke)
    }
}

/// Gives a spoke role everything it has but some actions.
pub async fn forbid(spoke: &Caller, forbidden: &[&str]) -> Result<(), CallError> {
    let actions: Vec<_> =
        SPOKE_ACTIONS.into_iter().filter(|action| !forbidden.contains(action)).collect();
    put_policy(spoke, SPOKE_ROLE, &actions).await
}

async fn put_policy(account: &Caller, role: &str, actions: &[&str]) -> Result<(), CallError> {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    let policy =
        [("RoleName", role), ("PolicyName", "dayshift"), ("PolicyDocument", &policy.to_string())];
    account.query("iam", "PutRolePolicy", &policy).await.map(drop)
}

/// Launches an EC2 instance; answers with its id.
pub async fn run_instance(account: &Caller, wanted: &Wanted<'_>) -> Result<String, CallError> {
    run_special_instance(account, wanted, &[]).await
}

/// Creates a database.
pub async fn create_database(account: &Caller, wanted: &Wanted<'_>) -> Result<(), CallError> {
    let mut parameters = vec![
        ("DBInstanceIdentifier", wanted.name),
        ("DBInstanceClass", wanted.instance_type),
        ("Engine", "postgres"),
        ("AllocatedStorage", "20"),
    ];
    if let Some(schedule) = wanted.schedule {
        parameters.push(("Tags.Tag.1.Key", "Schedule"));
        parameters.push(("Tags.Tag.1.Value", schedule));
    }
    account.query("rds", "CreateDBInstance", &parameters).await.map(drop)
}

/// Starts or stops an instance as a person would; `action` is `StartInstances` or `StopInstances`.
pub async fn by_hand(account: &Caller, action: &str, instance: &str) -> Result<(), CallError> {
    account.query("ec2", action, &[("InstanceId.1", instance)]).await.map(drop)
}

/// The state of an instance: `running`, `stopped`, ...
pub async fn state_of(account: &Caller, instance: &str) -> Result<String, CallError> {
    let answer = account.query("ec2", "DescribeInstances", &[("InstanceId.1", instance)]).await?;
    let states = answer.split("<instanceState>").nth(1).map(|rest| texts(rest, "name"));
    Ok(states.into_iter().flatten().next().unwrap_or_default())
}

/// A value as DynamoDB writes it.
fn attribute(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => json!({"BOOL": flag}),
        Value::Number(number) => json!({"N": number.to_string()}),
        Value::Array(members) => json!({"SS": members}),
        Value::Null => json!({"NULL": true}),
        Value::String(_) | Value::Object(_) => json!({"S": value}),
    }
}

/// Launches an EC2 instance that can hibernate; answers with its id.
pub async fn run_hibernatable_instance(
    account: &Caller,
    wanted: &Wanted<'_>,
) -> Result<String, CallError> {
    run_special_instance(account, wanted, &[("HibernationOptions.Configured", "true")]).await
}

/// Launches an EC2 instance with more parameters of RunInstances than its name, type and schedule; answers with its id.
pub async fn run_special_instance(
    account: &Caller,
    wanted: &Wanted<'_>,
    special: &[(&str, &str)],
) -> Result<String, CallError> {
    let mut parameters =
        vec![("InstanceType", wanted.instance_type), ("MinCount", "1"), ("MaxCount", "1")];
    if !special.iter().any(|(name, _)| *name == "ImageId") {
        parameters.push(("ImageId", "ami-0123456789abcdef0"));
    }
    parameters.push(("TagSpecification.1.ResourceType", "instance"));
    parameters.push(("TagSpecification.1.Tag.1.Key", "Name"));
    parameters.push(("TagSpecification.1.Tag.1.Value", wanted.name));
    if let Some(schedule) = wanted.schedule {
        parameters.push(("TagSpecification.1.Tag.2.Key", "Schedule"));
        parameters.push(("TagSpecification.1.Tag.2.Value", schedule));
    }
    parameters.extend(special);
    let answer = account.query("ec2", "RunInstances", &parameters).await?;
    Ok(texts(&answer, "instanceId").into_iter().next().unwrap_or_default())
}

/// Creates a cluster without instances: of Aurora, Amazon DocumentDB or Amazon Neptune.
pub async fn create_cluster(
    account: &Caller,
    name: &str,
    engine: &str,
    schedule: Option<&str>,
) -> Result<(), CallError> {
    let mut parameters = vec![("DBClusterIdentifier", name), ("Engine", engine)];
    if let Some(schedule) = schedule {
        parameters.push(("Tags.Tag.1.Key", "Schedule"));
        parameters.push(("Tags.Tag.1.Value", schedule));
    }
    account.query("rds", "CreateDBCluster", &parameters).await.map(drop)
}

/// Creates an instance in a cluster, which must be available; the engine is the cluster's.
pub async fn create_cluster_instance(
    account: &Caller,
    cluster: &str,
    engine: &str,
    name: &str,
) -> Result<(), CallError> {
    let parameters = [
        ("DBInstanceIdentifier", name),
        ("DBInstanceClass", "db.r6g.large"),
        ("Engine", engine),
        ("DBClusterIdentifier", cluster),
    ];
    account.query("rds", "CreateDBInstance", &parameters).await.map(drop)
}

/// The status of a cluster: `available`, `stopped`, ...
pub async fn cluster_status(account: &Caller, name: &str) -> Result<String, CallError> {
    let named = [("DBClusterIdentifier", name)];
    let answer = account.query("rds", "DescribeDBClusters", &named).await?;
    Ok(texts(&answer, "Status").into_iter().next().unwrap_or_default())
}

/// Creates a maintenance window of three hours, the last of which starts nothing; answers with its id.
pub async fn create_maintenance_window(
    account: &Caller,
    name: &str,
    schedule: &str,
) -> Result<String, CallError> {
    let window = json!({
        "Name": name,
        "Schedule": schedule,
        "Duration": 3,
        "Cutoff": 1,
        "AllowUnassociatedTargets": false,
    });
    let answer = account.json("ssm", "AmazonSSM.CreateMaintenanceWindow", window).await?;
    Ok(answer["WindowId"].as_str().unwrap_or_default().to_owned())
}

/// An instance that starts and falls back, because the key of its volume cannot be used.
pub fn unusable_key(instance: &str) -> Fault {
    let effect = Effect::FallBack {
        code: "Client.InternalError".into(),
        message: "Client error on launch".into(),
    };
    Fault { resource: Some(instance.into()), ..Fault::always(effect) }
}

/// An instance type of which AWS has none left: starts are refused.
pub fn no_capacity(instance_type: &str) -> Fault {
    let effect = Effect::Error {
        status: 500,
        code: "InsufficientInstanceCapacity".into(),
        message: format!("Insufficient capacity for the instance type {instance_type}."),
    };
    let operation = Some("StartInstances".into());
    Fault { operation, resource: Some(instance_type.into()), ..Fault::always(effect) }
}

/// The three sizes of an Auto Scaling group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The fewest instances it may have.
    pub min: u32,
    /// The most instances it may have.
    pub max: u32,
    /// The instances it should have.
    pub desired: u32,
}

/// Creates an Auto Scaling group.
pub async fn create_group(
    account: &Caller,
    name: &str,
    min: u32,
    desired: u32,
    max: u32,
    schedule: Option<&str>,
) -> Result<(), CallError> {
    let [min, desired, max] = [min, desired, max].map(|size| size.to_string());
    let mut parameters = vec![
        ("AutoScalingGroupName", name),
        ("MinSize", &min),
        ("MaxSize", &max),
        ("DesiredCapacity", &desired),
        ("LaunchTemplate.LaunchTemplateName", name),
        ("VPCZoneIdentifier", "subnet-0123456789abcdef0"),
    ];
    if let Some(schedule) = schedule {
        parameters.push(("Tags.member.1.Key", "Schedule"));
        parameters.push(("Tags.member.1.Value", schedule));
        parameters.push(("Tags.member.1.PropagateAtLaunch", "false"));
    }
    account.query("autoscaling", "CreateAutoScalingGroup", &parameters).await.map(drop)
}

/// The sizes of an Auto Scaling group; `None` if there is none of this name.
pub async fn group_size(account: &Caller, name: &str) -> Result<Option<Sizes>, CallError> {
    let wanted = [("AutoScalingGroupNames.member.1", name)];
    let answer = account.query("autoscaling", "DescribeAutoScalingGroups", &wanted).await?;
    let size = |element| texts(&answer, element).first().and_then(|text| text.parse().ok());
    let sizes = (size("MinSize"), size("MaxSize"), size("DesiredCapacity"));
    let (Some(min), Some(max), Some(desired)) = sizes else { return Ok(None) };
    Ok(Some(Sizes { min, max, desired }))
}

/// Creates an ECS service, and its cluster if that is not there.
pub async fn create_service(
    account: &Caller,
    cluster: &str,
    name: &str,
    desired: u32,
    schedule: Option<&str>,
) -> Result<(), CallError> {
    ecs(account, "CreateCluster", json!({"clusterName": cluster})).await?;
    let tags: Vec<_> =
        schedule.iter().map(|schedule| json!({"key": "Schedule", "value": schedule})).collect();
    let service = json!({
        "cluster": cluster,
        "serviceName": name,
        "taskDefinition": name,
        "desiredCount": desired,
        "tags": tags,
    });
    ecs(account, "CreateService", service).await.map(drop)
}

/// How many tasks a service wants, and how many run; `None` if there is no such service.
pub async fn service_count(
    account: &Caller,
    cluster: &str,
    name: &str,
) -> Result<Option<(u64, u64)>, CallError> {
    let wanted = json!({"cluster": cluster, "services": [name]});
    let answer = ecs(account, "DescribeServices", wanted).await?;
    let count = |name: &str| answer["services"][0][name].as_u64();
    Ok(count("desiredCount").zip(count("runningCount")))
}

/// Registers an ECS service to be scaled between two bounds.
pub async fn create_scalable_target(
    account: &Caller,
    cluster: &str,
    service: &str,
    min: u32,
    max: u32,
) -> Result<(), CallError> {
    let target = json!({
        "ServiceNamespace": "ecs",
        "ResourceId": format!("service/{cluster}/{service}"),
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": min,
        "MaxCapacity": max,
    });
    let operation = "AnyScaleFrontendService.RegisterScalableTarget";
    account.json("application-autoscaling", operation, target).await.map(drop)
}

/// Creates a Redshift cluster.
pub async fn create_warehouse(
    account: &Caller,
    name: &str,
    schedule: Option<&str>,
) -> Result<(), CallError> {
    let mut parameters = vec![
        ("ClusterIdentifier", name),
        ("NodeType", "ra3.large"),
        ("ClusterType", "single-node"),
        ("MasterUsername", "admin"),
    ];
    if let Some(schedule) = schedule {
        parameters.push(("Tags.Tag.1.Key", "Schedule"));
        parameters.push(("Tags.Tag.1.Value", schedule));
    }
    account.query("redshift", "CreateCluster", &parameters).await.map(drop)
}

/// The state of a Redshift cluster: `available`, `paused`, ...
pub async fn warehouse_state(account: &Caller, name: &str) -> Result<String, CallError> {
    let wanted = [("ClusterIdentifier", name)];
    let answer = account.query("redshift", "DescribeClusters", &wanted).await?;
    Ok(texts(&answer, "ClusterStatus").into_iter().next().unwrap_or_default())
}

/// Creates one resource of each kind, and answers with their ids: an EC2 instance, a database, an Aurora cluster, an
/// Auto Scaling group that holds two instances and may hold one to four, an ECS service of three tasks that may be
/// scaled between two and eight, and a Redshift cluster. All of them run ten minutes later.
pub async fn create_one_of_each(
    account: &Caller,
    schedule: Option<&str>,
) -> Result<[String; 6], CallError> {
    let web = Wanted { name: "web", instance_type: "m5.large", schedule };
    let instance = run_instance(account, &web).await?;
    let database = Wanted { name: "orders", instance_type: "db.t4g.medium", schedule };
    create_database(account, &database).await?;
    create_cluster(account, "ledger", "aurora-postgresql", schedule).await?;
    create_group(account, "workers", 1, 2, 4, schedule).await?;
    create_service(account, "shop", "cart", 3, schedule).await?;
    create_scalable_target(account, "shop", "cart", 2, 8).await?;
    create_warehouse(account, "figures", schedule).await?;
    let others = ["orders", "ledger", "workers", "shop/cart", "figures"].map(str::to_owned);
    let [database, cluster, group, service, warehouse] = others;
    Ok([instance, database, cluster, group, service, warehouse])
}

async fn ecs(account: &Caller, operation: &str, input: Value) -> Result<Value, CallError> {
    account.json("ecs", &format!("AmazonEC2ContainerServiceV20141113.{operation}"), input).await
}

#[cfg(test)]
mod tests;
