//! P4: your key always interrupts. A thousand times, at random instants: what was silenced is never heard again.

use xnai::{
    audio::fake::{CLOCK_RATE, Clock, PERIOD},
    pipeline::{
        Notice,
        live::{Command, Start},
    },
};

use super::{RATE, Rig, tag};

/// The same numbers every time; Knuth's MMIX constants.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Silences the answer `rounds` times; returns for how many ms of the clock it went on, sorted.
fn silence(rounds: u64) -> Vec<f64> {
    let mut rig = Rig::new(Clock::by_hand(), Start::default());
    let mut random = Random(7);
    let mut late = Vec::new();
    for round in 1..=rounds {
        rig.send(Command::Ask(format!("number {round}?")));
        // Some are silenced before a word was said, most in the middle of it.
        if random.below(10) > 0 {
            rig.until(|notice| matches!(notice, Notice::Sounded));
            rig.clock.advance(PERIOD * random.below(80));
        }
        let pressed = rig.clock.now();
        rig.send(Command::Silence);
        rig.at_once(|notice| matches!(notice, Notice::Interrupted { .. }));
        let told = rig.clock.now();
        rig.clock.advance(PERIOD * 10);
        let after = rig.heard.between(told, rig.clock.now());
        let last = after.iter().rposition(|s| *s != 0.0).map_or(0, |at| at + 1);
        late.push(1000.0 * ((told - pressed) as f64 / f64::from(CLOCK_RATE) + last as f64 / f64::from(RATE)));
        // Nothing of this turn or of an earlier one may come after the fade.
        let fade = (RATE / 200) as usize;
        let stale = after.iter().skip(2 * fade).filter(|s| **s != 0.0).count();
        assert_eq!(
            stale,
            0,
            "stale samples in round {round} of value {:?}; this turn's is {}",
            after.iter().find(|s| **s != 0.0),
            tag(round)
        );
        rig.heard.clear();
    }
    late.sort_by(f64::total_cmp);
    late
}

#[test]
fn p4_a_thousand_interruptions_leave_no_stale_sample() {
    let late = silence(1000);
    let p99 = late[late.len() * 99 / 100 - 1];
    println!("silence after the key: median {:.1} ms, p99 {p99:.1} ms, most {:.1} ms", late[late.len() / 2], late[late.len() - 1]);
    assert!(p99 <= 50.0, "{p99} ms");
}
