//! Which accounts a hub serves: those it is told, those in lists, those it finds in an organization.

use std::time::Duration;

use chrono::TimeDelta;
use scheduler_aws::Aws;
use scheduler_core::{mistake::Code, settings::BaseCredentials};
use scheduler_hub::{Hub, Invocation, answer::Run};
use scheduler_sandbox::{
    Caller, Effect, Fault, Sandbox,
    stage::{Organization, SPOKE_ROLE, Stage},
};
use serde_json::{Value, json};

const HUB: &str = "111111111111";
const A: &str = "222222222222";
const B: &str = "333333333333";
const C: &str = "444444444444";
const REGION: &str = "eu-west-1";

/// A hub, three spokes that it is told nothing of, and nothing to start or stop.
struct World {
    stage: Stage,
    spokes: [Caller; 3],
    hub: Hub,
}

impl World {
    async fn new() -> Self {
        let sandbox = Sandbox::new("2026-03-02T06:40:00Z".parse().unwrap());
        let stage = Stage::deploy(&sandbox, HUB, REGION).await.unwrap();
        let mut spokes = Vec::new();
        for account in [A, B, C] {
            spokes.push(stage.deploy_spoke(account, REGION).await.unwrap());
        }
        let keys = stage.session().await.unwrap();
        let credentials = BaseCredentials::long_lived(&keys.access_key_id, &keys.secret_access_key)
            .with_session(keys.session_token.as_deref());
        let home = REGION.parse().unwrap();
        let aws = Aws::in_process(sandbox.handler(), &home, &credentials, sandbox.clock());
        let hub = Hub::new(aws, stage.prefix());
        Self { stage, spokes: spokes.try_into().unwrap(), hub }
    }

    /// An organization that the hub's account manages, with A in a unit, B in a unit of that one, and C beside them.
    async fn organized() -> (Self, Organization, String) {
        let world = Self::new().await;
        let organization = Organization::create(&world.stage.hub).await.unwrap();
        let unit = world.fill(&organization).await;
        world.put("organizational-units", &unit).await;
        world.stage.sandbox.reset_calls();
        (world, organization, unit)
    }

    async fn fill(&self, organization: &Organization) -> String {
        let [a, b, c] = &self.spokes;
        let unit = organization.unit(&organization.root, "workloads").await.unwrap();
        let below = organization.unit(&unit, "test").await.unwrap();
        organization.admit(a, &unit).await.unwrap();
        organization.admit(b, &below).await.unwrap();
        organization.admit(c, &organization.root).await.unwrap();
        unit
    }

    async fn put(&self, name: &str, value: &str) {
        self.stage.put_parameter(name, "String", value).await.unwrap();
    }

    /// Writes a parameter that is not below the hub's prefix.
    async fn put_elsewhere(&self, name: &str, kind: &str, value: &str) {
        let parameter = json!({"Name": name, "Type": kind, "Value": value, "Overwrite": true});
        self.stage.hub.json("ssm", "AmazonSSM.PutParameter", parameter).await.unwrap();
    }

    async fn run(&self) -> Run {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        let call = Invocation { id: "test".into(), deadline };
        let event: Value = json!({"action": "run"});
        self.hub.answer(&event, &call).await.unwrap().into_run().unwrap()
    }

    fn wait(&self, minutes: i64) {
        self.stage.sandbox.set_now(self.stage.sandbox.now() + TimeDelta::minutes(minutes));
    }

    fn fail(&self, operation: &str, code: &str, times: Option<u32>, resource: Option<&str>) {
        self.stage.sandbox.inject(Fault {
            operation: Some(operation.into()),
            resource: resource.map(str::to_owned),
            times,
            ..Fault::always(Effect::Error {
                status: 400,
                code: code.into(),
                message: "not now".into(),
            })
        });
    }

    fn calls(&self, operation: &str) -> u64 {
        let calls = self.stage.sandbox.calls();
        calls.iter().filter(|call| call.operation == operation).map(|call| call.count).sum()
    }

    /// The Regions for which an operation was signed.
    fn regions(&self, operation: &str) -> Vec<String> {
        let calls = self.stage.sandbox.calls().into_iter();
        calls.filter(|call| call.operation == operation).map(|call| call.region).collect()
    }
}

fn accounts(run: &Run) -> Vec<&str> {
    run.run.targets.iter().map(|row| row.account.as_str()).collect()
}

/// Where, and the sort.
fn mistakes(run: &Run) -> Vec<(&str, Code)> {
    run.mistakes.iter().map(|one| (one.field.as_str(), one.code)).collect()
}

#[tokio::test]
async fn accounts_are_found_in_units_below_units_and_over_pages() {
    let (world, organization, unit) = World::organized().await;
    let mut expected = vec![A.to_owned(), B.to_owned()];
    for n in 0..25 {
        expected.push(organization.account(&unit, &format!("more-{n}")).await.unwrap());
        organization.unit(&unit, &format!("empty-{n}")).await.unwrap();
    }
    let run = world.run().await;
    assert_eq!(
        (accounts(&run), mistakes(&run)),
        (expected.iter().map(String::as_str).collect(), vec![])
    );
    assert!(run.run.targets.iter().take(2).all(|row| row.outcome == "ok"), "{:?}", run.run.targets);
    // One page of each for each of 27 units, and one more of each for the fullest.
    assert_eq!(
        (world.calls("ListAccountsForParent"), world.calls("ListOrganizationalUnitsForParent")),
        (28, 28)
    );
    assert_eq!(world.regions("ListAccountsForParent"), ["us-east-1"]);
}

#[tokio::test]
async fn a_suspended_account_is_not_served() {
    let (world, organization, _) = World::organized().await;
    organization.close(&world.spokes[0]).await.unwrap();
    let run = world.run().await;
    assert_eq!((accounts(&run), mistakes(&run)), (vec![B], vec![]));
}

#[tokio::test]
async fn a_named_account_keeps_its_role_and_an_excluded_one_is_not_served() {
    let (world, organization, _) = World::organized().await;
    world.put("organizational-units", &organization.root).await;
    world.put("accounts", &format!("arn:aws:iam::{A}:role/mine")).await;
    world.put("excluded-accounts", &format!("{B},{HUB}")).await;
    let run = world.run().await;
    assert_eq!((accounts(&run), mistakes(&run)), (vec![A, C], vec![]));
    let reasons: Vec<_> = run.run.targets.iter().map(|row| row.code.as_deref()).collect();
    assert_eq!(reasons, [Some("denied"), None], "there is no role `mine`, and C has {SPOKE_ROLE}");
}

#[tokio::test]
async fn what_was_found_is_believed_for_an_hour_and_longer_if_it_cannot_be_asked_for() {
    let (world, organization, unit) = World::organized().await;
    world.run().await;
    let asked = world.calls("ListAccountsForParent");
    world.wait(59);
    assert_eq!(accounts(&world.run().await), [A, B]);
    assert_eq!(world.calls("ListAccountsForParent"), asked);

    let new = organization.account(&unit, "new").await.unwrap();
    world.fail("ListAccountsForParent", "AccessDeniedException", None, None);
    world.wait(2);
    let run = world.run().await;
    assert_eq!((accounts(&run), mistakes(&run)), (vec![A, B], vec![]));
    assert!(world.calls("ListAccountsForParent") > asked);
    let asked = world.calls("ListAccountsForParent");
    world.wait(4);
    assert_eq!(accounts(&world.run().await), [A, B]);
    assert_eq!(world.calls("ListAccountsForParent"), asked, "not in every pass");

    world.stage.sandbox.clear_faults();
    world.wait(2);
    assert_eq!(accounts(&world.run().await), [A, B, &new]);
}

#[tokio::test]
async fn when_nothing_can_be_found_those_named_are_served() {
    let (world, _, unit) = World::organized().await;
    world.put("accounts", C).await;
    world.fail("ListOrganizationalUnitsForParent", "AccessDeniedException", None, None);
    let run = world.run().await;
    assert_eq!(
        (accounts(&run), mistakes(&run)),
        (vec![C], vec![("organizational-units", Code::Unreadable)])
    );
    assert_eq!(run.mistakes[0].text, unit);
    world.stage.sandbox.clear_faults();
    assert_eq!(accounts(&world.run().await), [A, B, C]);
}

#[tokio::test]
async fn a_wrong_unit_costs_itself_alone() {
    let (world, _, unit) = World::organized().await;
    world.put("organizational-units", &format!("ou-sb01-99999999,workloads,{unit}")).await;
    let run = world.run().await;
    let field = "organizational-units";
    assert_eq!(
        (accounts(&run), mistakes(&run)),
        (vec![A, B], vec![(field, Code::BadName), (field, Code::Unreadable)])
    );
}

#[tokio::test]
async fn throttling_is_waited_out() {
    let (world, ..) = World::organized().await;
    world.fail("ListAccountsForParent", "TooManyRequestsException", Some(5), None);
    let run = world.run().await;
    assert_eq!((accounts(&run), mistakes(&run)), (vec![A, B], vec![]));
}

#[tokio::test]
async fn an_organization_that_does_not_answer_costs_half_of_the_time_at_most() {
    let (world, ..) = World::organized().await;
    world.put("accounts", C).await;
    world.stage.sandbox.inject(Fault {
        operation: Some("ListAccountsForParent".into()),
        ..Fault::always(Effect::Hang)
    });
    let deadline = tokio::time::Instant::now() + Duration::from_secs(1);
    let call = Invocation { id: "test".into(), deadline };
    let answer = world.hub.answer(&json!({"action": "run"}), &call).await;
    let run = answer.unwrap().into_run().unwrap();
    assert_eq!((accounts(&run), run.run.targets[0].outcome.as_str()), (vec![C], "ok"));
}

#[tokio::test]
async fn a_delegated_administrator_finds_accounts_and_another_member_does_not() {
    let world = World::new().await;
    let sandbox = &world.stage.sandbox;
    let management = Caller::new(sandbox, &sandbox.create_account("aws", "999999999999"), REGION);
    let organization = Organization::create(&management).await.unwrap();
    let unit = world.fill(&organization).await;
    organization.admit(&world.stage.hub, &organization.root).await.unwrap();
    world.put("organizational-units", &unit).await;
    let run = world.run().await;
    assert_eq!(
        (accounts(&run), mistakes(&run)),
        (vec![], vec![("organizational-units", Code::Unreadable)])
    );
    organization.delegate(&world.stage.hub).await.unwrap();
    assert_eq!(accounts(&world.run().await), [A, B]);
}

#[tokio::test]
async fn another_partitions_organization_is_asked_there_and_with_its_credentials() {
    let (world, ..) = World::organized().await;
    let sandbox = &world.stage.sandbox;
    let keys = sandbox.create_account("aws-cn", "555555555555");
    let management = Caller::new(sandbox, &keys, "cn-north-1");
    let organization = Organization::create(&management).await.unwrap();
    let principal = "arn:aws-cn:iam::555555555555:root";
    let spoke =
        world.stage.deploy_spoke_trusting("aws-cn", A, "cn-north-1", principal).await.unwrap();
    organization.admit(&spoke, &organization.root).await.unwrap();
    world.stage.serve_partition("aws-cn", &["666666666666"], &["cn-north-1"], &keys).await.unwrap();
    world.put("partitions/aws-cn/organizational-units", &organization.root).await;
    world.put("partitions/aws-cn/excluded-accounts", "555555555555").await;
    let run = world.run().await;
    let chinese = run.run.targets.iter().filter(|row| row.region == "cn-north-1");
    let told: Vec<_> = chinese.map(|row| (row.account.as_str(), row.outcome.as_str())).collect();
    assert_eq!(told, [(A, "ok"), ("666666666666", "failed")]);
    assert_eq!(mistakes(&run), []);
    assert_eq!(world.regions("ListAccountsForParent"), ["us-east-1", "cn-northwest-1"]);
}

#[tokio::test]
async fn lists_are_read_ten_at_a_time_and_one_that_is_not_there_costs_itself_alone() {
    let world = World::new().await;
    world.put_elsewhere("/team/a", "StringList", &format!("{A},{{param:/team/b}}")).await;
    world.put_elsewhere("/team/b", "String", &format!("{B}\n{{param:/team/a}}\n")).await;
    world.put_elsewhere("/team/secret", "SecureString", C).await;
    let empty: Vec<_> = (0..9).map(|n| format!("{{param:none-{n}}}")).collect();
    world
        .put(
            "accounts",
            &format!("{{param:/team/a}},{C},{{param:/team/secret}},{}", empty.join(",")),
        )
        .await;
    world.stage.sandbox.reset_calls();
    let run = world.run().await;
    assert_eq!(accounts(&run), [A, B, C]);
    let mut expected = vec![("accounts", Code::Unreadable)];
    expected.extend([("accounts", Code::Missing); 9]);
    expected.push(("/team/b", Code::Conflict));
    assert_eq!(mistakes(&run), expected);
    assert_eq!(world.calls("GetParameters"), 3, "eleven names, then the one list in a list");
}

#[tokio::test]
async fn a_list_that_may_not_be_read_costs_itself_alone() {
    let world = World::new().await;
    world.put_elsewhere("ours", "String", A).await;
    world.put_elsewhere("theirs", "String", B).await;
    world.put("accounts", "{param:ours},{param:theirs}").await;
    world.fail("GetParameters", "AccessDeniedException", None, Some("theirs"));
    let run = world.run().await;
    assert_eq!((accounts(&run), mistakes(&run)), (vec![A], vec![("accounts", Code::Unreadable)]));
    assert_eq!(run.mistakes[0].text, "{param:theirs}");
}
