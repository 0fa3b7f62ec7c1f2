//! All keys and commands.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{layout, line, more, window, write};
use crate::tui::{
    TalkKey,
    model::Model,
    slash,
    theme::Role,
    wrap::{Row, Span, wrap},
};

const SIZE: (u16, u16) = (66, 40);

/// Columns of the names of keys.
const KEYS: usize = 18;

const KEYBOARD: [(&str, &str); 24] = [
    ("Enter", "send what was typed; with nothing typed, open the first passage"),
    ("Alt-Enter", "a new line in the question"),
    ("Esc", "silence at once; close what is open"),
    ("Ctrl-S", "pause the voice, or let it go on"),
    ("Ctrl-R", "speak the last answer once more"),
    ("Alt-← Alt-→", "slower, faster"),
    ("Alt-↓ Alt-↑", "softer, louder"),
    ("Ctrl-T", "hands-free: listen without a key"),
    ("Ctrl-P", "everything else, found by a few letters"),
    ("PgUp PgDn", "scroll; so do the wheel, Home and End"),
    ("Ctrl-F", "search what was said"),
    ("Ctrl-Y", "copy the last answer"),
    ("Ctrl-O", "open the passages of the last answer; a click on [1] too"),
    ("↑", "the last question again, to be asked in other words"),
    ("Tab", "complete a command; else read: letters are commands"),
    ("  / n N", "reading: search, and on to the next place"),
    ("  j k g G", "reading: down, up, first row, last row"),
    ("  1-9 o y", "reading: open a passage, copy the answer"),
    ("  i Esc Tab", "reading: back to typing"),
    ("Ctrl-L", "draw the screen anew"),
    ("Ctrl-Z", "to the shell and back (fg)"),
    ("Ctrl-C", "stop what goes on; else quit"),
    ("Ctrl-D Ctrl-Q", "quit"),
    ("? F1", "this help"),
];

pub fn draw(model: &Model, scroll: usize, buffer: &mut Buffer) {
    let size = (SIZE.0, SIZE.1.min(buffer.area.height));
    let inside = window(model, "Keys and commands", size, buffer);
    let rows = rows(model, inside.width);
    let first = scroll.min(rows.len().saturating_sub(usize::from(inside.height)));
    let shown: Vec<_> = rows[first..].iter().map(|row| line(model.theme, &row.spans)).collect();
    write(&shown, inside, buffer);
    more(model, shown.len() > usize::from(inside.height), inside, buffer);
}

/// The row where the commands begin.
pub fn commands_at(model: &Model) -> usize {
    let width = layout::inside(layout::middle(Rect::new(0, 0, model.size.0, model.size.1), SIZE)).width;
    rows(model, width).iter().position(|row| row.text().is_empty()).map_or(0, |blank| blank + 1)
}

fn rows(model: &Model, width: u16) -> Vec<Row> {
    let names = if width < 50 { KEYS - 4 } else { KEYS };
    let entry = |key: &str, does: &str| wrap(Span::new(format!("{key:<names$}"), Role::Key), &[Span::new(does, Role::Plain)], width);
    let mut rows = talk(model).map(|(key, does)| entry(&key, does)).into_iter().flatten().collect::<Vec<_>>();
    rows.extend(KEYBOARD.iter().flat_map(|(key, does)| entry(key, does)));
    rows.push(Row::default());
    rows.extend(slash::commands().flat_map(|command| entry(&format!("/{} {}", command.name, command.takes), command.does)));
    rows
}

/// The talk key, as it works on this terminal.
fn talk(model: &Model) -> [(String, &'static str); 1] {
    let key = match model.talk_key {
        TalkKey::Space => "Space".to_owned(),
        TalkKey::Function(n) => format!("F{n}"),
    };
    let does = match model.releases {
        true => "hold it and talk, let go to send; while it speaks: silence at once",
        false => "press, talk, press again (or hold it); while it speaks: silence at once",
    };
    [(key, does)]
}
