//! Tables as they are: `DescribeTable`, `DescribeTimeToLive`.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, KeySchemaElement, KeyType, TableStatus, TimeToLiveStatus,
};
use scheduler_core::resource::Failure;

use crate::{Aws, failure::failure};

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its key.
    pub key: Key,
    /// `ACTIVE`, as a rule.
    pub status: String,
    /// Whether its items can be read and written now.
    pub is_ready: bool,
}

/// The key of a table, as `name (type)`; a type is `S`, `N` or `B`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// The HASH key.
    pub hash: String,
    /// The RANGE key, if it has one.
    pub range: Option<String>,
}

impl Aws {
    /// Describes a table.
    ///
    /// # Errors
    ///
    /// If it is not there, or may not be described.
    pub async fn table(&self, name: &str) -> Result<Table, Failure> {
        let answer = self.dynamodb().describe_table().table_name(name).send().await;
        let answer = answer.map_err(|error| failure("dynamodb:DescribeTable", &error))?;
        let table = answer
            .table
            .unwrap_or_else(|| aws_sdk_dynamodb::types::TableDescription::builder().build());
        let status = table.table_status();
        Ok(Table {
            key: key(table.key_schema(), table.attribute_definitions()),
            status: status.map_or_else(|| "unknown".into(), |status| status.as_str().into()),
            is_ready: matches!(status, Some(TableStatus::Active | TableStatus::Updating)),
        })
    }

    /// The attribute that says when an item of a table expires; none if none does.
    ///
    /// # Errors
    ///
    /// If that may not be asked.
    pub async fn expiry(&self, table: &str) -> Result<Option<String>, Failure> {
        let answer = self.dynamodb().describe_time_to_live().table_name(table).send().await;
        let answer = answer.map_err(|error| failure("dynamodb:DescribeTimeToLive", &error))?;
        let description = answer.time_to_live_description.filter(|description| {
            let status = description.time_to_live_status();
            matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
        });
        Ok(description.and_then(|description| description.attribute_name))
    }
}

fn key(schema: &[KeySchemaElement], attributes: &[AttributeDefinition]) -> Key {
    let of = |kind: KeyType| {
        let element = schema.iter().find(|element| *element.key_type() == kind)?;
        let name = element.attribute_name();
        let attribute = attributes.iter().find(|attribute| attribute.attribute_name() == name);
        let kind = attribute.map_or("?", |attribute| attribute.attribute_type().as_str());
        Some(format!("{name} ({kind})"))
    };
    Key { hash: of(KeyType::Hash).unwrap_or_default(), range: of(KeyType::Range) }
}
