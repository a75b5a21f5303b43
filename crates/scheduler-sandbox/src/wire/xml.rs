//! The query formats' output: elements written into one string, with no tree in between.

use std::fmt::{self, Display, Write};

/// XML under construction.
#[derive(Debug, Default)]
pub(crate) struct Xml(String);

impl Xml {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// `<name>value</name>`, escaped.
    pub(crate) fn text(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.open(name);
        // Writing into a string cannot fail.
        let _ = write!(Escaping(&mut self.0), "{value}");
        self.close(name)
    }

    /// `<name>value</name>`, or nothing at all.
    pub(crate) fn text_if_some(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// `<name>...</name>` around what the closure writes.
    pub(crate) fn within(&mut self, name: &str, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.open(name);
        fill(self);
        self.close(name)
    }

    /// `<list><item>...</item><item>...</item></list>`.
    pub(crate) fn each<T>(
        &mut self,
        list: &str,
        item: &str,
        things: impl IntoIterator<Item = T>,
        fill: impl Fn(&mut Self, T),
    ) -> &mut Self {
        self.within(list, |xml| {
            for thing in things {
                xml.within(item, |xml| fill(xml, thing));
            }
        })
    }

    /// What another `Xml` holds.
    pub(crate) fn append(&mut self, other: &Xml) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// The document: a root element with its namespace around what was written.
    pub(crate) fn into_document(self, root: &str, namespace: Option<&str>) -> String {
        let namespace = namespace.map(|uri| format!(" xmlns=\"{uri}\"")).unwrap_or_default();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}{namespace}>{}</{root}>",
            self.0
        )
    }

    fn open(&mut self, name: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
    }

    fn close(&mut self, name: &str) -> &mut Self {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
        self
    }
}

/// Escapes while formatting, so that a page of a thousand instances allocates no text twice.
struct Escaping<'a>(&'a mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(['&', '<', '>', '\r']) {
            let (plain, special) = rest.split_at(at);
            self.0.push_str(plain);
            self.0.push_str(match special.as_bytes()[0] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                _ => "&#xD;",
            });
            rest = &special[1..];
        }
        self.0.push_str(rest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_lists_are_items() {
        let mut xml = Xml::new();
        xml.text("a", "x < y & z").each("set", "item", [1, 2], |xml, n| {
            xml.text("n", n);
        });
        let document = xml.into_document("R", Some("urn:x"));
        let expected = "<R xmlns=\"urn:x\"><a>x &lt; y &amp; z</a>\
                        <set><item><n>1</n></item><item><n>2</n></item></set></R>";
        assert_eq!(document.split_once('\n').unwrap().1, expected);
    }
}
