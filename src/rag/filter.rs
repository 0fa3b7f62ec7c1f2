//! "Only notes since May" into the documents that may answer.
//!
//! Conditions are decided here, against the catalogue: what reaches the index is numbers of documents, so that no
//! text from outside is ever part of a query language.

use std::{
    env,
    path::{Component, Path, PathBuf},
};

use jiff::{civil::Date, tz::TimeZone};
use regex::Regex;

use super::{
    journal::{Catalogue, Doc},
    walk,
};
use crate::{
    error::{Error, Result, Room},
    parcel::Filter,
};

const KEYS: [&str; 6] = ["source", "path", "type", "tag", "after", "before"];

/// Reads `key=value` pairs as the command line gives them; one without `=` is a source. A path is meant from the folder
/// that the user is in.
pub fn parse<S: AsRef<str>>(pairs: &[S]) -> Result<Filter> {
    parse_in(pairs, &env::current_dir().unwrap_or_default(), env::var_os("HOME").map(PathBuf::from).as_deref())
}

fn parse_in<S: AsRef<str>>(pairs: &[S], here: &Path, home: Option<&Path>) -> Result<Filter> {
    let mut filter = Filter::default();
    for pair in pairs {
        let pair = pair.as_ref();
        let (key, value) = pair.split_once('=').unwrap_or(("source", pair));
        let slot = match key.trim() {
            "source" => &mut filter.source,
            "path" => &mut filter.path,
            "type" | "kind" => &mut filter.kind,
            "tag" => &mut filter.tag,
            "after" => &mut filter.after,
            "before" => &mut filter.before,
            other => return Err(unknown(other)),
        };
        let value = match key.trim() {
            "source" => whole_source(value, here, home),
            "path" => whole_glob(value, here, home),
            _ => value.to_owned(),
        };
        if slot.replace(value).is_some() {
            return Err(slip(format!("the filter {key:?} is given twice")));
        }
    }
    Rule::new(&filter).map(|_| filter)
}

/// Sources are absolute, with links resolved as they were when the file was indexed.
fn whole_source(value: &str, here: &Path, home: Option<&Path>) -> String {
    let path = in_home(value, home).unwrap_or_else(|| here.join(value));
    if value.is_empty() || value.starts_with('/') {
        return value.to_owned();
    }
    walk::source(&path.canonicalize().unwrap_or_else(|_| without_dots(&path)))
}

/// A glob fits the end of a path anyway; one that begins with `./`, `../` or `~/` says where that is.
fn whole_glob(value: &str, here: &Path, home: Option<&Path>) -> String {
    let placed = || (value.starts_with("./") || value.starts_with("../")).then(|| here.join(value));
    in_home(value, home).or_else(placed).map_or_else(|| value.to_owned(), |path| walk::source(&without_dots(&path)))
}

/// No shell expands the `~` in `source=~/notes`.
fn in_home(value: &str, home: Option<&Path>) -> Option<PathBuf> {
    Some(home?.join(value.strip_prefix("~/")?))
}

fn without_dots(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut whole, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(whole.pop()),
            other => whole.push(other),
        }
        whole
    })
}

/// What to say when no document fits.
pub fn none_fits(filter: &Filter) -> String {
    let Filter { source, path, kind, tag, after, before } = filter;
    let given = KEYS.into_iter().zip([source, path, kind, tag, after, before]);
    let given: Vec<String> = given.filter_map(|(key, value)| value.as_ref().map(|value| format!("{key}={value}"))).collect();
    format!("no document fits {}; `xnai sources` lists what there is", given.join(" and "))
}

fn slip(message: String) -> Error {
    Error::reword(Room::Rag, message).hint(format!("filters are {}", KEYS.map(|k| format!("{k}=…")).join(", ")))
}

fn unknown(key: &str) -> Error {
    let near = KEYS.into_iter().max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)));
    let near = near.filter(|k| strsim::jaro_winkler(key, k) > 0.7);
    let error = slip(format!("there is no filter {key:?}"));
    near.map_or(error, |near| Error::reword(Room::Rag, format!("there is no filter {key:?}")).hint(format!("did you mean {near}=…?")))
}

/// A filter whose parts were found to mean something.
pub struct Rule {
    source: Option<String>,
    path: Option<Regex>,
    kind: Option<String>,
    tag: Option<String>,
    /// Seconds since 1970.
    after: Option<i64>,
    before: Option<i64>,
}

impl Rule {
    pub fn new(filter: &Filter) -> Result<Self> {
        Ok(Self {
            source: filter.source.clone(),
            path: filter.path.as_deref().map(glob).transpose()?,
            kind: filter.kind.as_ref().map(|k| k.to_lowercase()),
            tag: filter.tag.clone(),
            after: filter.after.as_deref().map(|d| day("after", d)).transpose()?,
            before: filter.before.as_deref().map(|d| day("before", d)).transpose()?,
        })
    }

    pub fn admits(&self, doc: &Doc) -> bool {
        self.source.as_ref().is_none_or(|s| *s == doc.source)
            && self.path.as_ref().is_none_or(|p| p.is_match(&doc.source))
            && self.kind.as_ref().is_none_or(|k| *k == doc.kind)
            && self.tag.as_ref().is_none_or(|t| doc.has_tag(t))
            && self.after.is_none_or(|t| doc.modified >= t)
            && self.before.is_none_or(|t| doc.modified < t)
    }
}

/// The documents a filter admits, as ranges of their numbers; `None` when it admits all.
pub fn admitted(filter: &Filter, catalogue: &Catalogue) -> Result<Option<Vec<(u32, u32)>>> {
    let rule = Rule::new(filter)?;
    if *filter == Filter::default() && catalogue.parts.is_empty() {
        return Ok(None);
    }
    // What is only there in part answers nothing yet.
    let parts = catalogue.parts.keys().map(|id| (*id, false));
    let mut known: Vec<(u32, bool)> = catalogue.docs.values().map(|doc| (doc.id, rule.admits(doc))).chain(parts).collect();
    known.sort_unstable();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    // A refused document ends a range; a number that nobody has does not.
    let mut open = false;
    for (id, admitted) in &known {
        match (admitted, ranges.last_mut()) {
            (true, Some(last)) if open => last.1 = *id,
            (true, _) => ranges.push((*id, *id)),
            (false, _) => {}
        }
        open = *admitted;
    }
    Ok(if known.iter().all(|(_, admitted)| *admitted) { None } else { Some(ranges) })
}

/// A glob over the whole path or its end: `*` within a folder, `**` across folders, `?` one character.
fn glob(pattern: &str) -> Result<Regex> {
    let mut regex = String::from("(?s)^(?:.*/)?");
    let mut rest = pattern.strip_prefix('/').map_or(pattern, |inner| {
        regex = String::from("(?s)^/");
        inner
    });
    while let Some(first) = rest.chars().next() {
        let (taken, part) = match rest {
            r if r.starts_with("**/") => (3, "(?:.*/)?".to_owned()),
            r if r.starts_with("**") => (2, ".*".to_owned()),
            r if r.starts_with('*') => (1, "[^/]*".to_owned()),
            r if r.starts_with('?') => (1, "[^/]".to_owned()),
            _ => (first.len_utf8(), regex::escape(&first.to_string())),
        };
        regex.push_str(&part);
        rest = &rest[taken..];
    }
    regex.push('$');
    Regex::new(&regex).map_err(|_| slip(format!("the path filter {pattern:?} is too long or means nothing")))
}

fn day(key: &str, text: &str) -> Result<i64> {
    let date: Option<Date> = text.trim().parse().ok();
    let moment = date.and_then(|d| d.to_zoned(TimeZone::UTC).ok());
    let error = || Error::reword(Room::Rag, format!("{key}={text:?} is no date")).hint("write it like 2026-05-31");
    moment.map(|z| z.timestamp().as_second()).ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(source: &str) -> Doc {
        Doc { id: 1, source: source.into(), kind: "md".into(), tags: vec!["work".into()], modified: 1_767_225_600, ..Doc::default() }
    }

    fn admits(pairs: &[&str], source: &str) -> bool {
        Rule::new(&parse(pairs).unwrap()).unwrap().admits(&doc(source))
    }

    #[test]
    fn every_key_filters() {
        let path = "/home/me/notes/2026/moon.md";
        for pair in
            ["source=/home/me/notes/2026/moon.md", "path=notes/**/*.md", "type=MD", "tag=work", "after=2026-01-01", "before=2026-01-02"]
        {
            assert!(admits(&[pair], path), "{pair}");
        }
        for pair in ["source=/other", "path=notes/*.md", "type=txt", "tag=wor", "after=2026-01-02", "before=2026-01-01"] {
            assert!(!admits(&[pair], path), "{pair}");
        }
    }

    #[test]
    fn globs_mean_what_shells_mean() {
        for (pattern, path, fits) in [
            ("*.md", "/a/b/c.md", true),
            ("b/*.md", "/a/b/c.md", true),
            ("a/*.md", "/a/b/c.md", false),
            ("/a/**", "/a/b/c.md", true),
            ("/b/**", "/a/b/c.md", false),
            ("c.m?", "/a/b/c.md", true),
            ("c.md", "/a/b/cxmd", false),
            ("[x](.*)+", "/a/[x](.z)+", true),
        ] {
            assert_eq!(glob(pattern).unwrap().is_match(path), fits, "{pattern} {path}");
        }
    }

    #[test]
    fn values_made_to_break_out_are_just_values() {
        for value in ["x' OR '1'='1", "a\"; DROP TABLE user; --", "%", "_", "\\", "'", ")", "\0", "…"] {
            assert!(!admits(&[&format!("source={value}")], "/a.md"));
            assert!(!admits(&[&format!("tag={value}")], "/a.md"));
            assert!(!admits(&[&format!("path={value}")], "/a.md"));
        }
    }

    #[test]
    fn a_slip_names_what_was_probably_meant() {
        let message = |pair: &str| parse(&[pair]).unwrap_err().to_string();
        assert!(message("sorce=x").contains("did you mean source="));
        assert!(message("after=yesterday").contains("2026-05-31"));
        assert!(parse(&["tag=a", "tag=b"]).unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn paths_are_meant_from_where_the_user_is() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().canonicalize().unwrap();
        std::fs::create_dir(here.join("notes")).unwrap();
        std::fs::write(here.join("notes/a.md"), "").unwrap();
        std::os::unix::fs::symlink(here.join("notes"), here.join("link")).unwrap();
        let at = |name: &str| here.join(name).to_string_lossy().into_owned();
        let parsed = |pair: &str, from: &Path| parse_in(&[pair], from, Some(Path::new("/home/me"))).unwrap();
        let source = |pair: &str, from: &str| parsed(pair, &here.join(from)).source.unwrap();
        for (pair, from) in [("notes/a.md", ""), ("source=./notes/a.md", ""), ("../notes/a.md", "notes"), ("link/a.md", "")] {
            assert_eq!(source(pair, from), at("notes/a.md"), "{pair}");
        }
        assert_eq!(source("gone/../b.md", ""), at("b.md"), "what is gone from the disk may still be indexed");
        assert_eq!(source("/x/../a.md", ""), "/x/../a.md");
        assert_eq!(source("~/a.md", ""), "/home/me/a.md");
        let glob = |pair: &str| parsed(pair, &here.join("notes")).path.unwrap();
        assert_eq!(glob("path=./*.md"), at("notes/*.md"));
        assert_eq!(glob("path=../**"), at("**"));
        assert_eq!(glob("path=~/notes/*"), "/home/me/notes/*");
        assert_eq!(glob("path=notes/*.md"), "notes/*.md", "fits wherever it is");
    }

    #[test]
    fn what_fits_nothing_is_named() {
        let filter = Filter { path: Some("x/*".into()), tag: Some("a".into()), ..Filter::default() };
        assert_eq!(none_fits(&filter), "no document fits path=x/* and tag=a; `xnai sources` lists what there is");
    }

    #[test]
    fn neighbours_become_one_range_and_all_become_none() {
        let folder = tempfile::tempdir().unwrap();
        let docs = (1..=6).map(|id| Doc { id, tags: if id == 3 { vec![] } else { vec!["t".into()] }, ..doc(&format!("/{id}.md")) });
        let commit = super::super::journal::Commit { version: 1, put: docs.filter(|d| d.id != 5).collect(), gone: vec![] };
        let journal = super::super::journal::Journal::start(&folder.path().join("j.journal"), Default::default(), vec![commit]).unwrap();
        let admitted = |pair: &str| admitted(&parse(&[pair]).unwrap(), &journal.catalogue).unwrap();
        assert_eq!(admitted("tag=t"), Some(vec![(1, 2), (4, 6)]));
        assert_eq!(admitted("tag=none"), Some(vec![]));
        assert_eq!(admitted("type=md"), None);
    }
}
