//! A listener by hand, look by look, with a microphone that hears a quiet room or is not there.

use std::sync::{
    atomic::{AtomicBool, Ordering::Relaxed},
    mpsc::sync_channel,
};

use super::*;
use crate::{
    audio::{
        DeviceNews, Heard, MicState, echo,
        listen::{Earshot, Settings},
        pipe::{Full, Name, Place, Writer, place},
    },
    error::Result,
    os::paths::Paths,
    pipeline::live::cleaner::Cleaner,
    turn::TurnId,
};

/// 20 ms of −60 dB at every look.
struct Still {
    lost: Arc<AtomicBool>,
    was: bool,
}

impl Microphone for Still {
    fn read(&mut self, out: &mut Vec<f32>, _: Duration) -> Result<Heard> {
        let lost = self.lost.load(Relaxed);
        let changed = std::mem::replace(&mut self.was, lost) != lost;
        let samples = if lost { 0 } else { EAR_RATE as usize / 50 };
        out.resize(out.len() + samples, 0.001);
        let news = changed.then_some(if lost { DeviceNews::Lost } else { DeviceNews::Back });
        let state = if lost { MicState::Lost } else { MicState::Live };
        Ok(Heard { samples, dropped: 0, at: Instant::now(), state, news })
    }

    fn name(&self) -> String {
        "still".into()
    }
}

/// A spoken question that nobody read until now, and then silence.
struct Waits(Vec<f32>);

impl Microphone for Waits {
    fn read(&mut self, out: &mut Vec<f32>, _: Duration) -> Result<Heard> {
        let samples = std::mem::replace(&mut self.0, vec![0.0; EAR_RATE as usize / 50]);
        out.extend(&samples);
        Ok(Heard { samples: samples.len(), dropped: 0, at: Instant::now(), state: MicState::Live, news: None })
    }

    fn name(&self) -> String {
        "waits".into()
    }
}

struct Rig {
    listening: Listening,
    lost: Arc<AtomicBool>,
    wanted: SyncSender<Wanted>,
    messages: Receiver<Message>,
}

impl Rig {
    fn new(place: &Place) -> Self {
        let lost = Arc::new(AtomicBool::new(false));
        let mut rig = Self::with(Box::new(Still { lost: lost.clone(), was: false }), place);
        rig.lost = lost;
        rig
    }

    fn with(microphone: Box<dyn Microphone>, place: &Place) -> Self {
        let ((wanted, inbox), (told, messages)) = (sync_channel(10), sync_channel(10_000));
        let listener = Listener {
            microphone,
            segmenter: Segmenter::new(&Settings::default(), Box::<Earshot>::default()),
            pipes: Pipes::open(place).unwrap(),
            cleaner: Cleaner::new(&echo::Settings { cancel: false, ..echo::Settings::default() }).unwrap(),
            waking: None,
            session: Arc::default(),
            lane: Arc::new(Lane::open(&Place::memory()).unwrap()),
            wanted: inbox,
            messages: told,
        };
        Self { listening: listener.begin(false), lost: Arc::default(), wanted, messages }
    }

    /// What the conductor is told in that many looks, after this was asked.
    fn after(&mut self, wanted: impl IntoIterator<Item = Wanted>, looks: usize) -> (Vec<Sound>, Vec<News>) {
        wanted.into_iter().for_each(|wanted| self.wanted.send(wanted).unwrap());
        (0..looks).for_each(|_| assert!(self.listening.look().is_ok()));
        let (mut sounds, mut news) = (Vec::new(), Vec::new());
        for message in self.messages.try_iter() {
            match message {
                Message::Event(Event::Sound(sound)) => sounds.push(sound),
                Message::News(told) => news.push(told),
                _ => {}
            }
        }
        (sounds, news)
    }
}

/// The turn that begins with it.
#[track_caller]
fn begun(sounds: &[Sound]) -> TurnId {
    match sounds.first() {
        Some(Sound::Began { turn, .. }) => turn.id(),
        _ => panic!("{sounds:?}"),
    }
}

fn loudest(news: &[News]) -> f32 {
    news.iter().filter_map(|news| if let News::Level(level) = news { Some(level.db) } else { None }).fold(-90.0, f32::max)
}

#[test]
fn who_holds_the_key_and_thinks_gives_a_sign_of_life_some_times_a_second() {
    let mut rig = Rig::new(&Place::memory());
    let (sounds, _) = rig.after([Wanted::Press], 500);
    let turn = begun(&sounds);
    let signs = sounds.iter().filter(|sound| matches!(sound, Sound::Silent { turn: of } if *of == turn)).count();
    assert!((10..=50).contains(&signs), "{signs} in 10 s: {sounds:?}");
    assert!(rig.after([Wanted::Release], 500).0.len() <= 2, "and none when it is over");
}

#[test]
fn what_was_said_while_the_key_was_down_is_heard_however_late_it_is_read() {
    let mut question = hound::WavReader::open("assets/question.wav").unwrap();
    let samples: Vec<f32> = question.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect();
    let said = samples.len();
    let mut rig = Rig::with(Box::new(Waits(samples)), &Place::memory());
    let (sounds, _) = rig.after([Wanted::Press, Wanted::Release], 20);
    let Some(Sound::Ended { speech, .. }) = sounds.last() else { panic!("{sounds:?}") };
    assert!(speech.samples.len() > said / 2, "of {said} samples only {}", speech.samples.len());
}

#[test]
fn what_is_given_up_is_forgotten_and_nothing_else() {
    let mut rig = Rig::new(&Place::memory());
    let turn = begun(&rig.after([Wanted::Press], 1).0);
    assert!(!rig.after([Wanted::GiveUp(TurnId::NONE)], 100).0.is_empty());
    assert!(rig.after([Wanted::GiveUp(turn)], 100).0.is_empty());
    assert!(rig.after([Wanted::Release], 100).0.is_empty());
    begun(&rig.after([Wanted::Press], 1).0);
}

#[test]
fn the_first_level_is_that_of_the_room() {
    let (_, news) = Rig::new(&Place::memory()).after([], 1);
    assert!((-61.0..-59.0).contains(&loudest(&news)), "{news:?}");
}

#[test]
fn what_is_wanted_is_obeyed_while_the_microphone_is_lost() {
    let mut rig = Rig::new(&Place::memory());
    rig.lost.store(true, Relaxed);
    let (_, news) = rig.after([], 1);
    assert!(matches!(news.as_slice(), [News::Device(Side::Input, DeviceState::Lost(_))]), "{news:?}");
    let turn = begun(&rig.after([Wanted::Press], 1).0);
    let (sounds, _) = rig.after([Wanted::Release], 1);
    let [Sound::Ended { turn: ended, speech, .. }] = sounds.as_slice() else { panic!("{sounds:?}") };
    assert_eq!((*ended, speech.samples.len()), (turn, 0), "no sound comes any more that could be the end of it");
    begun(&rig.after([Wanted::Press], 1).0);
    assert!(matches!(rig.after([Wanted::HandsFree(true)], 1).0.as_slice(), [Sound::Ended { .. }]));
    assert!(rig.listening.hands_free);
}

#[test]
fn who_speaks_in_place_of_a_lost_microphone_is_heeded_while_somebody_listens() {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let place = place(&Paths::under(folder.path()));
    if let Some(why) = place.why_not() {
        assert!(std::env::var_os("CI").is_none(), "{why}");
        return eprintln!("skipped: {why}");
    }
    let mut rig = Rig::new(&place);
    let feeder = Writer::attach(&place, Name::Feed, None).unwrap();
    rig.lost.store(true, Relaxed);
    rig.after([], 1);
    assert!(!feeder.heeded());
    rig.after([Wanted::Press], 1);
    assert!(feeder.heeded(), "the key is down");
    feeder.write(&[0.5; 3200], Full::DropNewest).unwrap();
    assert!(loudest(&rig.after([], 10).1) > -10.0);
    rig.after([Wanted::Release], 1);
    assert!(!feeder.heeded());
    rig.after([Wanted::HandsFree(true)], 1);
    assert!(feeder.heeded(), "whoever speaks is heard");
}
