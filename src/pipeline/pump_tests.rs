//! What the pump passes on to a face that is slow.

use std::{
    sync::mpsc::sync_channel,
    thread::{self, JoinHandle},
};

use super::*;
use crate::{audio::pipe::Place, pipeline::news::Level};

/// A pump without engines for a face with this much patience, to be told these news and then to stop.
fn pump(notices: usize, news: Vec<News>) -> (JoinHandle<()>, Receiver<Told>) {
    let (messages, inbox) = sync_channel(1000);
    let ((told, face), (gone, _)) = (sync_channel(notices), sync_channel(1));
    let lane = Arc::new(Lane::open(&Place::memory()).unwrap());
    let pump = Pump::staff(Crew::default(), &messages, &lane, gone, told).unwrap();
    news.into_iter().map(Message::News).chain([Message::Stop]).for_each(|message| messages.send(message).unwrap());
    (thread::spawn(move || pump.run(&inbox)), face)
}

fn level() -> News {
    News::Level(Level::default())
}

#[test]
fn a_slow_face_misses_levels_and_never_a_note() {
    let news = (0..40).flat_map(|n| [level(), News::Note(n.to_string()), level()]).collect();
    let (pump, face) = pump(1, news);
    // A pump that waited for nobody would be through with all of it by then.
    thread::sleep(Duration::from_millis(100));
    let notes: Vec<_> = face.iter().filter_map(|told| if let News::Note(note) = told.news { Some(note) } else { None }).collect();
    assert_eq!(notes, (0..40).map(|n| n.to_string()).collect::<Vec<_>>());
    pump.join().unwrap();
}

#[test]
fn a_face_that_reads_no_levels_holds_nobody_up() {
    let (pump, face) = pump(1, (0..40).map(|_| level()).collect());
    let deadline = Instant::now() + Duration::from_secs(30);
    while !pump.is_finished() {
        assert!(Instant::now() < deadline, "it waits for the face");
        thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(face.iter().count(), 1);
}
