//! Samples into a WAV of 16-bit mono: a file that appears whole or not at all, or a stream for a pipe.

use std::{
    fs,
    io::{self, BufWriter, Seek, Write},
    path::{Path, PathBuf},
};

use super::{Speaker, draft::Draft, resample::Flow};
use crate::{
    error::{Error, Result, Room},
    parcel::Pcm,
    turn::Turn,
};

/// Hz, of a sound that ended before it began.
const RATE_OF_NOTHING: u32 = 24_000;

/// Bytes before the samples.
const HEADER: usize = 44;

/// Gets its name at the end. Dropped, hushed or killed before that, it leaves nothing behind.
///
/// The rate of the first sound is the file's; what comes later at another rate is resampled.
pub struct WavFile {
    target: PathBuf,
    /// Gone once the file has its final name, or was given up.
    tape: Option<Tape<BufWriter<Draft>>>,
}

impl WavFile {
    /// Fails if no file can be made there, before any speech is made in vain.
    pub fn create(path: &Path) -> Result<Self> {
        // Through a link, so that the link stays and its target is replaced; what does not exist yet has its own name.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if fs::metadata(&target).is_ok_and(|m| !m.is_file()) {
            let message = format!("{} is not a regular file, and will not be replaced by one", path.display());
            return Err(Error::replace(Room::Audio, message).hint("name a file, or write to standard output with -"));
        }
        let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = Draft::in_folder(folder).map_err(|e| Error::io(Room::Audio, "writing", path, &e))?;
        let tape = Tape::new(BufWriter::new(file), path);
        Ok(Self { target, tape: Some(tape) })
    }

    fn tape(&mut self) -> Result<&mut Tape<BufWriter<Draft>>> {
        self.tape.as_mut().ok_or_else(|| Error::report(Room::Audio, format!("{} was already closed", self.target.display())))
    }
}

impl Speaker for WavFile {
    fn play(&mut self, sound: &Pcm, turn: &Turn) -> Result<()> {
        turn.alive()?;
        self.tape()?.add(sound)
    }

    /// Gives the file its final name. Afterwards nothing more can be played.
    fn drain(&mut self, turn: &Turn) -> Result<()> {
        turn.alive()?;
        let Some(mut tape) = self.tape.take() else { return Ok(()) };
        tape.finish()?;
        let (bytes, rate) = (tape.bytes, tape.rate.unwrap_or(RATE_OF_NOTHING));
        let target = &self.target;
        let fault = |e: &io::Error| Error::io(Room::Audio, "writing", target, e);
        let mut file = tape.to.into_inner().map_err(|e| fault(e.error()))?;
        file.rewind().and_then(|()| file.write_all(&header(rate, bytes))).map_err(|e| fault(&e))?;
        // Else, after a power failure, the name could be there and the samples not.
        file.file().sync_all().map_err(|e| fault(&e))?;
        turn.alive()?;
        file.persist(target).map_err(|e| fault(&e))
    }

    /// Gives the file up: a half is no answer.
    fn hush(&mut self) {
        self.tape = None;
    }
}

/// Writes as it comes, for a pipe: the header says that the length is not known.
pub struct WavStream<W: Write + Send> {
    tape: Tape<W>,
}

impl<W: Write + Send> WavStream<W> {
    /// `name`: what to call it in an error, "standard output".
    pub fn new(to: W, name: &str) -> Self {
        Self { tape: Tape::new(to, Path::new(name)) }
    }
}

impl<W: Write + Send> Speaker for WavStream<W> {
    fn play(&mut self, sound: &Pcm, turn: &Turn) -> Result<()> {
        turn.alive()?;
        self.tape.add(sound)?;
        self.tape.flush()
    }

    fn drain(&mut self, turn: &Turn) -> Result<()> {
        turn.alive()?;
        self.tape.finish()
    }

    /// Drops the few samples that wait for the next parcel; what was written is heard already.
    fn hush(&mut self) {
        self.tape.flow = None;
    }
}

/// The samples on their way into whatever takes bytes.
struct Tape<W: Write> {
    to: W,
    name: PathBuf,
    /// Of the first sound, once there was one.
    rate: Option<u32>,
    flow: Option<Flow>,
    /// Written after the header.
    bytes: u64,
    samples: Vec<f32>,
    raw: Vec<u8>,
}

impl<W: Write> Tape<W> {
    fn new(to: W, name: &Path) -> Self {
        Self { to, name: name.to_owned(), rate: None, flow: None, bytes: 0, samples: Vec::new(), raw: Vec::new() }
    }

    fn add(&mut self, sound: &Pcm) -> Result<()> {
        let rate = self.begin(sound.rate)?;
        let flow = self.flow.get_or_insert_with(|| Flow::new(rate));
        flow.push(sound, &mut self.samples)?;
        self.write()
    }

    /// Writes the header before the first sample.
    fn begin(&mut self, rate: u32) -> Result<u32> {
        if let Some(rate) = self.rate {
            return Ok(rate);
        }
        self.rate = Some(rate);
        self.to.write_all(&header(rate, u64::MAX)).map_err(|e| self.fault(&e))?;
        Ok(rate)
    }

    /// Writes what waits, and for a sound of nothing at least the header.
    fn finish(&mut self) -> Result<()> {
        self.begin(RATE_OF_NOTHING)?;
        if let Some(mut flow) = self.flow.take() {
            flow.finish(&mut self.samples)?;
        }
        self.write()?;
        self.flush()
    }

    fn write(&mut self) -> Result<()> {
        self.raw.clear();
        self.raw.extend(self.samples.drain(..).flat_map(|s| sixteen(s).to_le_bytes()));
        self.to.write_all(&self.raw).map_err(|e| self.fault(&e))?;
        self.bytes += self.raw.len() as u64;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.to.flush().map_err(|e| self.fault(&e))
    }

    fn fault(&self, error: &io::Error) -> Error {
        match error.kind() {
            // As with the text of every verb: a reader that has had enough ends the program quietly.
            io::ErrorKind::BrokenPipe => Error::stopped(),
            io::ErrorKind::FileTooLarge => Error::make_room(Room::Audio, format!("{} may not grow any further", self.name.display()))
                .hint("raise the limit (ulimit -f)"),
            _ => Error::io(Room::Audio, "writing", &self.name, error),
        }
    }
}

/// Rounded and clipped; what is no number is silence.
fn sixteen(sample: f32) -> i16 {
    (sample * 32_767.0).round() as i16
}

/// RIFF header of 16-bit mono PCM. A length that does not fit (or is not known) becomes all ones, as every reader of
/// pipes understands it.
fn header(rate: u32, bytes: u64) -> [u8; HEADER] {
    let data = u32::try_from(bytes).unwrap_or(u32::MAX);
    let riff = data.saturating_add(HEADER as u32 - 8);
    let mut head = [0; HEADER];
    let fields: [&[u8]; 13] = [
        b"RIFF",
        &riff.to_le_bytes(),
        b"WAVE",
        b"fmt ",
        &16u32.to_le_bytes(),
        &1u16.to_le_bytes(),
        &1u16.to_le_bytes(),
        &rate.to_le_bytes(),
        &(rate.saturating_mul(2)).to_le_bytes(),
        &2u16.to_le_bytes(),
        &16u16.to_le_bytes(),
        b"data",
        &data.to_le_bytes(),
    ];
    let mut at = 0;
    for field in fields {
        head[at..at + field.len()].copy_from_slice(field);
        at += field.len();
    }
    head
}

#[cfg(test)]
#[path = "save_tests.rs"]
mod tests;
