//! What holds for every service: who calls, what they may, faults, counting, and the loopback front.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use serde_json::json;

use crate::{CallError, Caller, Effect, Fault, Rate, Sandbox, Share, texts};

const HUB: &str = "111111111111";
const SPOKE: &str = "222222222222";

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap()
}

fn root(sandbox: &Sandbox, account: &str) -> Caller {
    Caller::new(sandbox, &sandbox.create_account("aws", account), "eu-west-1")
}

/// A role in the spoke that trusts the hub with an external id, and may do what the action says.
async fn create_role(spoke: &Caller, name: &str, action: &str) -> String {
    let trust = json!({"Statement": {
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": format!("arn:aws:iam::{HUB}:root")},
        "Condition": {"StringEquals": {"sts:ExternalId": "secret"}},
    }});
    let policy = json!({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}});
    let params = [("RoleName", name), ("AssumeRolePolicyDocument", &trust.to_string())];
    let created = spoke.query("iam", "CreateRole", &params).await.unwrap();
    let params = [("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", &policy.to_string())];
    spoke.query("iam", "PutRolePolicy", &params).await.unwrap();
    texts(&created, "Arn").remove(0)
}

fn code<T: std::fmt::Debug>(result: Result<T, CallError>) -> (u16, String) {
    let error = result.unwrap_err();
    (error.status, error.code)
}

#[tokio::test]
async fn a_session_acts_in_the_account_of_its_role() {
    let sandbox = Sandbox::new(now());
    let (hub, spoke) = (root(&sandbox, HUB), root(&sandbox, SPOKE));
    let role = create_role(&spoke, "scheduler", "ec2:Describe*").await;
    assert_eq!(role, "arn:aws:iam::222222222222:role/scheduler");

    let session = hub.assume(&role, "pass-1", Some("secret")).await.unwrap();
    let identity = session.query("sts", "GetCallerIdentity", &[]).await.unwrap();
    assert_eq!(
        texts(&identity, "Arn"),
        ["arn:aws:sts::222222222222:assumed-role/scheduler/pass-1"]
    );
    session.query("ec2", "DescribeInstances", &[]).await.unwrap();

    let sessions = sandbox.sessions();
    assert_eq!(sessions.len(), 1);
    assert_eq!(
        (sessions[0].role_arn.as_str(), sessions[0].session_name.as_str()),
        (role.as_str(), "pass-1")
    );
    assert_eq!((sessions[0].issued, sessions[0].expires), (now(), now() + TimeDelta::hours(1)));
}

#[tokio::test]
async fn a_role_is_assumed_only_as_it_wishes() {
    let sandbox = Sandbox::new(now());
    let (hub, spoke, stranger) =
        (root(&sandbox, HUB), root(&sandbox, SPOKE), root(&sandbox, "333333333333"));
    let role = create_role(&spoke, "scheduler", "*").await;
    let denied = (403, "AccessDenied".to_owned());
    assert_eq!(code(hub.assume(&role, "s1", None).await), denied);
    assert_eq!(code(hub.assume(&role, "s1", Some("guess")).await), denied);
    assert_eq!(code(stranger.assume(&role, "s1", Some("secret")).await), denied);
    // A missing role is denied in the same words.
    let missing = hub
        .assume("arn:aws:iam::222222222222:role/nobody", "s1", Some("secret"))
        .await
        .unwrap_err();
    let words = "User: arn:aws:iam::111111111111:root is not authorized to perform: sts:AssumeRole on resource: \
                 arn:aws:iam::222222222222:role/nobody";
    assert_eq!((missing.status, missing.message.as_str()), (403, words));
    for name in ["", "x", "with space", &"x".repeat(65)] {
        let expected = (400, "ValidationError".to_owned());
        assert_eq!(code(hub.assume(&role, name, Some("secret")).await), expected, "{name}");
    }
    assert!(sandbox.sessions().is_empty());
}

#[tokio::test]
async fn an_expired_session_is_refused_in_each_dialect() {
    let sandbox = Sandbox::new(now());
    let (hub, spoke) = (root(&sandbox, HUB), root(&sandbox, SPOKE));
    let role = create_role(&spoke, "scheduler", "*").await;
    let session = hub.assume(&role, "s1", Some("secret")).await.unwrap();
    sandbox.set_now(now() + TimeDelta::hours(1));
    let refusals = refusals(&session).await;
    assert_eq!(
        refusals,
        [
            (400, "RequestExpired".to_owned()),
            (403, "ExpiredToken".to_owned()),
            (400, "ExpiredTokenException".to_owned()),
            (403, "ExpiredToken".to_owned()),
        ]
    );
}

#[tokio::test]
async fn a_key_nobody_has_is_refused_in_each_dialect() {
    let sandbox = Sandbox::new(now());
    // A key of another partition is nobody's.
    let stranger = root(&sandbox, HUB).in_region("cn-north-1");
    assert_eq!(
        refusals(&stranger).await,
        [
            (401, "AuthFailure".to_owned()),
            (403, "InvalidClientTokenId".to_owned()),
            (400, "UnrecognizedClientException".to_owned()),
            (403, "InvalidClientTokenId".to_owned()),
        ]
    );
}

#[tokio::test]
async fn what_no_policy_allows_is_denied_in_each_dialect() {
    let sandbox = Sandbox::new(now());
    let (hub, spoke) = (root(&sandbox, HUB), root(&sandbox, SPOKE));
    let role = create_role(&spoke, "scheduler", "s3:*").await;
    let session = hub.assume(&role, "s1", Some("secret")).await.unwrap();
    assert_eq!(
        refusals(&session).await,
        [
            (403, "UnauthorizedOperation".to_owned()),
            (403, "AccessDenied".to_owned()),
            (400, "AccessDeniedException".to_owned()),
            (403, "AccessDenied".to_owned()),
        ]
    );
}

/// The errors of EC2, RDS, Systems Manager and CloudWatch.
async fn refusals(caller: &Caller) -> [(u16, String); 4] {
    [
        code(caller.query("ec2", "DescribeInstances", &[]).await),
        code(caller.query("rds", "DescribeDBInstances", &[]).await),
        code(caller.json("ssm", "AmazonSSM.GetParameter", json!({"Name": "x"})).await),
        code(caller.cbor("ListMetrics", json!({})).await),
    ]
}

#[tokio::test]
async fn an_operation_that_is_not_known_is_named() {
    let sandbox = Sandbox::new(now());
    let hub = root(&sandbox, HUB);
    let error = hub.query("ec2", "DescribeVolumes", &[]).await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (400, "InvalidAction"));
    assert!(error.message.contains("DescribeVolumes"), "{error}");
    let error = hub.json("dynamodb", "DynamoDB_20120810.UpdateTable", json!({})).await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (400, "UnknownOperationException"));
    assert_eq!(code(hub.query("lambda", "Invoke", &[]).await), (400, "InvalidAction".to_owned()));
}

#[tokio::test]
async fn accounts_and_regions_are_apart() {
    let sandbox = Sandbox::new(now());
    let (hub, spoke) = (root(&sandbox, HUB), root(&sandbox, SPOKE));
    let params = [("ImageId", "ami-1"), ("MinCount", "1"), ("MaxCount", "1")];
    let launched = hub.query("ec2", "RunInstances", &params).await.unwrap();
    let id = texts(&launched, "instanceId").remove(0);
    let elsewhere = hub.in_region("eu-west-2").query("ec2", "RunInstances", &params).await.unwrap();
    assert!(!texts(&elsewhere, "instanceId").contains(&id));
    let by_id = [("InstanceId.1", id.as_str())];
    let expected = (400, "InvalidInstanceID.NotFound".to_owned());
    assert_eq!(code(spoke.query("ec2", "DescribeInstances", &by_id).await), expected);
    assert_eq!(
        code(hub.in_region("eu-west-2").query("ec2", "DescribeInstances", &by_id).await),
        expected
    );
}

#[tokio::test]
async fn time_never_runs_backwards() {
    let sandbox = Sandbox::new(now());
    sandbox.set_now(now() - TimeDelta::hours(1));
    assert_eq!(sandbox.now(), now());
    sandbox.set_now(now() + TimeDelta::hours(1));
    assert_eq!(sandbox.now(), now() + TimeDelta::hours(1));
}

#[tokio::test]
async fn a_fault_happens_to_the_calls_it_fits_and_as_often_as_it_says() {
    let sandbox = Sandbox::new(now());
    let (hub, spoke) = (root(&sandbox, HUB), root(&sandbox, SPOKE));
    let throttled = Effect::Error {
        status: 503,
        code: "RequestLimitExceeded".into(),
        message: "Slow down.".into(),
    };
    sandbox.inject(Fault {
        account: Some(HUB.into()),
        operation: Some("DescribeInstances".into()),
        times: Some(2),
        ..Fault::always(throttled)
    });
    let describe =
        |caller: Caller| async move { caller.query("ec2", "DescribeInstances", &[]).await };
    assert!(describe(spoke).await.is_ok());
    assert!(hub.query("sts", "GetCallerIdentity", &[]).await.is_ok());
    for _ in 0..2 {
        assert_eq!(code(describe(hub.clone()).await), (503, "RequestLimitExceeded".to_owned()));
    }
    assert!(describe(hub).await.is_ok());
}

#[tokio::test]
async fn a_lost_answer_is_an_effect_that_happened() {
    let sandbox = Sandbox::new(now());
    let hub = root(&sandbox, HUB);
    sandbox.inject(Fault { resource: Some("/lost".into()), ..Fault::always(Effect::LoseAnswer) });
    let put = json!({"Name": "/lost", "Value": "v", "Type": "String"});
    let lost = hub.json("ssm", "AmazonSSM.PutParameter", put).await.unwrap_err();
    assert_eq!(lost.code, "ConnectionLost");
    sandbox.clear_faults();
    let found = hub.json("ssm", "AmazonSSM.GetParameter", json!({"Name": "/lost"})).await.unwrap();
    assert_eq!(found["Parameter"]["Value"], "v");
}

#[tokio::test]
async fn latency_delays_and_a_hang_never_ends() {
    let sandbox = Sandbox::new(now());
    let hub = root(&sandbox, HUB);
    sandbox.inject(Fault::always(Effect::Latency(Duration::from_millis(30))));
    let start = tokio::time::Instant::now();
    hub.query("sts", "GetCallerIdentity", &[]).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(30));

    sandbox.inject(Fault::always(Effect::Hang));
    let limit = Duration::from_millis(100);
    let answer = tokio::time::timeout(limit, hub.query("sts", "GetCallerIdentity", &[])).await;
    assert!(answer.is_err());
}

#[tokio::test]
async fn a_shared_fault_happens_to_one_call_in_so_many_and_to_the_same_ones_again() {
    let struck = async |seed| {
        let sandbox = Sandbox::new(now());
        let hub = root(&sandbox, HUB);
        let share = Some(Share { one_in: 10, seed });
        sandbox.inject(Fault { share, ..Fault::always(Effect::LoseAnswer) });
        let mut struck = Vec::new();
        for number in 0..1_000 {
            if hub.query("sts", "GetCallerIdentity", &[]).await.is_err() {
                struck.push(number);
            }
        }
        struck
    };
    let once = struck(1).await;
    assert!((70..130).contains(&once.len()), "{}", once.len());
    assert_eq!(struck(1).await, once);
    assert_ne!(struck(2).await, once);
}

#[tokio::test]
async fn a_rate_is_every_regions_own_and_fills_again() {
    let sandbox = Sandbox::new(now());
    let hub = root(&sandbox, HUB);
    let throttled = Effect::Error { status: 503, code: "Throttled".into(), message: "m".into() };
    let beyond = Some(Rate { burst: 3, per_second: 2 });
    sandbox.inject(Fault { beyond, ..Fault::always(throttled) });
    let passed = async |region: &str| {
        let caller = hub.in_region(region);
        let mut passed = 0;
        for _ in 0..10 {
            passed += usize::from(caller.query("sts", "GetCallerIdentity", &[]).await.is_ok());
        }
        passed
    };
    assert_eq!((passed("eu-west-1").await, passed("eu-west-2").await), (3, 3));
    sandbox.set_now(now() + TimeDelta::seconds(1));
    assert_eq!(passed("eu-west-1").await, 2);
    sandbox.set_now(now() + TimeDelta::hours(1));
    assert_eq!(passed("eu-west-1").await, 3);
}

#[tokio::test]
async fn calls_are_counted_by_where_and_what() {
    let sandbox = Sandbox::new(now());
    let hub = root(&sandbox, HUB);
    for _ in 0..2 {
        hub.query("ec2", "DescribeInstances", &[]).await.unwrap();
    }
    hub.in_region("eu-west-2").query("ec2", "StartInstances", &[]).await.unwrap_err();
    let calls = sandbox.calls();
    let lines: Vec<_> =
        calls.iter().map(|c| (c.region.as_str(), c.operation.as_str(), c.count)).collect();
    assert_eq!(lines, [("eu-west-1", "DescribeInstances", 2), ("eu-west-2", "StartInstances", 1)]);
    assert_eq!(calls.iter().map(|c| c.succeeded).collect::<Vec<_>>(), [2, 0]);
    assert!(calls.iter().all(|c| c.request_bytes > 100 && c.response_bytes > 100), "{calls:?}");
    sandbox.reset_calls();
    assert!(sandbox.calls().is_empty());
}

#[tokio::test]
async fn roles_are_described_and_deleted() {
    let sandbox = Sandbox::new(now());
    let spoke = root(&sandbox, SPOKE);
    create_role(&spoke, "scheduler", "*").await;
    let role = [("RoleName", "scheduler")];
    let answer = spoke.query("iam", "GetRole", &role).await.unwrap();
    assert!(texts(&answer, "AssumeRolePolicyDocument")[0].starts_with("%7B%22Statement%22"));
    assert_eq!(
        code(spoke.query("iam", "DeleteRole", &role).await),
        (409, "DeleteConflict".to_owned())
    );
    let policy = [("RoleName", "scheduler"), ("PolicyName", "p")];
    spoke.query("iam", "DeleteRolePolicy", &policy).await.unwrap();
    spoke.query("iam", "DeleteRole", &role).await.unwrap();
    assert_eq!(code(spoke.query("iam", "GetRole", &role).await), (404, "NoSuchEntity".to_owned()));
}

#[tokio::test]
async fn a_simulation_says_what_a_roles_policies_say() {
    let sandbox = Sandbox::new(now());
    let spoke = root(&sandbox, SPOKE);
    let arn = create_role(&spoke, "scheduler", "ec2:Start*").await;
    let denial =
        json!({"Statement": {"Effect": "Deny", "Action": "ec2:StopInstances", "Resource": "*"}});
    let params = [
        ("RoleName", "scheduler"),
        ("PolicyName", "never"),
        ("PolicyDocument", &denial.to_string()),
    ];
    spoke.query("iam", "PutRolePolicy", &params).await.unwrap();
    let params = [
        ("PolicySourceArn", &*arn),
        ("ActionNames.member.1", "ec2:StartInstances"),
        ("ActionNames.member.2", "ec2:StopInstances"),
        ("ActionNames.member.3", "rds:StopDBInstance"),
    ];
    let answer = spoke.query("iam", "SimulatePrincipalPolicy", &params).await.unwrap();
    assert_eq!(texts(&answer, "EvalDecision"), ["allowed", "explicitDeny", "implicitDeny"]);
    let nobody = [("PolicySourceArn", "arn:aws:iam::222222222222:role/nobody"), params[1]];
    let refused = spoke.query("iam", "SimulatePrincipalPolicy", &nobody).await;
    assert_eq!(code(refused), (404, "NoSuchEntity".to_owned()));
}

#[tokio::test]
async fn nobody_is_known_in_a_region_that_is_off() {
    let sandbox = Sandbox::new(now());
    let spoke = root(&sandbox, SPOKE);
    sandbox.disable_region(SPOKE, "ap-east-1");
    let there = spoke.in_region("ap-east-1");
    let refused = there.query("ec2", "DescribeInstances", &[]).await;
    assert_eq!(code(refused), (401, "AuthFailure".to_owned()));
    let refused = there.json("ssm", "AmazonSSM.DescribeMaintenanceWindows", json!({})).await;
    assert_eq!(code(refused), (400, "UnrecognizedClientException".to_owned()));
    spoke.query("ec2", "DescribeInstances", &[]).await.unwrap();
}
