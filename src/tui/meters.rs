//! News into figures: how long the stages of the last turn took, and how the last twenty compare.

use std::{collections::VecDeque, time::Instant};

use super::{theme::Role, vitals::Vitals};
use crate::{
    pipeline::{News, Notice, Told, meter::Timings},
    turn::TurnId,
};

/// Turns in the spark line.
pub const KEPT: usize = 20;

/// One stage of a turn: when it began and ended, in ms after the question was complete.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    pub name: &'static str,
    pub role: Role,
    pub from: f64,
    pub to: f64,
}

#[derive(Clone, Debug, Default)]
pub struct Meters {
    /// Of the turn that is going on, or of the last one.
    pub current: Option<(TurnId, Timings)>,
    /// Time to the first sound (to the first word where nothing is spoken), in ms, the latest last.
    pub last: VecDeque<f64>,
    pub tokens_per_s: Option<f64>,
    pub vitals: Vitals,
    first_piece: Option<Instant>,
}

impl Meters {
    /// Takes down what news say about time.
    pub fn note(&mut self, told: &Told) {
        let News::Turn(id, notice) = &told.news else { return };
        let known = self.current.as_ref().is_some_and(|(current, _)| current == id);
        match notice {
            Notice::Began(_) => self.begin(*id, told.at),
            Notice::Withdrawn if known => self.current = None,
            _ if !known => {}
            Notice::Piece(_) if self.first_piece.is_none() => self.first_piece = Some(told.at),
            Notice::Written(finish) => self.written(finish.generated, told.at),
            _ => {}
        }
        if let Some((current, timings)) = &mut self.current
            && current == id
        {
            timings.note(told);
        }
        if known && matches!(notice, Notice::Done | Notice::Interrupted { .. }) {
            self.keep();
        }
    }

    fn begin(&mut self, id: TurnId, at: Instant) {
        self.current = Some((id, Timings::from(at)));
        self.first_piece = None;
    }

    fn written(&mut self, tokens: u32, at: Instant) {
        let seconds = self.first_piece.map_or(0.0, |first| at.saturating_duration_since(first).as_secs_f64());
        // Two tokens at least: the first one was there when the clock began.
        if tokens > 1 && seconds > 0.0 {
            self.tokens_per_s = Some(f64::from(tokens - 1) / seconds);
        }
    }

    fn keep(&mut self) {
        let shown = |t: &Timings| t.first_token_ms.map(|written| written.max(t.certain_ms.unwrap_or(0.0)));
        let wait = self.current.as_ref().and_then(|(_, timings)| timings.first_sample_ms.or_else(|| shown(timings)));
        if let Some(wait) = wait {
            self.last.push_back(wait);
            self.last.drain(..self.last.len().saturating_sub(KEPT));
        }
    }

    /// The stages of the turn so far, each beginning where the one before it ended; the pause, which lasts until it is
    /// certain that the question is over, between those that were done before and those after.
    pub fn stages(&self) -> Vec<Stage> {
        let Some((_, t)) = &self.current else { return Vec::new() };
        let ends = [
            ("hear", Role::Stage(0), t.transcript_ms),
            ("find", Role::Stage(1), t.passages_ms),
            ("write", Role::Stage(2), t.first_token_ms),
            ("phrase", Role::Stage(3), t.first_fragment_ms),
            ("pause", Role::Faint, t.certain_ms),
            ("voice", Role::Stage(4), t.first_sample_ms),
        ];
        let mut stages: Vec<Stage> =
            ends.into_iter().filter_map(|(name, role, end)| Some(Stage { name, role, from: 0.0, to: end? })).collect();
        stages.sort_by(|one, other| one.to.total_cmp(&other.to));
        let mut end = 0.0;
        stages.iter_mut().for_each(|stage| stage.from = std::mem::replace(&mut end, stage.to));
        stages
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        parcel::{Finish, Passages, Piece, Transcript},
        pipeline::news::Origin,
        turn::Session,
    };

    #[test]
    fn stages_follow_each_other_and_twenty_turns_are_kept() {
        let session = Session::new();
        let zero = Instant::now();
        let mut meters = Meters::default();
        for turn in 0..25_u64 {
            let id = session.turn().id();
            let mut tell = |ms: u64, notice| meters.note(&Told { at: zero + Duration::from_millis(ms), news: News::Turn(id, notice) });
            tell(0, Notice::Began(Origin::Typed));
            tell(30, Notice::Passages(Passages::default()));
            tell(130 + turn, Notice::Piece(Piece { text: "a".into() }));
            tell(1130 + turn, Notice::Written(Finish { generated: 21, ..Finish::default() }));
            tell(1300, Notice::Done);
        }
        let stages: Vec<_> = meters.stages().iter().map(|stage| (stage.name, stage.from, stage.to)).collect();
        assert_eq!(stages, [("find", 0.0, 30.0), ("write", 30.0, 154.0)]);
        assert_eq!((meters.last.len(), meters.last[0], meters.last[19]), (KEPT, 135.0, 154.0));
        assert_eq!(meters.tokens_per_s.map(f64::round), Some(20.0));
    }

    #[test]
    fn a_pause_is_a_stage_of_its_own_and_what_was_done_meanwhile_keeps_its_time() {
        let (id, zero, mut meters) = (Session::new().turn().id(), Instant::now(), Meters::default());
        let at = |ms: u64| zero + Duration::from_millis(ms);
        let told = |ms: u64, notice| Told { at: at(ms), news: News::Turn(id, notice) };
        let mut tell = |ms: u64, notice| meters.note(&told(ms, notice));
        tell(300, Notice::Began(Origin::HandsFree));
        tell(350, Notice::Complete(zero));
        tell(350, Notice::Transcript(Transcript::default()));
        tell(800, Notice::Certain);
        tell(370, Notice::Passages(Passages::default()));
        tell(420, Notice::Piece(Piece { text: "a".into() }));
        tell(620, Notice::Written(Finish { generated: 5, ..Finish::default() }));
        let mut silent = meters.clone();
        meters.note(&told(810, Notice::Sounded));
        meters.note(&told(900, Notice::Done));
        let stages: Vec<_> = meters.stages().iter().map(|stage| (stage.name, stage.to)).collect();
        assert_eq!(stages, [("hear", 350.0), ("find", 370.0), ("write", 420.0), ("pause", 800.0), ("voice", 810.0)]);
        assert_eq!((meters.last.back(), meters.tokens_per_s.map(f64::round)), (Some(&810.0), Some(20.0)));
        silent.note(&told(900, Notice::Done));
        assert_eq!(silent.last.back(), Some(&800.0), "nothing of it was shown before");
    }

    #[test]
    fn news_of_a_forgotten_turn_change_nothing() {
        let session = Session::new();
        let (old, new) = (session.turn().id(), session.turn().id());
        let now = Instant::now();
        let mut meters = Meters::default();
        for (id, notice) in [(new, Notice::Began(Origin::Key)), (old, Notice::Sounded), (old, Notice::Done)] {
            meters.note(&Told { at: now, news: News::Turn(id, notice) });
        }
        assert!(meters.last.is_empty() && meters.stages().is_empty());
    }
}
