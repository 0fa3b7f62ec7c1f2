//! One voice to two speakers: an answer that is heard and kept.

use super::{Knobs, Speaker};
use crate::{error::Result, parcel::Pcm, turn::Turn};

/// Plays everything on both, the first one first. What fails on either is an error of both.
pub struct Tee {
    first: Box<dyn Speaker>,
    second: Box<dyn Speaker>,
}

impl Tee {
    /// Give the file first and the device second: the file is then complete while the end is still being heard.
    pub fn new(first: Box<dyn Speaker>, second: Box<dyn Speaker>) -> Self {
        Self { first, second }
    }
}

impl Speaker for Tee {
    fn play(&mut self, sound: &Pcm, turn: &Turn) -> Result<()> {
        self.first.play(sound, turn)?;
        self.second.play(sound, turn)
    }

    fn drain(&mut self, turn: &Turn) -> Result<()> {
        self.first.drain(turn)?;
        self.second.drain(turn)
    }

    fn hush(&mut self) {
        self.second.hush();
        self.first.hush();
    }

    fn underruns(&self) -> u64 {
        self.first.underruns() + self.second.underruns()
    }

    fn begin_turn(&mut self) {
        self.first.begin_turn();
        self.second.begin_turn();
    }

    /// Those of the device: a file is neither held nor heard.
    fn knobs(&self) -> Knobs {
        self.second.knobs()
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::mpsc};

    use super::*;
    use crate::{audio::save::WavStream, turn::Session};

    /// Tells how many bytes it was given.
    struct Told(mpsc::SyncSender<usize>);

    impl io::Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn ear() -> (Box<dyn Speaker>, mpsc::Receiver<usize>) {
        let (tell, told) = mpsc::sync_channel(16);
        (Box::new(WavStream::new(Told(tell), "test")), told)
    }

    #[test]
    fn both_hear_all_of_it() {
        let ((first, a), (second, b)) = (ear(), ear());
        let turn = Session::new().turn();
        let mut tee = Tee::new(first, second);
        tee.play(&Pcm::new([0.5; 100], 24_000), &turn).unwrap();
        tee.drain(&turn).unwrap();
        drop(tee);
        for told in [a, b] {
            assert_eq!(told.iter().sum::<usize>(), 44 + 200);
        }
    }

    #[test]
    fn a_fault_of_either_is_a_fault_of_both() {
        let ((first, _a), (second, b)) = (ear(), ear());
        drop(b);
        assert!(Tee::new(first, second).play(&Pcm::new([0.5; 100], 24_000), &Session::new().turn()).is_err());
    }
}
