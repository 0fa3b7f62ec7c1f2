//! A document into chunks: by headings first, by sentences where a section is too long, each with its place.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};
use text_splitter::{ChunkCapacity, ChunkConfig, MarkdownSplitter, TextSplitter};

use super::extract::{Extracted, markdown::words};

/// Raised when chunks of the same text would come out differently.
pub const VERSION: u32 = 1;

/// A splitter sees at most this many bytes at once, so that its time stays in proportion to the text.
const WINDOW: usize = 64 << 10;

/// A stretch of a document's text that is embedded and found as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// "Document > Heading > Subheading".
    pub title: String,
    /// Bytes of the extracted text.
    pub span: Range<usize>,
}

/// A stretch between headings.
struct Section {
    /// Headings above it, outermost first.
    path: Vec<String>,
    body: Range<usize>,
}

/// Cuts a document into chunks of at most `limit` characters. `name` stands in for a missing title.
pub fn chunks(document: &Extracted, name: &str, limit: usize) -> Vec<Chunk> {
    let title = if document.title.is_empty() { name } else { &document.title };
    let sections = if document.markdown { sections(document) } else { vec![Section { path: Vec::new(), body: document.body.clone() }] };
    let mut chunks = Vec::new();
    for section in sections {
        let path: Vec<&str> = [title].into_iter().chain(section.path.iter().map(String::as_str).filter(|h| *h != title)).collect();
        let title = path.join(" > ");
        let spans = windows(&document.text, section.body).into_iter().flat_map(|w| pieces(document, w, limit));
        chunks.extend(spans.map(|span| Chunk { title: title.clone(), span }));
    }
    chunks
}

fn sections(document: &Extracted) -> Vec<Section> {
    let offset = document.body.start;
    let headings = headings(&document.text[document.body.clone()]);
    let first = headings.first().map_or(document.body.end, |h| offset + h.span.start);
    let mut sections = vec![Section { path: Vec::new(), body: offset..first }];
    let mut above: Vec<(HeadingLevel, String)> = Vec::new();
    for (n, heading) in headings.iter().enumerate() {
        let next = headings.get(n + 1);
        above.retain(|(level, _)| *level < heading.level);
        above.push((heading.level, heading.text.clone()));
        let mut body = offset + heading.span.end..next.map_or(document.body.end, |h| offset + h.span.start);
        let childless = next.is_none_or(|h| h.level <= heading.level);
        if document.text[body.clone()].trim().is_empty() && childless {
            // Nothing below it: the heading is all there is to find.
            body = offset + heading.span.start..offset + heading.span.end;
        }
        sections.push(Section { path: above.iter().map(|(_, text)| text.clone()).filter(|t| !t.is_empty()).collect(), body });
    }
    sections
}

struct Heading {
    level: HeadingLevel,
    text: String,
    span: Range<usize>,
}

fn headings(text: &str) -> Vec<Heading> {
    let mut found: Vec<Heading> = Vec::new();
    let mut inside = false;
    for (event, span) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                inside = true;
                found.push(Heading { level, text: String::new(), span });
            }
            Event::End(TagEnd::Heading(_)) => inside = false,
            event if inside => {
                if let (Some(heading), Some(more)) = (found.last_mut(), words(event)) {
                    heading.text.push_str(&more);
                }
            }
            _ => {}
        }
    }
    found
}

/// Cuts what is longer than [`WINDOW`] at paragraphs, else at lines, else between characters.
fn windows(text: &str, mut span: Range<usize>) -> Vec<Range<usize>> {
    let mut windows = Vec::new();
    while span.len() > WINDOW {
        let end = text.floor_char_boundary(span.start + WINDOW);
        let head = &text[span.start..end];
        // Not in the first half: windows must stay large.
        let at = ["\n\n", "\n", " "].iter().find_map(|sep| head.rfind(sep).map(|i| i + sep.len()).filter(|i| *i > WINDOW / 2));
        let cut = span.start + at.unwrap_or(head.len());
        windows.push(span.start..cut);
        span.start = cut;
    }
    windows.push(span);
    windows
}

fn pieces(document: &Extracted, span: Range<usize>, limit: usize) -> Vec<Range<usize>> {
    let text = &document.text[span.clone()];
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Vec::new();
    }
    let characters = trimmed.chars().count();
    if characters <= limit {
        let start = span.start + (text.len() - text.trim_start().len());
        return std::iter::once(start..start + trimmed.len()).collect();
    }
    let config = ChunkConfig::new(capacity(characters, limit));
    let indices: Vec<(usize, &str)> = if document.markdown {
        MarkdownSplitter::new(config).chunk_indices(text).collect()
    } else {
        TextSplitter::new(config).chunk_indices(text).collect()
    };
    indices.into_iter().filter(|(_, t)| !t.trim().is_empty()).map(|(at, t)| span.start + at..span.start + at + t.len()).collect()
}

/// Even pieces rather than full ones and a crumb: 900 characters at a limit of 800 are cut near 450.
fn capacity(characters: usize, limit: usize) -> ChunkCapacity {
    let even = characters.div_ceil(characters.div_ceil(limit));
    let wished = (even + even / 10).clamp(1, limit);
    ChunkCapacity::new(wished).with_max(limit).unwrap_or_else(|_| ChunkCapacity::new(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn markdown(text: &str) -> Extracted {
        Extracted { text: text.into(), body: 0..text.len(), title: "Shop".into(), markdown: true, ..Extracted::default() }
    }

    fn cut(document: &Extracted, limit: usize) -> Vec<(String, &str)> {
        chunks(document, "file", limit).into_iter().map(|c| (c.title, &document.text[c.span])).collect()
    }

    #[test]
    fn every_section_is_a_chunk_that_knows_where_it_stands() {
        let shop = markdown("# Shop\nWe sell.\n\n## Refunds\nThirty days.\n\n### Late\nNo.\n\n## Hours\nNine to five.\n");
        let expected =
            [("Shop", "We sell."), ("Shop > Refunds", "Thirty days."), ("Shop > Refunds > Late", "No."), ("Shop > Hours", "Nine to five.")];
        assert_eq!(cut(&shop, 800), expected.map(|(title, text)| (title.to_owned(), text)));
    }

    #[test]
    fn a_heading_without_text_is_found_by_itself_unless_something_stands_below_it() {
        let shop = markdown("# Shop\n## Closed on Mondays\n");
        assert_eq!(cut(&shop, 800), [("Shop > Closed on Mondays".to_owned(), "## Closed on Mondays\n".trim())]);
    }

    #[test]
    fn long_sections_are_cut_between_sentences_into_even_pieces_within_the_limit() {
        let text = "The moon turns once a month around us. ".repeat(30);
        for markdown in [true, false] {
            let document = Extracted { body: 0..text.len(), text: text.clone(), markdown, ..Extracted::default() };
            let pieces = cut(&document, 800);
            assert_eq!(pieces.len(), 2);
            assert!(pieces.iter().all(|(title, t)| title == "file" && t.len() <= 800 && t.len() > 400 && t.ends_with('.')), "{pieces:?}");
        }
    }

    #[test]
    fn nothing_is_lost_whatever_the_text() {
        for text in ["é".repeat(12_000), "word ".repeat(2_400), "a\n\nb\n\n".repeat(1_500)] {
            let document = Extracted { body: 0..text.len(), text, ..Extracted::default() };
            let chunks = chunks(&document, "n", 500);
            let kept: usize = chunks.iter().map(|c| document.text[c.span.clone()].chars().filter(|c| !c.is_whitespace()).count()).sum();
            assert_eq!(kept, document.text.chars().filter(|c| !c.is_whitespace()).count());
            assert!(chunks.iter().all(|c| document.text[c.span.clone()].chars().count() <= 500));
        }
    }
}
