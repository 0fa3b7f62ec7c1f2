//! FLAC and OGG Vorbis into mono samples, through symphonia.

use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::{
    audio::GenericAudioBufferRef,
    codecs::audio::{AudioDecoder, AudioDecoderOptions},
    errors::Error as Fault,
    formats::{FormatReader, TrackType},
    io::{MediaSource, MediaSourceStream},
};

use super::{load::Given, wav::sane};
use crate::{error::Result, parcel::Pcm};

/// Decodes the whole sound. Of several sounds joined into one OGG file only the first is taken.
pub(super) fn read<'a>(source: Box<dyn MediaSource + 'a>, given: &Given) -> Result<Pcm> {
    // The decoders are memory-safe but assert things about their input; a bad file must stay a sentence.
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(source, given)));
    decoded.unwrap_or_else(|_| Err(given.refuse("is damaged so badly that it cannot be decoded")))
}

fn decode<'a>(source: Box<dyn MediaSource + 'a>, given: &Given) -> Result<Pcm> {
    let stream = MediaSourceStream::new(source, Default::default());
    let probed = symphonia::default::get_probe().probe(&Default::default(), stream, Default::default(), Default::default());
    let mut format = probed.map_err(|e| damaged(&e, given))?;
    let track = format.default_track(TrackType::Audio).ok_or_else(|| given.refuse("holds no sound"))?;
    let id = track.id;
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or_else(|| given.refuse("holds no sound"))?;
    if let (Some(frames), Some(rate)) = (track.num_frames, parameters.sample_rate) {
        given.admit(frames, rate)?;
        given.claimed.set(frames);
    }
    let rate = parameters.sample_rate;
    let made = symphonia::default::get_codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default());
    let mut decoder = made.map_err(|e| damaged(&e, given))?;
    let mut heard = Heard { mono: Vec::new(), rate, given, interleaved: Vec::new() };
    let end = heard.all(format.as_mut(), decoder.as_mut(), id)?;
    match (end, heard.rate) {
        (Some(fault), _) if heard.mono.is_empty() => Err(damaged(&fault, given)),
        (_, Some(rate)) => Ok(Pcm::new(heard.mono, rate)),
        (_, None) => Err(given.refuse("does not say how fast its samples go")),
    }
}

fn damaged(fault: &Fault, given: &Given) -> crate::error::Error {
    match fault {
        Fault::IoError(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => given.unreadable(e),
        Fault::IoError(_) => given.refuse("ends before its sound begins"),
        other => given.refuse(&format!("cannot be decoded ({other})")),
    }
}

/// What was decoded so far.
struct Heard<'a> {
    mono: Vec<f32>,
    rate: Option<u32>,
    given: &'a Given,
    interleaved: Vec<f32>,
}

impl Heard<'_> {
    /// Decodes to the end; a packet that does not decode is left out. Returns the last fault met.
    fn all(&mut self, format: &mut dyn FormatReader, decoder: &mut dyn AudioDecoder, track: u32) -> Result<Option<Fault>> {
        let mut last = None;
        loop {
            let packet = match format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(last),
                Err(fault) => return Ok(Some(fault)),
            };
            if packet.track_id != track {
                continue;
            }
            match decoder.decode(&packet) {
                Ok(sound) => self.take(&sound)?,
                Err(fault @ (Fault::DecodeError(_) | Fault::IoError(_))) => last = Some(fault),
                Err(fault) => return Ok(Some(fault)),
            }
        }
    }

    fn take(&mut self, sound: &GenericAudioBufferRef<'_>) -> Result<()> {
        let rate = *self.rate.get_or_insert(sound.spec().rate());
        let channels = sound.spec().channels().count().max(1);
        self.interleaved.clear();
        sound.copy_to_vec_interleaved(&mut self.interleaved);
        self.mono.extend(self.interleaved.chunks_exact(channels).map(|f| sane(f.iter().sum::<f32>() / channels as f32)));
        self.given.admit(self.mono.len() as u64, rate)
    }
}
