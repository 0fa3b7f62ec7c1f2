//! The conversation on disk: kept as it happens, taken up again, written as Markdown.

use std::path::PathBuf;

use super::{clean, event::Event};
use crate::{
    config::Context,
    error::{Error, Result, Room},
    sessions::{Conversation, Keeper, keeper::Models, markdown},
};

/// Begins to keep; the sentence beside it is to be said.
pub fn begin(context: &Context, models: Models, past: Option<Conversation>) -> Result<(Keeper, Option<String>)> {
    let (keeper, note) = Keeper::begin(&context.paths, &context.config.sessions, models, past)?;
    Ok((keeper, note.map(|error| error.to_string())))
}

/// Takes up the session of this name, or the last one.
pub fn resume(keeper: &mut Keeper, name: &str) -> Result<Vec<Event>> {
    let (history, note) = keeper.resume(name)?;
    let events = std::iter::once(Event::Recalled(history)).chain(note.map(|error| Event::Said(error.to_string())));
    Ok(events.collect())
}

/// Writes what was said so far; gives what to say about it. An existing file stays as it is.
pub fn export(keeper: &Keeper, file: Option<String>) -> Result<String> {
    let conversation = keeper.conversation();
    if conversation.entries.is_empty() {
        return Err(Error::reword(Room::Pipeline, "nothing was said yet that could be exported").hint("ask something first"));
    }
    let path = file.map_or_else(|| PathBuf::from(format!("xnai-{}.md", conversation.id)), PathBuf::from);
    markdown::save(&keeper.document(), &path, false).map_err(|e| Error::new(e.kind(), e.room(), e.message()).hint("say /export FILE"))?;
    Ok(clean::line(&format!("written to {}", path.display())))
}
