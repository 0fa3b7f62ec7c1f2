//! Names of packs and files into what lies here: to be verified, printed or removed.

use std::path::PathBuf;

use crate::{
    error::{Error, Result, Room},
    models::{Entry, Shelf, registry::Pack, shelf},
    os::terminal::{say, say_path},
};

/// Everything that lies here, or the named files; of each that is missing the stand-ins. What has neither is an error.
pub fn to_verify<'a>(names: &[String], shelf: &'a Shelf) -> Result<Vec<&'a Entry>> {
    if names.is_empty() {
        return Ok(shelf.registry().files.iter().collect());
    }
    let here = |line: &Vec<&'a Entry>| line.iter().copied().filter(|entry| !shelf.candidates(entry).is_empty()).collect::<Vec<_>>();
    let found = |line: Vec<&'a Entry>| match (here(&line), line.first()) {
        (here, Some(first)) if here.is_empty() => Err(shelf::missing(first)),
        (here, _) => Ok(here),
    };
    Ok(shelf.registry().lines(names)?.into_iter().map(found).collect::<Result<Vec<_>>>()?.concat())
}

/// Prints where a file, or each file of a pack, lies.
pub fn path(name: &str, shelf: &Shelf) -> Result<()> {
    let mut paths = Vec::new();
    for line in shelf.registry().lines(&[name.to_owned()])? {
        // Of a stand-in that is damaged nobody needs to know while another serves.
        let file = line.iter().find_map(|entry| shelf.installed(entry).ok().flatten());
        match (file, line.first()) {
            (Some(file), _) => paths.push(file.path),
            (None, Some(first)) => return Err(shelf.installed(first).err().unwrap_or_else(|| shelf::missing(first))),
            (None, None) => {}
        }
    }
    paths.iter().try_for_each(|path| say_path(path))
}

/// Removes files, and of packs what nobody else needs.
pub fn remove(names: &[String], shelf: &Shelf) -> Result<()> {
    for name in names {
        match shelf.registry().pack(name) {
            Some(pack) => remove_pack(pack, shelf)?,
            None => {
                let entry = shelf.registry().get(name).ok_or_else(|| shelf.registry().unknown(name))?;
                tell_removed(&shelf.remove(entry)?)?;
            }
        }
    }
    Ok(())
}

fn tell_removed(paths: &[PathBuf]) -> Result<()> {
    paths.iter().try_for_each(|path| say(&format!("removed {}", path.display())))
}

/// What other packs that are complete here share with this one stays, and so does what is part of the program.
fn remove_pack(pack: &Pack, shelf: &Shelf) -> Result<()> {
    let registry = shelf.registry();
    let others = registry.packs.iter().filter(|other| other.id != pack.id);
    let others: Vec<(&str, Vec<&Entry>)> = others.filter_map(|other| Some((other.id.as_str(), complete(other, shelf)?))).collect();
    let mut nothing = true;
    for entry in registry.lines_of(pack).concat() {
        match others.iter().find(|(_, files)| files.contains(&entry)) {
            _ if !shelf.has(entry) => continue,
            Some((other, _)) => say(&format!("kept {}: the pack {other} needs it too", entry.id))?,
            None if entry.part_of.is_some() => say(&format!("kept {}: it is part of the program", entry.id))?,
            None => tell_removed(&shelf.remove(entry)?)?,
        }
        nothing = false;
    }
    if nothing { Err(Error::fetch(Room::Models, format!("nothing of the pack {} is installed", pack.id))) } else { Ok(()) }
}

/// The files of a pack that is here as it is meant to be: with the first of each line, or another of its make where our
/// scripts make that. With stand-ins every larger pack would count as complete.
fn complete<'a>(pack: &Pack, shelf: &'a Shelf) -> Option<Vec<&'a Entry>> {
    let choice = |line: Vec<&'a Entry>| {
        let others = if line.first()?.made.is_some() { line.len() } else { 1 };
        line.into_iter().take(others).find(|entry| !shelf.candidates(entry).is_empty())
    };
    shelf.registry().lines_of(pack).into_iter().map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::Kind,
        models::{Places, Registry},
    };

    #[test]
    fn a_pack_is_verified_found_and_removed_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::with(Registry::embedded().unwrap(), Places::single(folder.path(), folder.path()), &[]);
        let put = |id: &str| std::fs::write(folder.path().join(&shelf.registry().get(id).unwrap().file), "x").unwrap();
        let left = |id: &str| folder.path().join(&shelf.registry().get(id).unwrap().file).exists();
        let missing = to_verify(&["tiny".into()], &shelf).unwrap_err();
        assert!(missing.to_string().contains("whisper-tiny.en-q5_1 is not installed"), "{missing}");
        assert_eq!(remove(&["tiny".into()], &shelf).unwrap_err().kind(), Kind::Fetch);
        let tiny: Vec<String> = shelf.registry().pack("tiny").unwrap().files.iter().map(|line| line[0].clone()).collect();
        tiny.iter().for_each(|id| put(id));
        assert_eq!(to_verify(&["tiny".into()], &shelf).unwrap().len(), 6);
        assert!(path("tiny", &shelf).unwrap_err().to_string().contains("cut short"), "nothing of it holds");
        put("whisper-nano.en-q8_0");
        remove(&["tiny".into()], &shelf).unwrap();
        assert!(!left("kokoro-v1.0-q8f16") && !left("qwen2.5-0.5b-instruct-q4_k_m"));
        assert!(left("minilm-l6-int8-local"), "nano is complete and needs it");
        remove(&["nano".into()], &shelf).unwrap();
        assert!(!left("minilm-l6-int8-local") && left("whisper-nano.en-q8_0"), "part of the program");
        assert!(remove(&["tinny".into()], &shelf).unwrap_err().to_string().contains("did you mean"));
    }
}
