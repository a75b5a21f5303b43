//! `doctor` on the sandbox: one thing is wrong, and that one thing is found.

use scheduler_engine::doctor::{Examination, Finding, Severity};
use scheduler_sandbox::{CallError, stage::STACK};

use super::*;

impl World {
    /// With an instance that follows the good schedule, at work; a pass has run.
    async fn at_work() -> Self {
        let world = World::new().await;
        world.stage.sandbox.set_now("2026-03-02T10:00:00Z".parse().unwrap());
        world.launch(&world.spoke, Some("office")).await;
        world.wait();
        world.send(rule()).await.unwrap();
        world.wait();
        world
    }

    async fn examine(&self) -> Examination {
        match self.ask(json!({"action": "doctor"})).await.unwrap() {
            Answer::Doctor(diagnosis) => diagnosis.examination,
            other => panic!("{other:?}"),
        }
    }

    /// The one finding, notes aside.
    async fn the_finding(&self) -> Finding {
        let mut findings = self.examine().await.findings;
        findings.retain(|finding| finding.severity != Severity::Note);
        let [finding] = &findings[..] else { panic!("{findings:#?}") };
        finding.clone()
    }

    /// Checks that there is one finding, of this code and place, that says each of these words.
    async fn finds(&self, code: &str, place: &str, words: &[&str]) {
        let finding = self.the_finding().await;
        assert_eq!((finding.code.as_str(), &*finding.place), (code, place), "{finding:#?}");
        for word in words {
            let said = format!("{} / {}", finding.message, finding.help);
            assert!(said.contains(word), "`{word}` is not in: {said}");
        }
    }

    fn fail(&self, operation: &str, code: &str, message: &str) {
        let effect = Effect::Error { status: 400, code: code.into(), message: message.into() };
        let operation = Some(operation.into());
        self.stage.sandbox.inject(Fault { operation, ..Fault::always(effect) });
    }

    async fn create_table(&self, name: &str, hash: &str, range: &str) -> Result<(), CallError> {
        let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
        let attribute = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
        let table = json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [key(hash, "HASH"), key(range, "RANGE")],
            "AttributeDefinitions": [attribute(hash), attribute(range)],
        });
        let hub = &self.stage.hub;
        hub.json("dynamodb", "DynamoDB_20120810.CreateTable", table).await.map(drop)
    }
}

#[tokio::test]
async fn a_healthy_deployment_has_no_findings_and_nothing_is_written() {
    let world = World::at_work().await;
    world.stage.sandbox.reset_calls();
    let examination = world.examine().await;
    assert_eq!(examination.findings, []);
    let checked = serde_json::to_value(examination.checked).unwrap();
    let permissions = checked["permissions"].as_u64().unwrap();
    assert!(permissions > 60, "{permissions} for two accounts");
    let expected = json!({
        "parameters": 6, "tables": 2, "schedules": 1, "accounts": 2, "targets": 2, "resources": 1,
        "permissions": permissions,
    });
    assert_eq!(checked, expected);
    let reads = ["Describe", "Get", "Scan", "Query", "Simulate", "AssumeRole"];
    // These were sent as dry runs: the instance is what it was.
    let rehearsed = ["StartInstances", "StopInstances", "ModifyInstanceAttribute"];
    for call in world.stage.sandbox.calls() {
        let operation = call.operation.as_str();
        let is_read = reads.iter().any(|prefix| operation.starts_with(prefix));
        assert!(is_read || rehearsed.contains(&operation), "{operation}");
    }
    let answer = world.spoke.query("ec2", "DescribeInstances", &[]).await.unwrap();
    assert!(answer.contains("<name>running</name>"), "{answer}");
}

#[tokio::test]
async fn a_permission_that_is_missing_is_named() {
    for (action, parameter, place) in [
        ("rds:StopDBInstance", "RdsInstances=Yes", "aws/222222222222"),
        ("redshift:DescribeClusters", "RedshiftClusters=Yes", "aws/222222222222/eu-west-1"),
        // A dry run shows it, on the instance that is there.
        ("ec2:StartInstances", "Ec2Instances=Yes", "aws/222222222222/eu-west-1"),
        ("autoscaling:UpdateAutoScalingGroup", "AutoScalingGroups=Yes", "aws/222222222222"),
        ("tag:GetResources", "EcsServices=Yes", "aws/222222222222/eu-west-1"),
    ] {
        let world = World::at_work().await;
        stage::forbid(&world.spoke, &[action]).await.unwrap();
        world.finds("missing-permission", place, &[action, parameter]).await;
        assert_eq!(world.the_finding().await.severity, Severity::Error);
    }
}

#[tokio::test]
async fn what_one_parameter_of_the_template_gives_is_one_finding() {
    let world = World::at_work().await;
    let actions = ["redshift:DescribeClusters", "redshift:PauseCluster", "redshift:ResumeCluster"];
    stage::forbid(&world.spoke, &actions).await.unwrap();
    world.finds("missing-permission", "aws/222222222222", &[&actions.join(", ")]).await;
}

#[tokio::test]
async fn what_some_schedules_need_is_a_warning() {
    let world = World::at_work().await;
    stage::forbid(&world.spoke, &["ec2:CreateTags"]).await.unwrap();
    world.finds("missing-permission", "aws/222222222222", &["ec2:CreateTags", "Tags=Yes"]).await;
    assert_eq!(world.the_finding().await.severity, Severity::Warning);
}

#[tokio::test]
async fn a_role_that_may_not_ask_is_noted() {
    let world = World::at_work().await;
    stage::forbid(&world.spoke, &["iam:SimulatePrincipalPolicy"]).await.unwrap();
    let examination = world.examine().await;
    assert!(!examination.has_findings());
    let codes: Vec<_> = examination.findings.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["permissions-unknown"]);
}

#[tokio::test]
async fn a_role_that_asks_for_another_external_id_cannot_be_assumed() {
    let world = World::at_work().await;
    world.stage.put_parameter("external-id", "String", "another").await.unwrap();
    let findings = world.examine().await.findings;
    let found: Vec<_> = findings.iter().map(|one| (one.code.as_str(), &*one.place)).collect();
    let denied = [("role-denied", "aws/222222222222"), ("role-denied", "aws/333333333333")];
    assert_eq!(&found[..2], denied, "{findings:#?}");
    // Nobody gets to see whether passes run.
    assert_eq!(found[2..], [("passes-unknown", "the schedule rule")]);
    for word in ["RoleName=dayshift-spoke", "TrustedPrincipalArn", "ExternalId", "get-role"] {
        assert!(findings[0].help.contains(word), "{word}: {}", findings[0].help);
    }
}

#[tokio::test]
async fn a_role_that_is_missing_is_one_accounts_finding() {
    let world = World::at_work().await;
    let policy = [("RoleName", stage::SPOKE_ROLE), ("PolicyName", "dayshift")];
    world.other.query("iam", "DeleteRolePolicy", &policy).await.unwrap();
    world.other.query("iam", "DeleteRole", &policy[..1]).await.unwrap();
    world.finds("role-denied", "aws/333333333333", &["in account 333333333333"]).await;
}

#[tokio::test]
async fn a_region_that_is_off_is_to_be_enabled() {
    let world = World::at_work().await;
    world.stage.put_parameter("regions", "StringList", "eu-west-1,ap-east-1").await.unwrap();
    world.stage.sandbox.disable_region(SPOKE, "ap-east-1");
    let place = "aws/222222222222/ap-east-1";
    world.finds("region-disabled", place, &["enable-region --region-name ap-east-1"]).await;
}

#[tokio::test]
async fn a_broken_schedule_is_named_with_its_mistake() {
    let world = World::at_work().await;
    let fields = json!({"periods": ["office-hours"], "timezone": "Mars/Olympus"});
    world.stage.put_item("schedule", "martian", &fields).await.unwrap();
    world.finds("schedule-mistake", "schedules.martian", &["timezone", "Mars/Olympus"]).await;
    for n in 0..6 {
        world.stage.put_item("schedule", &format!("martian-{n}"), &fields).await.unwrap();
    }
    let findings = world.examine().await.findings;
    assert_eq!(findings.len(), 6, "{findings:#?}");
    assert!(findings.iter().any(|one| one.message == "there are 2 more mistakes"));
}

#[tokio::test]
async fn a_table_that_is_not_there_is_named() {
    let world = World::at_work().await;
    world.stage.put_parameter("state-table", "String", "nowhere").await.unwrap();
    world.finds("table-missing", "nowhere", &["state-table"]).await;
}

#[tokio::test]
async fn a_table_with_another_key_is_named() {
    let world = World::at_work().await;
    world.create_table("wrong", "name", "type").await.unwrap();
    world.stage.put_parameter("config-table", "String", "wrong").await.unwrap();
    let words = ["name (S), type (S)", "type (S), name (S)"];
    world.finds("table-key", "wrong", &words).await;
}

#[tokio::test]
async fn a_state_table_that_keeps_everything_is_a_warning() {
    let world = World::at_work().await;
    let off = json!({
        "TableName": format!("{STACK}-state"),
        "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": false},
    });
    let hub = &world.stage.hub;
    hub.json("dynamodb", "DynamoDB_20120810.UpdateTimeToLive", off).await.unwrap();
    world.finds("table-expiry", "dayshift-state", &["update-time-to-live"]).await;
    assert_eq!(world.the_finding().await.severity, Severity::Warning);
}

#[tokio::test]
async fn a_function_that_may_not_describe_its_tables_still_uses_them() {
    let world = World::at_work().await;
    world.fail("DescribeTable", "AccessDeniedException", "no");
    let examination = world.examine().await;
    assert!(!examination.has_findings(), "{:#?}", examination.findings);
    assert_eq!((examination.findings.len(), examination.checked.schedules), (2, 1));
}

#[tokio::test]
async fn parameters_that_are_wrong_are_named() {
    let world = World::at_work().await;
    world.stage.put_parameter("kinds", "StringList", "ec2").await.unwrap();
    world.finds("bad-parameter", "/dayshift/dayshift/kinds", &["ec2-instance"]).await;
    let world = World::at_work().await;
    world.fail("GetParametersByPath", "AccessDeniedException", "no");
    world.finds("parameters-unreadable", "/dayshift/dayshift", &["ssm:GetParametersByPath"]).await;
}

#[tokio::test]
async fn an_instance_whose_key_may_not_be_used_names_the_grant() {
    let world = World::at_work().await;
    let id = world.launch(&world.spoke, Some("office")).await;
    stage::by_hand(&world.spoke, "StopInstances", &id).await.unwrap_err();
    world.wait();
    stage::by_hand(&world.spoke, "StopInstances", &id).await.unwrap();
    world.wait();
    world.stage.sandbox.inject(stage::unusable_key(&id));
    stage::by_hand(&world.spoke, "StartInstances", &id).await.unwrap();
    world.wait();
    world.send(rule()).await.unwrap();
    world.wait();
    let words = [&*id, "KmsKeyArns", "describe-volumes --region eu-west-1"];
    world.finds("key-grant", "aws/222222222222/eu-west-1", &words).await;
}

#[tokio::test]
async fn passes_that_do_not_run_are_missed_once_something_is_due() {
    let world = World::at_work().await;
    world.stage.put_parameter("frequency", "String", "rate(5 minutes)").await.unwrap();
    // At eighteen hours it should have been stopped.
    world.stage.sandbox.set_now("2026-03-02T18:10:00Z".parse().unwrap());
    assert!(!world.examine().await.has_findings());
    world.wait();
    world.finds("no-pass", "the schedule rule", &["2026-03-02T18:00:00Z", "Active=Yes"]).await;
    world.send(rule()).await.unwrap();
    assert_eq!(world.examine().await.findings, []);
}

#[tokio::test]
async fn a_target_that_does_not_answer_keeps_nobody_waiting() {
    let world = World::at_work().await;
    world.stage.sandbox.inject(Fault {
        account: Some(OTHER.into()),
        operation: Some("DescribeInstances".into()),
        ..Fault::always(Effect::Hang)
    });
    let limit = Duration::from_secs(2);
    let began = std::time::Instant::now();
    let call = Invocation { id: "test".into(), deadline: tokio::time::Instant::now() + limit };
    let answer = world.hub.answer(&json!({"action": "doctor"}), &call).await.unwrap();
    assert!(began.elapsed() < limit + Duration::from_secs(1), "{:?}", began.elapsed());
    let Answer::Doctor(diagnosis) = answer else { panic!("{answer:?}") };
    let findings = diagnosis.examination.findings;
    let found: Vec<_> = findings.iter().map(|one| (one.code.as_str(), &*one.place)).collect();
    assert_eq!(found, [("not-examined", "aws/333333333333/eu-west-1")], "{findings:#?}");
}
