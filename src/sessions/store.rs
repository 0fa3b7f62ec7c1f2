//! The folder of sessions: a name or the beginning of one into a conversation.

use std::{
    fs::{self, File, TryLockError},
    io::{ErrorKind, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use serde::Serialize;

use super::{
    entry::{Ending, Entry, Line},
    id::Id,
};
use crate::{
    error::{Error, Result, Room},
    os::paths::Paths,
    parcel::Exchange,
};

/// Far more than anybody says: a larger file is another file, put there by mistake.
const MOST_BYTES: u64 = 64 << 20;

/// So many candidates are named when the beginning of a name is not enough.
const NAMED: usize = 4;

/// The sessions on disk.
#[derive(Clone, Debug)]
pub struct Sessions {
    folder: PathBuf,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    pub id: Id,
    pub started: Timestamp,
    /// When the last exchange began.
    pub last: Timestamp,
    pub exchanges: usize,
    pub first_question: String,
    /// What is wrong with the file.
    pub trouble: Option<String>,
}

/// A conversation as it was kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conversation {
    pub id: Id,
    pub started: Timestamp,
    /// Role and name, when it was last taken up.
    pub models: Vec<(String, String)>,
    pub entries: Vec<Entry>,
    /// Lines that cannot be read.
    pub damaged: usize,
}

impl Conversation {
    /// What a model is told when the conversation goes on.
    pub fn history(&self) -> Vec<Exchange> {
        self.entries.iter().filter_map(Entry::exchange).collect()
    }

    /// Reads the lines of a file. A last line without an end was being written when the power went: it is no damage.
    fn parse(id: Id, bytes: &[u8]) -> Self {
        let started = id.time().unwrap_or_default();
        let mut conversation = Self { id, started, models: Vec::new(), entries: Vec::new(), damaged: 0 };
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            match serde_json::from_slice::<Line>(line) {
                Ok(line) => conversation.take(line),
                Err(_) if line.trim_ascii().is_empty() || !line.ends_with(b"\n") => {}
                Err(_) => conversation.damaged += 1,
            }
        }
        conversation
    }

    /// One line more. An exchange stands where its question stood.
    pub(super) fn take(&mut self, line: Line) {
        let open = |at| move |entry: &Entry| entry.ended == Ending::Unanswered && entry.at == at;
        match line {
            Line::Begin(begin) => self.models = begin.models,
            Line::Question(entry) => self.entries.push(Entry { ended: Ending::Unanswered, ..entry }),
            Line::Exchange(entry) => match self.entries.iter().rposition(open(entry.at)) {
                Some(place) => self.entries[place] = entry,
                None => self.entries.push(entry),
            },
            Line::Withdrawn { at } => self.entries.retain(|entry| !open(at)(entry)),
            Line::Unknown => {}
        }
    }

    fn trouble(&self) -> Option<String> {
        match self.damaged {
            0 => None,
            1 => Some("1 line cannot be read".into()),
            n => Some(format!("{n} lines cannot be read")),
        }
    }

    fn summary(&self) -> Summary {
        Summary {
            id: self.id.clone(),
            started: self.started,
            last: self.entries.last().map_or(self.started, |entry| entry.at),
            exchanges: self.entries.len(),
            first_question: self.entries.first().map(|entry| entry.question.clone()).unwrap_or_default(),
            trouble: self.trouble(),
        }
    }
}

impl Sessions {
    pub fn open(paths: &Paths) -> Self {
        Self { folder: paths.data.join("sessions") }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All of them, the one that was spoken in last first. Files in which nothing was said yet are left out.
    pub fn list(&self) -> Result<Vec<Summary>> {
        let summary = |id: Id| match self.read(&id) {
            Ok(conversation) => conversation.summary(),
            Err(error) => {
                let started = id.time().unwrap_or_default();
                let trouble = Some(error.message().to_owned());
                Summary { id, started, last: started, exchanges: 0, first_question: String::new(), trouble }
            }
        };
        let mut list: Vec<Summary> = self.ids()?.into_iter().map(summary).collect();
        list.retain(|s| s.exchanges > 0 || s.trouble.is_some());
        list.sort_by(|a, b| (b.last, &b.id).cmp(&(a.last, &a.id)));
        Ok(list)
    }

    /// Reads the one meant by a name, the beginning of a name, or `last`.
    pub fn load(&self, wanted: &str) -> Result<Conversation> {
        self.read(&self.find(wanted)?)
    }

    /// Removes the one that is meant, if no running program writes it.
    pub fn remove(&self, wanted: &str) -> Result<Id> {
        let id = self.find(wanted)?;
        let path = self.path(&id);
        let failed = |e: &std::io::Error| Error::io(Room::Os, "removing", &path, e);
        // What is no file any more, or cannot be read, may still be removed.
        if let Ok(file) = open_plain(&path)
            && !lock(&file)
        {
            return Err(in_use(&id));
        }
        fs::remove_file(&path).map_err(|e| failed(&e))?;
        sync_folder(&self.folder);
        Ok(id)
    }

    /// Every name in the folder, the oldest first.
    pub fn ids(&self) -> Result<Vec<Id>> {
        let failed = |e: &std::io::Error| Error::io(Room::Os, "reading", &self.folder, e);
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(failed(&e)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut ids: Vec<Id> = names.filter_map(|name| Id::of_file(&name)).collect();
        ids.sort();
        Ok(ids)
    }

    /// The one that is meant. What was typed is compared with the names that are there; it is never made into a path.
    pub fn find(&self, wanted: &str) -> Result<Id> {
        let wanted = wanted.trim();
        if wanted == "last" {
            let none = || Error::reword(Room::Os, "there is no session yet").hint("sessions are kept while `sessions.save` is true");
            return self.list()?.into_iter().find(|s| s.exchanges > 0).map(|s| s.id).ok_or_else(none);
        }
        if wanted.is_empty() || !wanted.chars().all(|c| c.is_ascii_digit() || c == '-') {
            let message = format!("`{}` is not the name of a session", short(wanted));
            return Err(Error::reword(Room::Os, message).hint("say `last`, or a name as `xnai sessions list` prints it"));
        }
        let found: Vec<Id> = self.ids()?.into_iter().filter(|id| id.as_str().starts_with(wanted)).collect();
        match &found[..] {
            [id] => Ok(id.clone()),
            [] => Err(Error::reword(Room::Os, format!("there is no session `{}`", short(wanted))).hint("see `xnai sessions list`")),
            several => Err(ambiguous(wanted, several)),
        }
    }

    pub(super) fn path(&self, id: &Id) -> PathBuf {
        self.folder.join(id.file_name())
    }

    pub(super) fn read(&self, id: &Id) -> Result<Conversation> {
        let path = self.path(id);
        let mut bytes = Vec::new();
        let failed = |e: &std::io::Error| Error::io(Room::Os, "reading", &path, e);
        let file = open_plain(&path).map_err(|e| failed(&e))?;
        let wrong = |what: &str| Error::replace(Room::Os, format!("{} {what}", path.display())).hint("move it elsewhere");
        let facts = file.metadata().map_err(|e| failed(&e))?;
        if !facts.is_file() {
            return Err(wrong("is not a file"));
        }
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|e| failed(&e))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(wrong("is over 64 MiB, which no conversation is"));
        }
        Ok(Conversation::parse(id.clone(), &bytes))
    }
}

/// What was typed may be anything: a sentence shows no more than its beginning.
fn short(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    if start.len() < text.len() { start + "…" } else { start }
}

fn ambiguous(wanted: &str, several: &[Id]) -> Error {
    let names: Vec<&str> = several.iter().take(NAMED).map(Id::as_str).collect();
    let more = if several.len() > NAMED { format!(" and {} more", several.len() - NAMED) } else { String::new() };
    let message = format!("`{wanted}` begins the names of {} sessions: {}{more}", several.len(), names.join(", "));
    Error::reword(Room::Os, message).hint("give more of the name")
}

pub(super) fn in_use(id: &Id) -> Error {
    Error::retry(Room::Os, format!("session {id} is being held by a running xnai")).hint("end that one first")
}

/// Opens for reading, without following a link and without waiting at a pipe that somebody put there.
fn open_plain(path: &Path) -> std::io::Result<File> {
    File::options().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path)
}

/// Takes the lock of a session's one writer. A file system without locks has none to refuse.
pub(super) fn lock(file: &File) -> bool {
    !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Makes a new or removed name outlast a power cut, where the file system can.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
