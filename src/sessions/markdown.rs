//! A conversation as a Markdown document: to be read, kept and passed on.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    path::Path,
};

use super::{
    entry::{Asked, Citation, Entry},
    store::{Conversation, Sessions},
    when,
};
use crate::{
    error::{Error, Result, Room},
    os::terminal::plain,
};

impl Sessions {
    /// The conversation that is meant, as Markdown.
    pub fn export(&self, wanted: &str) -> Result<String> {
        Ok(document(&self.load(wanted)?))
    }
}

/// The whole document. Nothing in it is a command to a terminal, and nothing is HTML or fetches a picture.
pub fn document(conversation: &Conversation) -> String {
    let mut page = format!("# Conversation of {}\n", when::minute(conversation.started));
    if !conversation.models.is_empty() {
        let models: Vec<String> = conversation.models.iter().map(|(role, name)| format!("{role}: {name}")).collect();
        page += &format!("\n{}\n", literal(&models.join(", ")));
    }
    conversation.entries.iter().for_each(|entry| page += &exchange(entry));
    plain(&page)
}

fn exchange(entry: &Entry) -> String {
    let how = if entry.asked == Asked::Spoken { ", spoken" } else { "" };
    let question: Vec<String> = entry.question.trim().lines().map(|line| format!("> {}\n", literal(line))).collect();
    let mut text =
        format!("\n---\n\n**You** ({}{how})\n\n{}\n**xnai**\n\n{}", when::clock(entry.at), question.concat(), harmless(entry.heard()));
    text += &entry.mark().map_or_else(String::new, |mark| format!("\n*({mark})*\n"));
    let sources = Citation::lines(&entry.citations);
    if !sources.is_empty() {
        let list: Vec<String> = sources.iter().map(|line| format!("- {}\n", literal(line))).collect();
        text += &format!("\nSources:\n\n{}", list.concat());
    }
    text
}

/// Text that shows as it is.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_<>[]#&|~".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// An answer keeps its Markdown, lists and code among it, but has no headings, HTML or pictures, and no open code block.
fn harmless(answer: &str) -> String {
    let mut fence = None;
    let mut out = String::new();
    for line in answer.trim().lines() {
        let mark = ["```", "~~~"].into_iter().find(|mark| line.trim_start().starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        out += &match (fence, mark) {
            (None, None) => prose(line),
            _ => line.to_owned(),
        };
        out.push('\n');
    }
    out + &fence.map_or_else(String::new, |mark| format!("{mark}\n"))
}

fn prose(line: &str) -> String {
    let line = line.replace('<', "&lt;").replace("![", "!\\[");
    // A line of dashes or equal signs makes the one before it a heading; a number sign makes one of itself.
    let rule = !line.trim().is_empty() && line.trim().chars().all(|c| matches!(c, '-' | '=' | '*' | '_'));
    if rule || line.trim_start().starts_with('#') { format!("\\{}", line.trim_start()) } else { line }
}

/// Writes the document; an existing file is replaced only when `force` is given.
pub fn save(document: &str, path: &Path, force: bool) -> Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true).create_new(!force);
    let written = options.open(path).and_then(|mut file| file.write_all(document.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => {
            Error::replace(Room::Os, format!("{} exists already", path.display())).hint("name another file, or say --force")
        }
        _ => Error::io(Room::Os, "writing", path, &e),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::{Ending, Id};

    fn conversation(entries: Vec<Entry>) -> Conversation {
        let id = Id::parse("20260301-140522-417").unwrap();
        let models = vec![("ear".into(), "base_en".into())];
        Conversation { started: id.time().unwrap(), id, models, entries, damaged: 0 }
    }

    #[test]
    fn a_conversation_reads_like_one() {
        let cited = Citation { source: "docs/refund.md".into(), title: "Refunds".into(), span: [0, 10] };
        let first = Entry {
            asked: Asked::Spoken,
            question: "How long?".into(),
            answer: "Thirty days. And more.".into(),
            ended: Ending::Interrupted,
            heard: Some("Thirty days.".into()),
            citations: vec![cited],
            ..Entry::default()
        };
        let page = document(&conversation(vec![first]));
        for part in ["# Conversation of 2026-", "ear: base\\_en", ", spoken)", "> How long?", "\nThirty days.\n", "*(interrupted here)*"] {
            assert!(page.contains(part), "{part} is not in:\n{page}");
        }
        assert!(page.contains("- \\[1\\] Refunds, docs/refund.md") && !page.contains("And more"), "{page}");
    }

    #[test]
    fn what_was_said_cannot_change_the_document() {
        let answer = "# Mine\n<script>x</script> ![p](http://a/b.png)\nabove\n---\n```sh\n<b> # kept\n\x1b[2J";
        let entry = Entry { question: "# a\n<img src=x> *b*".into(), answer: answer.into(), ..Entry::default() };
        let page = document(&conversation(vec![entry]));
        assert!(page.contains("> \\# a\n> \\<img src=x\\> \\*b\\*\n"), "{page}");
        assert!(page.contains("\\# Mine\n&lt;script>") && page.contains("!\\[p]") && page.contains("above\n\\---\n"), "{page}");
        assert!(page.contains("```sh\n<b> # kept\n[2J\n```\n"), "{page}");
    }

    #[test]
    fn a_file_is_replaced_only_by_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("talk.md");
        save("one", &path, false).unwrap();
        assert!(save("two", &path, false).unwrap_err().to_string().contains("exists already"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
        save("two", &path, true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
    }
}
