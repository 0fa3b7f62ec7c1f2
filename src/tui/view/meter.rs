//! Loudness into a bar, and the lamp that says "this is speech".

use crate::tui::{
    model::{Device, Model},
    theme::Role,
    wrap::Span,
};

/// Parts of the bar.
pub const PARTS: usize = 10;

/// Below this, in dB of full scale, a room is silent.
const FLOOR: f32 = -60.0;

/// The last two parts are too loud: samples are about to be clipped.
const LOUD: usize = 8;

/// How many parts are lit at this loudness, in dB.
pub fn parts(db: f32) -> usize {
    let share = if db.is_finite() { (db - FLOOR) / -FLOOR } else { 0.0 };
    (share.clamp(0.0, 1.0) * PARTS as f32).round() as usize
}

pub fn spans(model: &Model) -> Vec<Span> {
    if let Device::Lost(_) = model.microphone {
        return vec![Span::new("no microphone", Role::Error)];
    }
    let lit = parts(model.level.db);
    let (lamp, role) = if model.level.speech { ("●", Role::Lamp) } else { ("○", Role::Faint) };
    vec![
        Span::new("▮".repeat(lit.min(LOUD)), Role::Quiet),
        Span::new("▮".repeat(lit.saturating_sub(LOUD)), Role::Loud),
        Span::new("▯".repeat(PARTS - lit), Role::Faint),
        Span::new(format!(" {lamp}"), role),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_dark_and_full_scale_lights_all() {
        assert_eq!([-90.0, -60.0, -30.0, 0.0, 6.0, f32::NAN, f32::NEG_INFINITY].map(parts), [0, 0, 5, 10, 10, 0, 0]);
    }
}
