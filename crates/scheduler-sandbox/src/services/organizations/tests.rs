use chrono::{TimeZone, Utc};
use serde_json::json;

use crate::stage::{self, Organization};
use crate::{Caller, Sandbox};

const HERE: &str = "eu-west-1";

fn caller(sandbox: &Sandbox, account: &str) -> Caller {
    Caller::new(sandbox, &sandbox.create_account("aws", account), HERE)
}

fn sandbox() -> Sandbox {
    Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap())
}

/// The accounts of a unit with their states, or the code of the refusal.
async fn listed(caller: &Caller, parent: &str) -> Result<Vec<String>, String> {
    let answer = stage::organizations(caller, "ListAccountsForParent", json!({"ParentId": parent}));
    let answer = answer.await.map_err(|error| error.code)?;
    let accounts = answer["Accounts"].as_array().unwrap();
    let told = |text: &serde_json::Value| text.as_str().unwrap().to_owned();
    Ok(accounts.iter().map(|one| told(&one["Id"]) + " " + &told(&one["State"])).collect())
}

#[tokio::test]
async fn the_management_account_and_its_delegates_may_list_and_nobody_else() {
    let sandbox = sandbox();
    let [management, member, stranger] =
        ["111111111111", "222222222222", "333333333333"].map(|id| caller(&sandbox, id));
    let organization = Organization::create(&management).await.unwrap();
    let unit = organization.unit(&organization.root, "workloads").await.unwrap();
    organization.admit(&member, &unit).await.unwrap();
    let expected = Ok(vec!["222222222222 ACTIVE".to_owned()]);
    assert_eq!(listed(&management, &unit).await, expected);
    assert_eq!(listed(&member, &unit).await, Err("AccessDeniedException".into()));
    assert_eq!(listed(&stranger, &unit).await, Err("AWSOrganizationsNotInUseException".into()));
    organization.delegate(&member).await.unwrap();
    assert_eq!(listed(&member, &unit).await, expected);
    organization.close(&member).await.unwrap();
    assert_eq!(listed(&management, &unit).await, Ok(vec!["222222222222 SUSPENDED".into()]));
    let nowhere = listed(&management, "ou-sb01-99999999").await;
    assert_eq!(nowhere, Err("ParentNotFoundException".into()));
}

#[tokio::test]
async fn a_page_holds_twenty() {
    let sandbox = sandbox();
    let organization = Organization::create(&caller(&sandbox, "111111111111")).await.unwrap();
    for n in 0..25 {
        organization.account(&organization.root, &format!("web-{n}")).await.unwrap();
    }
    let (mut counts, mut token) = (Vec::new(), json!(null));
    loop {
        let wanted = json!({"ParentId": organization.root, "NextToken": token});
        let page = stage::organizations(organization.management(), "ListAccountsForParent", wanted)
            .await
            .unwrap();
        counts.push(page["Accounts"].as_array().unwrap().len());
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(counts, [20, 6], "with the management account");
}
