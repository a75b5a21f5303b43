//! An organization to discover accounts in.

use serde_json::{Value, json};

use crate::{CallError, Caller, texts};

/// An organization with its units and accounts.
#[derive(Clone, Debug)]
pub struct Organization {
    management: Caller,
    /// The root's id.
    pub root: String,
}

impl Organization {
    /// Makes an account the management account of a new organization.
    pub async fn create(management: &Caller) -> Result<Self, CallError> {
        organizations(management, "CreateOrganization", json!({"FeatureSet": "ALL"})).await?;
        let roots = organizations(management, "ListRoots", json!({})).await?;
        Ok(Self { management: management.clone(), root: text(&roots["Roots"][0]["Id"]) })
    }

    /// The management account.
    pub fn management(&self) -> &Caller {
        &self.management
    }

    /// Creates a unit; answers with its id.
    pub async fn unit(&self, parent: &str, name: &str) -> Result<String, CallError> {
        let unit = json!({"ParentId": parent, "Name": name});
        let answer = organizations(&self.management, "CreateOrganizationalUnit", unit).await?;
        Ok(text(&answer["OrganizationalUnit"]["Id"]))
    }

    /// Creates an account in a unit; answers with its id. Nothing is deployed there.
    pub async fn account(&self, parent: &str, name: &str) -> Result<String, CallError> {
        let account = json!({"AccountName": name, "Email": format!("{name}@example.com")});
        let answer = organizations(&self.management, "CreateAccount", account).await?;
        let id = text(&answer["CreateAccountStatus"]["AccountId"]);
        self.move_to(&id, parent).await?;
        Ok(id)
    }

    /// Takes an account that exists into a unit: it is invited, and accepts.
    pub async fn admit(&self, account: &Caller, parent: &str) -> Result<(), CallError> {
        let id = id_of(account).await?;
        let invitation = json!({"Target": {"Id": id, "Type": "ACCOUNT"}});
        let answer =
            organizations(&self.management, "InviteAccountToOrganization", invitation).await?;
        let handshake = json!({"HandshakeId": answer["Handshake"]["Id"]});
        organizations(account, "AcceptHandshake", handshake).await?;
        self.move_to(&id, parent).await
    }

    /// Moves an account from the root to a unit.
    async fn move_to(&self, account: &str, parent: &str) -> Result<(), CallError> {
        let course = json!({
            "AccountId": account,
            "SourceParentId": self.root,
            "DestinationParentId": parent,
        });
        organizations(&self.management, "MoveAccount", course).await.map(drop)
    }

    /// Closes an account: it is suspended.
    pub async fn close(&self, account: &Caller) -> Result<(), CallError> {
        let account = json!({"AccountId": id_of(account).await?});
        organizations(&self.management, "CloseAccount", account).await.map(drop)
    }

    /// Makes an account a delegated administrator.
    pub async fn delegate(&self, account: &Caller) -> Result<(), CallError> {
        let principal = "member.org.stacksets.cloudformation.amazonaws.com";
        let admin = json!({"AccountId": id_of(account).await?, "ServicePrincipal": principal});
        organizations(&self.management, "RegisterDelegatedAdministrator", admin).await.map(drop)
    }
}

/// Calls AWS Organizations.
pub async fn organizations(
    account: &Caller,
    operation: &str,
    input: Value,
) -> Result<Value, CallError> {
    account.json("organizations", &format!("AWSOrganizationsV20161128.{operation}"), input).await
}

async fn id_of(account: &Caller) -> Result<String, CallError> {
    let answer = account.query("sts", "GetCallerIdentity", &[]).await?;
    Ok(texts(&answer, "Account").into_iter().next().unwrap_or_default())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
