//! Writes a conversation as it happens: a line when something is asked, and one when its answer is over.

use std::{
    collections::VecDeque,
    fs::{self, DirBuilder, File, Permissions},
    io::{self, ErrorKind, Write},
    mem,
    os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
    time::Duration,
};

use nix::libc::O_NOFOLLOW;

use super::{
    Settings,
    entry::{Begin, Entry, Line},
    id::Id,
    store::{Sessions, in_use, lock, sync_folder},
};
use crate::{
    error::{Error, Result, Room},
    os::paths::Paths,
};

/// Lines that wait for a disk that could not be written. When it is full the oldest is given up.
const WAITING: usize = 256;

/// The one writer of one conversation.
#[derive(Debug)]
pub struct Recorder {
    sessions: Sessions,
    settings: Settings,
    begin: Begin,
    /// Made at the first question, so that an empty conversation leaves nothing behind.
    open: Option<(Id, File)>,
    /// A `begin` line is due before the next exchange.
    fresh: bool,
    waiting: VecDeque<String>,
    /// The last attempt failed, and that was said.
    failing: bool,
}

impl Recorder {
    /// A new conversation. Nothing is written before its first exchange, and nothing ever with `save = false`.
    pub fn start(paths: &Paths, settings: &Settings, models: &[(String, String)]) -> Result<Self> {
        Ok(Self {
            sessions: Sessions::open(paths),
            settings: settings.clone(),
            begin: Begin::now(models),
            open: None,
            fresh: true,
            waiting: VecDeque::new(),
            failing: false,
        })
    }

    /// Goes on with a conversation, in its own file. An error when a running program holds it.
    pub fn resume(paths: &Paths, settings: &Settings, models: &[(String, String)], id: &Id) -> Result<Self> {
        let mut recorder = Self::start(paths, settings, models)?;
        if settings.save {
            let path = recorder.sessions.path(id);
            let file = append(&path, false).map_err(|e| Error::io(Room::Os, "opening", &path, &e))?;
            if !lock(&file) {
                return Err(in_use(id));
            }
            recorder.open = Some((id.clone(), file));
        }
        Ok(recorder)
    }

    /// The conversation's name, once something of it is on disk.
    pub fn id(&self) -> Option<&Id> {
        self.open.as_ref().map(|(id, _)| id)
    }

    /// Puts an exchange on disk: see [`write`](Self::write).
    pub fn record(&mut self, entry: &Entry) -> Result<()> {
        self.write(&Line::Exchange(entry.clone()))
    }

    /// Puts a line on disk. What cannot be written now is tried again with the next one; the error is returned
    /// once, not each time, until a write succeeds again.
    pub fn write(&mut self, next: &Line) -> Result<()> {
        if !self.settings.save {
            return Ok(());
        }
        if self.waiting.len() == WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(line(next)?);
        match self.flush() {
            Ok(()) => {
                self.failing = false;
                Ok(())
            }
            Err(_) if mem::replace(&mut self.failing, true) => Ok(()),
            Err(error) => Err(untold(&error)),
        }
    }

    fn flush(&mut self) -> Result<()> {
        // Removed by hand meanwhile: what follows is a new file, which says when it begins.
        if self.open.as_ref().is_some_and(|(_, file)| file.metadata().is_ok_and(|m| m.nlink() == 0)) {
            (self.open, self.fresh) = (None, true);
        }
        if self.open.is_none() {
            self.open = Some(self.create()?);
        }
        let Some((id, file)) = &mut self.open else { return Ok(()) };
        let mut text = String::new();
        if self.fresh {
            text += &line(&Line::Begin(self.begin.clone()))?;
        }
        text.extend(self.waiting.iter().map(String::as_str));
        add(file, &text).map_err(|e| Error::io(Room::Os, "writing", &self.sessions.path(id), &e))?;
        self.waiting.clear();
        self.fresh = false;
        Ok(())
    }

    fn create(&self) -> Result<(Id, File)> {
        let folder = self.sessions.folder();
        private(folder).map_err(|e| Error::io(Room::Os, "making", folder, &e))?;
        let mut at = self.begin.at;
        loop {
            let id = Id::of(at);
            let path = self.sessions.path(&id);
            match append(&path, true) {
                Ok(file) => {
                    lock(&file);
                    sync_folder(folder);
                    self.prune(&id);
                    return Ok((id, file));
                }
                // Another conversation began in the same millisecond.
                Err(e) if e.kind() == ErrorKind::AlreadyExists => at += Duration::from_millis(1),
                Err(e) => return Err(Error::io(Room::Os, "making", &path, &e)),
            }
        }
    }

    /// Removes the oldest so that with this one `keep` are left, and whatever no list shows because nothing in it was
    /// meant. What is held by a running program stays.
    fn prune(&self, new: &Id) {
        let (Ok(list), Ok(ids)) = (self.sessions.list(), self.sessions.ids()) else { return };
        let keep = usize::try_from(self.settings.keep).ok().filter(|keep| *keep > 0).map_or(usize::MAX, |keep| keep - 1);
        let old = list.iter().filter(|s| s.id != *new && s.exchanges > 0).skip(keep).map(|s| &s.id);
        let empty = ids.iter().filter(|id| *id != new && list.iter().all(|s| s.id != **id));
        for id in old.chain(empty) {
            let removed = self.sessions.remove(id.as_str());
            tracing::debug!(session = %id, ok = removed.is_ok(), "removed: empty, or more than sessions.keep");
        }
    }
}

fn line(line: &Line) -> Result<String> {
    let text = serde_json::to_string(line).map_err(|e| Error::report(Room::Os, format!("an exchange cannot be written as JSON: {e}")))?;
    Ok(text + "\n")
}

/// The folder, for its owner's eyes only, whatever it was before.
fn private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn append(path: &Path, new: bool) -> io::Result<File> {
    File::options().read(true).append(true).create_new(new).mode(0o600).custom_flags(O_NOFOLLOW).open(path)
}

/// Adds whole lines and waits until the disk has them. A disk that takes only a part of them is left as it was.
fn add(file: &mut File, text: &str) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut last = [b'\n'];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    // The half line of a program that was killed stays one line, and costs no other.
    let text = if last == *b"\n" { text.to_owned() } else { format!("\n{text}") };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_data());
    written.inspect_err(|_| drop(file.set_len(length)))
}

fn untold(error: &Error) -> Error {
    let message = format!("this conversation is not being saved: {}", error.message());
    Error::new(error.kind(), Room::Os, message).hint(error.remedy().unwrap_or("check the folder, or set sessions.save = false"))
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;
