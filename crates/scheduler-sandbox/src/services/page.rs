//! Pages of what is kept in the order of its names. A token means: after this name.

/// What a token begins with. AWS's tokens are opaque; these can be read when a test fails.
const TOKEN: &str = "sandbox-after-";

/// A page, and the token for the next one if there is more.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) things: Vec<T>,
    pub(crate) next: Option<String>,
}

/// Takes as many as a page holds, and looks on only far enough to know whether there is more.
pub(crate) fn take<'a, T>(
    mut named: impl Iterator<Item = (&'a str, T)>,
    size: usize,
) -> Page<(&'a str, T)> {
    let things: Vec<_> = named.by_ref().take(size).collect();
    let last = things.last().map(|(name, _)| format!("{TOKEN}{name}"));
    let next = last.filter(|_| named.next().is_some());
    Page { things, next }
}

/// The name a token stands for; `None` if it is no token.
pub(crate) fn after(token: &str) -> Option<&str> {
    token.strip_prefix(TOKEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_to_the_rest_and_ends() {
        let named = ["a", "b", "c"].map(|name| (name, ()));
        let first = take(named.into_iter(), 2);
        assert_eq!(first.things.len(), 2);
        let token = first.next.unwrap();
        let rest = named.into_iter().filter(|(name, ())| Some(*name) > after(&token));
        let last = take(rest, 2);
        assert_eq!((last.things, last.next), (vec![("c", ())], None));
        assert_eq!(after("b"), None);
    }
}
