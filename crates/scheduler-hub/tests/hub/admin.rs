//! The admin function: what is stored, changed by the command line, by Instance Scheduler's, and by stacks.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use scheduler_hub::{Admin, AdminError};

use super::*;

const STACK_ID: &str = "arn:aws:cloudformation:eu-west-1:111111111111:stack/shop/0a1b";
const ANSWERS: &str = "https://answers.example.com/here?signature=a%2Bb";

/// What was put to CloudFormation's address.
type Answers = Arc<Mutex<Vec<Value>>>;

struct Office {
    world: World,
    admin: Admin,
    answers: Answers,
}

impl Office {
    async fn new() -> Self {
        let world = World::new().await;
        let (sandbox, keys) = (&world.stage.sandbox, world.stage.session().await.unwrap());
        let credentials = BaseCredentials::long_lived(&keys.access_key_id, &keys.secret_access_key)
            .with_session(keys.session_token.as_deref());
        let answers = Answers::default();
        let (aws, heard) = (sandbox.handler(), answers.clone());
        let handler = move |request: http::Request<Bytes>| {
            let is_answer = request.uri() == ANSWERS && request.method() == http::Method::PUT;
            if is_answer {
                heard.lock().unwrap().push(serde_json::from_slice(request.body()).unwrap());
            }
            let handled = aws(request);
            async move { if is_answer { Ok(http::Response::new(Bytes::new())) } else { handled.await } }
        };
        let home = REGION.parse().unwrap();
        let aws = Aws::in_process(handler, &home, &credentials, sandbox.clock());
        let admin = Admin::new(aws, world.stage.prefix());
        Self { world, admin, answers }
    }

    async fn ask(&self, event: Value) -> Result<Value, AdminError> {
        self.admin.answer(&event).await
    }

    async fn change(
        &self,
        kind: &str,
        name: &str,
        before: Value,
        after: Value,
    ) -> Result<Value, AdminError> {
        let change = json!({"type": kind, "name": name, "before": before, "after": after});
        self.ask(json!({"action": "change", "changes": [change]})).await
    }

    async fn item(&self, name: &str) -> Value {
        let items = self.ask(json!({"action": "items"})).await.unwrap();
        let mut items = items["items"].as_array().unwrap().iter();
        items.find(|item| item["name"] == name).map_or(Value::Null, |item| item["fields"].clone())
    }

    /// What CloudFormation is told.
    async fn declare(&self, request: &str, properties: Value, before: Value) -> Value {
        let event = json!({
            "RequestType": request, "ResponseURL": ANSWERS, "StackId": STACK_ID, "RequestId": "r",
            "LogicalResourceId": "Hours", "ResourceType": "Custom::DayshiftSchedules",
            "ResourceProperties": properties, "OldResourceProperties": before,
        });
        self.ask(event).await.unwrap();
        self.answers.lock().unwrap().pop().unwrap()
    }
}

#[tokio::test]
async fn an_item_is_changed_and_the_next_pass_follows_it() {
    let office = Office::new().await;
    let before = office.item("office-hours").await;
    let after = json!({"begintime": "13:00", "weekdays": ["mon-fri"]});
    office.change("period", "office-hours", before.clone(), after.clone()).await.unwrap();
    assert_eq!(office.item("office-hours").await, after);
    let id = office.world.launch(&office.world.spoke, Some("office")).await;
    let run = office.world.tick(NOON).await;
    assert_eq!(row(&run, &id).desired.as_deref(), Some("any"));
    // Whoever still sees the old one is refused, and so is a change that would break a schedule.
    let stale = office.change("period", "office-hours", before, json!(null)).await.unwrap_err();
    assert_eq!(stale.code(), "conflict");
    let in_use = office.change("period", "office-hours", after, json!(null)).await.unwrap_err();
    assert_eq!(
        (in_use.code(), in_use.to_string().contains("schedules.office")),
        ("mistakes", true)
    );
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let office = Office::new().await;
    let change =
        json!({"type": "period", "name": "late", "before": null, "after": {"begintime": "12:00"}});
    let answer =
        office.ask(json!({"action": "change", "changes": [change], "dry_run": true})).await;
    assert_eq!(answer.unwrap(), json!({"changed": 0}));
    assert_eq!(office.item("late").await, Value::Null);
}

#[tokio::test]
async fn more_than_a_transaction_holds_is_made_in_several() {
    let office = Office::new().await;
    let change = |n: usize| json!({"type": "period", "name": format!("p{n}"), "before": null, "after": {"begintime": "12:00"}});
    let changes: Vec<_> = (0..130).map(change).collect();
    let answer = office.ask(json!({"action": "change", "changes": changes})).await.unwrap();
    assert_eq!(answer, json!({"changed": 130}));
    assert_eq!(office.world.calls("TransactWriteItems"), 2);
}

#[tokio::test]
async fn instance_schedulers_command_line_is_answered_in_its_shape() {
    let office = Office::new().await;
    let ask = async |action: &str, parameters: Value| {
        let event = json!({"source": "scheduler.cli", "action": action, "parameters": parameters, "version": "3.2.8"});
        office.ask(event).await.unwrap()
    };
    let made =
        ask("create-period", json!({"name": "late", "begintime": "12:00", "weekdays": "mon,fri"}))
            .await;
    assert_eq!(made["Period"]["Weekdays"], json!(["fri", "mon"]));
    let all = ask("describe-periods", json!({})).await;
    assert_eq!(all["Periods"].as_array().unwrap().len(), 2);
    let refused = ask("delete-period", json!({"name": "office-hours"})).await;
    assert!(refused["Error"].as_str().unwrap().contains("there is no period `office-hours`"));
    assert_eq!(ask("delete-period", json!({"name": "late"})).await, json!({"Period": "late"}));
}

#[tokio::test]
async fn what_a_stack_declares_comes_and_goes_with_it() {
    let office = Office::new().await;
    let two = json!({
        "Periods": {"late": {"begintime": "12:00"}, "early": {"begintime": "06:00", "endtime": "10:00"}},
        "Schedules": {"shop": {"periods": ["late", "early"], "retain_running": "true"}},
    });
    let told = office.declare("Create", two.clone(), Value::Null).await;
    assert_eq!((&told["Status"], &told["Data"]["Schedules"]), (&json!("SUCCESS"), &json!("shop")));
    assert_eq!(told["PhysicalResourceId"], "shop/Hours");
    // It is the stack's.
    let before = office.item("shop").await;
    assert_eq!(before["retain_running"], true);
    let taken = office.change("schedule", "shop", before, json!(null)).await.unwrap_err();
    assert_eq!(taken.code(), "owned-by-stack");
    let one = json!({"Periods": {"late": {"begintime": "12:00"}}, "Schedules": {"shop": {"periods": ["late"]}}});
    assert_eq!(office.declare("Update", one.clone(), two).await["Status"], "SUCCESS");
    assert_eq!(
        (office.item("early").await, office.item("shop").await["periods"].clone()),
        (Value::Null, json!(["late"]))
    );
    assert_eq!(office.declare("Delete", one, Value::Null).await["Status"], "SUCCESS");
    assert_eq!((office.item("late").await, office.item("shop").await), (Value::Null, Value::Null));
}

#[tokio::test]
async fn cloudformation_is_always_answered() {
    let office = Office::new().await;
    for (request, properties, word) in [
        ("Create", json!({"Period": {}}), "did you mean `Periods`?"),
        ("Create", json!({"Schedules": {"s": {"periods": ["gone"]}}}), "there is no period `gone`"),
        (
            "Create",
            json!({"Periods": {"office-hours": {"begintime": "01:00"}}}),
            "is there already",
        ),
        ("Create", json!("nonsense"), "done"),
        ("Delete", json!({"Period": {}}), "done"),
        ("Delete", json!({"Periods": {"office-hours": {"begintime": "01:00"}}}), "done"),
    ] {
        let told = office.declare(request, properties, Value::Null).await;
        let (status, reason) = (told["Status"].as_str().unwrap(), told["Reason"].as_str().unwrap());
        assert!(reason.contains(word), "{reason}");
        assert_eq!(status, if word == "done" { "SUCCESS" } else { "FAILED" });
    }
    // The hand-made period is still there.
    assert_eq!(office.item("office-hours").await["begintime"], "09:00");
}
