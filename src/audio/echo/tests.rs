//! A simulated room: what is taken out of it, what stays, and what comes back after a change.

use std::ops::Range;

use super::*;

const RATE: usize = EAR_RATE as usize;

/// Numbers in −1..1 that are the same for the same seed.
fn random(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(2_654_435_761).max(1);
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 * 2.0 - 1.0
    }
}

/// Noise with the spectrum, the syllables and the pauses of speech, in −0.3..0.3; another voice for every seed.
fn voice(seed: u32, seconds: usize) -> Vec<f32> {
    let mut random = random(seed);
    let (mut smooth, mut loud, mut aim) = (0.0, 0.0, 0.0);
    let sample = |n: usize| {
        if n.is_multiple_of(RATE / 6) {
            aim = random().max(0.0);
        }
        loud += 0.002 * (aim - loud);
        smooth += 0.4 * (random() - smooth);
        0.6 * loud * smooth
    };
    (0..seconds * RATE).map(sample).collect()
}

/// What a microphone hears of this: 0.4 times the first sound after so many ms, and a decaying tail of 40 ms.
fn echo(of: &[f32], delay_ms: usize) -> Vec<f32> {
    let taps: Vec<(usize, f32)> =
        (0..20).map(|n| (delay_ms * 16 + n * 33, 0.4 * 0.8f32.powi(n as i32) * (1.0 - (n % 2) as f32 * 1.6))).collect();
    let at = |n: usize| taps.iter().map(|(late, gain)| n.checked_sub(*late).map_or(0.0, |from| of[from] * gain)).sum();
    (0..of.len()).map(at).collect()
}

fn sum(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn canceller() -> Canceller {
    Canceller::new(&Settings::default(), EAR_RATE).unwrap()
}

/// Both streams in step, in parcels of 20 ms.
fn run(canceller: &mut Canceller, played: &[f32], captured: &[f32]) -> Vec<f32> {
    let mut out = Vec::new();
    for (played, captured) in played.chunks(320).zip(captured.chunks(320)) {
        canceller.played(played);
        canceller.captured(captured, &mut out);
    }
    out
}

fn decibels(of: &[f32], than: &[f32], seconds: Range<usize>) -> f32 {
    let energy = |x: &[f32]| x[seconds.start * RATE..(seconds.end * RATE).min(x.len())].iter().map(|s| s * s).sum::<f32>();
    10.0 * (energy(of) / (energy(than) + 1e-12)).log10()
}

/// Of two signals, the second being late by so many samples; 1 is the same shape.
fn likeness(a: &[f32], b: &[f32], late: usize) -> f32 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
    let (a, b) = (&a[..a.len() - late], &b[late..]);
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-12)
}

/// The least that must be taken off, in dB. Measured in this room, which is linear: 60 and more, once converged.
const GONE: f32 = 40.0;

#[test]
fn its_own_voice_goes() {
    let far = voice(1, 5);
    for delay in [10, 300] {
        let (mut canceller, heard) = (canceller(), echo(&far, delay));
        let out = run(&mut canceller, &far, &heard);
        let gone = decibels(&heard, &out, 3..5);
        assert!(gone > GONE, "{gone} dB with a delay of {delay} ms");
        let Metrics { delay: found, removed_db, erle_db, settled, shifts, held } = canceller.metrics();
        assert!((delay as u128).abs_diff(found.as_millis()) < 10, "{found:?} instead of {delay} ms");
        assert!(removed_db > GONE && erle_db > 10.0, "{removed_db} dB, of which {erle_db} by the filter");
        assert_eq!((settled, shifts, held), (true, 0, 0));
    }
}

#[test]
fn a_delay_beyond_what_is_searched_is_found_when_it_is_told() {
    let (mut canceller, far) = (canceller(), voice(1, 5));
    canceller.set_delay(Duration::from_millis(1_000));
    let heard = echo(&far, 900);
    let out = run(&mut canceller, &far, &heard);
    assert!(decibels(&heard, &out, 3..5) > GONE, "{:?}", canceller.metrics());
    assert!(canceller.metrics().delay.as_millis().abs_diff(900) < 10, "{:?}", canceller.metrics());
}

#[test]
fn people_who_speak_at_the_same_time_stay() {
    // Echo at −6 dB of the person, who begins after four seconds.
    let (far, mut near) = (voice(1, 8), voice(2, 8));
    near[..4 * RATE].fill(0.0);
    let voice = echo(&far, 70);
    let level = 10f32.powf((-6.0 - decibels(&voice, &near, 4..8)) / 20.0);
    let voice: Vec<f32> = voice.iter().map(|s| s * level).collect();
    let mut canceller = canceller();
    let out = run(&mut canceller, &far, &sum(&voice, &near));
    let (near, out) = (&near[4 * RATE..], &out[4 * RATE..]);
    let likeness = likeness(near, out, canceller.latency());
    assert!(likeness > 0.6, "{likeness}"); // measured 0.74; 0.91 without any echo, for the filter turns phases
    let loudness = decibels(out, near, 0..4);
    assert!((-4.0..1.0).contains(&loudness), "{loudness} dB");
}

#[test]
fn with_headphones_people_stay_whole_while_we_speak() {
    let (ours, person) = (voice(1, 8), voice(2, 8));
    let out = run(&mut canceller(), &ours, &person);
    let untouched = run(&mut canceller(), &vec![0.0; ours.len()], &person);
    let whole = decibels(&untouched, &person, 2..8);
    assert!(whole.abs() < 1.0, "the person alone is {whole} dB louder than they were");
    let changed: Vec<f32> = out.iter().zip(&untouched).map(|(a, b)| a - b).collect();
    // It takes a second of our speaking to be sure.
    let changed = decibels(&changed, &untouched, 2..8);
    assert!(changed < -20.0, "what was changed has {changed} dB of the person");
}

#[test]
fn that_there_is_no_echo_is_known_after_a_second_and_never_where_there_is_one() {
    let mut seconds = Vec::new();
    for seed in 0..10 {
        // Silence first, as there is before every answer.
        let ours = [vec![0.0; RATE], voice(2 * seed + 1, 8)].concat();
        let known = |heard: &[f32]| {
            let (mut audible, frames) = (Audible::default(), heard.chunks_exact(FRAME).zip(ours.chunks_exact(FRAME)));
            frames.map(|(heard, said)| audible.note(heard.try_into().unwrap(), said.try_into().unwrap())).position(|echo| !echo)
        };
        seconds.extend(known(&voice(2 * seed + 2, 9)).map(|frames| frames as f32 / 100.0 - 1.0));
        assert_eq!(known(&echo(&ours, 60)), None, "seed {seed}");
    }
    assert!(seconds.len() == 10 && seconds.iter().filter(|s| (0.5..1.1).contains(*s)).count() >= 7, "{seconds:?}");
}

#[test]
fn a_loudspeaker_that_comes_back_is_noticed() {
    let (ours, person) = (voice(1, 12), voice(2, 12));
    let heard: Vec<f32> = echo(&ours, 60).iter().zip(&person).enumerate().map(|(n, (e, p))| if n < 6 * RATE { *p } else { *e }).collect();
    let out = run(&mut canceller(), &ours, &heard);
    let left = decibels(&out, &heard, 9..12);
    assert!(left < -15.0, "{left} dB of the echo are left");
}

#[test]
fn what_is_heard_while_nothing_plays_comes_out_whole_and_late_as_documented() {
    let near = voice(3, 3);
    for settings in [Settings::default(), Settings { noise_suppression: true, ..Settings::default() }] {
        let mut out = Vec::new();
        let mut canceller = Canceller::new(&settings, EAR_RATE).unwrap();
        near.chunks(777).for_each(|parcel| canceller.captured(parcel, &mut out));
        let whole = near.len() / FRAME * FRAME;
        assert_eq!((out.len(), canceller.metrics().held), (whole, near.len() - whole));
        let likeness = likeness(&near[..whole], &out, canceller.latency());
        assert!(likeness > 0.8, "{likeness}");
    }
}

#[test]
fn a_change_of_the_delay_is_followed() {
    let far = voice(1, 8);
    for (before, after) in [(60, 110), (110, 60)] {
        let heard = [&echo(&far, before)[..3 * RATE], &echo(&far, after)[3 * RATE..]].concat();
        let out = run(&mut canceller(), &far, &heard);
        let gone = |seconds| decibels(&heard, &out, seconds);
        assert!(gone(2..3) > GONE && gone(6..8) > GONE, "{} dB, then {}, then {}", gone(2..3), gone(3..6), gone(6..8));
    }
}

#[test]
fn parcels_that_come_up_to_100_ms_late_do_no_harm() {
    let far = voice(1, 5);
    let heard = echo(&far, 60);
    let (mut canceller, mut out) = (canceller(), Vec::new());
    let (mut played, mut captured, mut held) = (0, 0, 0);
    for step in 0..far.len() / 160 + 20 {
        // Each side stands still for up to ten steps of 10 ms, the two not at the same time, and then catches up.
        let (stops, rests) = (step % 23 < 10, (step + 11) % 29 < 10);
        if !stops || step == 0 {
            let until = ((step + 1) * 160).min(far.len());
            canceller.played(&far[played..until]);
            played = until;
        }
        if !rests {
            let until = (step * 160).min(far.len());
            canceller.captured(&heard[captured..until], &mut out);
            captured = until;
        }
        held = held.max(canceller.metrics().held);
    }
    let gone = decibels(&heard, &out, 3..5);
    assert!(gone > GONE, "{gone} dB, {:?}", canceller.metrics());
    assert!(out.len() + 2 * FRAME > far.len() && held > 800, "{} of {}, at most {held} held", out.len(), far.len());
}

#[test]
fn silence_stays_silence() {
    let nothing = vec![0.0; 2 * RATE];
    let loudest = |out: Vec<f32>| out.iter().fold(0.0f32, |most, s| most.max(s.abs()));
    assert_eq!(loudest(run(&mut canceller(), &nothing, &nothing)), 0.0);
    // While it speaks unheard, there is the canceller's comfort noise: −60 dB at most.
    assert!(loudest(run(&mut canceller(), &voice(1, 2), &nothing)) < 0.001);
}

#[test]
fn samples_that_are_no_numbers_poison_nothing() {
    let (far, mut canceller) = (voice(1, 6), canceller());
    let (mut played, mut heard) = (far.clone(), echo(&far, 60));
    for (n, bad) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30].into_iter().enumerate() {
        played[RATE + n * 1_000] = bad;
        heard[RATE / 2 + n * 2_000] = bad;
    }
    let out = run(&mut canceller, &played, &heard);
    assert!(out.iter().all(|s| s.abs() <= 1.0), "all are finite and in range");
    heard.iter_mut().for_each(|s| *s = if s.is_finite() { s.clamp(-1.0, 1.0) } else { 0.0 });
    let gone = decibels(&heard, &out, 4..6);
    assert!(gone > GONE, "{gone} dB");
}

#[test]
fn begun_anew_it_knows_nothing_but_the_delay() {
    let (far, mut canceller) = (voice(1, 2), canceller());
    canceller.set_delay(Duration::from_millis(700));
    let first = run(&mut canceller, &far, &echo(&far, 700));
    canceller.reset();
    assert_eq!((canceller.metrics().shifts, canceller.metrics().settled), (0, false));
    assert_eq!(run(&mut canceller, &far, &echo(&far, 700)), first);
}

#[test]
fn with_everything_off_the_sound_goes_through_at_once() {
    let off = Settings { cancel: false, noise_suppression: false, auto_gain: false };
    let (mut canceller, mut out) = (Canceller::new(&off, EAR_RATE).unwrap(), Vec::new());
    canceller.played(&[0.5; 100]);
    canceller.captured(&[0.25, f32::NAN, -2.0], &mut out);
    assert_eq!(out, [0.25, 0.0, -1.0]);
    assert_eq!(canceller.metrics(), Metrics { delay: Duration::ZERO, ..Metrics::default() });
    assert!(Canceller::new(&off, 48_000).is_err_and(|e| e.to_string().contains("48000 Hz")));
}

#[test]
fn steady_noise_is_lowered_on_request() {
    let settings = Settings { cancel: false, noise_suppression: true, auto_gain: false };
    let mut random = random(5);
    let hiss: Vec<f32> = (0..4 * RATE).map(|_| 0.01 * random()).collect();
    let mut out = Vec::new();
    Canceller::new(&settings, EAR_RATE).unwrap().captured(&hiss, &mut out);
    let quieter = decibels(&hiss, &out, 2..4);
    assert!(quieter > 3.0, "{quieter} dB");
}

/// The proof that a [`Canceller`] may move to another thread was read out of this version's source.
#[test]
fn the_crate_is_the_one_that_was_read() {
    fn may_move<T: Send>(_: &T) {}
    may_move(&canceller());
    assert!(include_str!("../../../Cargo.lock").contains("name = \"aec3\"\nversion = \"0.4.0\""), "read chain.rs's SAFETY note again");
}
