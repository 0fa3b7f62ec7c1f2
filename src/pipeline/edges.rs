//! Every queue's size, in one place, with what happens when it is full.

use std::time::Duration;

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

/// Commands to the listener. When it is full the face waits: it empties at every look at the microphone.
pub const LISTENER: usize = 64;

/// How long a face tries to hand a message to a conductor that is behind.
pub const POST: Duration = Duration::from_secs(1);

/// Sound that waits for the spotter of the key phrase, and as much as is remembered to be heard once more after it. When
/// it is full the oldest is dropped.
pub const SPOTTED: Duration = Duration::from_secs(10);

/// Phrases that were spotted. When it is full a further one is dropped: the listener takes them at every look.
pub const SPOTTINGS: usize = 8;
