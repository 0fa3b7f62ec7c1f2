//! Everything that can be done, to be found by a few letters of its name.

use super::{
    act::Act,
    choices::{Choice, Kind},
    clean,
    model::Model,
};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Palette {
    pub page: Page,
    pub query: String,
    pub selected: usize,
    /// A list that was opened from the menu leads back to it.
    pub from_menu: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Page {
    #[default]
    Root,
    /// What there is of a kind; nothing while it is still being found out.
    Of(Kind, Option<Vec<Choice>>),
}

/// A line of the palette.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub label: String,
    pub hint: String,
    pub act: Act,
}

impl Item {
    fn new(label: &str, hint: impl Into<String>, act: Act) -> Self {
        Self { label: label.into(), hint: hint.into(), act }
    }
}

/// The lines that fit the query, best first.
pub fn items(model: &Model, palette: &Palette) -> Vec<Item> {
    let all = match &palette.page {
        Page::Root => root(model),
        Page::Of(kind, found) => of(*kind, found.as_deref().unwrap_or_default()),
    };
    // What a thing is called counts in the menu; in a list, what is said about it too: how a session began.
    let text = |item: &Item| if palette.page == Page::Root { item.label.clone() } else { format!("{} {}", item.label, item.hint) };
    let mut fitting: Vec<(i32, Item)> = all.into_iter().filter_map(|item| Some((score(&palette.query, &text(&item))?, item))).collect();
    // Stable: lines that fit equally well keep their order.
    fitting.sort_by_key(|(score, _)| -score);
    fitting.into_iter().map(|(_, item)| item).chain(typed(palette)).collect()
}

fn root(model: &Model) -> Vec<Item> {
    let knobs = &model.knobs;
    let on = |on: bool| if on { "on" } else { "off" };
    vec![
        Item::new("Voice", knobs.voice.clone(), Act::Choose(Kind::Voices)),
        Item::new("Language model", knobs.model.clone(), Act::Choose(Kind::Models)),
        Item::new("Microphone", super::view::head::device(&model.microphone), Act::Choose(Kind::Inputs)),
        Item::new("Speaker", super::view::head::device(&model.speaker), Act::Choose(Kind::Outputs)),
        Item::new("Hands-free", on(knobs.hands_free), Act::HandsFree(None)),
        Item::new("Documents", on(knobs.documents), Act::Documents(None)),
        Item::new("Speak the answers", on(knobs.aloud), Act::Aloud(None)),
        Item::new("Edit before sending", on(knobs.edit), Act::Edit(None)),
        Item::new("Pause or go on", on(knobs.paused), Act::Pause(None)),
        Item::new("Repeat the last answer", "", Act::Repeat),
        Item::new("Copy the last answer", "", Act::Copy),
        Item::new("Faster", format!("{:.1}×", knobs.speed), Act::Speed(knobs.speed + 0.1)),
        Item::new("Slower", format!("{:.1}×", knobs.speed), Act::Speed(knobs.speed - 0.1)),
        Item::new("Louder", format!("{:.0} %", knobs.volume * 100.0), Act::Volume(knobs.volume + 0.1)),
        Item::new("Softer", format!("{:.0} %", knobs.volume * 100.0), Act::Volume(knobs.volume - 0.1)),
        Item::new("Theme", model.theme.name(), Act::Theme(None)),
        Item::new("Search", "", Act::Search(String::new())),
        Item::new("New conversation", "", Act::New),
        Item::new("Resume a session", "", Act::Choose(Kind::Sessions)),
        Item::new("Export as Markdown", "", Act::Export(None)),
        Item::new("Welcome: models and microphone", "", Act::Greet),
        Item::new("Help", "", Act::Help),
        Item::new("Quit", "", Act::Quit),
    ]
}

fn of(kind: Kind, found: &[Choice]) -> Vec<Item> {
    let item = |choice: &Choice| Item::new(&clean::line(&choice.value), clean::line(&choice.hint), Act::Take(kind, choice.value.clone()));
    found.iter().map(item).collect()
}

/// What was typed, last of all: a name that no list holds may still be right.
fn typed(palette: &Palette) -> Option<Item> {
    let Page::Of(kind, found) = &palette.page else { return None };
    let typed = palette.query.trim();
    let known = found.iter().flatten().any(|choice| choice.value == typed);
    let may_be = !typed.is_empty() && !known && *kind != Kind::Sessions;
    may_be.then(|| Item::new(typed, "as typed", Act::Name(*kind, typed.to_owned())))
}

/// How well a query fits: its letters in their order, better where they stand together or begin a word.
pub fn score(query: &str, label: &str) -> Option<i32> {
    let label: Vec<char> = label.to_lowercase().chars().collect();
    let (mut at, mut score, mut last) = (0, 0, None);
    for wanted in query.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        let found = at + label[at..].iter().position(|c| *c == wanted)?;
        let begins = found == 0 || !label[found - 1].is_alphanumeric();
        let follows = found > 0 && last == Some(found - 1);
        score += 1 + if follows { 4 } else { 0 } + if begins { 6 } else { 0 } - (found - at).min(3) as i32;
        (last, at) = (Some(found), found + 1);
    }
    Some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_order_fit_and_beginnings_fit_best() {
        assert!(score("lm", "Language model") > score("lm", "Help me"));
        assert!(score("vo", "Voice") > score("vo", "Live world"));
        assert_eq!(score("xyz", "Voice"), None);
        assert_eq!(score("", "Voice"), Some(0));
        assert!(score("new con", "New conversation").is_some());
    }

    #[test]
    fn who_types_mod_wants_another_model() {
        let model = Model::new(&crate::config::Config::default(), super::super::theme::Theme::Dark, std::time::Instant::now());
        let found = items(&model, &Palette { query: "mod".into(), ..Palette::default() });
        assert_eq!(found[0].label, "Language model");
    }

    #[test]
    fn a_typed_name_can_be_taken_though_no_list_holds_it() {
        let found = vec![Choice::new("af_heart", ""), Choice::new("am_adam", "")];
        let of =
            |query: &str| Palette { page: Page::Of(Kind::Voices, Some(found.clone())), query: query.into(), selected: 0, from_menu: false };
        assert_eq!(typed(&of("af_heart.6+am_adam.4")).unwrap().act, Act::Name(Kind::Voices, "af_heart.6+am_adam.4".into()));
        assert_eq!(typed(&of("am_adam")), None);
    }
}
