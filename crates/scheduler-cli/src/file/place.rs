//! From a mistake, which knows item, field and text, back to the bytes of the file.

use std::ops::Range;

use scheduler_core::mistake::{Code, Mistake};

use super::tree::{Key, Node, Value};

/// The bytes that a mistake means: its span of its text, or else the closest thing that stands in the file.
///
/// The same mistake may be made twice in one list; `nth` says which of them this is, from 0.
pub(super) fn of(mistake: &Mistake, nth: usize, root: &Node, source: &str) -> Range<usize> {
    let (section, name) = mistake.item.split_once('.').unwrap_or((&mistake.item, ""));
    let Some((key, node)) = root.entry(section) else { return 0..0 };
    if name.is_empty() {
        return within(node, mistake, nth, source).unwrap_or_else(|| shown(node, key));
    }
    let Some((key, item)) = node.entry(name) else { return key.span.clone() };
    match field(item, &mistake.field) {
        Some((field, _)) if mistake.code == Code::UnknownField => field.span.clone(),
        Some((field, value)) => {
            within(value, mistake, nth, source).unwrap_or_else(|| shown(value, field))
        }
        None => key.span.clone(),
    }
}

/// A value if it can be shown on a line or two, else its key.
fn shown(value: &Node, key: &Key) -> Range<usize> {
    match value.value {
        Value::Scalar { .. } | Value::List(_) if !value.span.is_empty() => value.span.clone(),
        _ => key.span.clone(),
    }
}

/// The field of that name, where `days.2026-02-17` is a field of a field.
fn field<'a>(node: &'a Node, path: &str) -> Option<(&'a Key, &'a Node)> {
    if let Some(found) = node.entry(path) {
        return Some(found);
    }
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find_map(|(key, value)| {
        let rest = path.strip_prefix(key.text.as_str())?.strip_prefix('.')?;
        field(value, rest).or(Some((key, value)))
    })
}

/// The bytes of the mistake's text among the texts of a value.
fn within(node: &Node, mistake: &Mistake, nth: usize, source: &str) -> Option<Range<usize>> {
    if mistake.text.is_empty() {
        return None;
    }
    if let Some(place) = pair(node, mistake, source) {
        return Some(place);
    }
    let mut texts = Vec::new();
    collect(node, &mut texts);
    // The most exact first, so that `office` is not found in `post-office`.
    let ways: [fn(&str, &str) -> Option<usize>; 3] =
        [|whole, text| (whole == text).then_some(0), as_member, |whole, text| whole.find(text)];
    ways.iter().find_map(|way| {
        let mut hits = texts.iter().filter_map(|(whole, span)| {
            let at = way(whole, &mistake.text)?;
            Some(part(whole, span, at + mistake.span.start..at + mistake.span.end, source))
        });
        let first = hits.next()?;
        Some(if nth == 0 { first } else { hits.nth(nth - 1).unwrap_or(first) })
    })
}

/// The bytes of a text that is a key and its value: `2026-02-17: holiday`.
fn pair(node: &Node, mistake: &Mistake, source: &str) -> Option<Range<usize>> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find_map(|(key, node)| {
        let value = mistake.text.strip_prefix(key.text.as_str())?.strip_prefix(": ")?;
        let Value::Scalar { text, .. } = &node.value else { return None };
        let before = mistake.text.len() - value.len();
        match mistake.span.start.checked_sub(before) {
            _ if text != value => None,
            Some(start) => Some(part(text, &node.span, start..mistake.span.end - before, source)),
            None => Some(key.span.start..node.span.end.max(key.span.end)),
        }
    })
}

/// Where a text stands as a member of a comma list, or as a member's name before `@`.
fn as_member(whole: &str, text: &str) -> Option<usize> {
    let mut at = 0;
    whole.split(',').find_map(|member| {
        let start = at + member.len() - member.trim_start().len();
        at += member.len() + 1;
        let member = member.trim();
        let name = member.split('@').next().map(str::trim);
        (member == text || name == Some(text)).then_some(start)
    })
}

fn collect<'a>(node: &'a Node, texts: &mut Vec<(&'a str, &'a Range<usize>)>) {
    match &node.value {
        Value::Scalar { text, .. } => texts.push((text, &node.span)),
        Value::List(members) => members.iter().for_each(|member| collect(member, texts)),
        Value::Map(entries) => {
            for (key, value) in entries {
                texts.push((&key.text, &key.span));
                collect(value, texts);
            }
        }
    }
}

/// The bytes of a part of a scalar. Escapes and folded lines make the two differ; then it is the whole scalar.
fn part(whole: &str, span: &Range<usize>, part: Range<usize>, source: &str) -> Range<usize> {
    let written = &source[span.clone()];
    let quote = usize::from(written.starts_with(['"', '\'']));
    let is_plain = written.get(quote..).is_some_and(|rest| rest.starts_with(whole));
    if is_plain && !part.is_empty() && part.end <= whole.len() {
        let start = span.start + quote;
        start + part.start..start + part.end
    } else {
        span.clone()
    }
}
