//! A question into passages: words and meaning each make a list, both are fused, and the best are weighed.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Searcher,
    embed::Embedder,
    filter,
    fuse::{self, Fused, Weights},
    home::{DEMO, Home, Stamp, USER, View},
    ingest,
    relevance::{self, Wanted},
    store::Tables,
    words,
};
use crate::{
    error::{Error, Result},
    parcel::{Evidence, Passage, Passages, Query},
    turn::Turn,
};

/// Rows taken from each list before they are fused.
const LIST: usize = 50;
/// Passages returned when a query does not say.
const DEFAULT_LIMIT: usize = 5;
/// Passages that "found" is decided from.
const WEIGHED: usize = 5;

/// Said while the user has no documents of their own.
pub const DEMO_NOTE: &str = "answering from the demo documents; `xnai ingest PATH` adds your own";
const EMPTY_NOTE: &str = "there are no documents yet; `xnai ingest PATH` adds them";
const NO_EMBEDDER: &str = "no embedding model: words alone are compared";
const BEHIND: &str = "the index was damaged and answers from what is left; the next `xnai ingest` repairs it";
/// Said when nothing in the journal can be read: there were documents, so those of the demo are no answer.
pub const LOST: &str =
    "the record of your documents is damaged, and none of them can be found: `xnai ingest PATH` with where they are reads them again";

/// Which lists are asked. `Both` is what everybody gets; the others are for measuring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Both,
    Words,
    Vector,
}

pub struct Search {
    tables: Box<dyn Tables>,
    embedder: Option<Box<dyn Embedder>>,
    user: Collection,
    demo: Option<Collection>,
    pub mode: Mode,
    pub weights: Weights,
}

/// One collection, opened anew whenever its journal has grown.
struct Collection {
    home: Home,
    view: Mutex<Option<Arc<View>>>,
}

impl Collection {
    fn new(folder: &Path, name: &str) -> Self {
        Self { home: Home::new(folder, name), view: Mutex::new(None) }
    }

    fn view(&self, tables: &dyn Tables) -> Result<Arc<View>> {
        let mut slot = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        match &*slot {
            Some(view) if view.stamp == Stamp::of(&self.home.journal()) => Ok(view.clone()),
            _ => Ok(slot.insert(Arc::new(View::open(&self.home, tables)?)).clone()),
        }
    }

    fn close(&self) {
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Search {
    /// Searches the user's documents, or the demo ones while there are none.
    pub fn new(folder: &Path, tables: Box<dyn Tables>, embedder: Option<Box<dyn Embedder>>) -> Self {
        let (user, demo) = (Collection::new(folder, USER), Some(Collection::new(folder, DEMO)));
        Self { tables, embedder, user, demo, mode: Mode::Both, weights: fuse::HYBRID }
    }

    /// Searches one collection and no other.
    pub fn only(folder: &Path, collection: &str, tables: Box<dyn Tables>, embedder: Option<Box<dyn Embedder>>) -> Self {
        Self { user: Collection::new(folder, collection), demo: None, ..Self::new(folder, tables, embedder) }
    }

    /// All documents of the collection that answers at present.
    pub fn view(&self) -> Result<(Arc<View>, Vec<String>)> {
        let user = self.user.view(&*self.tables)?;
        let demo = || self.demo.as_ref().map(|d| d.view(&*self.tables)).transpose();
        if user.rows.is_some() {
            return Ok((user, Vec::new()));
        }
        if user.behind {
            return Ok((user, vec![LOST.into()]));
        }
        match demo()? {
            Some(demo) if demo.rows.is_some() => Ok((demo, vec![DEMO_NOTE.into()])),
            _ => Ok((user, vec![EMPTY_NOTE.into()])),
        }
    }

    /// The vector of a question, when the view's vectors can be compared with it; notes when they cannot.
    fn vector(&self, view: &View, text: &str, turn: &Turn, notes: &mut Vec<String>) -> Result<Option<Vec<f32>>> {
        let Some(embedder) = self.embedder.as_deref().filter(|_| self.mode != Mode::Words) else {
            if self.mode != Mode::Words {
                notes.push(NO_EMBEDDER.into());
            }
            return Ok(None);
        };
        let note = match &view.catalogue.header.embedder {
            Some(id) if id.id == embedder.id() && id.dimension == embedder.dimension() => return Ok(embedder.embed(&[text], turn)?.pop()),
            Some(_) => ingest::OTHER_EMBEDDER,
            None => ingest::WORDS_ONLY,
        };
        notes.push(note.into());
        Ok(None)
    }

    fn ask(&self, query: &Query, turn: &Turn) -> Result<Passages> {
        let (view, mut notes) = self.view()?;
        // A filter that means nothing is said even while there is nothing to filter.
        let only = filter::admitted(&query.filter, &view.catalogue)?;
        let Some(rows) = &view.rows else { return Ok(Passages { notes, ..Passages::default() }) };
        if only.as_ref().is_some_and(Vec::is_empty) {
            notes.push(filter::none_fits(&query.filter));
            return Ok(Passages { notes, ..Passages::default() });
        }
        if view.behind {
            notes.push(BEHIND.into());
        }
        let vector = self.vector(&view, &query.text, turn, &mut notes)?;
        turn.alive()?;
        let list = if vector.is_some() { LIST } else { LIST.max(query.limit) };
        let phrases = words::phrases(&query.text);
        let by_words = match self.mode {
            Mode::Vector => Vec::new(),
            _ => rows.by_words(&words::keywords(&query.text), &phrases, only.as_deref(), list)?,
        };
        turn.alive()?;
        let by_vector = vector.as_deref().map(|v| rows.by_vector(v, only.as_deref(), list)).transpose()?.unwrap_or_default();
        turn.alive()?;
        let mut fused = fuse::fuse(by_words, by_vector, vector.as_deref(), self.weights);
        // A damaged journal does not name every row's document.
        fused.retain(|f| view.catalogue.docs.contains_key(&f.row.doc));
        if !phrases.is_empty() {
            fused.retain(|f| f.bm25.is_some());
        }
        Ok(weigh(fused, query, &view, notes))
    }
}

fn weigh(fused: Vec<Fused>, query: &Query, view: &View, notes: Vec<String>) -> Passages {
    let limit = if query.limit == 0 { DEFAULT_LIMIT } else { query.limit };
    let wanted = Wanted::new(&query.text, &view.terms);
    let passage = |f: Fused| {
        let evidence = Evidence { cosine: f.cosine, bm25: f.bm25, coverage: wanted.coverage(&f.row.text) };
        let source = view.catalogue.docs.get(&f.row.doc).map(|d| d.source.clone()).unwrap_or_default();
        let span = f.row.start as usize..f.row.end as usize;
        Passage { source, title: f.row.title().to_owned(), span, text: f.row.own().to_owned(), score: f.score, evidence }
    };
    let mut list: Vec<Passage> = fused.into_iter().take(limit.max(WEIGHED)).map(passage).collect();
    let found = relevance::found(list.iter().take(WEIGHED).map(|p| &p.evidence));
    list.truncate(limit);
    Passages { list, found, notes }
}

impl Searcher for Search {
    fn search(&self, query: &Query, turn: &Turn) -> Result<Passages> {
        turn.alive()?;
        let outcome = self.ask(query, turn);
        let stale = |e: &Error| e.is_stale() || e.kind() == crate::error::Kind::Reword;
        match outcome {
            // The version looked at may just have been cleared away by a writer: once more with the newest.
            Err(error) if !stale(&error) => {
                self.user.close();
                self.demo.iter().for_each(Collection::close);
                self.ask(query, turn).map_err(|_| error)
            }
            outcome => outcome,
        }
    }
}
