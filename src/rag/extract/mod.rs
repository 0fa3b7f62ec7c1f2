//! Files into plain text with a title and tags; one file a type.

mod front;
mod html;
pub mod markdown;
mod text;

use std::{ops::Range, path::Path};

/// The readable content of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    /// Spans of chunks are bytes of this.
    pub text: String,
    /// The part of `text` that is searched: front matter is not.
    pub body: Range<usize>,
    /// From the front matter, `<title>` or the first heading; empty when there is none.
    pub title: String,
    pub tags: Vec<String>,
    /// Whether `#` headings mean something.
    pub markdown: bool,
}

/// Why a file was not taken, as a clause: "it is binary".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip(pub String);

/// Turns the bytes of one type of file into text.
pub trait Extract: Sync {
    /// As `--filter type=` names it.
    fn kind(&self) -> &'static str;
    /// File name extensions in lower case; the empty one means a name without any.
    fn extensions(&self) -> &'static [&'static str];
    fn extract(&self, bytes: &[u8]) -> Result<Extracted, Skip>;
}

/// A new type is one file and one entry here.
static ALL: [&dyn Extract; 3] = [&markdown::Markdown, &html::Html, &text::Text];

/// The extractor for a file by its name.
pub fn by_name(path: &Path) -> Result<&'static dyn Extract, Skip> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let found = ALL.iter().find(|e| e.extensions().contains(&extension.as_str()));
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = ALL.iter().map(|e| e.kind()).collect();
        Skip(format!(".{extension} files are not supported ({} are)", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_follows_the_name() {
        let kind = |name: &str| by_name(Path::new(name)).map(|e| e.kind());
        assert_eq!(kind("a/README"), Ok("txt"));
        assert_eq!(kind("a/B.MD"), Ok("md"));
        assert_eq!(kind("x.htm"), Ok("html"));
        assert!(kind("x.pdf").is_err_and(|skip| skip.0.contains(".pdf")));
    }
}
