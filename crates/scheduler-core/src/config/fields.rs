//! Reading an item's fields, one door per type of value. A wrong value becomes a [`Mistake`], never a panic.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::{Map, Value};

use super::RawItem;
use crate::mistake::{Code, Mistake, Wrong};

/// An item's fields, and the mistakes found in them so far.
pub(super) struct Fields<'a> {
    item: &'a RawItem,
    place: String,
    read: BTreeSet<&'static str>,
    mistakes: &'a mut Vec<Mistake>,
    errors: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn of(item: &'a RawItem, mistakes: &'a mut Vec<Mistake>) -> Self {
        Self { item, place: item.place(), read: BTreeSet::new(), mistakes, errors: 0 }
    }

    /// Whether a mistake was found that is more than a warning.
    pub(super) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    pub(super) fn report(&mut self, mistake: Mistake) {
        self.errors += usize::from(!mistake.code.is_warning());
        self.mistakes.push(mistake);
    }

    pub(super) fn mistake(&self, field: &str, text: impl Into<String>, code: Code) -> Mistake {
        Mistake::whole(&self.place, field, text, code)
    }

    /// A field's value. Absent, null and the empty text are the same.
    fn value(&mut self, field: &'static str) -> Option<&'a Value> {
        self.read.insert(field);
        self.item.fields.get(field).filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    /// A text.
    pub(super) fn text(&mut self, field: &'static str) -> Option<&'a str> {
        let value = self.value(field)?;
        if value.as_str().is_none() {
            let mistake = self.mistake(field, value.to_string(), Code::WrongType);
            self.report(
                mistake.saying(format!("{value} is not a text"), "write it in quotation marks"),
            );
        }
        value.as_str()
    }

    /// A text that means something: `parse` says what, or what is wrong with it.
    pub(super) fn parsed<T>(
        &mut self,
        field: &'static str,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let text = self.text(field)?;
        parse(text).map_err(|wrong| self.report_wrong(field, text, wrong)).ok()
    }

    /// A text that means something and has to be there.
    pub(super) fn required<T>(
        &mut self,
        field: &'static str,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        if self.value(field).is_none() {
            let mistake = self.mistake(field, "", Code::Missing);
            self.report(mistake.saying(format!("`{field}` is missing"), "write it"));
            return None;
        }
        self.parsed(field, parse)
    }

    /// Reports what is wrong with a text of a field.
    pub(super) fn report_wrong(&mut self, field: &'static str, text: &str, wrong: Wrong) {
        self.report(wrong.with(&self.place, field, text));
    }

    /// A map from texts.
    pub(super) fn map(&mut self, field: &'static str) -> Option<&'a Map<String, Value>> {
        let value = self.value(field)?;
        if value.as_object().is_none() {
            let mistake = self.mistake(field, value.to_string(), Code::WrongType);
            self.report(mistake.saying(format!("{value} is not a map"), "write names with values"));
        }
        value.as_object()
    }

    /// Yes or no: a boolean, or a text that spells one, as CloudFormation stores it.
    pub(super) fn flag(&mut self, field: &'static str) -> Option<bool> {
        let value = self.value(field)?;
        let spelled = value.as_str().map(str::to_ascii_lowercase);
        let flag = match spelled.as_deref() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => value.as_bool(),
        };
        if flag.is_none() {
            let text = spelled.unwrap_or_else(|| value.to_string());
            let message = format!("`{text}` is neither true nor false");
            let mistake = self
                .mistake(field, text, Code::BadValue)
                .saying(message, "write `true` or `false`");
            self.report(mistake);
        }
        flag
    }

    /// The members of a list or set; a text alone is a list of one. An empty list is a mistake.
    pub(super) fn members(&mut self, field: &'static str) -> Option<Vec<&'a str>> {
        let members = match self.value(field)? {
            Value::String(text) => vec![text.as_str()],
            Value::Array(values) if values.iter().all(Value::is_string) => {
                values.iter().filter_map(Value::as_str).collect()
            }
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_)) => {
                let mistake = self.mistake(field, other.to_string(), Code::WrongType);
                self.report(mistake.saying(
                    format!("{other} is not a list of texts"),
                    "write a text, or a list of texts",
                ));
                return None;
            }
        };
        if members.is_empty() {
            let mistake = self.mistake(field, "", Code::Empty);
            self.report(
                mistake.saying(
                    "the list is empty",
                    "write at least one value, or leave the field out",
                ),
            );
            return None;
        }
        Some(members)
    }

    /// The members of a list or set of expressions, where a bare number is an expression too.
    pub(super) fn expressions(&mut self, field: &'static str) -> Option<Vec<Cow<'a, str>>> {
        let expression = |value: &'a Value| match value {
            Value::String(text) => Some(Cow::from(text)),
            Value::Number(number) if number.is_u64() => Some(number.to_string().into()),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => None,
        };
        let value = self.value(field)?;
        let all: Option<Vec<_>> = match value.as_array().filter(|values| !values.is_empty()) {
            Some(values) => values.iter().map(expression).collect(),
            None => expression(value).map(|one| vec![one]),
        };
        all.or_else(|| Some(self.members(field)?.into_iter().map(Cow::from).collect()))
    }

    /// Warns of fields that nobody has asked for, except those that are known to mean nothing here.
    pub(super) fn warn_of_others(mut self, ignored: &[&str]) -> bool {
        let others: Vec<_> = self
            .item
            .fields
            .keys()
            .filter(|key| !self.read.contains(key.as_str()) && !ignored.contains(&key.as_str()))
            .collect();
        for field in others {
            let help = match self.closest(field) {
                Some(known) => format!("did you mean `{known}`?"),
                None => "leave it out, or look up its name".into(),
            };
            let mistake = self.mistake(field, field, Code::UnknownField);
            self.report(mistake.saying(format!("`{field}` is not read"), help));
        }
        self.has_errors()
    }

    /// The field that was probably meant, among those that mean something and are not there.
    fn closest(&self, field: &str) -> Option<&'static str> {
        let score = |known: &str| strsim::jaro_winkler(field, known);
        let absent = self.read.iter().filter(|known| !self.item.fields.contains_key(**known));
        let closest = absent.copied().max_by(|a, b| score(a).total_cmp(&score(b)));
        closest.filter(|known| score(known) > 0.8)
    }
}
