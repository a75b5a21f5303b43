//! A table: its key schema, and its items in the order of their keys.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::number::Number;
use super::value::{Item, check, item_bytes, typed};
use crate::services::members::{Members, invalid};
use crate::wire::ApiError;

#[derive(Debug)]
pub(super) struct Table {
    pub(super) schema: Schema,
    pub(super) created: DateTime<Utc>,
    /// The attribute that says when an item expires, if time to live is enabled.
    pub(super) expires_by: Option<String>,
    /// By hash key, then by range key. AWS scans in an order of its own; here it is the keys' order.
    items: BTreeMap<KeyValue, BTreeMap<Option<KeyValue>, Kept>>,
}

/// An item as it is kept: as text, for a tree takes ten times the memory, and a bench keeps 400,000 of them.
#[derive(Debug)]
struct Kept(Box<str>);

impl Kept {
    fn of(item: &Item) -> Self {
        // A map of texts and values can always be written.
        Self(serde_json::to_string(item).unwrap_or_default().into())
    }

    fn item(&self) -> Item {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

#[derive(Debug)]
pub(super) struct Schema {
    pub(super) hash: KeyAttribute,
    pub(super) range: Option<KeyAttribute>,
}

#[derive(Debug)]
pub(super) struct KeyAttribute {
    pub(super) name: String,
    kind: KeyKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyKind {
    Text,
    Number,
}

/// The value of a key attribute, in its order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeyValue {
    Text(String),
    Number(Number),
}

/// What names an item: unique in its table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) hash: KeyValue,
    pub(super) range: Option<KeyValue>,
}

/// Which way a query goes through its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Forward,
    Backward,
}

impl Table {
    pub(super) fn new(members: Members<'_>, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let schema = Schema::parse(members)?;
        Ok(Self { schema, created: now, expires_by: None, items: BTreeMap::new() })
    }

    pub(super) fn get(&self, key: &Key) -> Option<Item> {
        self.items.get(&key.hash)?.get(&key.range).map(Kept::item)
    }

    pub(super) fn put(&mut self, key: Key, item: &Item) -> Option<Item> {
        let old = self.items.entry(key.hash).or_default().insert(key.range, Kept::of(item));
        old.as_ref().map(Kept::item)
    }

    pub(super) fn delete(&mut self, key: &Key) -> Option<Item> {
        let siblings = self.items.get_mut(&key.hash)?;
        let old = siblings.remove(&key.range);
        if siblings.is_empty() {
            self.items.remove(&key.hash);
        }
        old.as_ref().map(Kept::item)
    }

    /// The items with one hash key, in order of their range key or against it, behind one range key if one is given.
    pub(super) fn siblings(
        &self,
        hash: &KeyValue,
        start: Option<&Option<KeyValue>>,
        direction: Direction,
    ) -> Box<dyn Iterator<Item = Item> + '_> {
        let Some(siblings) = self.items.get(hash) else { return Box::new(std::iter::empty()) };
        let start = start.cloned().map_or(Unbounded, Excluded);
        match direction {
            Direction::Forward => {
                Box::new(siblings.range((start, Unbounded)).map(|(_, kept)| kept.item()))
            }
            Direction::Backward => {
                Box::new(siblings.range((Unbounded, start)).rev().map(|(_, kept)| kept.item()))
            }
        }
    }

    /// All items behind a key, in order.
    pub(super) fn after(&self, start: Option<&Key>) -> Box<dyn Iterator<Item = Item> + '_> {
        let Some(Key { hash, range }) = start else {
            return Box::new(self.items.values().flat_map(BTreeMap::values).map(Kept::item));
        };
        let behind = (Excluded(range.clone()), Unbounded);
        let siblings =
            self.items.get(hash).into_iter().flat_map(move |items| items.range(behind.clone()));
        let others =
            self.items.range((Excluded(hash.clone()), Unbounded)).flat_map(|(_, items)| items);
        Box::new(siblings.chain(others).map(|(_, kept)| kept.item()))
    }

    pub(super) fn len(&self) -> usize {
        self.items.values().map(BTreeMap::len).sum()
    }

    pub(super) fn bytes(&self) -> usize {
        self.after(None).map(|item| item_bytes(&item)).sum()
    }
}

impl Schema {
    fn parse(members: Members<'_>) -> Result<Self, ApiError> {
        let definitions = members.list("AttributeDefinitions");
        let elements = members.list("KeySchema");
        let of_kind = |kind: &str| elements.iter().find(|element| element["KeyType"] == kind);
        let hash = of_kind("HASH")
            .ok_or_else(|| invalid("Invalid KeySchema: The first element must be HASH"))?;
        let range = of_kind("RANGE")
            .map(|element| KeyAttribute::parse(element, definitions))
            .transpose()?;
        let used = 1 + usize::from(range.is_some());
        if definitions.len() != used || elements.len() != used {
            let message = "Number of attributes in KeySchema does not exactly match number of attributes defined in \
                           AttributeDefinitions";
            return Err(invalid(format!("One or more parameter values were invalid: {message}")));
        }
        Ok(Self { hash: KeyAttribute::parse(hash, definitions)?, range })
    }

    fn attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        [&self.hash].into_iter().chain(&self.range)
    }

    /// Whether an attribute is part of the key.
    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes().any(|attribute| attribute.name == name)
    }

    /// The key of a whole item.
    pub(super) fn key_of(&self, item: &Item) -> Result<Key, ApiError> {
        let range = self.range.as_ref().map(|range| range.value_in(item)).transpose()?;
        Ok(Key { hash: self.hash.value_in(item)?, range })
    }

    /// A key given by itself, which must have the key attributes and no others.
    pub(super) fn key(&self, json: &Value) -> Result<Key, ApiError> {
        let mismatch = || invalid("The provided key element does not match the schema");
        let given = json.as_object().ok_or_else(mismatch)?;
        let named = self.attributes().all(|attribute| given.contains_key(&attribute.name));
        if !named || given.len() != self.attributes().count() {
            return Err(mismatch());
        }
        let fits = |attribute: &KeyAttribute| {
            typed(&given[&attribute.name]).is_some_and(|(kind, _)| kind == attribute.kind.name())
        };
        if !self.attributes().all(fits) {
            return Err(mismatch());
        }
        self.key_of(given)
    }

    /// An item's key on the wire, as LastEvaluatedKey has it.
    pub(super) fn key_json(&self, item: &Item) -> Value {
        let pair = |attribute: &KeyAttribute| {
            Some((attribute.name.clone(), item.get(&attribute.name)?.clone()))
        };
        self.attributes().filter_map(pair).collect::<Item>().into()
    }

    pub(super) fn key_schema(&self) -> Value {
        let kinds = ["HASH", "RANGE"].into_iter();
        let element = |(KeyAttribute { name, .. }, kind): (&KeyAttribute, &str)| -> Value {
            json!({ "AttributeName": name, "KeyType": kind })
        };
        self.attributes().zip(kinds).map(element).collect()
    }

    pub(super) fn attribute_definitions(&self) -> Value {
        let definition = |KeyAttribute { name, kind }: &KeyAttribute| -> Value {
            json!({ "AttributeName": name, "AttributeType": kind.name() })
        };
        self.attributes().map(definition).collect()
    }
}

impl KeyAttribute {
    fn parse(element: &Value, definitions: &[Value]) -> Result<Self, ApiError> {
        let name = element["AttributeName"].as_str().unwrap_or_default();
        let defined = definitions.iter().find(|definition| definition["AttributeName"] == name);
        let kind = match defined.and_then(|definition| definition["AttributeType"].as_str()) {
            Some("S") => KeyKind::Text,
            Some("N") => KeyKind::Number,
            Some("B") => return Err(invalid("The sandbox keeps no tables with binary keys")),
            Some(_) | None => {
                let message = "Some index key attributes are not defined in AttributeDefinitions.";
                return Err(invalid(format!(
                    "One or more parameter values were invalid: {message}"
                )));
            }
        };
        Ok(Self { name: name.to_owned(), kind })
    }

    fn value_in(&self, item: &Item) -> Result<KeyValue, ApiError> {
        let Self { name, kind } = self;
        let wrong =
            |what: String| invalid(format!("One or more parameter values were invalid: {what}"));
        let value =
            item.get(name).ok_or_else(|| wrong(format!("Missing the key {name} in the item")))?;
        check(value)?;
        let (actual, expected) = (typed(value).map_or("", |(kind, _)| kind), kind.name());
        if actual != expected {
            return Err(wrong(format!(
                "Type mismatch for key {name} expected: {expected} actual: {actual}"
            )));
        }
        self.value(value)
    }

    /// A value of the right type as a key. It must not be empty.
    pub(super) fn value(&self, value: &Value) -> Result<KeyValue, ApiError> {
        let text = value[self.kind.name()].as_str();
        let mismatch = || {
            invalid(
                "One or more parameter values were invalid: Condition parameter type does not match schema type",
            )
        };
        let text = text.ok_or_else(mismatch)?;
        match self.kind {
            KeyKind::Text if text.is_empty() => {
                let rule =
                    "The AttributeValue for a key attribute cannot contain an empty string value.";
                Err(invalid(format!(
                    "One or more parameter values are not valid. {rule} Key: {}",
                    self.name
                )))
            }
            KeyKind::Text => Ok(KeyValue::Text(text.to_owned())),
            KeyKind::Number => text.parse().map(KeyValue::Number).map_err(|_| mismatch()),
        }
    }
}

impl KeyKind {
    fn name(self) -> &'static str {
        match self {
            Self::Text => "S",
            Self::Number => "N",
        }
    }
}
