//! What a hop costs: our ring in a mapped file on tmpfs, beside rtrb within the process and a FIFO of the system.
//!
//! Round trips of 10 ms of speech there and back between two threads that sleep when there is nothing, and the time for
//! 30 s of sound at 16 kHz in parcels of 20 ms. `tests/ring/run bench`.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    thread::{self, Thread},
    time::Duration,
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use memmap2::{MmapOptions, MmapRaw};
use nix::{sys::stat::Mode, unistd::mkfifo};
use ring::{
    futex,
    ring::{Header, Reader, Storage, Writer, wait_for_room},
};
use tempfile::TempDir;

const PARCEL: usize = 160;
const LONG: usize = 480_000;
const PIECE: usize = 320;
const CELLS: usize = 1 << 16;
const ALWAYS: Duration = Duration::from_secs(60);

/// One way from one thread to another. Both sides sleep when they cannot go on.
trait Way: Send {
    fn send(&mut self, samples: &[f32]);
    /// Exactly as many as the buffer holds.
    fn take(&mut self, into: &mut [f32]);
}

/// A page and the cells in a file on tmpfs, as the program maps it.
struct Shared(MmapRaw);

impl Storage for Shared {
    fn header(&self) -> &Header {
        // SAFETY: zeroed, page-aligned and a page long; a header is made of atomics alone.
        unsafe { &*self.0.as_ptr().cast::<Header>() }
    }

    fn cells(&self) -> &[AtomicU32] {
        // SAFETY: the file is a page and CELLS numbers long.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().add(4096).cast(), CELLS) }
    }

    fn sleep(&self, word: &AtomicU32, seen: u32, longest: Duration) {
        futex::sleep(word, seen, longest);
    }

    fn wake(&self, word: &AtomicU32) {
        futex::wake(word);
    }
}

struct Ours {
    storage: Arc<Shared>,
    writer: Option<Writer<Shared>>,
    reader: Option<Reader<Shared>>,
    heard: Vec<f32>,
}

fn ours() -> (Box<dyn Way>, Box<dyn Way>) {
    let file = tempfile::tempfile_in("/dev/shm").unwrap();
    file.set_len(4096 + 4 * CELLS as u64).unwrap();
    let storage = Arc::new(Shared(MmapOptions::new().map_raw(&file).unwrap()));
    storage.header().begin(16_000, CELLS as u64 / 2);
    let way = |storage: &Arc<Shared>| Ours { storage: storage.clone(), writer: None, reader: None, heard: Vec::with_capacity(CELLS) };
    let (mut from, mut to) = (way(&storage), way(&storage));
    from.writer = Some(Writer::new(storage.clone()));
    to.reader = Some(Reader::attach(storage));
    (Box::new(from), Box::new(to))
}

impl Way for Ours {
    fn send(&mut self, samples: &[f32]) {
        let writer = self.writer.as_mut().unwrap();
        let mut rest = samples;
        loop {
            rest = &rest[writer.push(rest)..];
            if rest.is_empty() {
                return;
            }
            wait_for_room(&*self.storage, ALWAYS);
        }
    }

    fn take(&mut self, into: &mut [f32]) {
        let reader = self.reader.as_mut().unwrap();
        self.heard.clear();
        while self.heard.len() < into.len() {
            let rest = into.len() - self.heard.len();
            if reader.pull(&mut self.heard, rest).samples == 0 {
                reader.wait(ALWAYS);
            }
        }
        into.copy_from_slice(&self.heard);
    }
}

/// rtrb waits for nobody: whoever finds nothing to do sleeps until the other side wakes it.
struct Rtrb {
    to: Option<rtrb::Producer<f32>>,
    from: Option<rtrb::Consumer<f32>>,
    other: Arc<std::sync::OnceLock<Thread>>,
    me: Arc<std::sync::OnceLock<Thread>>,
}

fn rtrb() -> (Box<dyn Way>, Box<dyn Way>) {
    let (to, from) = rtrb::RingBuffer::new(CELLS / 2);
    let (a, b) = (Arc::default(), Arc::default());
    let writer = Rtrb { to: Some(to), from: None, other: Arc::clone(&b), me: Arc::clone(&a) };
    (Box::new(writer), Box::new(Rtrb { to: None, from: Some(from), other: a, me: b }))
}

impl Rtrb {
    /// Wakes the other side if anything moved.
    fn tell(&self, moved: usize) {
        if let (1.., Some(other)) = (moved, self.other.get()) {
            other.unpark();
        }
    }
}

impl Way for Rtrb {
    fn send(&mut self, samples: &[f32]) {
        self.me.get_or_init(thread::current);
        let mut rest = samples;
        while !rest.is_empty() {
            let (taken, left) = self.to.as_mut().unwrap().push_partial_slice(rest);
            rest = left;
            self.tell(taken.len());
            if !rest.is_empty() {
                thread::park_timeout(Duration::from_millis(1));
            }
        }
    }

    fn take(&mut self, into: &mut [f32]) {
        self.me.get_or_init(thread::current);
        let mut at = 0;
        while at < into.len() {
            let got = self.from.as_mut().unwrap().pop_partial_slice(&mut into[at..]).0.len();
            at += got;
            self.tell(got);
            if at < into.len() {
                thread::park_timeout(Duration::from_millis(1));
            }
        }
    }
}

struct Fifo {
    file: File,
    _folder: Option<TempDir>,
}

fn fifo() -> (Box<dyn Way>, Box<dyn Way>) {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let path = folder.path().join("fifo");
    mkfifo(&path, Mode::S_IRWXU).unwrap();
    // For both, so that opening waits for nobody.
    let open = || OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let (from, to) = (open(), open());
    (Box::new(Fifo { file: from, _folder: Some(folder) }), Box::new(Fifo { file: to, _folder: None }))
}

impl Way for Fifo {
    fn send(&mut self, samples: &[f32]) {
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        self.file.write_all(&bytes).unwrap();
    }

    fn take(&mut self, into: &mut [f32]) {
        let mut bytes = vec![0; into.len() * 4];
        self.file.read_exact(&mut bytes).unwrap();
        for (sample, four) in into.iter_mut().zip(bytes.chunks_exact(4)) {
            *sample = f32::from_le_bytes([four[0], four[1], four[2], four[3]]);
        }
    }
}

type Make = fn() -> (Box<dyn Way>, Box<dyn Way>);
const WAYS: [(&str, Make); 3] = [("tmpfs ring", ours), ("rtrb", rtrb), ("fifo", fifo)];

fn hop(c: &mut Criterion) {
    let mut group = c.benchmark_group("round trip of 10 ms of sound");
    for (name, make) in WAYS {
        let ((mut out, mut far_in), (mut far_out, mut back)) = (make(), make());
        let echo = thread::spawn(move || {
            let mut parcel = [0.0; PARCEL];
            // The last parcel begins with a 1.
            while parcel[0] < 1.0 {
                far_in.take(&mut parcel);
                far_out.send(&parcel);
            }
        });
        let mut parcel = [0.5; PARCEL];
        group.bench_function(name, |b| {
            b.iter(|| {
                out.send(&parcel);
                back.take(&mut parcel);
            });
        });
        out.send(&[1.0; PARCEL]);
        back.take(&mut parcel);
        echo.join().unwrap();
    }
    group.finish();
}

fn flow(c: &mut Criterion) {
    let mut group = c.benchmark_group("30 s of sound");
    group.throughput(Throughput::Elements(LONG as u64)).sample_size(20);
    for (name, make) in WAYS {
        let (mut out, mut far) = make();
        let heard = Arc::new(AtomicU32::new(0));
        let (count, sound) = (heard.clone(), vec![0.5; PIECE]);
        let listening = thread::spawn(move || {
            let mut piece = vec![0.0; PIECE];
            while piece[0] < 1.0 {
                far.take(&mut piece);
                count.fetch_add(1, Relaxed);
            }
        });
        group.bench_function(name, |b| {
            b.iter(|| {
                let until = heard.load(Relaxed) + (LONG / PIECE) as u32;
                (0..LONG / PIECE).for_each(|_| out.send(&sound));
                while heard.load(Relaxed) < until {
                    thread::yield_now();
                }
            });
        });
        out.send(&[1.0; PIECE]);
        listening.join().unwrap();
    }
    group.finish();
}

criterion_group!(benches, hop, flow);
criterion_main!(benches);
