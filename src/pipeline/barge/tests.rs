//! The table of judgements: what was heard while something was said.

use super::{
    Verdict::{Backchannel, Echo, Interruption},
    *,
};

const MOON: &str = "The moon is about 384,400 kilometres away from us, on average. Light needs a little more than one second \
    for that way, and the first crew needed about three days.";
const TIDES: &str = "The tides are caused by the gravity of the moon, and to a lesser degree by that of the sun.";
const NIGHT: &str = "At night the moon is as cold as minus 130 degrees, since there is no air to hold the warmth.";
const ORBIT: &str = "The moon takes a little more than 27 days to orbit the earth once. The far side was first seen in 1959.";
const SHOP: &str = "You can return anything within 30 days. We stop taking returns after that, and the customer pays for shipping.";
const BREAD: &str = "Wait until the dough has doubled in size, then knead it right away and let it rest for forty minutes.";

fn check(rows: &[(&str, &str, Verdict)]) {
    let wrong = rows.iter().filter(|(heard, spoken, expected)| judge(heard, spoken, &BACKCHANNELS) != *expected);
    let wrong: Vec<_> = wrong.map(|(heard, spoken, _)| (heard, judge(heard, spoken, &BACKCHANNELS), spoken)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn our_own_words_are_an_echo_however_badly_they_are_heard() {
    check(&[
        ("The moon is about 384,400 kilometres away from us", MOON, Echo),
        ("the moon is about three hundred eighty four thousand four hundred kilometers away", MOON, Echo),
        ("light needs a little more than one second", MOON, Echo),
        ("light needs a little more", MOON, Echo),
        ("more than one second for that way and the first crew", MOON, Echo),
        ("kilometers", MOON, Echo),
        ("on average", MOON, Echo),
        ("first crew needed", MOON, Echo),
        ("lie needs a little more then one second", MOON, Echo),
        ("the tides are cost by the gravity of the moon", TIDES, Echo),
        ("the tights are caused by gravity of the mood", TIDES, Echo),
        ("ides are caused by the grav", TIDES, Echo),
        ("and to a lesser decree by that of the son", TIDES, Echo),
        ("to a less or degree by that of the sun", TIDES, Echo),
        ("there is no air to hold the warmth", NIGHT, Echo),
        ("no air to hold the warmth", NIGHT, Echo),
        ("the moon is as cold as minus one hundred thirty degrees", NIGHT, Echo),
        ("27 days to orbit the earth", ORBIT, Echo),
        ("the far side was first seen in nineteen fifty nine", ORBIT, Echo),
        ("you can return anything within thirty days", SHOP, Echo),
        ("we stop taking returns after that", SHOP, Echo),
        ("stop taking returns after that", SHOP, Echo),
        ("wait until the dough has doubled in size", BREAD, Echo),
        ("right away and let it rest", BREAD, Echo),
        ("until the doe has double din size", BREAD, Echo),
    ]);
}

#[test]
fn murmurs_and_noises_do_not_take_the_floor() {
    check(&[
        ("", MOON, Backchannel),
        ("   ...", MOON, Backchannel),
        ("[BLANK_AUDIO]", MOON, Backchannel),
        ("(coughs)", MOON, Backchannel),
        ("*sneeze*", MOON, Backchannel),
        ("♪", MOON, Backchannel),
        ("mm-hm", MOON, Backchannel),
        ("Mm-hmm.", MOON, Backchannel),
        ("mhm", MOON, Backchannel),
        ("Uh-huh.", MOON, Backchannel),
        ("hmmm", MOON, Backchannel),
        ("yeah", MOON, Backchannel),
        ("Yeah, yeah, okay.", MOON, Backchannel),
        ("OK", MOON, Backchannel),
        ("all right", MOON, Backchannel),
        ("Right.", BREAD, Backchannel),
        ("oh I see", MOON, Backchannel),
        ("aah, got it", MOON, Backchannel),
        ("uh", MOON, Backchannel),
        ("yes of course", MOON, Backchannel),
        ("oh wow", "", Backchannel),
    ]);
}

#[test]
fn commands_take_the_floor_even_where_we_say_the_same_word() {
    check(&[
        ("stop", MOON, Interruption),
        ("Stop!", SHOP, Interruption),
        ("wait", BREAD, Interruption),
        ("no", NIGHT, Interruption),
        ("no no no no", NIGHT, Interruption),
        ("quiet", MOON, Interruption),
        ("be quiet please", MOON, Interruption),
        ("okay stop", SHOP, Interruption),
        ("Okay, that's enough.", MOON, Interruption),
        ("uh wait", BREAD, Interruption),
        ("stop it", SHOP, Interruption),
        ("hold on", NIGHT, Interruption),
        ("shut up", MOON, Interruption),
        ("never mind", MOON, Interruption),
        ("no that's wrong", NIGHT, Interruption),
        ("the moon is about stop", MOON, Interruption),
        ("kilometres away from us wait", MOON, Interruption),
        ("stop talking about the moon", MOON, Interruption),
    ]);
}

#[test]
fn questions_take_the_floor_even_where_they_share_our_words() {
    check(&[
        ("how far away is the moon", MOON, Interruption),
        ("why is the moon that far away from us", MOON, Interruption),
        ("how long did the first crew need", MOON, Interruption),
        ("what about the far side of the moon", ORBIT, Interruption),
        ("who saw the far side first", ORBIT, Interruption),
        ("when was the far side first seen", ORBIT, Interruption),
        ("and how cold is it at night", NIGHT, Interruption),
        ("does the sun cause tides too", TIDES, Interruption),
        ("what is gravity", TIDES, Interruption),
        ("what's a tide", TIDES, Interruption),
        ("can I return it after thirty days", SHOP, Interruption),
        ("who pays for shipping", SHOP, Interruption),
        ("how long does the dough have to rest", BREAD, Interruption),
        ("tell me about the earth", ORBIT, Interruption),
        ("is it true that the moon moves away from us", MOON, Interruption),
        ("yes but what about the sun", TIDES, Interruption),
        ("the tides are caused by the gravity what time is it", TIDES, Interruption),
        ("turn on the living room light", TIDES, Interruption),
        ("give me the number in miles", MOON, Interruption),
        ("I meant the sun", TIDES, Interruption),
        ("why", MOON, Interruption),
        ("what", MOON, Interruption),
        ("thank you", MOON, Interruption),
        ("hello", "", Interruption),
        ("anything within reach", SHOP, Interruption),
    ]);
}

#[test]
fn the_list_of_murmurs_is_the_users() {
    assert_eq!(judge("Genau, genau", MOON, &["genau"]), Backchannel);
    assert_eq!(judge("yeah", MOON, &["genau"]), Interruption);
    assert_eq!(judge("hm", MOON, &[""; 0]), Backchannel);
}

#[test]
fn texts_of_any_length_are_judged() {
    let long = "word ".repeat(10_000);
    assert_eq!(judge(&long, MOON, &BACKCHANNELS), Interruption);
    assert_eq!(judge(&long, &long, &BACKCHANNELS), Echo);
    assert_eq!(judge(&"no ".repeat(10_000), &long, &BACKCHANNELS), Interruption);
}

#[test]
fn a_word_of_command_alone_asks_for_silence_only() {
    for hush in ["Stop!", "stop, stop", "Be quiet, please.", "That's enough. Stop it."] {
        assert!(is_hush(hush), "{hush:?}");
    }
    for question in ["", "please", "Stop. How long does it take?", "No, the other one.", "When does it stop?"] {
        assert!(!is_hush(question), "{question:?}");
    }
}
