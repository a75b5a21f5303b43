//! A deployment as large as a load bench wants it: many accounts with many instances, all of which run.

use serde::{Deserialize, Serialize};

use super::Stage;
use crate::{CallError, Caller, Credentials, Sandbox};

/// How many instances are launched together, and so share a reservation.
const TOGETHER: u32 = 10;

/// How many accounts a parameter lists: each takes thirteen of its 4,096 characters.
const LISTED: usize = 300;

/// What to deploy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// The hub's account.
    pub hub: String,
    /// The hub's Region.
    pub region: String,
    /// How many accounts it serves.
    pub accounts: u32,
    /// The Regions it serves in each of them.
    pub regions: Vec<String>,
    /// How many instances are in each Region of each account.
    pub instances: u32,
    /// The value of their `Schedule` tag.
    pub schedule: String,
    /// Into shards of how many targets a pass is cut, through a queue; absent: there is no queue.
    pub targets_per_shard: Option<u32>,
}

/// What was deployed.
#[derive(Clone, Debug, Serialize)]
pub struct Deployed {
    /// The parameters are below this.
    pub prefix: String,
    /// The stored schedules.
    pub config_table: String,
    /// The memories.
    pub state_table: String,
    /// The accounts that are served.
    pub accounts: Vec<String>,
    /// What Lambda hands to the hub's function.
    pub session: Credentials,
    /// The hub account's own.
    pub keys: Credentials,
}

/// Deploys a hub that serves EC2 instances alone, its spokes and their instances.
pub async fn fleet(sandbox: &Sandbox, wanted: &Fleet) -> Result<Deployed, CallError> {
    let mut stage = Stage::deploy(sandbox, &wanted.hub, &wanted.region).await?;
    if let Some(targets) = wanted.targets_per_shard {
        stage = stage.with_queue().await?;
        stage.put_parameter("targets-per-shard", "String", &targets.to_string()).await?;
    }
    let accounts: Vec<_> = (1..=u64::from(wanted.accounts))
        .map(|number| (200_000_000_000 + number).to_string())
        .collect();
    stage.put_parameter("kinds", "StringList", "ec2-instance").await?;
    stage.put_parameter("regions", "StringList", &wanted.regions.join(",")).await?;
    list_accounts(&stage, &accounts).await?;
    for account in &accounts {
        let spoke = stage.deploy_spoke(account, &wanted.region).await?;
        for region in &wanted.regions {
            launch(&spoke.in_region(region), wanted).await?;
        }
    }
    Ok(Deployed {
        prefix: stage.prefix(),
        config_table: format!("{}-config", super::STACK),
        state_table: format!("{}-state", super::STACK),
        accounts,
        session: stage.session().await?,
        keys: stage.hub.credentials().clone(),
    })
}

/// In the parameter itself, or in as many others as it takes.
async fn list_accounts(stage: &Stage, accounts: &[String]) -> Result<(), CallError> {
    let mut names = Vec::new();
    for (number, some) in accounts.chunks(LISTED).enumerate() {
        let name = format!("/fleet/accounts-{number}");
        let list = serde_json::json!({"Name": name, "Type": "StringList", "Value": some.join(",")});
        stage.hub.json("ssm", "AmazonSSM.PutParameter", list).await?;
        names.push(format!("{{param:{name}}}"));
    }
    stage.put_parameter("accounts", "StringList", &names.join(",")).await
}

async fn launch(target: &Caller, wanted: &Fleet) -> Result<(), CallError> {
    let tags = [
        ("Name", "web-production-7f3a"),
        ("Schedule", wanted.schedule.as_str()),
        ("Environment", "production"),
        ("CostCenter", "4711-platform"),
        ("Owner", "platform-team@example.com"),
    ];
    let mut parameters = vec![
        ("ImageId".to_owned(), "ami-0123456789abcdef0".to_owned()),
        ("InstanceType".to_owned(), "m5.large".to_owned()),
        ("MinCount".to_owned(), "1".to_owned()),
        ("TagSpecification.1.ResourceType".to_owned(), "instance".to_owned()),
    ];
    for (number, (key, value)) in (1..).zip(tags) {
        parameters.push((format!("TagSpecification.1.Tag.{number}.Key"), key.to_owned()));
        parameters.push((format!("TagSpecification.1.Tag.{number}.Value"), value.to_owned()));
    }
    let mut left = wanted.instances;
    while left > 0 {
        let count = left.min(TOGETHER);
        let text = count.to_string();
        let mut all: Vec<_> = parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
        all.push(("MaxCount", &text));
        target.query("ec2", "RunInstances", &all).await?;
        left -= count;
    }
    Ok(())
}
