//! The stage as those who stand on it see it.

use chrono::{TimeDelta, TimeZone, Utc};

use super::*;
use crate::{Effect, Fault};

async fn deployed() -> (Stage, Caller) {
    let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap());
    let stage = Stage::deploy(&sandbox, "111111111111", "eu-west-1").await.unwrap();
    let spoke = stage.deploy_spoke("222222222222", "eu-west-1").await.unwrap();
    (stage, spoke)
}

/// A client of the hub's function in the spoke.
async fn in_spoke_role(stage: &Stage) -> Caller {
    let session = stage.session().await.unwrap();
    let role = format!("arn:aws:iam::222222222222:role/{SPOKE_ROLE}");
    let hub = Caller::new(&stage.sandbox, &session, "eu-west-1");
    hub.assume(&role, "scheduler", Some(EXTERNAL_ID)).await.unwrap()
}

/// Calls an operation with nothing in it; gives the code of the error.
async fn code(caller: &Caller, service: &str, operation: &str) -> Option<String> {
    let answer = match service {
        "autoscaling" | "redshift" => caller.query(service, operation, &[]).await.map(drop),
        _ => caller.json(service, &format!("Target.{operation}"), json!({})).await.map(drop),
    };
    answer.err().map(|error| error.code)
}

#[tokio::test]
async fn faults_and_policies_hold_for_every_service() {
    let (stage, spoke) = deployed().await;
    let scheduler = in_spoke_role(&stage).await;
    for (service, allowed, other) in [
        ("autoscaling", "DescribeAutoScalingGroups", "DeleteAutoScalingGroup"),
        ("redshift", "DescribeClusters", "DeleteCluster"),
        ("ecs", "DescribeServices", "DeleteService"),
        ("application-autoscaling", "DescribeScalableTargets", "DeregisterScalableTarget"),
        ("tagging", "GetResources", "GetTagKeys"),
    ] {
        let denied = |code: Option<String>| code.is_some_and(|code| code.contains("AccessDenied"));
        assert!(!denied(code(&scheduler, service, allowed).await), "{service}:{allowed}");
        assert!(denied(code(&scheduler, service, other).await), "{service}:{other}");
        let throttle =
            Effect::Error { status: 400, code: "Throttling".into(), message: "Rate".into() };
        let once = Some(1);
        let operation = Some(allowed.to_owned());
        stage.sandbox.inject(Fault { operation, times: once, ..Fault::always(throttle) });
        assert_eq!(code(&spoke, service, allowed).await.as_deref(), Some("Throttling"));
    }
}

#[tokio::test]
async fn shards_are_sent_by_the_function_and_taken_by_the_hub() {
    let (stage, _) = deployed().await;
    let stage = stage.with_queue().await.unwrap();
    let session = stage.session().await.unwrap();
    let function = Caller::new(&stage.sandbox, &session, "eu-west-1");
    let url = stage.queue_url(SHARD_QUEUE).await.unwrap();
    let named = json!({"Name": "/dayshift/dayshift/shard-queue"});
    let parameter = stage.hub.json("ssm", "AmazonSSM.GetParameter", named).await.unwrap();
    assert_eq!(parameter["Parameter"]["Value"], url);
    let shard = json!({"QueueUrl": url, "Entries": [{"Id": "0", "MessageBody": "shard"}]});
    function.json("sqs", "AmazonSQS.SendMessageBatch", shard).await.unwrap();
    let asked = json!({"QueueUrl": url});
    let denied = function.json("sqs", "AmazonSQS.ReceiveMessage", asked).await.unwrap_err();
    assert_eq!((denied.status, denied.code.as_str()), (403, "AccessDenied"));
    let received = stage.receive(SHARD_QUEUE).await.unwrap();
    assert_eq!((received.len(), &received[0]["Body"]), (1, &json!("shard")));
    stage.delete(SHARD_QUEUE, &received[0]).await.unwrap();
    let left = stage.queue_attribute(SHARD_QUEUE, "ApproximateNumberOfMessagesNotVisible").await;
    assert_eq!(left.unwrap(), "0");
}

#[tokio::test]
async fn what_is_created_can_be_read() {
    let (stage, spoke) = deployed().await;
    let sandbox = &stage.sandbox;
    let sizes = Sizes { min: 0, max: 3, desired: 2 };
    create_group(&spoke, "web", 0, 2, 3, Some("office")).await.unwrap();
    create_service(&spoke, "main", "api", 2, Some("office")).await.unwrap();
    create_scalable_target(&spoke, "main", "api", 1, 4).await.unwrap();
    create_warehouse(&spoke, "dw", None).await.unwrap();
    sandbox.set_now(sandbox.now() + TimeDelta::hours(1));
    assert_eq!(group_size(&spoke, "web").await.unwrap(), Some(sizes));
    assert_eq!(group_size(&spoke, "nobody").await.unwrap(), None);
    assert_eq!(service_count(&spoke, "main", "api").await.unwrap(), Some((2, 2)));
    assert_eq!(service_count(&spoke, "main", "nobody").await.unwrap(), None);
    assert_eq!(warehouse_state(&spoke, "dw").await.unwrap(), "available");
}

#[tokio::test]
async fn a_fleet_is_listed_page_by_page_in_every_target() {
    let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap());
    let wanted = Fleet {
        hub: "111111111111".into(),
        region: "eu-west-1".into(),
        accounts: 2,
        regions: vec!["eu-west-1".into(), "us-east-1".into()],
        instances: 25,
        schedule: "office".into(),
        targets_per_shard: None,
    };
    let deployed = fleet(&sandbox, &wanted).await.unwrap();
    sandbox.set_now(sandbox.now() + TimeDelta::minutes(1));
    let hub = Caller::new(&sandbox, &deployed.session, "eu-west-1");
    for account in &deployed.accounts {
        let role = format!("arn:aws:iam::{account}:role/{SPOKE_ROLE}");
        let spoke = hub.assume(&role, "scheduler", Some(EXTERNAL_ID)).await.unwrap();
        for region in &wanted.regions {
            let list = [
                ("Filter.1.Name", "tag-key"),
                ("Filter.1.Value.1", "Schedule"),
                ("Filter.2.Name", "instance-state-name"),
                ("Filter.2.Value.1", "running"),
                ("MaxResults", "20"),
            ];
            let target = spoke.in_region(region);
            let first = target.query("ec2", "DescribeInstances", &list).await.unwrap();
            assert_eq!(texts(&first, "instanceId").len(), 20);
            let token = &texts(&first, "nextToken")[0];
            let list = list.into_iter().chain([("NextToken", token.as_str())]).collect::<Vec<_>>();
            let rest = target.query("ec2", "DescribeInstances", &list).await.unwrap();
            assert_eq!(texts(&rest, "instanceId").len(), 5);
            assert!(rest.len() / 5 > 3_500, "{} bytes an instance", rest.len() / 5);
        }
    }
}
