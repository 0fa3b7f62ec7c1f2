//! One table: adding, removing, finding by words and by vector, versions and upkeep.

use std::{collections::HashMap, fmt, sync::Arc};

use futures::TryStreamExt;
use lancedb::{
    Connection, DistanceType,
    arrow::arrow_array::RecordBatch,
    index::{
        Index,
        scalar::{BooleanQuery, FtsIndexBuilder, FtsQuery, FullTextSearchQuery, MatchQuery, Occur, PhraseQuery},
        vector::IvfHnswSqIndexBuilder,
    },
    query::{ExecutableQuery, QueryBase, Select},
    table::{CompactionOptions, Duration, OptimizeAction},
};
use tokio::runtime::Runtime;

use crate::{
    Fault, Kind, Result,
    rows::{self, Hit, Row},
};

/// Recall at 10 was 0.89 without and 1.00 with it (100,000 rows).
const REFINE: u32 = 4;
const PROBES: usize = 20;

/// How long superseded versions are kept when pruning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Long enough for readers that still use them.
    Minutes(u32),
    /// Not at all: what was forgotten is gone from the disk.
    Nothing,
}

/// A table at its newest version, or at an older one after [`Table::checkout`].
#[derive(Clone)]
pub struct Table {
    inner: lancedb::Table,
    runtime: Arc<Runtime>,
    dimension: Option<usize>,
}

/// The full-text index is made while the table is empty: searching without one is an error.
pub async fn create(connection: &Connection, name: &str, dimension: Option<usize>) -> lancedb::Result<()> {
    let table = connection.create_empty_table(name, rows::schema(dimension)).execute().await?;
    let words = FtsIndexBuilder::default().with_position(true);
    table.create_index(&["text"], Index::FTS(words)).execute().await
}

impl Table {
    pub(crate) fn new(inner: lancedb::Table, runtime: Arc<Runtime>) -> Result<Self> {
        let schema = runtime.block_on(inner.schema())?;
        // A manifest of zeros reads as one without columns.
        if schema.field_with_name("text").is_err() {
            return Err(Fault { kind: Kind::Other, message: format!("the newest version of {} is broken", inner.name()) });
        }
        Ok(Self { dimension: rows::dimension(&schema), inner, runtime })
    }

    /// Length of its vectors; `None` when it holds none.
    pub fn dimension(&self) -> Option<usize> {
        self.dimension
    }

    pub fn version(&self) -> Result<u64> {
        Ok(self.runtime.block_on(self.inner.version())?)
    }

    /// Looks at an older version from now on; nothing can be written until [`Table::restore`].
    pub fn checkout(&self, version: u64) -> Result<()> {
        Ok(self.runtime.block_on(self.inner.checkout(version))?)
    }

    /// Makes the version checked out the newest one. Returns its new number.
    pub fn restore(&self) -> Result<u64> {
        self.runtime.block_on(self.inner.restore())?;
        self.version()
    }

    pub fn rows(&self) -> Result<usize> {
        Ok(self.runtime.block_on(self.inner.count_rows(None))?)
    }

    /// Adds all rows in one commit. Returns the new version.
    pub fn add(&self, rows: &[Row]) -> Result<u64> {
        let batch = rows::batch(rows, self.dimension).map_err(lancedb::Error::from)?;
        self.runtime.block_on(self.inner.add(batch).execute())?;
        self.version()
    }

    /// Removes all rows of these documents in one commit. Returns the new version.
    pub fn remove(&self, docs: &[u32]) -> Result<u64> {
        self.runtime.block_on(self.inner.delete(among(docs).as_str()))?;
        self.version()
    }

    /// The best rows by BM25; each of `phrases` must occur word for word. `only` holds ranges of document numbers.
    pub fn by_words(&self, text: &str, phrases: &[String], only: Option<&[(u32, u32)]>, limit: usize) -> Result<Vec<Hit>> {
        let query = FullTextSearchQuery::new_query(words_query(text, phrases)).with_column("text".into());
        let query = query.map_err(lancedb::Error::from)?;
        let mut search = self.inner.query().full_text_search(query).limit(limit).select(self.columns("_score"));
        if let Some(only) = only {
            search = search.only_if(within(only));
        }
        let batches = self.runtime.block_on(async { collect(search.execute().await?).await })?;
        Ok(rows::hits(&batches, Some(("_score", |score| score))))
    }

    /// The rows nearest to a vector, by cosine.
    pub fn by_vector(&self, vector: &[f32], only: Option<&[(u32, u32)]>, limit: usize) -> Result<Vec<Hit>> {
        let search = self.inner.query().limit(limit).select(self.columns("_distance")).nearest_to(vector)?;
        let mut search = search.distance_type(DistanceType::Cosine).refine_factor(REFINE).nprobes(PROBES)?;
        search =
            search.only_if(only.map_or_else(|| "vector IS NOT NULL".to_owned(), |r| format!("vector IS NOT NULL AND ({})", within(r))));
        let batches = self.runtime.block_on(async { collect(search.execute().await?).await })?;
        Ok(rows::hits(&batches, Some(("_distance", |distance| 1.0 - distance))))
    }

    /// Hands every row of the documents (of all, if `None`), without its vector, to `each`, a batch at a time.
    pub fn scan(&self, docs: Option<&[u32]>, each: &mut dyn FnMut(Row)) -> Result<()> {
        let mut scan = self.inner.query().select(Select::columns(&["doc", "text", "lead", "start", "end"]));
        if let Some(docs) = docs {
            scan = scan.only_if(among(docs));
        }
        self.runtime.block_on(async {
            let mut stream = scan.execute().await?;
            while let Some(batch) = stream.try_next().await? {
                rows::hits(&[batch], None).into_iter().for_each(|hit| each(hit.row));
            }
            Ok(())
        })
    }

    /// How many rows every document has.
    pub fn census(&self) -> Result<HashMap<u32, u32>> {
        let scan = self.inner.query().select(Select::columns(&["doc"]));
        let batches = self.runtime.block_on(async { collect(scan.execute().await?).await })?;
        let mut census = HashMap::new();
        for hit in rows::hits(&batches, None) {
            *census.entry(hit.row.doc).or_default() += 1;
        }
        Ok(census)
    }

    /// Folds small files and unindexed rows together.
    pub fn tidy(&self) -> Result<u64> {
        self.runtime.block_on(async {
            let options = CompactionOptions::default();
            self.inner.optimize(OptimizeAction::Compact { options, remap_options: None }).await?;
            self.inner.optimize(OptimizeAction::Index(Default::default())).await
        })?;
        self.version()
    }

    /// Removes the files of superseded versions.
    pub fn prune(&self, kept: Kept) -> Result<()> {
        let older_than = match kept {
            Kept::Minutes(minutes) => Duration::minutes(i64::from(minutes)),
            Kept::Nothing => Duration::zero(),
        };
        // Unverified files are left-overs of killed writers: the caller holds the only writer's lock.
        let action =
            OptimizeAction::Prune { older_than: Some(older_than), delete_unverified: Some(true), error_if_tagged_old_versions: None };
        self.runtime.block_on(self.inner.optimize(action))?;
        Ok(())
    }

    pub fn has_vector_index(&self) -> Result<bool> {
        let indices = self.runtime.block_on(self.inner.list_indices())?;
        Ok(indices.iter().any(|index| index.columns.iter().any(|c| c == "vector")))
    }

    /// Builds the approximate index of the vectors; until then every search compares all rows.
    pub fn index_vectors(&self) -> Result<u64> {
        let index = Index::IvfHnswSq(IvfHnswSqIndexBuilder::default().distance_type(DistanceType::Cosine));
        self.runtime.block_on(self.inner.create_index(&["vector"], index).replace(true).execute())?;
        self.version()
    }

    /// All columns and the score, named or LanceDB warns on every query.
    fn columns(&self, score: &str) -> Select {
        let vector = self.dimension.map(|_| "vector");
        let names: Vec<&str> = ["doc", "text", "lead", "start", "end", score].into_iter().chain(vector).collect();
        Select::columns(&names)
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({})", self.inner.name())
    }
}

async fn collect(stream: impl futures::Stream<Item = lancedb::Result<RecordBatch>>) -> lancedb::Result<Vec<RecordBatch>> {
    stream.try_collect().await
}

fn words_query(text: &str, phrases: &[String]) -> FtsQuery {
    let any = || FtsQuery::from(MatchQuery::new(text.to_owned()));
    if phrases.is_empty() {
        return any();
    }
    let exact = phrases.iter().map(|p| (Occur::Must, FtsQuery::from(PhraseQuery::new(p.clone()))));
    BooleanQuery::new(exact.chain([(Occur::Should, any())])).into()
}

fn among(docs: &[u32]) -> String {
    if docs.is_empty() {
        return "false".into();
    }
    let list: Vec<String> = docs.iter().map(u32::to_string).collect();
    format!("doc IN ({})", list.join(","))
}

/// Numbers only: no text from outside ever gets into SQL.
fn within(ranges: &[(u32, u32)]) -> String {
    if ranges.is_empty() {
        return "false".into();
    }
    let one = |&(from, to): &(u32, u32)| {
        if from == to { format!("doc = {from}") } else { format!("(doc BETWEEN {from} AND {to})") }
    };
    ranges.iter().map(one).collect::<Vec<_>>().join(" OR ")
}
