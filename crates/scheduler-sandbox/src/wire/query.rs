//! The query formats' input: flat parameters whose names spell lists and structures, `Tag.1.Key=...`.

use std::collections::BTreeMap;
use std::ops::Bound::{Included, Unbounded};

/// The parameters of a request.
#[derive(Debug)]
pub(crate) struct Params(BTreeMap<String, String>);

/// One structure in a list: the parameters that begin with its prefix, `Tag.1.`.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    params: &'a Params,
    prefix: String,
}

impl Params {
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether a boolean parameter is given and true.
    pub(crate) fn says(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }

    /// The list `name.1`, `name.2`, ... Clients number without gaps.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|number| self.get(&format!("{name}.{number}"))).collect()
    }

    /// The structures `name.1.*`, `name.2.*`, ...
    pub(crate) fn groups(&self, name: &str) -> Vec<Group<'_>> {
        let group = |number: u32| Group { params: self, prefix: format!("{name}.{number}.") };
        (1..).map(group).take_while(Group::exists).collect()
    }

    fn begins(&self, prefix: &str) -> bool {
        let next = self.0.range::<str, _>((Included(prefix), Unbounded)).next();
        next.is_some_and(|(name, _)| name.starts_with(prefix))
    }
}

impl<'a> Group<'a> {
    fn exists(&self) -> bool {
        self.params.begins(&self.prefix)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.params.get(&format!("{}{name}", self.prefix))
    }

    pub(crate) fn list(&self, name: &str) -> Vec<&'a str> {
        self.params.list(&format!("{}{name}", self.prefix))
    }

    pub(crate) fn groups(&self, name: &str) -> Vec<Group<'a>> {
        self.params.groups(&format!("{}{name}", self.prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_spell_lists_and_structures() {
        let params = Params::parse(
            b"Id.1=a&Id.2=b&Id.10=z&F.1.Name=n&F.1.Value.1=x+y&F.1.Value.2=%26&F.2.Name=m",
        );
        assert_eq!(params.list("Id"), ["a", "b"]);
        let groups = params.groups("F");
        assert_eq!(
            groups.iter().map(|group| group.get("Name")).collect::<Vec<_>>(),
            [Some("n"), Some("m")]
        );
        assert_eq!(groups[0].list("Value"), ["x y", "&"]);
        assert!(params.groups("Id.1").is_empty());
    }
}
