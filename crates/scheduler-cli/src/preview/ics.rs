//! The preview as iCalendar (RFC 5545): one event for every span it runs.

use std::io::{self, Write};

use scheduler_core::{Instant, stretch::Stretch};

use super::course::Course;

pub(super) fn write(courses: &[Course<'_>], out: &mut dyn Write) -> io::Result<()> {
    let head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Dayshift//scheduler-cli//EN"];
    head.iter().try_for_each(|text| line(out, text))?;
    for course in courses {
        for run in course.runs() {
            event(out, course.schedule.name.as_str(), &run)?;
        }
    }
    line(out, "END:VCALENDAR")
}

fn event(out: &mut dyn Write, schedule: &str, run: &Stretch) -> io::Result<()> {
    let begin = utc(run.begin);
    let told = [run.name.as_deref(), run.instance_type.as_deref()];
    let told: Vec<_> = told.into_iter().flatten().collect();
    let summary = match told.join(", ") {
        told if told.is_empty() => schedule.to_owned(),
        told => format!("{schedule} ({told})"),
    };
    line(out, "BEGIN:VEVENT")?;
    // The same span has the same id in every preview, so that an import replaces and does not double.
    line(out, &format!("UID:{begin}-{}@dayshift", escaped(schedule)))?;
    // When the event was last changed: nobody knows, and the begin is at least always the same.
    line(out, &format!("DTSTAMP:{begin}"))?;
    line(out, &format!("DTSTART:{begin}"))?;
    line(out, &format!("DTEND:{}", utc(run.end)))?;
    line(out, &format!("SUMMARY:{}", escaped(&summary)))?;
    line(out, "TRANSP:TRANSPARENT")?;
    line(out, "END:VEVENT")
}

fn utc(at: Instant) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Section 3.3.11: backslash, semicolon, comma and line breaks.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Section 3.1: lines end with CRLF and have at most 75 octets; longer ones go on after a space.
fn line(out: &mut dyn Write, text: &str) -> io::Result<()> {
    let mut length = 0;
    for c in text.chars() {
        if length + c.len_utf8() > 75 {
            out.write_all(b"\r\n ")?;
            length = 1;
        }
        length += c.len_utf8();
        write!(out, "{c}")?;
    }
    out.write_all(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_go_on_after_a_space_and_characters_stay_whole() {
        let mut out = Vec::new();
        line(&mut out, &"설날".repeat(20)).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        assert_eq!(text.replace("\r\n ", "").trim_end(), "설날".repeat(20));
    }

    #[test]
    fn what_means_something_to_icalendar_is_escaped() {
        assert_eq!(escaped("a,b;c\\d\ne"), "a\\,b\\;c\\\\d\\ne");
    }
}
