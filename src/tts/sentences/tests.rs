//! What the splitter promises: good borders, nothing lost, the same fragments however the text arrives.

use proptest::prelude::*;

use super::*;

fn split(text: &str) -> Vec<String> {
    let mut splitter = Splitter::new();
    let mut all = splitter.push(text);
    all.extend(splitter.finish());
    for (i, sentence) in all.iter().enumerate() {
        assert_eq!(sentence.index as usize, i);
    }
    all.into_iter().map(|s| s.text).collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(split(text), expected, "{text:?}");
}

#[test]
fn sentences_end_where_people_end_them() {
    check("It is open. Come in! Now? Yes.", &["It is open.", "Come in!", "Now?", "Yes."]);
    check("\"Stop!\" he said. \"Why?\" She left.", &["\"Stop!\" he said.", "\"Why?\"", "She left."]);
    check("Wait... what? I see… Then go.", &["Wait... what?", "I see…", "Then go."]);
    check("(It works.) Good.", &["(It works.)", "Good."]);
    check("**It works.** Good.", &["It works.", "Good."]);
}

#[test]
fn abbreviations_numbers_and_initials_do_not_end_a_sentence() {
    check("Dr. Smith pays 3.14 euros, e.g. Monday. Fine.", &["Dr. Smith pays 3.14 euros, e.g. Monday.", "Fine."]);
    check("The U.S. Army met J. K. Rowling in St. John. It rained.", &["The U.S. Army met J. K. Rowling in St. John.", "It rained."]);
    check("He lives on Main St. The door is red.", &["He lives on Main St.", "The door is red."]);
    check("She moved to the U.S. She likes it.", &["She moved to the U.S.", "She likes it."]);
    check("See No. 5 and Fig. 2. Is it so? No. Never.", &["See No. 5 and Fig. 2.", "Is it so?", "No.", "Never."]);
    check("On Nov. 21 at 5 p.m. we left. Version 1.2.3 is out.", &["On Nov. 21 at 5 p.m. we left.", "Version 1.2.3 is out."]);
    check(
        "Apples, pears, etc. are here. Acme Inc. grew, etc. Then it fell.",
        &["Apples, pears, etc. are here.", "Acme Inc. grew, etc.", "Then it fell."],
    );
    check("Open example.com now. Go.", &["Open example.com now.", "Go."]);
}

#[test]
fn blocks_end_at_their_lines_and_paragraphs_flow() {
    check(
        "# Title\nSome text\nthat flows.\n\n- one\n- two\n1. Third. Next",
        &["Title", "Some text that flows.", "one", "two", "1. Third.", "Next"],
    );
    check("You need:\n* flour\n* water", &["You need:", "flour", "water"]);
    check("In the year\n2024 it began.", &["In the year 2024 it began."]);
    check("a\r\n\r\nb", &["a", "b"]);
    check("***\n---\n🎉", &[]);
}

#[test]
fn the_first_fragment_may_be_a_clause_and_later_ones_not() {
    let long = "If the parcel was opened before, and nobody has noticed anything odd about it, you may send it back. ";
    let text = format!("{long}{long}");
    let parts = split(&text);
    assert_eq!(parts[0], "If the parcel was opened before,");
    assert_eq!(parts.len(), 3, "{parts:?}");
    let mut early = Splitter::new();
    assert_eq!(early.push(&long[..62]).len(), 1, "said before the sentence is complete");
}

#[test]
fn nothing_is_longer_than_the_cap_and_the_buffer_is_bounded() {
    let mut splitter = Splitter::new();
    for piece in ["word ".repeat(500), "x".repeat(5000), " ".repeat(5000), "a, ".repeat(500), "Dr. ".repeat(500)] {
        for sentence in splitter.push(&piece) {
            assert!(sentence.text.chars().count() <= MAX_CHARS);
        }
        assert!(splitter.buffer.len() <= MAX_CHARS, "{}", splitter.buffer.len());
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

fn some_text() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        3 => "[a-zA-Z]{1,9}",
        2 => Just(" ".to_owned()),
        2 => prop::sample::select(vec![
            ". ", ".", "! ", "? ", "… ", "...", ", ", "; ", " — ", "\n", "\n\n", "\n- ", "\n# ", "\n1. ", "**", "*", "_", "\"", "' ", "”", "(",
            ")", "Dr. ", "U.S. ", "e.g. ", "3.14", "1,000 ", "é", "日本。", "🎉", "\t", "\u{200b}", "| ", "> ", "\\",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(atom, 0..120).prop_map(|atoms| atoms.concat())
}

proptest! {
    // A quarter where the build is made for speed of building.
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 64 } else { 256 }))]
    #[test]
    fn no_letter_is_lost_or_doubled(text in some_text()) {
        prop_assert_eq!(letters(&split(&text).concat()), letters(&text));
    }

    #[test]
    fn pieces_do_not_matter(text in some_text(), cuts in prop::collection::vec(1usize..7, 1..200)) {
        let mut splitter = Splitter::new();
        let (mut all, mut chars) = (Vec::new(), text.chars().peekable());
        for cut in cuts.iter().cycle() {
            if chars.peek().is_none() { break; }
            let piece: String = chars.by_ref().take(*cut).collect();
            all.extend(splitter.push(&piece));
        }
        all.extend(splitter.finish());
        let whole = split(&text);
        prop_assert_eq!(all.into_iter().map(|s| s.text).collect::<Vec<_>>(), whole);
    }

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        split(&text);
    }
}
