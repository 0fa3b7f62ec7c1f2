//! A file or anonymous memory as a ring: one page that says what it is and who holds it, then the samples.

use std::{
    fs::File,
    mem,
    os::unix::fs::MetadataExt,
    sync::{
        Arc,
        atomic::{
            AtomicU32, AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::Duration,
};

use memmap2::{Advice, MmapOptions, MmapRaw};

use super::{
    futex,
    holder::Slot,
    ring::{Header, Storage},
    sigbus::Guard,
};
use crate::error::{Error, Result, Room};

/// Bytes before the samples.
const HEAD: usize = 4096;

/// "xnaipipe", as the bytes lie in the file on a little-endian machine.
const MAGIC: u64 = u64::from_le_bytes(*b"xnaipipe");
const VERSION: u32 = 1;
const CHANNELS: u32 = 1;

/// Passive listeners at a time.
const TAPS: usize = 16;

/// Of samples: 64 Mi are 23 minutes at 48 kHz, far more than any pipe holds.
const MOST_CELLS: usize = 1 << 26;

/// What the first page says, besides the positions.
#[repr(C)]
pub struct Label {
    /// Written last: a file without it is not ready, or none of ours.
    magic: AtomicU64,
    version: AtomicU32,
    channels: AtomicU32,
    cells: AtomicU64,
    /// The process that made the file and will remove it.
    pub owner: Slot,
    pub writer: Slot,
    pub reader: Slot,
    pub taps: [Slot; TAPS],
}

#[repr(C)]
struct Page {
    label: Label,
    ring: Header,
}

const _: () = assert!(mem::size_of::<Page>() <= HEAD && mem::align_of::<Page>() <= HEAD && mem::size_of::<AtomicU32>() == 4);

/// Alive as long as anybody uses the ring; the file may have lost its name long before.
pub struct Mapping {
    /// Before the map, so that it is dropped first.
    guard: Option<Guard>,
    map: MmapRaw,
    /// What is mapped, if it is a file of another process.
    file: Option<File>,
    cells: usize,
    /// For errors: `tts-1234`.
    pub name: String,
}

impl Mapping {
    /// How many samples a ring of this capacity has: a third of them is past, which taps may still hear.
    pub fn cells_for(limit: u64) -> usize {
        usize::try_from(limit + limit / 2).unwrap_or(MOST_CELLS).next_power_of_two().clamp(1024, MOST_CELLS)
    }

    pub fn bytes_for(cells: usize) -> usize {
        HEAD + cells * mem::size_of::<AtomicU32>()
    }

    /// Zeroed memory that only this process sees.
    pub fn anonymous(name: String, cells: usize) -> Result<Arc<Self>> {
        let memory = MmapOptions::new().len(Self::bytes_for(cells)).map_anon();
        let map = memory.map_err(|e| Error::shrink(Room::Audio, format!("no memory for the sound pipe {name}: {e}")))?;
        Ok(Self::private(MmapRaw::from(map), None, name, cells))
    }

    /// A fresh file of `bytes_for(cells)` zeros.
    pub fn fresh(file: &File, name: String, cells: usize) -> Result<Arc<Self>> {
        let (map, guard) = map(file, &name, Self::bytes_for(cells))?;
        Ok(Self::private(map, Some(guard), name, cells))
    }

    fn private(map: MmapRaw, guard: Option<Guard>, name: String, cells: usize) -> Arc<Self> {
        // What a microphone heard goes into no core file, and as far as the limit of locked memory allows into no swap.
        let _ = map.advise(Advice::DontDump);
        let _ = map.lock();
        Arc::new(Self { guard, map, file: None, cells, name })
    }

    /// Says what it is. From then on others may use it.
    pub fn begin(&self, rate: u32, limit: u64) {
        let label = self.label();
        self.header().begin(rate, limit);
        label.version.store(VERSION, Relaxed);
        label.channels.store(CHANNELS, Relaxed);
        label.cells.store(self.cells as u64, Relaxed);
        label.magic.store(MAGIC, Release);
    }

    /// The file of another process: nothing in it is believed that would lead outside of it.
    pub fn existing(file: &File, name: String) -> Result<Arc<Self>> {
        let bytes = file.metadata().map_err(|e| strange(&name, &e.to_string()))?.size();
        let bytes = usize::try_from(bytes).ok().filter(|bytes| (HEAD..=Self::bytes_for(MOST_CELLS)).contains(bytes));
        let bytes = bytes.ok_or_else(|| strange(&name, "its length is wrong"))?;
        let (map, guard) = map(file, &name, bytes)?;
        let cells = (bytes - HEAD) / mem::size_of::<AtomicU32>();
        let kept = file.try_clone().map_err(|e| strange(&name, &e.to_string()))?;
        let mapping = Self { guard: Some(guard), map, file: Some(kept), cells, name };
        let label = mapping.label();
        let says = (label.magic.load(Acquire), label.version.load(Relaxed), label.channels.load(Relaxed), label.cells.load(Relaxed));
        mapping.whole()?;
        match says {
            (MAGIC, VERSION, CHANNELS, said) if said == cells as u64 && cells.is_power_of_two() => Ok(Arc::new(mapping)),
            (MAGIC, VERSION, CHANNELS, _) => Err(strange(&mapping.name, "it was cut off")),
            (MAGIC, ..) => Err(strange(&mapping.name, "another version of xnai made it")),
            _ => Err(strange(&mapping.name, "it is no sound pipe")),
        }
    }

    pub fn label(&self) -> &Label {
        &self.page().label
    }

    fn page(&self) -> &Page {
        // SAFETY: the mapping is page-aligned, at least HEAD bytes long and lives as long as `self`; a Page is made of
        // atomics alone, for which every bit pattern is valid and every concurrent change by another process is allowed.
        // Should the file be cut off, `sigbus` puts other memory in its place.
        unsafe { &*self.map.as_ptr().cast::<Page>() }
    }

    /// An error once the file was found to be cut off: nothing that was read since then is sound.
    pub fn whole(&self) -> Result<()> {
        if self.guard.as_ref().is_some_and(Guard::broken) { Err(self.cut_off()) } else { Ok(()) }
    }

    /// As [`Mapping::whole`], and looks at the file: what was cut off may be a part that nobody touches.
    pub fn still_whole(&self) -> Result<()> {
        let bytes = Self::bytes_for(self.cells) as u64;
        let short = |file: &File| file.metadata().is_ok_and(|facts| facts.size() < bytes);
        if self.file.as_ref().is_some_and(short) { Err(self.cut_off()) } else { self.whole() }
    }

    fn cut_off(&self) -> Error {
        let message = format!("the sound pipe {} was cut off by another program", self.name);
        Error::reopen(Room::Audio, message).hint("leave the files in the runtime folder alone, and start xnai again")
    }
}

impl Storage for Mapping {
    fn header(&self) -> &Header {
        &self.page().ring
    }

    fn cells(&self) -> &[AtomicU32] {
        // SAFETY: `cells` atomics lie behind the first page, checked against the length of the mapping; else as `page`.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr().add(HEAD).cast::<AtomicU32>(), self.cells) }
    }

    fn sleep(&self, word: &AtomicU32, seen: u32, longest: Duration) {
        futex::sleep(word, seen, longest);
    }

    fn wake(&self, word: &AtomicU32) {
        futex::wake(word);
    }
}

fn map(file: &File, name: &str, bytes: usize) -> Result<(MmapRaw, Guard)> {
    let map = MmapOptions::new().len(bytes).map_raw(file);
    let map = map.map_err(|e| Error::shrink(Room::Audio, format!("the sound pipe {name} cannot be mapped: {e}")))?;
    let guard = Guard::watch(map.as_ptr() as usize, bytes)?;
    Ok((map, guard))
}

fn strange(name: &str, why: &str) -> Error {
    Error::reopen(Room::Audio, format!("the sound pipe {name} cannot be used: {why}")).hint("start xnai again")
}
