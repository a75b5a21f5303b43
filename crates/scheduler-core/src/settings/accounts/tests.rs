use super::*;

const FIELD: &str = "accounts";

fn accounts() -> Accounts {
    Accounts::new("aws".parse().unwrap(), "spoke".parse().unwrap())
}

/// Lists as they would be fetched, in as many rounds as are asked for.
fn complete(
    accounts: &mut Accounts,
    lists: &[(&str, Result<&str, FailureCode>)],
) -> (usize, Vec<Mistake>) {
    let lists: Lists = lists
        .iter()
        .map(|(name, text)| {
            let failed = |code| Failure { code, message: "AWS's words".into() };
            (name.parse().unwrap(), text.map(str::to_owned).map_err(failed))
        })
        .collect();
    let (mut rounds, mut mistakes) = (0, Vec::new());
    while accounts.unread().next().is_some() {
        rounds += 1;
        mistakes.extend(accounts.read(FIELD, &lists));
        assert!(rounds < 5, "there is no end to it");
    }
    (rounds, mistakes)
}

fn ids(accounts: &Accounts) -> Vec<&str> {
    accounts.ids().map(AccountId::as_str).collect()
}

/// Where, the sort, and what is written there.
fn told(mistakes: &[Mistake]) -> Vec<(&str, Code, &str)> {
    mistakes.iter().map(|one| (one.field.as_str(), one.code, one.text.as_str())).collect()
}

const A: &str = "111111111111";
const B: &str = "222222222222";
const C: &str = "333333333333";

#[test]
fn each_entry_is_an_account_or_a_mistake_of_its_own() {
    let other_role = format!("arn:aws:iam::{A}:role/other");
    let foreign = format!("arn:aws-cn:iam::{B}:role/spoke");
    let text = |parts: &[&str]| parts.join(",");
    for (text, served, mistakes) in [
        (text(&[A, B]), vec![A, B], vec![]),
        (format!(" {A} ,\n{B}\r\n,,"), vec![A, B], vec![]),
        (text(&[A, A]), vec![A], vec![(FIELD, Code::Duplicate, A)]),
        (text(&[A, &other_role, B]), vec![A, B], vec![(FIELD, Code::Duplicate, &*other_role)]),
        (text(&[&other_role, A]), vec![A], vec![(FIELD, Code::Duplicate, A)]),
        (
            text(&["12", &foreign, C]),
            vec![C],
            vec![(FIELD, Code::BadName, "12"), (FIELD, Code::BadName, &foreign)],
        ),
        (
            text(&["{param:a b}", "{list:x}", "{param:x", A]),
            vec![A],
            vec![
                (FIELD, Code::BadName, "{param:a b}"),
                (FIELD, Code::BadName, "{list:x}"),
                (FIELD, Code::BadName, "{param:x"),
            ],
        ),
    ] {
        let mut accounts = accounts();
        let found = accounts.name(FIELD, &text);
        assert_eq!(told(&found), mistakes, "{text:?}");
        assert_eq!(ids(&accounts), served, "{text:?}");
    }
}

#[test]
fn the_first_role_counts_and_the_second_is_named() {
    let mut accounts = accounts();
    let mistakes = accounts.name(FIELD, &format!("arn:aws:iam::{A}:role/first,{A}"));
    assert_eq!(
        mistakes[0].message,
        format!(
            "the account {A} is named twice, with different roles; `arn:aws:iam::{A}:role/first` is used"
        )
    );
    assert_eq!(
        accounts.role(&A.parse().unwrap()).unwrap().as_str(),
        format!("arn:aws:iam::{A}:role/first")
    );
}

#[test]
fn lists_nest_once_and_never_run_in_circles() {
    const UNREAD: Result<&str, FailureCode> = Err(FailureCode::Unreachable);
    for (text, lists, rounds, served, mistakes) in [
        ("{param:x}", vec![("x", Ok("222222222222\n333333333333"))], 1, vec![B, C], vec![]),
        (
            "{param:/x}, {param: y }",
            vec![("/x", Ok("{param:z}")), ("y", Ok(B)), ("z", Ok(C))],
            2,
            vec![B, C],
            vec![],
        ),
        (
            "{param:x},111111111111",
            vec![("x", Ok("{param:x},222222222222"))],
            1,
            vec![A, B],
            vec![("x", Code::Conflict, "{param:x}")],
        ),
        (
            "{param:x}",
            vec![("x", Ok("{param:y}")), ("y", Ok("{param:x},222222222222"))],
            2,
            vec![B],
            vec![("y", Code::Conflict, "{param:x}")],
        ),
        (
            "{param:x}",
            vec![("x", Ok("{param:y}")), ("y", Ok("{param:z},222222222222")), ("z", UNREAD)],
            2,
            vec![B],
            vec![("y", Code::BadValue, "{param:z}")],
        ),
        (
            "{param:x},{param:x}",
            vec![("x", Ok(B))],
            1,
            vec![B],
            vec![(FIELD, Code::Duplicate, "{param:x}")],
        ),
        (
            "111111111111,{param:x}",
            vec![("x", Ok("12,111111111111,222222222222"))],
            1,
            vec![A, B],
            vec![("x", Code::BadName, "12"), ("x", Code::Duplicate, A)],
        ),
        (
            "{param:x},{param:y},{param:z},111111111111",
            vec![
                ("x", Err(FailureCode::NotFound)),
                ("y", UNREAD),
                ("z", Ok("{param:w}")),
                ("w", Err(FailureCode::Denied)),
            ],
            2,
            vec![A],
            vec![
                (FIELD, Code::Missing, "{param:x}"),
                (FIELD, Code::Unreadable, "{param:y}"),
                ("z", Code::Unreadable, "{param:w}"),
            ],
        ),
    ] {
        let mut accounts = accounts();
        let mut found = accounts.name(FIELD, text);
        let (asked, more) = complete(&mut accounts, &lists);
        found.extend(more);
        assert_eq!(told(&found), mistakes, "{text:?}");
        assert_eq!((asked, ids(&accounts)), (rounds, served), "{text:?}");
    }
}

#[test]
fn named_accounts_win_over_discovered_ones_and_excluded_ones_over_all() {
    let mut accounts = accounts();
    let found = [A, B, C].map(|id| id.parse::<AccountId>().unwrap());
    assert_eq!(accounts.name(FIELD, &format!("arn:aws:iam::{A}:role/mine,{C}")), []);
    assert_eq!(
        told(&accounts.exclude("excluded", &format!("{C},12"))),
        [("excluded", Code::BadName, "12")]
    );
    accounts.add_discovered(&found);
    accounts.add_discovered(&found);
    assert_eq!(ids(&accounts), [A, B]);
    let roles = found.each_ref().map(|id| accounts.role(id).map(RoleArn::as_str));
    assert_eq!(
        roles,
        [
            Some("arn:aws:iam::111111111111:role/mine"),
            Some("arn:aws:iam::222222222222:role/spoke"),
            None
        ]
    );
}

#[test]
fn units_are_ids_of_units_or_roots() {
    let mut accounts = accounts();
    let mistakes =
        accounts.discover_in("units", "ou-ab12-11112222, r-ab12,ou-ab12-11112222,Sandbox");
    assert_eq!(told(&mistakes), [("units", Code::BadName, "Sandbox")]);
    assert_eq!(
        accounts.units().map(UnitId::as_str).collect::<Vec<_>>(),
        ["ou-ab12-11112222", "r-ab12"]
    );
}
