//! Pieces of text with a meaning into rows no wider than the screen.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::theme::Role;

/// More marks than this on one letter are no language but a way to write over the neighbours.
const MARKS: usize = 4;

/// Text of one meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub role: Role,
    /// The citation it opens: its place in the turn's list, from 0.
    pub link: Option<usize>,
}

impl Span {
    pub fn new(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role, link: None }
    }

    pub fn link(text: impl Into<String>, citation: usize) -> Self {
        Self { text: text.into(), role: Role::Citation, link: Some(citation) }
    }
}

/// One line of the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub spans: Vec<Span>,
}

impl Row {
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    /// What lies in this column, counted from 0.
    pub fn link_at(&self, column: usize) -> Option<usize> {
        let mut from = 0;
        let hit = self.spans.iter().find(|span| {
            from += span.text.width();
            column < from
        });
        hit.and_then(|span| span.link)
    }
}

/// The text, or as many of its words as there is room for.
pub fn fitting(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let cut = |end: usize| text[..end].trim_end();
    let ends = text.match_indices(' ').map(|(at, _)| cut(at)).filter(|start| !start.trim().is_empty() && start.width() < columns);
    let letters = || text.grapheme_indices(true).map(|(at, _)| cut(at)).take_while(|start| start.width() < columns).last();
    format!("{}…", ends.last().or_else(letters).unwrap_or_default())
}

/// A letter with its marks, as wide as the terminal will draw it.
struct Cell<'a> {
    text: &'a str,
    width: usize,
    span: usize,
}

/// Breaks at spaces, else anywhere; `lead` stands before the first row, as much space before the others.
pub fn wrap(lead: Span, spans: &[Span], width: u16) -> Vec<Row> {
    let indent = lead.text.width();
    let room = usize::from(width).saturating_sub(indent).max(2);
    let cells: Vec<Cell<'_>> = spans.iter().enumerate().flat_map(|(at, span)| cells(at, &span.text)).collect();
    let mut lead = Some(lead);
    let row = |range: std::ops::Range<usize>| {
        let first = lead.take().unwrap_or_else(|| Span::new(" ".repeat(indent), Role::Plain));
        Row { spans: std::iter::once(first).filter(|span| !span.text.is_empty()).chain(joined(&cells[range], spans)).collect() }
    };
    breaks(&cells, room).into_iter().map(row).collect()
}

fn cells(span: usize, text: &str) -> impl Iterator<Item = Cell<'_>> {
    let cell = move |text: &str| match text {
        "\n" => Some((0, 1)),
        _ => {
            let end = text.char_indices().nth(MARKS + 1).map_or(text.len(), |(at, _)| at);
            Some((text[..end].width(), end)).filter(|(width, _)| *width > 0)
        }
    };
    text.graphemes(true).filter_map(move |text| cell(text).map(|(width, end)| Cell { text: &text[..end], width, span }))
}

/// Where rows begin and end.
fn breaks(cells: &[Cell<'_>], room: usize) -> Vec<std::ops::Range<usize>> {
    let mut rows = Vec::new();
    let (mut start, mut gap, mut used) = (0, None, 0);
    for (at, cell) in cells.iter().enumerate() {
        if cell.text == "\n" || (cell.text == " " && used + 1 > room) {
            rows.push(start..at);
            (start, gap, used) = (at + 1, None, 0);
            continue;
        }
        while used + cell.width > room {
            let end = gap.unwrap_or(at);
            rows.push(start..if gap.is_some() { end - 1 } else { end });
            (start, gap) = (end, None);
            used = cells[start..at].iter().map(|cell| cell.width).sum();
        }
        used += cell.width;
        if cell.text == " " {
            gap = Some(at + 1);
        }
    }
    rows.push(start..cells.len());
    rows
}

fn joined(cells: &[Cell<'_>], spans: &[Span]) -> Vec<Span> {
    let mut out: Vec<(usize, Span)> = Vec::new();
    for cell in cells {
        match out.last_mut() {
            Some((of, span)) if *of == cell.span => span.text.push_str(cell.text),
            _ => out.push((cell.span, Span { text: cell.text.to_owned(), ..spans[cell.span].clone() })),
        }
    }
    out.into_iter().map(|(_, span)| span).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str, width: u16) -> Vec<String> {
        wrap(Span::default(), &[Span::new(text, Role::Plain)], width).iter().map(Row::text).collect()
    }

    #[test]
    fn words_stay_whole_where_they_fit() {
        assert_eq!(rows("the quick brown fox", 10), ["the quick", "brown fox"]);
        assert_eq!(rows("exactlyten wide", 10), ["exactlyten", "wide"]);
        assert_eq!(rows("a verylongwordindeed b", 8), ["a", "verylong", "wordinde", "ed b"]);
        assert_eq!(rows("one\n\ntwo", 8), ["one", "", "two"]);
        assert_eq!(rows("日本語です", 4), ["日本", "語で", "す"]);
        assert_eq!(rows("", 8), [""]);
    }

    #[test]
    fn the_lead_is_followed_by_as_much_space() {
        let found = wrap(Span::new("> ", Role::You), &[Span::new("one two three", Role::Plain)], 8);
        assert_eq!(found.iter().map(Row::text).collect::<Vec<_>>(), ["> one", "  two", "  three"]);
    }

    #[test]
    fn a_citation_is_found_under_the_pointer() {
        let found = wrap(Span::new("  ", Role::Plain), &[Span::new("see ", Role::Plain), Span::link("[2]", 1)], 20);
        assert_eq!((found[0].link_at(5), found[0].link_at(6), found[0].link_at(8), found[0].link_at(9)), (None, Some(1), Some(1), None));
    }

    #[test]
    fn a_line_without_room_ends_at_a_word() {
        assert_eq!(fitting(" ! microphone gone: type instead", 40), " ! microphone gone: type instead");
        assert_eq!(fitting(" ! microphone gone: type instead", 20), " ! microphone gone:…");
        assert_eq!((fitting("日本語です", 5), fitting("aword", 3), fitting("a", 0)), ("日本…".into(), "aw…".into(), "…".into()));
    }

    #[test]
    fn marks_do_not_pile_up() {
        let pile = format!("a{}", "\u{301}".repeat(50));
        assert_eq!(rows(&pile, 8)[0].chars().count(), MARKS + 1);
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_the_screen_and_no_word_is_lost(text in "[a-z日🙂é \n]{0,200}", width in 2u16..30) {
            let rows = rows(&text, width);
            for row in &rows {
                prop_assert!(row.width() <= usize::from(width), "{row:?}");
            }
            let kept = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(kept(&rows.concat()), kept(&text));
        }
    }
}
