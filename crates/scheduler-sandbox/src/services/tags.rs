//! Tags, as the query services take and give them.

use std::collections::BTreeMap;

use crate::wire::{ApiError, Xml};

/// Ordered by key, so that answers are the same every time; AWS promises no order.
pub(crate) type Tags = BTreeMap<String, String>;

/// The most tags one resource may have.
const MOST: usize = 50;

/// Adds tags, or none if one of them is not allowed.
pub(crate) fn add(tags: &mut Tags, new: &Tags) -> Result<(), ApiError> {
    check(new)?;
    let added = new.keys().filter(|key| !tags.contains_key(*key)).count();
    if tags.len() + added > MOST {
        let message = format!("You can't have more than {MOST} tags on one resource.");
        return Err(ApiError::bad("TagLimitExceeded", message));
    }
    tags.extend(new.iter().map(|(key, value)| (key.clone(), value.clone())));
    Ok(())
}

/// Refuses the keys and lengths AWS refuses.
pub(crate) fn check(tags: &Tags) -> Result<(), ApiError> {
    for (key, value) in tags {
        let refuse = |why: &str| Err(ApiError::bad("InvalidParameterValue", why));
        if key.is_empty() || key.chars().count() > 128 {
            return refuse("Tag key must be between 1 and 128 characters long.");
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return refuse("Tag keys starting with 'aws:' are reserved for internal use");
        }
        if value.chars().count() > 256 {
            return refuse("Tag value exceeds the maximum length of 256 characters");
        }
    }
    Ok(())
}

/// Writes tags as a list whose items have a key and a value, in the service's spelling.
pub(crate) fn write(xml: &mut Xml, names: [&str; 4], tags: &Tags) {
    let [list, item, key_name, value_name] = names;
    xml.each(list, item, tags, |xml, (key, value)| {
        xml.text(key_name, key).text(value_name, value);
    });
}
