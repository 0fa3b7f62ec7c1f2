//! Sessions as text for people: nothing in it is a command to a terminal.

use super::{
    entry::{Asked, Citation, Entry},
    search::Hit,
    store::{Conversation, Summary},
    when::{clock, minute},
};
use crate::os::terminal::plain;

/// Characters of a question on a line of the list.
const QUESTION: usize = 60;

/// One line of the list.
pub fn summary_line(summary: &Summary) -> String {
    let Summary { id, started, exchanges, first_question, trouble, .. } = summary;
    let trouble = trouble.as_ref().map_or_else(String::new, |trouble| format!("  ({trouble})"));
    let plural = if *exchanges == 1 { " " } else { "s" };
    one_line(&format!("{id}  {}  {exchanges:>3} exchange{plural}  {}{trouble}", minute(*started), shortened(first_question)))
}

/// A conversation for people. Every line that somebody said begins with who said it.
pub fn page(conversation: &Conversation) -> String {
    let models: Vec<String> = conversation.models.iter().map(|(role, name)| format!("{role}: {name}")).collect();
    let models = if models.is_empty() { String::new() } else { one_line(&format!("{}\n", models.join(", "))) + "\n" };
    let head = format!("{}, begun {}\n{models}", conversation.id, minute(conversation.started));
    head + &conversation.entries.iter().map(exchange).collect::<String>()
}

fn exchange(entry: &Entry) -> String {
    let how = if entry.asked == Asked::Spoken { " (spoken)" } else { "" };
    let lines: String = lines(entry).iter().map(|line| format!("{line}\n")).collect();
    format!("\n{}{how}\n{lines}", clock(entry.at))
}

/// An exchange, a line each: what was asked, what was answered, where that broke off, what it rests on.
pub fn lines(entry: &Entry) -> Vec<String> {
    let mut lines = said("you", &entry.question);
    lines.extend(said("xnai", entry.heard()));
    lines.extend(entry.mark().map(|mark| format!("({mark})")));
    lines.extend(Citation::lines(&entry.citations).iter().map(|line| one_line(line)));
    lines
}

fn said(who: &str, text: &str) -> Vec<String> {
    plain(text).lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{who}: {}", line.trim_end())).collect()
}

/// An exchange that was found: where it is, and below it the words.
pub fn hit_lines(hit: &Hit) -> String {
    let Hit { id, exchange, at, question, snippet } = hit;
    let head = one_line(&format!("{id}  {}  exchange {exchange}  {}", minute(*at), shortened(question)));
    format!("{head}\n   {}", one_line(snippet))
}

/// The text on one line.
pub fn one_line(text: &str) -> String {
    plain(text).replace(['\n', '\t'], " ").trim_end().to_owned()
}

fn shortened(question: &str) -> String {
    let words = question.split_whitespace().collect::<Vec<_>>().join(" ");
    let start: String = words.chars().take(QUESTION).collect();
    if start.len() < words.len() { start + "…" } else { start }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sessions::{Id, markdown};

    /// Text as a model, a document or a person could make it: any characters, and among them what terminals obey.
    fn any_text() -> impl Strategy<Value = String> {
        let nasty =
            prop::sample::select(vec!["\u{1b}[2J", "\u{1b}]0;x\u{7}", "\u{9b}31m", "\r", "\u{202e}", "\u{8}", "\u{1b}", "\n", "\t", "\0"]);
        let part = prop_oneof![nasty.prop_map(str::to_owned), any::<String>(), "[ -~]{0,12}"];
        prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
    }

    proptest! {
        // Five texts a case: 10,000 in all, a tenth where the build is made for speed of building.
        #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 200 } else { 2_000 }))]

        #[test]
        fn nothing_kept_is_a_command_to_a_terminal(texts in prop::array::uniform5(any_text())) {
            let [question, answer, source, title, trouble] = texts;
            let id = Id::parse("20260301-140522-417").unwrap();
            let hit = Hit { id: id.clone(), exchange: 1, at: id.time().unwrap(), question: question.clone(), snippet: answer.clone() };
            let started = id.time().unwrap();
            let summary = Summary { id: id.clone(), started, last: started, exchanges: 1, first_question: question.clone(), trouble: Some(trouble.clone()) };
            let citations = vec![Citation { source, title, span: [0, 1] }];
            let entry = Entry { question, answer, citations, ..Entry::default() };
            let conversation = Conversation { id, started, models: vec![(trouble, "m".into())], entries: vec![entry], damaged: 0 };
            for text in [page(&conversation), summary_line(&summary), hit_lines(&hit), markdown::document(&conversation)] {
                prop_assert_eq!(&plain(&text), &text);
            }
            prop_assert!(!summary_line(&summary).contains('\n'));
            prop_assert_eq!(hit_lines(&hit).lines().count(), 2);
        }
    }
}
