//! Plain rows into Arrow batches, result batches into plain hits.

use std::sync::Arc;

use lancedb::arrow::{
    arrow_array::{
        Array, ArrayRef, FixedSizeListArray, RecordBatch, StringArray, UInt32Array, UInt64Array,
        cast::AsArray,
        types::{Float32Type, UInt32Type, UInt64Type},
    },
    arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef},
};

/// One chunk of a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Number of the document it belongs to.
    pub doc: u32,
    /// What is indexed: its title, a line feed, its text.
    pub text: String,
    /// Bytes of `text` before the chunk's own text begins.
    pub lead: u32,
    /// Bytes of the document's extracted text.
    pub start: u64,
    pub end: u64,
    /// Of length one. A row without is found by its words alone.
    pub vector: Option<Vec<f32>>,
}

/// A row that was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hit {
    pub row: Row,
    /// BM25 score, or cosine.
    pub score: f32,
}

/// The columns; `vector` only where the table has a dimension.
pub fn schema(dimension: Option<usize>) -> SchemaRef {
    let mut fields = vec![
        Field::new("doc", DataType::UInt32, false),
        Field::new("text", DataType::Utf8, false),
        Field::new("lead", DataType::UInt32, false),
        Field::new("start", DataType::UInt64, false),
        Field::new("end", DataType::UInt64, false),
    ];
    if let Some(dimension) = dimension {
        fields.push(Field::new("vector", vector_type(dimension), true));
    }
    Arc::new(Schema::new(fields))
}

fn vector_type(dimension: usize) -> DataType {
    DataType::FixedSizeList(Arc::new(Field::new("item", DataType::Float32, true)), dimension as i32)
}

pub fn batch(rows: &[Row], dimension: Option<usize>) -> Result<RecordBatch, ArrowError> {
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|r| r.doc))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &r.text))),
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|r| r.lead))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.start))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.end))),
    ];
    if let Some(dimension) = dimension {
        let vectors = rows.iter().map(|r| r.vector.as_ref().map(|v| v.iter().copied().map(Some).collect::<Vec<_>>()));
        columns.push(Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(vectors, dimension as i32)));
    }
    RecordBatch::try_new(schema(dimension), columns)
}

/// Dimension of the table's vectors, if it has any.
pub fn dimension(schema: &Schema) -> Option<usize> {
    match schema.field_with_name("vector").ok()?.data_type() {
        DataType::FixedSizeList(_, n) => usize::try_from(*n).ok(),
        _ => None,
    }
}

/// Reads hits; `score` names the column of scores and says how one becomes ours.
pub fn hits(batches: &[RecordBatch], score: Option<(&str, fn(f32) -> f32)>) -> Vec<Hit> {
    batches.iter().flat_map(|batch| hits_of(batch, score)).collect()
}

fn hits_of(batch: &RecordBatch, score: Option<(&str, fn(f32) -> f32)>) -> Vec<Hit> {
    let u32s = |name: &str| batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<UInt32Type>());
    let u64s = |name: &str| batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<UInt64Type>());
    let texts = batch.column_by_name("text").and_then(|c| c.as_string_opt::<i32>());
    let vectors = batch.column_by_name("vector").and_then(|c| c.as_fixed_size_list_opt());
    let scores = score.and_then(|(name, _)| batch.column_by_name(name)).and_then(|c| c.as_primitive_opt::<Float32Type>());
    let vector = |i: usize| {
        let list = vectors.filter(|v| v.is_valid(i))?.value(i);
        Some(list.as_primitive_opt::<Float32Type>()?.values().to_vec())
    };
    let row = |i: usize| Row {
        doc: u32s("doc").map_or(0, |c| c.value(i)),
        text: texts.map_or_else(String::new, |c| c.value(i).to_owned()),
        lead: u32s("lead").map_or(0, |c| c.value(i)),
        start: u64s("start").map_or(0, |c| c.value(i)),
        end: u64s("end").map_or(0, |c| c.value(i)),
        vector: vector(i),
    };
    let ours = score.map_or((|s| s) as fn(f32) -> f32, |(_, ours)| ours);
    (0..batch.num_rows()).map(|i| Hit { row: row(i), score: scores.map_or(0.0, |c| ours(c.value(i))) }).collect()
}
