//! Sound as the protocol carries it: samples of ours into 16-bit chunks, whole numbers of any width into samples.

use serde_json::json;

use super::event::{Event, Garbage};

/// Seconds of sound in one event, as a divisor: a tenth, so that a server can begin before the end.
const CHUNKS_A_SECOND: usize = 10;

/// How samples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Hz.
    pub rate: u32,
    /// Bytes of a sample: whole numbers, little-endian, signed but for single bytes, as in WAV files.
    pub width: usize,
    pub channels: usize,
}

impl Format {
    /// What recognisers and detectors of this protocol expect.
    pub const EAR: Self = Self { rate: crate::parcel::EAR_RATE, width: 2, channels: 1 };

    /// What an event says of its sound. `None`: it says nothing.
    pub fn of(event: &Event) -> Result<Option<Self>, Garbage> {
        let (Some(rate), Some(width), Some(channels)) = (event.number("rate"), event.number("width"), event.number("channels")) else {
            return Ok(None);
        };
        match (rate, width, channels) {
            (4_000..=192_000, 1..=4, 1..=8) => Ok(Some(Self { rate: rate as u32, width: width as usize, channels: channels as usize })),
            _ => Err(format!("sound of {rate} Hz, {width} bytes a sample and {channels} channels")),
        }
    }

    fn frame(self) -> usize {
        self.width * self.channels
    }

    fn event(self, kind: &str) -> Event {
        Event::new(kind, json!({"rate": self.rate, "width": self.width, "channels": self.channels}))
    }
}

/// `audio-start` for what an ear is given.
pub fn start() -> Event {
    Format::EAR.event("audio-start")
}

/// `audio-stop`.
pub fn stop() -> Event {
    Event::new("audio-stop", json!({}))
}

/// The same with the time of each, counted from a sample's place in the stream: some detectors date what they find by it.
pub fn dated(samples: &[f32], mut place: u64) -> impl Iterator<Item = Event> + '_ {
    chunks(samples).map(move |mut chunk| {
        chunk.data.insert("timestamp".into(), (place * 1000 / u64::from(Format::EAR.rate)).into());
        place += (chunk.payload.len() / Format::EAR.width) as u64;
        chunk
    })
}

/// 16 kHz samples as events.
pub fn chunks(samples: &[f32]) -> impl Iterator<Item = Event> + '_ {
    let whole = |s: &f32| ((s.clamp(-1.0, 1.0) * 32_767.0) as i16).to_le_bytes(); // NaN becomes 0
    samples
        .chunks(Format::EAR.rate as usize / CHUNKS_A_SECOND)
        .map(move |part| Format::EAR.event("audio-chunk").with(part.iter().flat_map(whole).collect()))
}

/// Chunks as they arrive into mono samples; a frame may be cut in two.
#[derive(Debug, Default)]
pub struct Reader {
    format: Option<Format>,
    rest: Vec<u8>,
}

impl Reader {
    /// Hz; 0 before a format was told.
    pub fn rate(&self) -> u32 {
        self.format.map_or(0, |format| format.rate)
    }

    /// `audio-start`: what comes next.
    pub fn begin(&mut self, event: &Event) -> Result<(), Garbage> {
        self.rest.clear();
        self.format = Format::of(event)?.or(self.format);
        Ok(())
    }

    /// `audio-chunk`: its samples, channels averaged.
    pub fn read(&mut self, event: &Event) -> Result<Vec<f32>, Garbage> {
        match (Format::of(event)?, self.format) {
            (Some(new), Some(old)) if new != old && !self.rest.is_empty() => return Err("sound whose format changes within a frame".into()),
            (Some(new), _) => self.format = Some(new),
            (None, None) => return Err("sound without a format".into()),
            (None, Some(_)) => {}
        }
        let Some(format) = self.format else { return Ok(Vec::new()) };
        self.rest.extend_from_slice(&event.payload);
        let whole = self.rest.len() / format.frame() * format.frame();
        let frames = self.rest[..whole].chunks_exact(format.frame());
        let samples = frames.map(|frame| frame.chunks_exact(format.width).map(sample).sum::<f32>() / format.channels as f32).collect();
        self.rest.drain(..whole);
        Ok(samples)
    }
}

/// One whole number of one to four bytes, as −1..1.
fn sample(bytes: &[u8]) -> f32 {
    if let [byte] = bytes {
        return (f32::from(*byte) - 128.0) / 128.0;
    }
    let mut wide = [0; 4];
    wide[4 - bytes.len()..].copy_from_slice(bytes);
    i32::from_le_bytes(wide) as f32 / 2_147_483_648.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(rate: u32, width: usize, channels: usize, payload: &[u8]) -> Event {
        Format { rate, width, channels }.event("audio-chunk").with(payload.to_vec())
    }

    #[test]
    fn samples_survive_the_way_there_and_back() {
        let samples: Vec<f32> = (0..4_000).map(|n| (n as f32 * 0.05).sin()).collect();
        let events: Vec<_> = chunks(&samples).collect();
        assert_eq!(events.iter().map(|e| e.payload.len()).collect::<Vec<_>>(), [3200, 3200, 1600]);
        let mut reader = Reader::default();
        let back: Vec<f32> = events.iter().flat_map(|e| reader.read(e).unwrap()).collect();
        assert_eq!(reader.rate(), 16_000);
        assert!(back.len() == samples.len() && back.iter().zip(&samples).all(|(a, b)| (a - b).abs() < 1e-4));
        let odd = chunks(&[f32::NAN, 9.0, -9.0]).next().unwrap();
        assert_eq!(odd.payload, [0, 0, 0xff, 0x7f, 0x01, 0x80]);
    }

    #[test]
    fn every_width_and_any_channels_are_read() {
        let read = |width, channels, bytes: &[u8]| Reader::default().read(&chunk(22_050, width, channels, bytes)).unwrap();
        assert_eq!(read(1, 1, &[0xc0, 0x40]), [0.5, -0.5]);
        assert_eq!(read(2, 1, &[0, 0x40, 0, 0xc0]), [0.5, -0.5]);
        assert_eq!(read(3, 1, &[0, 0, 0x40]), [0.5]);
        assert_eq!(read(4, 2, &[0, 0, 0, 0x40, 0, 0, 0, 0]), [0.25]);
    }

    #[test]
    fn a_frame_cut_in_two_is_put_together() {
        let mut reader = Reader::default();
        reader.begin(&Format { rate: 8_000, width: 2, channels: 1 }.event("audio-start")).unwrap();
        let plain = |payload: &[u8]| Event::new("audio-chunk", json!({})).with(payload.to_vec());
        assert!(reader.read(&plain(&[0])).unwrap().is_empty());
        assert_eq!(reader.read(&plain(&[0x40, 0])).unwrap(), [0.5]);
        assert!(reader.read(&chunk(8_000, 1, 1, &[1])).unwrap_err().contains("changes"));
    }

    #[test]
    fn senseless_formats_are_refused() {
        for (rate, width, channels) in [(0, 2, 1), (16_000, 0, 1), (16_000, 5, 1), (16_000, 2, 0), (16_000, 2, 9), (4_000_000, 2, 1)] {
            assert!(Reader::default().read(&chunk(rate, width, channels, &[])).is_err());
        }
        assert!(Reader::default().read(&Event::new("audio-chunk", json!({}))).unwrap_err().contains("without a format"));
    }
}
