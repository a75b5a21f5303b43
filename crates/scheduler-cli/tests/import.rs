//! The program reads a table as it reads what `aws dynamodb scan` prints of it.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    process::{Command, Output},
    time::SystemTime,
};

use scheduler_sandbox::{Caller, Sandbox, Server};
use serde_json::{Value, json};

const ITEMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/instance-scheduler.json");
const TABLE: &str = "instance-scheduler-ConfigTable-1ABCDEF";

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scheduler-cli"));
    command.args(["import", "instance-scheduler", "--json"]).args(arguments);
    command
}

fn code(output: &Output, expected: i32) {
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{words}");
}

/// A table like Instance Scheduler's, with the items of the file.
async fn create_table(account: &Caller) {
    let key = |name, kind| json!({"AttributeName": name, "KeyType": kind});
    let text = |name| json!({"AttributeName": name, "AttributeType": "S"});
    let table = json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [key("type", "HASH"), key("name", "RANGE")],
        "AttributeDefinitions": [text("type"), text("name")],
    });
    account.json("dynamodb", "DynamoDB_20120810.CreateTable", table).await.unwrap();
    let scan: Value = serde_json::from_str(&fs::read_to_string(ITEMS).unwrap()).unwrap();
    for item in scan["Items"].as_array().unwrap() {
        let put = json!({"TableName": TABLE, "Item": item});
        account.json("dynamodb", "DynamoDB_20120810.PutItem", put).await.unwrap();
    }
}

/// The program, with an account's keys and the sandbox for its AWS.
async fn ask(server: &Server, account: &Caller, table: &str) -> Output {
    let mut command = command(&["--table", table, "--hub-region", "eu-west-1"]);
    command
        .args(["--endpoint-url", &server.url()])
        .env("AWS_ACCESS_KEY_ID", &account.credentials().access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", &account.credentials().secret_access_key)
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE");
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[test]
fn a_table_is_read_as_it_is_printed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sandbox = Sandbox::new(SystemTime::now().into());
        let server = Server::bind(sandbox.clone(), 0).await.unwrap();
        let account =
            Caller::new(&sandbox, &sandbox.create_account("aws", "111122223333"), "eu-west-1");
        create_table(&account).await;
        let printed = command(&["--items", ITEMS]).output().unwrap();
        let read = ask(&server, &account, TABLE).await;
        code(&printed, 1);
        code(&read, 1);
        assert_eq!(
            String::from_utf8(read.stdout).unwrap(),
            String::from_utf8(printed.stdout).unwrap()
        );
        let missing = ask(&server, &account, "no-such-table").await;
        code(&missing, 4);
        assert!(String::from_utf8_lossy(&missing.stderr).contains("dynamodb:Scan"));
    });
}

#[test]
fn the_file_is_written_where_it_is_wanted_and_lint_accepts_it() {
    let out = format!("{}/imported.yaml", env!("CARGO_TARGET_TMPDIR"));
    code(&command(&["--items", ITEMS, "--out", &out]).output().unwrap(), 1);
    let printed = Command::new(env!("CARGO_BIN_EXE_scheduler-cli"))
        .args(["import", "instance-scheduler", "--items", ITEMS])
        .output()
        .unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.ends_with(&fs::read_to_string(&out).unwrap()), "{printed}");
    fs::write(&out, printed).unwrap();
    let lint =
        Command::new(env!("CARGO_BIN_EXE_scheduler-cli")).args(["lint", "--file", &out]).output();
    code(&lint.unwrap(), 0);
    code(&command(&["--items", ITEMS, "--out", "/no/such/folder/f.yaml"]).output().unwrap(), 2);
}
