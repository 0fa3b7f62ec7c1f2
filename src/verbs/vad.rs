//! `xnai vad FILE`: where somebody speaks in a sound file, as the live microphone would have it: for tuning `[listen]`.

use std::{path::PathBuf, time::Duration};

use serde::Serialize;

use crate::{
    audio::{
        listen::{End, Event, Level, Segmenter},
        load::{self, Loaded, Source},
        resample,
    },
    config::Context,
    error::Result,
    os::terminal::{many, say, say_json, tell},
    parcel::{EAR_RATE, Utterance},
    pipeline::crew,
};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// WAV, FLAC or OGG; `-` reads it from stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// What became of one stretch that began as speech.
#[derive(Debug, PartialEq, Serialize)]
struct Found {
    /// From the start of the file, in s; with pre-roll and tail.
    start_s: f64,
    end_s: f64,
    seconds: f64,
    /// The highest probability of a frame.
    peak: f32,
    /// The loudest frame, in dB of full scale.
    peak_db: f32,
    ended: &'static str,
}

#[derive(Serialize)]
struct Report {
    detector: &'static str,
    seconds: f64,
    segments: Vec<Found>,
    /// What began and was dropped: too short, or never surely speech.
    dropped: Vec<Found>,
}

pub fn run(args: &Args, context: &Context) -> Result<()> {
    let source = if args.file.as_os_str() == "-" { Source::stdin() } else { Source::File(&args.file) };
    let Loaded { sound, note } = load::load_noting(source, Duration::from_secs(context.config.audio.max_audio_s.into()))?;
    let (detector, detector_note) = crew::detector(context)?;
    note.iter().chain(&detector_note).for_each(|note| tell(&format!("note: {note}")));
    let report = report(&resample::for_ear(&sound)?.samples, Segmenter::new(&context.config.listen, detector));
    if args.json {
        return say_json(&report);
    }
    say(&page(&report))
}

fn report(samples: &[f32], mut segmenter: Segmenter) -> Report {
    let mut report =
        Report { detector: segmenter.detector(), seconds: seconds(samples.len() as u64), segments: Vec::new(), dropped: Vec::new() };
    let mut levels: Vec<Level> = Vec::new();
    let mut began = 0;
    let mut take = |event: Event| match event {
        Event::Level(level) => levels.push(level),
        Event::Began { at } => {
            began = at;
            // The pre-roll belongs to it.
            levels.retain(|level| level.at > at);
        }
        Event::Part { utterance, at } => take_down(&mut report, &mut levels, &utterance, at, "its length"),
        Event::Ended { utterance, at, why } => take_down(&mut report, &mut levels, &utterance, at, ended(why)),
        Event::Dropped { at } => report.dropped.push(found(seconds(began), seconds(at), &levels, "dropped")),
        Event::Paused { .. } | Event::Resumed { .. } => {}
    };
    // As it would come from a microphone.
    samples.chunks(EAR_RATE as usize / 50).flat_map(|chunk| segmenter.push(chunk)).for_each(&mut take);
    segmenter.flush().into_iter().for_each(&mut take);
    report
}

fn take_down(report: &mut Report, levels: &mut Vec<Level>, utterance: &Utterance, at: u64, ended: &'static str) {
    let start = utterance.at.as_secs_f64();
    report.segments.push(found(start, start + utterance.duration().as_secs_f64(), levels, ended));
    levels.retain(|level| level.at > at);
}

fn found(start_s: f64, end_s: f64, levels: &[Level], ended: &'static str) -> Found {
    let within = levels.iter().filter(|level| (start_s..end_s + 0.04).contains(&seconds(level.at)));
    let (peak, peak_db) = within.fold((0.0f32, -90.0f32), |(p, db), level| (p.max(level.probability), db.max(level.db)));
    let round = |s: f64| (s * 1000.0).round() / 1000.0;
    Found { start_s: round(start_s), end_s: round(end_s), seconds: round(end_s - start_s), peak, peak_db, ended }
}

fn ended(why: End) -> &'static str {
    match why {
        End::Silence => "silence",
        End::Length => "too long",
        End::Released | End::Flushed => "end of file",
    }
}

fn seconds(samples: u64) -> f64 {
    samples as f64 / f64::from(EAR_RATE)
}

fn page(report: &Report) -> String {
    let mut page = format!("{:.2} s, heard by {}: {}\n", report.seconds, report.detector, many(report.segments.len(), "segment"));
    page += "    start       end   seconds  peak  loudest  ended by\n";
    for Found { start_s, end_s, seconds, peak, peak_db, ended } in report.segments.iter().chain(&report.dropped) {
        page += &format!("{start_s:9.3} {end_s:9.3} {seconds:9.3}  {peak:4.2}  {peak_db:4.0} dB  {ended}\n");
    }
    page.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::listen::{Settings, VoiceDetector};

    /// Loud is speech.
    struct Loud;

    impl VoiceDetector for Loud {
        fn frame(&self) -> usize {
            160
        }

        fn probability(&mut self, frame: &[f32]) -> f32 {
            frame[0].abs()
        }

        fn name(&self) -> &'static str {
            "loud"
        }
    }

    #[test]
    fn segments_and_what_was_dropped_are_listed_with_their_peaks() {
        let piece = |ms: usize, level: f32| std::iter::repeat_n(level, ms * 16);
        let sound: Vec<f32> = [(500, 0.0), (400, 0.8), (100, 0.95), (3000, 0.0), (80, 0.9), (2000, 0.0), (300, 1.0)]
            .into_iter()
            .flat_map(|(ms, level)| piece(ms, level))
            .collect();
        let report = report(&sound, Segmenter::new(&Settings::default(), Box::new(Loud)));
        let of = |found: &[Found]| found.iter().map(|f| (f.start_s, f.end_s, f.peak, f.ended)).collect::<Vec<_>>();
        assert_eq!(of(&report.segments), [(0.2, 1.2, 0.95, "silence"), (5.78, 6.38, 1.0, "end of file")]);
        assert_eq!((report.dropped.len(), report.dropped[0].start_s, report.dropped[0].peak), (1, 3.7, 0.9));
        assert!((report.segments[1].peak_db).abs() < 0.01);
        assert_eq!(page(&report).lines().count(), 5);
    }
}
