//! Policy documents: who may assume a role, and what its sessions may do.
//!
//! Simpler than AWS: `Resource` is ignored, `Condition` is ignored in a role's own policies, and in a trust policy
//! only `StringEquals` on `sts:ExternalId` is understood; a statement with any other condition never holds.
//! `NotAction` and `NotPrincipal` are refused when the policy is put, since ignoring them would widen it.

use serde_json::Value;

use crate::keyring::{Holder, Principal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ruling {
    Allow,
    Deny,
}

#[derive(Clone, Debug)]
struct Statement {
    ruling: Ruling,
    actions: Vec<String>,
    principals: Vec<String>,
    /// `Ok(ids)`: the external ids it asks for, none if it does not ask; `Err`: a condition nobody here understands.
    external_ids: Result<Option<Vec<String>>, NotUnderstood>,
}

#[derive(Clone, Copy, Debug)]
struct NotUnderstood;

/// A parsed policy document.
#[derive(Clone, Debug)]
pub(crate) struct Policy(Vec<Statement>);

impl Policy {
    /// Reads a document; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let document: Value = serde_json::from_str(text)
            .map_err(|_| "This policy contains invalid Json".to_owned())?;
        let statements = match &document["Statement"] {
            Value::Array(statements) => statements.iter().map(statement).collect(),
            one @ Value::Object(_) => statement(one).map(|statement| vec![statement]),
            _ => Err("Syntax errors in policy.".to_owned()),
        };
        statements.map(Self)
    }

    /// Whether a trust policy lets a caller assume its role: some statement allows it and none denies it.
    pub(crate) fn trusts(&self, caller: &Principal, external_id: Option<&str>) -> bool {
        rule(self.0.iter().filter(|statement| {
            statement.covers("sts:AssumeRole")
                && statement.names(caller)
                && statement.accepts(external_id)
        }))
    }
}

/// What policies come to, taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed,
    /// No statement has a say.
    ImplicitDeny,
    ExplicitDeny,
}

/// Whether a role's policies, taken together, allow an action.
pub(crate) fn allow<'a>(policies: impl IntoIterator<Item = &'a Policy>, action: &str) -> bool {
    decide(policies, action) == Decision::Allowed
}

/// What a role's policies, taken together, say of an action.
pub(crate) fn decide<'a>(policies: impl IntoIterator<Item = &'a Policy>, action: &str) -> Decision {
    let statements = policies.into_iter().flat_map(|policy| &policy.0);
    weigh(statements.filter(|statement| statement.covers(action)))
}

fn rule<'a>(holding: impl Iterator<Item = &'a Statement>) -> bool {
    weigh(holding) == Decision::Allowed
}

/// What the statements that hold come to: a denial outweighs every permission.
fn weigh<'a>(holding: impl Iterator<Item = &'a Statement>) -> Decision {
    let rulings: Vec<_> = holding.map(|statement| statement.ruling).collect();
    if rulings.contains(&Ruling::Deny) {
        Decision::ExplicitDeny
    } else if rulings.contains(&Ruling::Allow) {
        Decision::Allowed
    } else {
        Decision::ImplicitDeny
    }
}

impl Statement {
    fn covers(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        self.actions.iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), &action))
    }

    fn names(&self, caller: &Principal) -> bool {
        let fits = |named: &String| {
            named == "*"
                || *named == *caller.home.account
                || *named == caller.home.root_arn()
                || *named == caller.arn()
                || matches!(&caller.holder, Holder::Session { role_arn, .. } if **role_arn == **named)
        };
        self.principals.iter().any(fits)
    }

    fn accepts(&self, external_id: Option<&str>) -> bool {
        match &self.external_ids {
            Ok(None) => true,
            Ok(Some(wanted)) => {
                external_id.is_some_and(|id| wanted.iter().any(|wanted| wanted == id))
            }
            Err(NotUnderstood) => false,
        }
    }
}

fn statement(json: &Value) -> Result<Statement, String> {
    if let Some(unknown) =
        ["NotAction", "NotPrincipal"].into_iter().find(|key| json.get(key).is_some())
    {
        return Err(format!("{unknown} is not evaluated by the sandbox"));
    }
    let ruling = match json["Effect"].as_str() {
        Some("Allow") => Ruling::Allow,
        Some("Deny") => Ruling::Deny,
        _ => return Err("Syntax errors in policy.".to_owned()),
    };
    let actions = texts(&json["Action"]);
    if actions.is_empty() {
        return Err("Policy statement must contain actions.".to_owned());
    }
    let external_ids = json.get("Condition").map_or(Ok(None), external_ids);
    Ok(Statement { ruling, actions, principals: principals(&json["Principal"]), external_ids })
}

/// The AWS principals; services and federations cannot call here, so they are left out.
fn principals(json: &Value) -> Vec<String> {
    match json {
        Value::String(everybody) => vec![everybody.clone()],
        Value::Object(by_kind) => by_kind.get("AWS").map(texts).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn external_ids(condition: &Value) -> Result<Option<Vec<String>>, NotUnderstood> {
    let only = |json: &Value, key: &str| {
        let object = json.as_object().filter(|object| object.len() == 1)?;
        object
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value.clone())
    };
    if condition.as_object().is_some_and(|operators| operators.is_empty()) {
        return Ok(None);
    }
    let wanted = only(condition, "StringEquals").and_then(|keys| only(&keys, "sts:ExternalId"));
    wanted.map(|ids| Some(texts(&ids))).ok_or(NotUnderstood)
}

/// One string or a list of them, as policies allow everywhere.
fn texts(json: &Value) -> Vec<String> {
    match json {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Whether a text fits a pattern in which `*` stands for any characters and `?` for one.
///
/// Policies and EC2's filters share it. EC2 lets `\` take the meaning from a wildcard, and no action has one.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let tails = text.char_indices().map(|(at, _)| &text[at..]).chain([""]);
            tails.into_iter().any(|tail| matches(rest.as_str(), tail))
        }
        Some('\\') if !rest.as_str().is_empty() => starts_same(rest.as_str(), text),
        Some('?') => text
            .chars()
            .next()
            .is_some_and(|first| matches(rest.as_str(), &text[first.len_utf8()..])),
        Some(_) => starts_same(pattern, text),
    }
}

/// Takes the first character of the pattern for itself, whatever it is.
fn starts_same(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    rest.next()
        .and_then(|first| text.strip_prefix(first))
        .is_some_and(|text| matches(rest.as_str(), text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::{Home, Partition};

    fn caller(account: &str) -> Principal {
        let home = Home { partition: Partition::of_region("eu-west-1"), account: account.into() };
        let holder = Holder::Session {
            role_name: "hub".into(),
            role_arn: home.arn("iam", "role/hub").into(),
            role_id: "AROA".into(),
            session_name: "s".into(),
        };
        Principal { home, holder }
    }

    fn trust(principal: &str, condition: &str) -> Policy {
        let statement =
            r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":P,"Condition":C}"#;
        let statement = statement
            .replace(":P", &format!(":{principal}"))
            .replace(":C", &format!(":{condition}"));
        Policy::parse(&format!(r#"{{"Statement":{statement}}}"#)).unwrap()
    }

    #[test]
    fn a_trust_policy_names_callers_in_several_ways() {
        let rows = [
            (r#"{"AWS":"111111111111"}"#, true),
            (r#"{"AWS":"arn:aws:iam::111111111111:root"}"#, true),
            (r#"{"AWS":["222222222222","arn:aws:iam::111111111111:role/hub"]}"#, true),
            (r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/hub/s"}"#, true),
            (r#""*""#, true),
            (r#"{"AWS":"*"}"#, true),
            (r#"{"AWS":"arn:aws-cn:iam::111111111111:root"}"#, false),
            (r#"{"AWS":"arn:aws:iam::111111111111:role/other"}"#, false),
            (r#"{"AWS":"222222222222"}"#, false),
            (r#"{"Service":"lambda.amazonaws.com"}"#, false),
        ];
        for (principal, expected) in rows {
            assert_eq!(
                trust(principal, "{}").trusts(&caller("111111111111"), None),
                expected,
                "{principal}"
            );
        }
    }

    #[test]
    fn a_condition_holds_only_if_it_is_understood() {
        let rows = [
            ("{}", None, true),
            (r#"{"StringEquals":{"sts:ExternalId":"x"}}"#, Some("x"), true),
            (r#"{"StringEquals":{"sts:externalid":["w","x"]}}"#, Some("x"), true),
            (r#"{"StringEquals":{"sts:ExternalId":"x"}}"#, Some("y"), false),
            (r#"{"StringEquals":{"sts:ExternalId":"x"}}"#, None, false),
            (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, Some("x"), false),
            (
                r#"{"StringEquals":{"sts:ExternalId":"x","aws:PrincipalOrgID":"o"}}"#,
                Some("x"),
                false,
            ),
        ];
        for (condition, id, expected) in rows {
            assert_eq!(
                trust(r#""*""#, condition).trusts(&caller("111111111111"), id),
                expected,
                "{condition} {id:?}"
            );
        }
    }

    #[test]
    fn a_denial_outweighs_every_permission() {
        let policy = r#"{"Statement":[{"Effect":"Allow","Action":"ec2:*"},
            {"Effect":"Deny","Action":["EC2:Start*"]}]}"#;
        let policy = Policy::parse(policy).unwrap();
        assert!(allow([&policy], "ec2:StopInstances"));
        assert!(!allow([&policy], "ec2:StartInstances"));
        assert!(!allow([&policy], "rds:StopDBInstance"));
    }

    #[test]
    fn what_would_be_ignored_is_refused() {
        let policy = r#"{"Statement":{"Effect":"Allow","NotAction":"iam:*"}}"#;
        assert!(Policy::parse(policy).unwrap_err().contains("NotAction"));
    }

    #[test]
    fn wildcards_stand_for_characters() {
        let rows = [
            ("", "", true),
            ("*", "", true),
            ("office-*", "office-hours", true),
            ("*hours", "office-hours", true),
            ("o*-h*s", "office-hours", true),
            ("office?hours", "office-hours", true),
            ("office", "office-hours", false),
            ("?", "", false),
            (r"\*", "*", true),
            (r"\*", "x", false),
            ("zürich*", "zürich", true),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
