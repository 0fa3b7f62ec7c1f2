//! A role and a wish into a file that was checked: the only way a model file reaches an engine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
};

use super::{
    Entry, Places, Registry, Role, Settings,
    hashes::{Hashes, open_regular, recorded},
    inspect::{VOICE_BYTES, inspect},
    places::expand,
};
use crate::{
    error::{Error, Result, Room},
    os::{paths::Paths, stop},
    parcel::ModelFile,
};

/// The model files of this machine.
#[derive(Debug)]
pub struct Shelf {
    registry: Registry,
    places: Places,
    hashes: Hashes,
    trust: Vec<PathBuf>,
    folders: OnceLock<Vec<PathBuf>>,
    notes: Mutex<Vec<String>>,
}

/// What is known of a file without reading it through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Missing,
    Installed(PathBuf),
    /// Another size, or remembered to have another hash.
    Damaged(PathBuf),
}

impl Shelf {
    /// The embedded registry on the folders of the environment and the settings.
    pub fn open(settings: &Settings, paths: &Paths) -> Result<Self> {
        let mut shelf = Self::with(Registry::embedded()?, Places::from_env(settings, paths), &settings.trust);
        shelf.trust.extend_from_slice(&settings.trusted_too);
        Ok(shelf)
    }

    pub fn with(registry: Registry, places: Places, trust: &[String]) -> Self {
        let home = env::var_os("HOME").map(PathBuf::from);
        let trust = trust.iter().map(|p| expand(p, home.as_deref())).collect();
        let hashes = Hashes::open(&places.cache);
        Self { registry, places, hashes, trust, folders: OnceLock::new(), notes: Mutex::default() }
    }

    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    pub fn places(&self) -> &Places {
        &self.places
    }

    pub fn hashes(&self) -> &Hashes {
        &self.hashes
    }

    /// The file for a role. `wanted`: `auto` (the best that is installed, or none), a registry id, or a path.
    pub fn find(&self, role: Role, wanted: &str) -> Result<Option<ModelFile>> {
        if wanted.is_empty() || wanted == "auto" {
            let best = self.registry.of(role).filter(|e| e.auto).find_map(|e| self.sound(e));
            return stop::check().map(|()| best);
        }
        if let Some(entry) = self.registry.get(wanted) {
            right_role(entry, role, wanted)?;
            return self.installed(entry)?.map(Some).ok_or_else(|| missing(entry));
        }
        let path = expand(wanted, env::var_os("HOME").map(PathBuf::from).as_deref());
        if wanted.contains('/') || fs::symlink_metadata(&path).is_ok() {
            self.by_path(role, &path).map(Some)
        } else {
            Err(self.registry.unknown(wanted))
        }
    }

    /// The voice styles: one file with all of them where it is installed, else every single voice that is.
    pub fn voices(&self) -> Result<Vec<ModelFile>> {
        let chosen = || self.registry.of(Role::Voices).filter(|e| e.auto);
        if let Some(all) = chosen().filter(|e| e.bytes != VOICE_BYTES).find_map(|e| self.sound(e)) {
            return Ok(vec![all]);
        }
        let single = chosen().filter(|e| e.bytes == VOICE_BYTES).filter_map(|e| self.sound(e)).collect();
        stop::check().map(|()| single)
    }

    /// A registry file that is here and holds; an error when it is only here.
    pub fn installed(&self, entry: &Entry) -> Result<Option<ModelFile>> {
        let mut trouble = None;
        for path in self.candidates(entry) {
            match self.check(entry, &path) {
                Ok(file) => return Ok(Some(file)),
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        trouble.map_or(Ok(None), Err)
    }

    /// Every file that has the name of a registry file, in the order of search.
    pub fn candidates(&self, entry: &Entry) -> Vec<PathBuf> {
        let folders = self.folders.get_or_init(|| self.places.folders());
        folders.iter().map(|f| f.join(&entry.file)).filter(|p| fs::symlink_metadata(p).is_ok()).collect()
    }

    /// What can be said without reading a file through: for lists.
    pub fn state(&self, entry: &Entry) -> State {
        let whole = |path: &PathBuf| {
            let sized = fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() > 0 && (entry.bytes == 0 || m.len() == entry.bytes));
            let expected = expected(entry, path);
            sized && expected.is_some() && self.hashes.known(path).is_none_or(|known| Some(known) == expected)
        };
        let candidates = self.candidates(entry);
        match (candidates.iter().find(|p| whole(p)), candidates.first()) {
            (Some(path), _) => State::Installed(path.clone()),
            (None, Some(path)) => State::Damaged(path.clone()),
            (None, None) => State::Missing,
        }
    }

    /// Whether one file is what the registry says.
    pub fn check(&self, entry: &Entry, path: &Path) -> Result<ModelFile> {
        let (_, meta) = open_regular(path)?;
        let again = |error: Error| error.hint(format!("remove it and {}", entry.remedy()));
        if entry.bytes > 0 && meta.len() != entry.bytes {
            let how = if meta.len() < entry.bytes { "cut short" } else { "another file" };
            let message = format!("{} is {how}: it has {} bytes and {} has {}", path.display(), meta.len(), entry.id, entry.bytes);
            return Err(again(Error::fetch(Room::Models, message)));
        }
        let Some(expected) = expected(entry, path) else {
            let message = format!("{} has no recorded hash beside it", path.display());
            return Err(Error::fetch(Room::Models, message).hint(entry.remedy()));
        };
        let sha256 = self.hashes.of(path)?;
        if sha256 != expected {
            let message = format!("{} is not {}: its sha256 is {sha256}, and should be {expected}", path.display(), entry.id);
            return Err(again(Error::fetch(Room::Models, message)));
        }
        if entry.sha256.is_empty() {
            inspect(path, entry.role)?;
        }
        Ok(ModelFile { id: entry.id.clone(), path: path.to_owned(), sha256 })
    }

    /// What was skipped so far and why, each said once; empties the list.
    pub fn notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An installed file that holds. One that does not is a sentence and not the end: the next best serves.
    fn sound(&self, entry: &Entry) -> Option<ModelFile> {
        self.installed(entry).unwrap_or_else(|error| {
            tracing::warn!(id = entry.id, "a model file was passed over");
            let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
            let note = error.to_string();
            if !notes.contains(&note) {
                notes.push(note);
            }
            None
        })
    }

    /// A file by its path: pinned, made by a script of ours, or trusted by name.
    fn by_path(&self, role: Role, path: &Path) -> Result<ModelFile> {
        open_regular(path)?;
        let sha256 = self.hashes.of(path)?;
        if let Some(entry) = self.registry.by_hash(&sha256) {
            right_role(entry, role, &path.display().to_string())?;
            return Ok(ModelFile { id: entry.id.clone(), path: path.to_owned(), sha256 });
        }
        if let Some(file) = self.made_here(role, path) {
            return Ok(file);
        }
        if !self.trusts(path) {
            let message = format!("{} is not in the registry of models: its sha256 is {sha256}", path.display());
            return Err(Error::fetch(Room::Models, message)
                .hint("if you trust where it comes from, add its path to models.trust or give it to --trust-model"));
        }
        inspect(path, role)?;
        let id = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        Ok(ModelFile { id, path: path.to_owned(), sha256 })
    }

    /// What a script of ours made, where it lies among the models. Elsewhere or under another name, a hash recorded
    /// beside a file proves nothing: whoever made the file made the record.
    fn made_here(&self, role: Role, path: &Path) -> Option<ModelFile> {
        let made = self.registry.of(role).filter(|entry| entry.made.is_some());
        let mut found = made.flat_map(|entry| self.candidates(entry).into_iter().map(move |at| (entry, at)));
        found.find(|(_, at)| same(at, path)).and_then(|(entry, at)| self.check(entry, &at).ok())
    }

    fn trusts(&self, path: &Path) -> bool {
        self.trust.iter().any(|trusted| same(trusted, path))
    }
}

/// Whether two paths lead to one file.
fn same(a: &Path, b: &Path) -> bool {
    fs::canonicalize(a).is_ok_and(|a| fs::canonicalize(b).is_ok_and(|b| a == b))
}

/// The hash a file must have: the pin, or what our script recorded when it made the file.
fn expected(entry: &Entry, path: &Path) -> Option<String> {
    if entry.sha256.is_empty() { recorded(path) } else { Some(entry.sha256.clone()) }
}

fn right_role(entry: &Entry, role: Role, wanted: &str) -> Result<()> {
    if entry.role == role {
        return Ok(());
    }
    let message = format!("{wanted} is a file for {} and was asked to serve as {role}", entry.role);
    Err(Error::fetch(Room::Models, message).hint("`xnai models list` shows what each file is for"))
}

/// A registry file that is not here.
pub fn missing(entry: &Entry) -> Error {
    Error::fetch(Room::Models, format!("the model {} is not installed", entry.id)).hint(entry.remedy())
}

#[cfg(test)]
#[path = "shelf_tests.rs"]
mod tests;
