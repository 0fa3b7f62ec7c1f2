//! Sound files good and bad, long recordings, and real playing through ALSA and PulseAudio without any sound card.

#[cfg(feature = "audio")]
mod capturing;
mod detecting;
#[cfg(feature = "echo")]
mod echoing;
mod files;
#[cfg(feature = "audio")]
mod lasting;
mod pipes;
#[cfg(feature = "audio")]
mod playing;
#[cfg(feature = "audio")]
pub mod pulse;
mod saving;
#[cfg(feature = "audio")]
mod silent_callbacks;
mod splitting;
