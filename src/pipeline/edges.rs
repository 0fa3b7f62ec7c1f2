//! Every queue's size, in one place, with what happens when it is full.

use std::{
    sync::mpsc::{SyncSender, TrySendError},
    thread,
    time::{Duration, Instant},
};

/// Events to the conductor. Workers wait when it is full; the conductor never waits for a worker, so it empties.
pub const EVENTS: usize = 256;

/// Notices to a face. When it is full the conductor waits: a face that stops reading stops its own answer, no other.
pub const NOTICES: usize = 1024;

/// Jobs to an engine. Cannot be full: the conductor hands out work only to an engine that said it is free.
pub const JOBS: usize = 1;

/// Fragments at the voice: one being spoken, one being made. The splitter holds the rest of the text.
pub const FRAGMENTS: usize = 2;

/// Sound between voice and speaker. When it is full the voice waits.
pub const SOUND: Duration = Duration::from_secs(3);

/// A parcel of sound is cut to this, so that a barge-in is heard by the next one.
pub const SOUND_PARCEL: Duration = Duration::from_millis(50);

/// How often a waiting stage asks whether its turn is still alive.
pub const PATIENCE: Duration = Duration::from_millis(20);

/// Exchanges that a conversation remembers; the oldest is forgotten. The writer drops more where its context is short.
pub const EXCHANGES: usize = 32;

/// Commands to the listener, which empties it at every look at the microphone. When it is full the face waits, no longer
/// than [`POST`].
pub const LISTENER: usize = 64;

/// How long somebody tries to hand something to a thread that is behind.
pub const POST: Duration = Duration::from_secs(1);

/// Sound that waits for the spotter of the key phrase, and as much as is remembered to be heard once more after it. When
/// it is full the oldest is dropped.
pub const SPOTTED: Duration = Duration::from_secs(10);

/// Phrases that were spotted. When it is full a further one is dropped: the listener takes them at every look.
pub const SPOTTINGS: usize = 8;

/// Hands it over, and waits no longer than [`POST`] where the queue is full. The conductor waits for a face that does not
/// read its news, and the listener for the conductor; a face that waited for either would wait for ever.
pub fn post<T>(to: &SyncSender<T>, mut what: T) -> Result<(), TrySendError<T>> {
    let deadline = Instant::now() + POST;
    loop {
        what = match to.try_send(what) {
            Err(TrySendError::Full(back)) if Instant::now() < deadline => back,
            done => return done,
        };
        thread::sleep(PATIENCE / 10);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn who_is_behind_is_waited_for_but_not_for_ever() {
        let (to, from) = sync_channel(1);
        post(&to, 1).unwrap();
        assert_eq!(post(&to, 2), Err(TrySendError::Full(2)));
        let late = thread::spawn(move || {
            thread::sleep(PATIENCE);
            from.iter().take(2).collect::<Vec<_>>()
        });
        post(&to, 3).unwrap();
        assert_eq!(late.join().unwrap(), [1, 3]);
        assert_eq!(post(&to, 4), Err(TrySendError::Disconnected(4)));
    }
}
