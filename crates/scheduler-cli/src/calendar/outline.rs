//! The lines of an iCalendar file: whether they are lines at all, and where each component and property stands.
//!
//! The crate that reads calendars forgives everything and tells no lines; a person with a broken file wants both.

/// Something wrong in a calendar, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) line: usize,
    pub(super) message: String,
    pub(super) help: &'static str,
}

impl Bad {
    pub(super) fn new(line: usize, message: impl Into<String>, help: &'static str) -> Self {
        Self { line, message: message.into(), help }
    }
}

/// A component, in the order in which components begin.
#[derive(Clone, Debug)]
pub(super) struct Component {
    kind: String,
    pub(super) line: usize,
    properties: Vec<(String, usize)>,
}

impl Component {
    /// The line of a property, or else of the component.
    pub(super) fn line_of(&self, property: &str) -> usize {
        let found = self.properties.iter().find(|(name, _)| name.eq_ignore_ascii_case(property));
        found.map_or(self.line, |(_, line)| *line)
    }
}

/// The components of a file, or the first thing that is wrong with its lines.
pub(super) fn read(text: &str) -> Result<Vec<Component>, Bad> {
    let mut components: Vec<Component> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (line, content) in text.lines().zip(1..).map(|(content, line)| (line, content)) {
        // A line that begins with white space goes on with the one before.
        if content.trim().is_empty() || content.starts_with([' ', '\t']) {
            continue;
        }
        let (name, value) = property(content, line)?;
        match name.to_ascii_uppercase().as_str() {
            "BEGIN" => {
                let kind = value.trim().to_ascii_uppercase();
                if open.is_empty() && kind != "VCALENDAR" {
                    return Err(not_a_calendar(line, content));
                }
                open.push(components.len());
                components.push(Component { kind, line, properties: Vec::new() });
            }
            "END" => {
                let begun = open.pop().map(|index| &components[index]);
                let begun = begun.filter(|begun| begun.kind.eq_ignore_ascii_case(value.trim()));
                if begun.is_none() {
                    let message = format!("`{content}` ends what has not begun");
                    return Err(Bad::new(
                        line,
                        message,
                        "write an END for every BEGIN, inside out",
                    ));
                }
            }
            _ => {
                let Some(index) = open.last() else { return Err(not_a_calendar(line, content)) };
                components[*index].properties.push((name.to_owned(), line));
            }
        }
    }
    match open.last() {
        Some(index) => {
            let Component { kind, line, .. } = &components[*index];
            let message = format!("`{kind}` has no end");
            Err(Bad::new(*line, message, "the file may be cut off: fetch it again"))
        }
        None if components.is_empty() => Err(not_a_calendar(1, "")),
        None => Ok(components),
    }
}

fn not_a_calendar(line: usize, content: &str) -> Bad {
    let shown: String = content.chars().take(40).collect();
    let message = format!("`{shown}` is outside a calendar");
    Bad::new(line, message, "a calendar begins with BEGIN:VCALENDAR and ends with END:VCALENDAR")
}

/// A content line's name and value. A colon inside quotation marks belongs to a parameter.
fn property(content: &str, line: usize) -> Result<(&str, &str), Bad> {
    let content = content.trim_start_matches('\u{feff}');
    let name_end = content.find([';', ':']).unwrap_or(content.len());
    let name = &content[..name_end];
    let mut in_quotes = false;
    let colon = content.find(|c| {
        in_quotes ^= c == '"';
        c == ':' && !in_quotes
    });
    let is_name = !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    match colon {
        Some(colon) if is_name => Ok((name, &content[colon + 1..])),
        // A property may be folded before its colon; then the next line begins with a space.
        None if is_name && name_end < content.len() => Ok((name, "")),
        _ => {
            let shown: String = content.chars().take(40).collect();
            let message = format!("`{shown}` is not a property");
            Err(Bad::new(
                line,
                message,
                "a line is NAME:VALUE; one that goes on begins with a space",
            ))
        }
    }
}
