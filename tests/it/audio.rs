//! Sound files good and bad, long recordings, and real playing through ALSA and PulseAudio without any sound card.

mod echoing;
mod files;
#[cfg(feature = "audio")]
mod playing;
mod saving;
mod splitting;
