//! Whether a condition holds for an item. No item at all is an item without attributes.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Comparator, Condition, Operand, Path};
use crate::services::dynamodb::value::{Item, compare, same, typed};

pub(in crate::services::dynamodb) fn holds(condition: &Condition, item: &Item) -> bool {
    match condition {
        Condition::Compare(left, comparator, right) => {
            compares(resolve(left, item), *comparator, resolve(right, item))
        }
        Condition::Between(operand, low, high) => {
            let within = |comparator, bound| {
                compares(resolve(operand, item), comparator, resolve(bound, item))
            };
            within(Comparator::GreaterOrEqual, low) && within(Comparator::LessOrEqual, high)
        }
        Condition::In(operand, list) => list
            .iter()
            .any(|other| compares(resolve(operand, item), Comparator::Equal, resolve(other, item))),
        Condition::Exists(path) => at(path, item).is_some(),
        Condition::NotExists(path) => at(path, item).is_none(),
        Condition::BeginsWith(path, prefix) => begins_with(at(path, item), resolve(prefix, item)),
        Condition::Contains(path, part) => contains(at(path, item), resolve(part, item)),
        Condition::And(one, other) => holds(one, item) && holds(other, item),
        Condition::Or(one, other) => holds(one, item) || holds(other, item),
        Condition::Not(condition) => !holds(condition, item),
    }
}

pub(in crate::services::dynamodb) fn resolve<'a>(
    operand: &'a Operand,
    item: &'a Item,
) -> Option<&'a Value> {
    match operand {
        Operand::Path(path) => at(path, item),
        Operand::Value(value) => Some(value),
    }
}

pub(in crate::services::dynamodb) fn at<'a>(path: &Path, item: &'a Item) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(item.get(first)?, |value, name| value.get("M")?.get(name))
}

/// An attribute that is missing differs from everything, and has no order.
fn compares(left: Option<&Value>, comparator: Comparator, right: Option<&Value>) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return comparator == Comparator::NotEqual;
    };
    let order = || compare(left, right);
    match comparator {
        Comparator::Equal => same(left, right),
        Comparator::NotEqual => !same(left, right),
        Comparator::Less => order() == Some(Ordering::Less),
        Comparator::LessOrEqual => order().is_some_and(Ordering::is_le),
        Comparator::Greater => order() == Some(Ordering::Greater),
        Comparator::GreaterOrEqual => order().is_some_and(Ordering::is_ge),
    }
}

fn begins_with(value: Option<&Value>, prefix: Option<&Value>) -> bool {
    matches!((text(value), text(prefix)), (Some(text), Some(prefix)) if text.starts_with(prefix))
}

fn text(value: Option<&Value>) -> Option<&str> {
    value?["S"].as_str()
}

/// A part of a string, a member of a set or an element of a list.
fn contains(value: Option<&Value>, part: Option<&Value>) -> bool {
    let (Some((kind, whole)), Some(part)) = (value.and_then(typed), part) else { return false };
    let member =
        |kind: &str| whole.as_array().into_iter().flatten().any(|one| Some(one) == part.get(kind));
    match kind {
        "S" => {
            matches!((whole.as_str(), part["S"].as_str()), (Some(text), Some(part)) if text.contains(part))
        }
        "SS" => member("S"),
        "NS" => member("N"),
        "BS" => member("B"),
        "L" => whole.as_array().into_iter().flatten().any(|element| same(element, part)),
        _ => false,
    }
}
