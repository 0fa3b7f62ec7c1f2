//! Words into the places of the transcript that hold them, and on from one to the next.

use super::{
    model::{Hit, Model, Search},
    view::layout,
};

/// Finds anew, and shows the last place: what was said lately is meant more often.
pub fn find(model: &mut Model, query: &str) {
    let hits = hits(model, query);
    let at = hits.len().saturating_sub(1);
    model.search = Search { query: query.to_owned(), hits, at };
    show(model);
}

/// On to the next place, or back (`step` −1), around the ends.
pub fn step(model: &mut Model, step: isize) {
    let hits = hits(model, &model.search.query);
    let count = hits.len() as isize;
    if count > 0 {
        model.search.at = (model.search.at as isize + step).rem_euclid(count) as usize;
    }
    model.search.hits = hits;
    show(model);
}

fn show(model: &mut Model) {
    let Some(Hit { row, .. }) = model.search.hits.get(model.search.at).copied() else { return };
    let room = usize::from(layout::areas(model).transcript.height);
    let end = model.turns.height().saturating_sub(room);
    model.top = Some(row.saturating_sub(room / 2)).filter(|top| *top < end);
}

/// Where matches begin; one may run on into the next row of the same turn.
fn hits(model: &Model, query: &str) -> Vec<Hit> {
    let query = folded(query);
    if query.trim().is_empty() {
        return Vec::new();
    }
    let rows: Vec<_> = model.turns.rows(0).collect();
    let texts: Vec<String> = rows.iter().map(|placed| folded(&placed.row.text())).collect();
    let begins = |at: usize| {
        let next = rows.get(at + 1).filter(|next| next.turn == rows[at].turn).map_or("", |_| texts[at + 1].trim_start());
        let own = texts[at].trim_end();
        format!("{own} {next}").match_indices(&query).filter(|(from, _)| *from < own.len()).count()
    };
    (0..rows.len()).flat_map(|row| (0..begins(row)).map(move |nth| Hit { row, nth })).collect()
}

/// `3 of 12 matches`
pub fn count(search: &Search) -> String {
    match search.hits.len() {
        0 => "not found".to_owned(),
        1 => "1 of 1 match".to_owned(),
        all => format!("{} of {all} matches", search.at + 1),
    }
}

/// Case does not matter.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}
