//! Where schedules come from: a file, or what a deployment has stored.

use crate::{
    args::{HubArgs, SourceArgs},
    catalog,
    exit::Failed,
    file::File,
    hub::Hub,
};

/// The schedules that the command line names. What is stored is read as the file that `export` would print.
pub(crate) async fn read(source: &SourceArgs) -> Result<File, Failed> {
    if let Some(file) = &source.file {
        return File::read(file);
    }
    let hub = HubArgs { stack: source.stack.clone(), demo: source.demo, aws: source.aws.clone() };
    let name =
        source.stack.as_ref().map_or("the demo".to_owned(), |stack| format!("stack {stack}"));
    let items = catalog::items(&Hub::find(&hub).await?).await?;
    Ok(File::parse(name, &catalog::text(&items)))
}
