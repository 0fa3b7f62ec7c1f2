//! Notes of documents and writer into those that were not said yet: once in a run is enough.

/// So many are remembered as said; of more, the oldest may be said again.
const REMEMBERED: usize = 64;

/// What was said already.
#[derive(Clone, Debug, Default)]
pub struct Noted(Vec<String>);

impl Noted {
    /// Those that were not said, which now are.
    pub fn once(&mut self, notes: &[String]) -> Vec<String> {
        let mut new: Vec<String> = Vec::new();
        for note in notes.iter().filter(|note| !self.0.contains(note)) {
            if !new.contains(note) {
                new.push(note.clone());
            }
        }
        self.0.extend(new.iter().cloned());
        self.0.drain(..self.0.len().saturating_sub(REMEMBERED));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_said_once_as_long_as_it_is_remembered() {
        let mut noted = Noted::default();
        let note = |n: usize| vec![n.to_string()];
        assert_eq!(noted.once(&["0".into(), "0".into()]), note(0));
        assert!(noted.once(&note(0)).is_empty());
        (1..=REMEMBERED).for_each(|n| assert_eq!(noted.once(&note(n)), note(n)));
        assert_eq!((noted.once(&note(0)), noted.0.len()), (note(0), REMEMBERED));
    }
}
