//! Markdown: kept as it is, so that spans point into the file; title and tags from front matter or first heading.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::{Extract, Extracted, Skip, front, text::decode};

pub struct Markdown;

impl Extract for Markdown {
    fn kind(&self) -> &'static str {
        "md"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["md", "markdown", "mdown", "mkd"]
    }

    fn extract(&self, bytes: &[u8]) -> Result<Extracted, Skip> {
        let text = decode(bytes)?;
        let front = front::read(&text);
        let body = front.span.end..text.len();
        if text[body.clone()].trim().is_empty() {
            return Err(Skip("it is empty".into()));
        }
        let title = if front.title.is_empty() { first_heading(&text[body.clone()]) } else { front.title };
        Ok(Extracted { text, body, title, tags: front.tags, markdown: true })
    }
}

/// The words of the first heading; empty without one.
pub fn first_heading(text: &str) -> String {
    let mut inside = Parser::new(text).skip_while(|e| !matches!(e, Event::Start(Tag::Heading { .. })));
    let words = inside.by_ref().take_while(|e| !matches!(e, Event::End(TagEnd::Heading(_)))).filter_map(words);
    words.collect::<String>().trim().to_owned()
}

/// What an event puts on the page.
pub fn words(event: Event<'_>) -> Option<String> {
    match event {
        Event::Text(t) | Event::Code(t) => Some(t.into_string()),
        Event::SoftBreak | Event::HardBreak => Some(" ".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_comes_from_front_matter_or_else_the_first_heading() {
        let title = |text: &str| Markdown.extract(text.as_bytes()).unwrap().title;
        assert_eq!(title("---\ntitle: Stated\n---\n# Heading\n"), "Stated");
        assert_eq!(title("intro\n\n## The *first* `one`\n\n# Second\n"), "The first one");
        assert_eq!(title("no heading"), "");
    }

    #[test]
    fn front_matter_is_not_searched_and_spans_stay_those_of_the_file() {
        let text = "---\ntags: [a]\n---\nBody";
        let extracted = Markdown.extract(text.as_bytes()).unwrap();
        assert_eq!(extracted.text, text);
        assert_eq!(&extracted.text[extracted.body], "Body");
        assert!(Markdown.extract(b"---\ntags: a\n---\n \n").is_err());
    }
}
