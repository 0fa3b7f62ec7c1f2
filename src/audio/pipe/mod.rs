//! Sound between the stages through shared memory on tmpfs, where other programs of the same user may listen or speak up.
//!
//! A pipe has one writer, one reader that holds it back, and taps that hold back nobody. Without a reader the ring just
//! holds the latest sound. The process that makes a pipe owns its file (`mic-1234`, `tts-1234`, `feed-1234` in the
//! runtime folder) and removes it; what a killed process left is removed by the next one that makes or lists pipes.
//!
//! | file | knows |
//! |---|---|
//! | `ring` | positions and samples: who may read and write what, and when |
//! | `mapping` | a file or memory as a ring; `sigbus` survives that the file is cut off, `futex` sleeps and wakes |
//! | `holder` | which process holds an end, and whether it lives |
//! | `place`, `list` | the folder and its files: private, on tmpfs, none left behind |
//! | `writer`, `reader` | the ends, as the rest of the program uses them |

mod futex;
mod holder;
mod list;
mod mapping;
mod place;
mod reader;
mod ring;
mod sigbus;
mod sync;
mod writer;

use std::{
    fs::File,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use list::Address;
pub use list::{Name, Seen, list};
use mapping::Mapping;
pub use place::{Place, place};
pub use reader::{Reader, Tap};
pub use ring::Read;
pub use writer::{Full, Writer};

use crate::{
    error::{Error, Result, Room},
    os::stop,
};
use holder::{Holder, Slot};
use place::Folder;

/// How often a waiting end asks whether it still should.
const PATIENCE: Duration = Duration::from_millis(20);

/// How often it looks whether the process at the other end still lives.
const BURIAL: Duration = Duration::from_secs(1);

/// So many pipes of one name in one process are a fault.
const MOST_OF_A_NAME: u32 = 256;

/// The file of a pipe that this process made: locked while it lives, removed when this is dropped or the process leaves.
struct Owned(Arc<OwnFile>);

struct OwnFile {
    folder: Arc<Folder>,
    file: File,
    name: String,
}

/// Those that are there. As many as there are pipes: what is gone is left out at the next entry.
static OWN: Mutex<Vec<Weak<OwnFile>>> = Mutex::new(Vec::new());

impl Owned {
    fn new(folder: Arc<Folder>, file: File, name: String) -> Self {
        stop::before_leaving(remove_all);
        let own = Arc::new(OwnFile { folder, file, name });
        let mut all = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|own| own.strong_count() > 0);
        all.push(Arc::downgrade(&own));
        Self(own)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.folder.remove(&self.0.name, &self.0.file);
    }
}

/// The process ends without its destructors; what a microphone heard is not left behind all the same.
fn remove_all() {
    // Whoever holds it just now makes one more pipe, which the next program to start will find and remove.
    let Ok(all) = OWN.try_lock() else { return };
    all.iter().filter_map(Weak::upgrade).for_each(|own| own.folder.remove(&own.name, &own.file));
}

/// Rate in Hz and how much sound may wait for the reader.
struct Format {
    rate: u32,
    capacity: Duration,
}

impl Format {
    fn limit(&self) -> Result<u64> {
        match (self.capacity.as_secs_f64() * f64::from(self.rate)).ceil() {
            samples if self.rate < 1 << 20 && (1.0..=f64::from(1 << 25)).contains(&samples) => Ok(samples as u64),
            _ => Err(Error::report(Room::Audio, format!("a sound pipe of {:?} at {} Hz makes no sense", self.capacity, self.rate))),
        }
    }
}

/// A new pipe, whole before others can see it.
fn create(place: &Place, name: Name, format: &Format) -> Result<(Arc<Mapping>, Option<Owned>)> {
    let limit = format.limit()?;
    let cells = Mapping::cells_for(limit);
    let mut address = Address { name, pid: std::process::id(), nth: 0 };
    let begin = |mapping: &Mapping| {
        // Fresh memory is nobody's: nothing here can be held already.
        let _ = mapping.label().owner.claim();
        mapping.begin(format.rate, limit);
    };
    let Some(folder) = place.folder() else {
        let mapping = Mapping::anonymous(address.to_string(), cells)?;
        begin(&mapping);
        return Ok((mapping, None));
    };
    list::reclaim(folder);
    let file = folder.unnamed(Mapping::bytes_for(cells))?;
    file.try_lock().map_err(|e| Error::report(Room::Audio, format!("a sound pipe cannot be locked: {e}")))?;
    let mapping = Mapping::fresh(&file, address.to_string(), cells)?;
    begin(&mapping);
    while !folder.name(&file, &address.to_string())? {
        address.nth += 1;
        if address.nth > MOST_OF_A_NAME {
            return Err(Error::report(Room::Audio, format!("this process has {MOST_OF_A_NAME} {} pipes open", name.word())));
        }
    }
    Ok((mapping, Some(Owned::new(folder.clone(), file, address.to_string()))))
}

/// An end that this process holds until it drops this.
struct Held {
    mapping: Arc<Mapping>,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    Writer,
    Reader,
    Tap(usize),
}

impl Held {
    fn writer(mapping: &Arc<Mapping>) -> Result<Self> {
        Self::claim(mapping, End::Writer).map_err(|holder| taken(mapping, "already spoken into", holder))
    }

    fn reader(mapping: &Arc<Mapping>) -> Result<Self> {
        Self::claim(mapping, End::Reader).map_err(|holder| taken(mapping, "already read", holder))
    }

    fn tap(mapping: &Arc<Mapping>) -> Result<Self> {
        let all = 0..mapping.label().taps.len();
        all.map(|nth| Self::claim(mapping, End::Tap(nth))).find_map(Result::ok).ok_or_else(|| {
            Error::retry(Room::Audio, format!("too many programs listen to the sound pipe {}", mapping.name)).hint("end one of them")
        })
    }

    fn claim(mapping: &Arc<Mapping>, end: End) -> Result<Self, Holder> {
        slot(mapping, end).claim().map(|()| Self { mapping: mapping.clone(), end })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        slot(&self.mapping, self.end).release();
    }
}

fn slot(mapping: &Mapping, end: End) -> &Slot {
    let label = mapping.label();
    match end {
        End::Writer => &label.writer,
        End::Reader => &label.reader,
        End::Tap(nth) => &label.taps[nth],
    }
}

fn taken(mapping: &Mapping, how: &str, holder: Holder) -> Error {
    let message = format!("the sound pipe {} is {how} by process {}", mapping.name, holder.pid());
    Error::retry(Room::Audio, message).hint("end that, or wait")
}

#[cfg(test)]
mod tests;
