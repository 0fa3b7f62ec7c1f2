//! What is seen of a conversation, and how one finds one's way in it.

use ratatui::{
    crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind},
    style::Modifier,
};

use super::rig::Rig;
use crate::{
    pipeline::{News, Notice, news::Origin},
    tui::{
        event::{Effect, Event},
        model::{Focus, Over},
        theme::{Role, Theme},
    },
};

#[test]
fn what_is_being_heard_is_marked_and_partial_words_are_grey() {
    let mut rig = Rig::new(80, 24);
    rig.moon();
    let (buffer, screen) = (rig.buffer(), rig.screen());
    let place = |text: &str| {
        let (y, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
        (line[..line.find(text).unwrap()].chars().count() as u16, y as u16)
    };
    let underlined = |text: &str| buffer[place(text)].modifier.contains(Modifier::UNDERLINED);
    assert_eq!((underlined("The moon is"), underlined("It moves")), (false, true));
    rig.begin(Origin::Key).tell(Notice::Partial { stable: "sure".into(), rest: "perhaps".into() });
    let (buffer, screen) = (rig.buffer(), rig.screen());
    let y = screen.lines().position(|line| line.contains("sure perhaps")).unwrap() as u16;
    assert_ne!(buffer[(2, y)].fg, buffer[(8, y)].fg);
}

#[test]
fn citations_open_by_number_key_and_click() {
    let mut rig = Rig::new(80, 24);
    rig.moon().keys("Tab 2");
    assert!(rig.shows("[2] of 2  Tides") && rig.shows("The Moon raises the tides."));
    rig.keys("Right");
    assert!(rig.shows("[1] of 2  The Moon"));
    rig.keys("Esc");
    let screen = rig.screen();
    let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains("[2] Tides")).unwrap();
    let column = line[..line.find("[2]").unwrap()].chars().count() as u16 + 1;
    let click = MouseEvent { kind: MouseEventKind::Down(MouseButton::Left), column, row: row as u16, modifiers: KeyModifiers::NONE };
    rig.event(Event::Mouse(click));
    assert!(matches!(rig.model.over, Over::Passage { citation: 1, .. }), "{:?}", rig.model.over);
}

#[test]
fn reading_further_up_is_not_disturbed_and_end_goes_back() {
    let mut rig = Rig::new(80, 24);
    for n in 0..40 {
        rig.begin(Origin::Key).heard(&format!("question {n}")).piece(&format!("answer {n}"));
    }
    assert!(rig.shows("answer 39"));
    rig.keys("PgUp PgUp");
    let before: Vec<_> = rig.screen().lines().take(10).map(str::to_owned).collect();
    assert!(!rig.shows("answer 39") && rig.shows("more · End"));
    rig.piece(" and more");
    assert_eq!(rig.screen().lines().take(10).collect::<Vec<_>>(), before);
    rig.keys("End");
    assert!(rig.shows("answer 39 and more"));
    rig.keys("Home");
    assert!(rig.shows("question 0"));
}

#[test]
fn words_are_found_from_the_end_upwards() {
    let mut rig = Rig::new(80, 24);
    for n in 0..40 {
        rig.begin(Origin::Key).heard(&format!("question {n}")).piece(if n % 10 == 3 { "about the Moon" } else { "about tea" });
    }
    rig.keys("Ctrl-F").type_text("moon");
    assert!(rig.shows("4 of 4") && rig.shows("question 33"), "{}", rig.screen());
    rig.keys("Up");
    assert!(rig.shows("3 of 4") && rig.shows("question 23"));
    rig.keys("Enter n");
    assert_eq!((rig.model.focus, rig.shows("question 13")), (Focus::Reading, true));
    rig.keys("Tab");
    assert!(rig.model.search.query.is_empty());
}

#[test]
fn an_answer_is_copied_as_it_is_read() {
    let mut rig = Rig::new(80, 24);
    rig.keys("Ctrl-Y");
    assert!(rig.effects.is_empty() && rig.shows("no answer to copy"));
    rig.begin(Origin::Key).piece("Two\x1b[2J years. ").keys("Ctrl-Y");
    assert_eq!(rig.effects, [Effect::Copy("Two[2J years.".into())]);
}

#[test]
fn nothing_new_means_nothing_is_drawn() {
    let mut rig = Rig::new(80, 24);
    rig.level(-30.0, false);
    rig.model.stale = false;
    rig.level(-30.5, false).wait(50);
    assert!(!rig.model.stale);
    rig.level(-20.0, false);
    assert!(rig.model.stale);
}

#[test]
fn a_sentence_leaves_the_status_line_again() {
    let mut rig = Rig::new(80, 24);
    rig.news(News::Note("voice: am_adam".into()));
    assert!(rig.shows("voice: am_adam"));
    rig.wait(7000);
    assert!(!rig.shows("voice: am_adam"));
}

#[test]
fn without_colour_no_cell_has_one() {
    let mut rig = Rig::new(120, 40);
    rig.model.theme = Theme::Mono;
    rig.moon().keys("Ctrl-P");
    let buffer = rig.buffer();
    use ratatui::style::Color::Reset;
    assert!(buffer.content.iter().all(|cell| cell.fg == Reset && cell.bg == Reset));
}

#[test]
fn every_match_counts_and_the_next_after_the_last_is_the_first() {
    let mut rig = Rig::new(80, 24);
    rig.begin(Origin::Key).heard("tea or Tea?").piece("Tea is tea, and tea only.");
    rig.begin(Origin::Key).heard("sure?").piece("About tea, yes.");
    rig.keys("Ctrl-F").type_text("tea");
    assert!(rig.shows("6 of 6 matches"), "{}", rig.screen());
    rig.keys("Enter N");
    assert!(rig.shows("1 of 6 matches"), "forward from the last is the first: {}", rig.screen());
    rig.keys("n n");
    assert!(rig.shows("5 of 6 matches"), "{}", rig.screen());
    let (buffer, screen) = (rig.buffer(), rig.screen());
    let y = screen.lines().position(|line| line.contains("Tea is tea, and tea")).unwrap();
    let underlined = |x: usize| buffer[(x as u16, y as u16)].modifier.contains(Modifier::UNDERLINED);
    let row = screen.lines().nth(y).unwrap().to_lowercase();
    let places: Vec<bool> = row.match_indices("tea").map(|(at, _)| underlined(at)).collect();
    assert_eq!(places, [false, false, true], "the match that is meant is marked among those of its row");
}

#[test]
fn below_what_is_amiss_stands_how_to_begin_until_something_was_said() {
    for (columns, rows) in [(80, 24), (40, 10)] {
        let mut rig = Rig::new(columns, rows);
        rig.model.remark("no documents are indexed", Role::Note);
        assert!(rig.shows("· no documents are indexed") && rig.shows("Hold Space and ask"), "{}", rig.screen());
        rig.begin(Origin::Typed).piece("Yes.");
        assert!(!rig.shows("Hold Space and ask") && rig.shows("no documents"));
    }
    let mut rig = Rig::new(40, 10);
    for n in 0..20 {
        rig.model.remark(&format!("warning {n}"), Role::Note);
    }
    assert!(rig.shows("Hold Space and ask"), "however much is amiss: {}", rig.screen());
}
