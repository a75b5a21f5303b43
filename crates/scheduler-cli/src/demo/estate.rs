//! What the demo deploys: a hub, spokes in two partitions, and everything in them.

use std::collections::BTreeMap;

use scheduler_core::Region;
use scheduler_sandbox::{
    CallError, Caller, Effect, Fault, Sandbox,
    stage::{self, Stage, Wanted},
};
use serde_json::json;

pub(super) const HUB: &str = "111111111111";
pub(super) const SHOP: &str = "222222222222";
const DATA: &str = "333333333333";
/// Its role trusts somebody else.
pub(super) const LAB: &str = "444444444444";
const SHOP_CN: &str = "555555555555";
/// Where the keys that reach `aws-cn` belong.
const BASE_CN: &str = "666666666666";
const HOME: &str = "eu-west-1";
const ABROAD: &str = "us-east-1";
const CHINA: &str = "cn-north-1";

/// An instance that AWS refuses to start a few times.
pub(super) const STUCK: &str = "shop-web-4";
/// An instance that somebody stops and starts by hand.
pub(super) const TAMPERED: &str = "shop-web-1";

/// Stands for an instance type where the resource is of a kind that has none.
const CLUSTER: &str = "a database cluster";
const GROUP: &str = "an Auto Scaling group";
const SERVICE: &str = "an ECS service";
const WAREHOUSE: &str = "a Redshift cluster";

/// Resources that are alike. A type that begins with `db.` is a database.
struct Alike {
    account: &'static str,
    region: &'static str,
    count: usize,
    name: &'static str,
    instance_type: &'static str,
    schedule: &'static str,
}

const fn alike(
    account: &'static str,
    region: &'static str,
    count: usize,
    name: &'static str,
    instance_type: &'static str,
    schedule: &'static str,
) -> Alike {
    Alike { account, region, count, name, instance_type, schedule }
}

/// Stands for no tag in [`RESOURCES`].
const UNTAGGED: &str = "";

const RESOURCES: [Alike; 19] = [
    alike(SHOP, HOME, 6, "shop-web", "m5.large", "berlin-office"),
    alike(SHOP, HOME, 2, "shop-db", "db.m6g.large", "berlin-office"),
    alike(SHOP, HOME, 1, "shop-payments", "m5.xlarge", UNTAGGED),
    alike(SHOP, HOME, 1, "shop-orders", CLUSTER, "berlin-office"),
    alike(SHOP, HOME, 1, "shop-workers", GROUP, "berlin-office"),
    alike(SHOP, HOME, 1, "shop/api", SERVICE, "berlin-office"),
    alike(DATA, HOME, 1, "data-lake", WAREHOUSE, "nightly-batch"),
    alike(SHOP, ABROAD, 4, "shop-us-web", "m5.large", "new-york-office"),
    alike(SHOP, ABROAD, 1, "shop-us-db", "db.m6g.large", "new-york-office"),
    alike(DATA, HOME, 4, "etl", "r6i.2xlarge", "nightly-batch"),
    alike(DATA, HOME, 1, "warehouse", "db.r6g.xlarge", "nightly-batch"),
    alike(DATA, HOME, 1, "notebook", "t3.medium", "berlin-ofice"),
    alike(DATA, HOME, 1, "importer", "t3.large", "half-written"),
    alike(DATA, ABROAD, 3, "report", "m5.large", "new-york-office"),
    alike(LAB, HOME, 4, "lab", "c6i.large", "berlin-office"),
    alike(SHOP_CN, CHINA, 5, "cn-web", "m5.large", "shanghai-office"),
    alike(SHOP_CN, CHINA, 2, "cn-db", "db.m6g.large", "shanghai-office"),
    alike(SHOP_CN, CHINA, 1, "cn-gateway", "t3.medium", UNTAGGED),
    alike(SHOP, ABROAD, 4, "shop-us-batch", "c6i.xlarge", "nightly-batch"),
];

/// The values of the schedule tag, and what the story says of them.
const CAST: [(&str, &str); 7] = [
    (
        "berlin-office",
        "08:00-18:00 on working days in Berlin; four are in an account that denies access",
    ),
    ("new-york-office", "08:00-18:00 on working days in New York"),
    ("shanghai-office", "09:00-20:00 on working days in Shanghai, in the partition aws-cn"),
    ("nightly-batch", "22:00-05:00 every night in Berlin"),
    ("berlin-ofice", "no schedule has this name"),
    ("half-written", "a schedule that names a period which does not exist"),
    (UNTAGGED, "without the tag: none of Dayshift's business, never touched"),
];

/// What was deployed.
pub(super) struct Estate {
    pub(super) stage: Stage,
    pub(super) home: Region,
    /// The name of each resource, by account and id.
    names: BTreeMap<(String, String), String>,
    accounts: BTreeMap<&'static str, Caller>,
}

impl Estate {
    /// Deploys everything through the AWS APIs, as templates and people would.
    pub(super) async fn deploy(sandbox: &Sandbox) -> Result<Self, CallError> {
        let stage = Stage::deploy(sandbox, HUB, HOME).await?;
        stage.serve(&[SHOP, DATA, LAB], &[HOME, ABROAD]).await?;
        let base = sandbox.create_account("aws-cn", BASE_CN);
        stage.serve_partition("aws-cn", &[SHOP_CN], &[CHINA], &base).await?;
        store_schedules(&stage).await?;
        let trusted_cn = format!("arn:aws-cn:iam::{BASE_CN}:root");
        let accounts = BTreeMap::from([
            (SHOP, stage.deploy_spoke(SHOP, HOME).await?),
            (DATA, stage.deploy_spoke(DATA, HOME).await?),
            (LAB, stage.deploy_spoke_trusting("aws", LAB, HOME, "999999999999").await?),
            (SHOP_CN, stage.deploy_spoke_trusting("aws-cn", SHOP_CN, CHINA, &trusted_cn).await?),
        ]);
        #[expect(clippy::unwrap_used, reason = "a literal")]
        let home = HOME.parse().unwrap();
        let mut estate = Self { stage, home, names: BTreeMap::new(), accounts };
        estate.create_resources().await?;
        estate.make_stuck();
        Ok(estate)
    }

    async fn create_resources(&mut self) -> Result<(), CallError> {
        for Alike { account, region, count, name, instance_type, schedule } in &RESOURCES {
            let caller = self.account(account).in_region(region);
            let schedule = Some(*schedule).filter(|schedule| *schedule != UNTAGGED);
            for n in 1..=*count {
                let name = if *count == 1 { (*name).to_owned() } else { format!("{name}-{n}") };
                let wanted = Wanted { name: &name, instance_type, schedule };
                let id = create(&caller, &wanted).await?;
                self.names.insert(((*account).to_owned(), id), name);
            }
        }
        Ok(())
    }

    /// AWS refuses to start one instance five times: in the first batch, whose refusal names it, and in the four passes after.
    fn make_stuck(&self) {
        let id = self.id(SHOP, STUCK).to_owned();
        let message =
            format!("The instance '{id}' is not in a state from which it can be started.");
        self.stage.sandbox.inject(Fault {
            operation: Some("StartInstances".into()),
            resource: Some(id),
            times: Some(5),
            ..Fault::always(Effect::Error {
                status: 400,
                code: "IncorrectInstanceState".into(),
                message,
            })
        });
    }

    pub(super) fn account(&self, account: &str) -> &Caller {
        &self.accounts[account]
    }

    /// The name of a resource; its id if it has none.
    pub(super) fn name<'a>(&'a self, account: &str, id: &'a str) -> &'a str {
        self.names.get(&(account.to_owned(), id.to_owned())).map_or(id, String::as_str)
    }

    /// The id of a resource by its name.
    pub(super) fn id(&self, account: &str, name: &str) -> &str {
        let named =
            self.names.iter().find(|((owner, _), other)| owner == account && *other == name);
        named.map_or("", |((_, id), _)| id)
    }

    /// The id of a resource by its name, wherever it is.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.names.iter().find(|(_, other)| *other == name).map(|((_, id), _)| id.as_str())
    }

    pub(super) fn size(&self) -> usize {
        self.names.len()
    }

    /// Each value of the schedule tag, what it means, and how many resources carry it.
    pub(super) fn cast() -> impl Iterator<Item = (&'static str, &'static str, usize)> {
        let carrying = |tag: &str| {
            RESOURCES.iter().filter(|row| row.schedule == tag).map(|row| row.count).sum()
        };
        CAST.into_iter().map(move |(tag, words)| (tag, words, carrying(tag)))
    }
}

/// Creates a resource; answers with its id.
async fn create(account: &Caller, wanted: &Wanted<'_>) -> Result<String, CallError> {
    let Wanted { name, instance_type, schedule } = *wanted;
    match instance_type {
        CLUSTER => stage::create_cluster(account, name, "aurora-postgresql", schedule).await?,
        GROUP => stage::create_group(account, name, 2, 3, 6, schedule).await?,
        SERVICE => {
            let (cluster, service) = name.split_once('/').unwrap_or((name, name));
            stage::create_service(account, cluster, service, 4, schedule).await?;
            stage::create_scalable_target(account, cluster, service, 2, 8).await?;
        }
        WAREHOUSE => stage::create_warehouse(account, name, schedule).await?,
        database if database.starts_with("db.") => stage::create_database(account, wanted).await?,
        _ => return stage::run_instance(account, wanted).await,
    }
    Ok(name.to_owned())
}

async fn store_schedules(stage: &Stage) -> Result<(), CallError> {
    let working_days = json!(["mon-fri"]);
    for (name, period) in [
        (
            "office-hours",
            json!({"begintime": "08:00", "endtime": "18:00", "weekdays": working_days}),
        ),
        ("long-hours", json!({"begintime": "09:00", "endtime": "20:00", "weekdays": working_days})),
        ("night", json!({"begintime": "22:00", "endtime": "05:00"})),
    ] {
        stage.put_item("period", name, &period).await?;
    }
    for (name, schedule) in [
        ("berlin-office", json!({"timezone": "Europe/Berlin", "periods": ["office-hours"]})),
        ("new-york-office", json!({"timezone": "America/New_York", "periods": ["office-hours"]})),
        ("shanghai-office", json!({"timezone": "Asia/Shanghai", "periods": ["long-hours"]})),
        ("nightly-batch", json!({"timezone": "Europe/Berlin", "periods": ["night"]})),
        ("half-written", json!({"timezone": "Europe/Berlin", "periods": ["offices-hours"]})),
    ] {
        stage.put_item("schedule", name, &schedule).await?;
    }
    Ok(())
}
