//! YAML with positions. JSON is YAML, so this reads both.
//!
//! Scalars stay the text that was written: what `09:00`, `2026-01-01` or `on` would mean to YAML is no concern here.

use std::{collections::BTreeMap, ops::Range};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use scheduler_core::mistake::Code;

/// No schedule is nested deeper; a file that is would exhaust the stack.
const MAX_DEPTH: usize = 32;
/// Aliases can make a short text long. This is how long.
const MAX_NODES: usize = 500_000;

/// A value and the bytes of the file that say it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) span: Range<usize>,
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A text; `quoted` if it can be nothing else.
    Scalar {
        text: String,
        quoted: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: String,
    /// Whether it is `<<` without quotation marks, which brings in another map.
    is_merge: bool,
    pub(super) span: Range<usize>,
}

impl Node {
    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Scalar { .. } => 0,
            Value::List(members) => members.iter().map(Node::size).sum(),
            Value::Map(entries) => entries.iter().map(|(_, node)| node.size()).sum(),
        }
    }

    /// The value of a key.
    pub(super) fn entry(&self, name: &str) -> Option<(&Key, &Node)> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(key, _)| key.text == name).map(|(key, node)| (key, node))
    }

    /// What it is, for a message.
    pub(super) fn what(&self) -> &'static str {
        match self.value {
            Value::Scalar { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// Something wrong with the file itself.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// The section or item, if it is that of one.
    pub(super) item: String,
    pub(super) code: Code,
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) help: String,
}

/// The file's one document, as far as it could be read, and what is wrong with it.
pub(super) fn parse(text: &str) -> (Option<Node>, Vec<Problem>) {
    // YAML wants no tabs for indentation. JSON allows them, but never inside a string.
    let is_json =
        text.contains('\t') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let untabbed = is_json.then(|| text.replace('\t', " "));
    let mut builder = Builder::new(text);
    let mut parser = Parser::new_from_str(untabbed.as_deref().unwrap_or(text));
    builder.read(&mut parser);
    (builder.root, builder.problems)
}

struct Builder<'a> {
    text: &'a str,
    /// The byte at which each character begins, and the text's end.
    bytes: Vec<usize>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
    problems: Vec<Problem>,
}

/// A list or map that has begun.
struct Open {
    start: usize,
    anchor: usize,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Map(Vec<(Key, Node)>, Awaits),
}

enum Awaits {
    Key,
    ValueOf(Key),
    /// The value of a key that counts for nothing.
    Discarded,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        let bytes = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        Self {
            text,
            bytes,
            open: Vec::new(),
            anchors: BTreeMap::new(),
            nodes: 0,
            documents: 0,
            root: None,
            problems: Vec::new(),
        }
    }

    fn read(&mut self, parser: &mut Parser<'_, StrInput<'_>>) {
        while let Some(event) = parser.next_event() {
            let goes_on = match event {
                Ok((event, span)) => self.event(event, span),
                Err(error) => self.broken(&error),
            };
            if goes_on.is_none() {
                return;
            }
        }
    }

    /// Takes an event; none if nothing after it makes sense.
    fn event(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        let span = self.span(span);
        match event {
            Event::DocumentStart(_) => self.document(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                let quoted = style != ScalarStyle::Plain || tag.as_deref().is_some_and(is_text);
                self.check_tag(tag.as_deref(), &span);
                let value = Value::Scalar { text: text.into_owned(), quoted };
                self.complete(Node { value, span }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), &span);
                self.begin(span, anchor, Inside::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), &span);
                self.begin(span, anchor, Inside::Map(Vec::new(), Awaits::Key))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(&span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Some(()),
        }
    }

    fn document(&mut self, span: Range<usize>) -> Option<()> {
        self.documents += 1;
        if self.documents == 1 {
            return Some(());
        }
        let message = "a second document begins here";
        self.problem(
            Code::Syntax,
            span,
            message,
            "write everything in one document, without `---`",
        );
        None
    }

    fn begin(&mut self, span: Range<usize>, anchor: usize, inside: Inside) -> Option<()> {
        if self.open.len() >= MAX_DEPTH {
            self.problem(Code::Syntax, span, "this is nested too deeply", "write fewer levels");
            return None;
        }
        self.open.push(Open { start: span.start, anchor, inside });
        Some(())
    }

    fn end(&mut self, span: &Range<usize>) -> Option<()> {
        let Open { start, anchor, inside } = self.open.pop()?;
        let value = match inside {
            Inside::List(members) => Value::List(members),
            Inside::Map(entries, _) => Value::Map(merged(entries)),
        };
        self.complete(Node { value, span: start..span.end.max(start) }, anchor)
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>) -> Option<()> {
        match self.anchors.get(&anchor).cloned() {
            Some(node) => self.complete(node, 0),
            None => {
                let message = "this alias stands inside what it names";
                self.problem(Code::Syntax, span, message, "write the value out");
                None
            }
        }
    }

    /// Puts a value where it belongs.
    fn complete(&mut self, node: Node, anchor: usize) -> Option<()> {
        self.nodes += node.size();
        if self.nodes > MAX_NODES {
            self.problem(Code::Syntax, node.span, "the file is too large", "write fewer aliases");
            return None;
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(Open { inside, .. }) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        match inside {
            Inside::List(members) => members.push(node),
            Inside::Map(entries, awaits) => match std::mem::replace(awaits, Awaits::Key) {
                Awaits::Key => self.key(node),
                Awaits::ValueOf(key) => entries.push((key, node)),
                Awaits::Discarded => {}
            },
        }
        Some(())
    }

    fn key(&mut self, node: Node) {
        let Some(Open { inside: Inside::Map(entries, awaits), .. }) = self.open.last_mut() else {
            return;
        };
        let Value::Scalar { text, quoted } = node.value else {
            *awaits = Awaits::Discarded;
            let message = format!("{} cannot be a name", node.what());
            return self.problem(Code::Syntax, node.span, message, "write a text before the colon");
        };
        if entries.iter().any(|(key, _)| key.text == text) {
            *awaits = Awaits::Discarded;
            let message = format!("`{text}` stands here twice");
            return self.problem(Code::Duplicate, node.span, message, "leave one of them out");
        }
        let is_merge = text == "<<" && !quoted;
        *awaits = Awaits::ValueOf(Key { text, is_merge, span: node.span });
    }

    fn check_tag(&mut self, tag: Option<&Tag>, span: &Range<usize>) {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) {
            let message = format!("the tag `{tag}` means nothing here");
            self.problem(Code::Syntax, span.clone(), message, "write the value itself");
        }
    }

    fn broken(&mut self, error: &ScanError) -> Option<()> {
        let at = self.byte(*error.marker());
        let next = self.text[at..].chars().next();
        let line = &self.text[self.text[..at].rfind('\n').map_or(0, |end| end + 1)..];
        let indent = &line[..line.len() - line.trim_start().len()];
        let help = match next {
            _ if indent.contains('\t') => "indent with spaces, not with tabs",
            Some('*' | '&' | '!' | '%' | '@' | '`' | '?' | '|' | '>') => {
                "put a value that begins with a special character in quotation marks"
            }
            _ => "check the indentation, and the brackets and quotation marks before this place",
        };
        let span = at..at + next.filter(|c| *c != '\n').map_or(0, char::len_utf8);
        self.problem(Code::Syntax, span, error.info(), help);
        None
    }

    fn problem(&mut self, code: Code, span: Range<usize>, message: impl Into<String>, help: &str) {
        self.problems.push(Problem {
            item: String::new(),
            code,
            span,
            message: message.into(),
            help: help.into(),
        });
    }

    fn byte(&self, marker: Marker) -> usize {
        self.bytes.get(marker.index()).copied().unwrap_or(self.text.len())
    }

    /// Without the white space that the parser counts to what stands before it.
    fn span(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start);
        let written = self.text.get(start..self.byte(span.end)).unwrap_or_default();
        start..start + written.trim_end().len()
    }
}

fn is_text(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == "str"
}

/// With what `<<: *anchor` brings along. YAML 1.2 no longer has it; people do.
fn merged(entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
    let (merges, mut own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, _)| key.is_merge);
    let sources = merges.into_iter().flat_map(|(_, node)| match node.value {
        Value::List(members) => members,
        Value::Map(_) | Value::Scalar { .. } => vec![node],
    });
    for source in sources {
        let Value::Map(more) = source.value else { continue };
        for (key, node) in more {
            if own.iter().all(|(other, _)| other.text != key.text) {
                own.push((key, node));
            }
        }
    }
    own
}
