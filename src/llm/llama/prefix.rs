//! What the KV cache holds, token by token, so that an equal beginning is never read twice.

use llama_cpp_2::token::LlamaToken;

/// The tokens of the one sequence in the KV cache, in order: exactly those that were decoded.
#[derive(Debug, Default)]
pub struct Resident(Vec<LlamaToken>);

impl Resident {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// How many tokens from the start are already there.
    pub fn common(&self, prompt: &[LlamaToken]) -> usize {
        self.0.iter().zip(prompt).take_while(|(a, b)| a == b).count()
    }

    pub fn push(&mut self, decoded: &[LlamaToken]) {
        self.0.extend_from_slice(decoded);
    }

    pub fn truncate(&mut self, count: usize) {
        self.0.truncate(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_beginning_ends_at_the_first_difference() {
        let tokens = |ids: &[i32]| ids.iter().map(|id| LlamaToken(*id)).collect::<Vec<_>>();
        let mut resident = Resident::default();
        resident.push(&tokens(&[1, 2, 3, 4]));
        assert_eq!(resident.common(&tokens(&[1, 2, 9, 4])), 2);
        assert_eq!(resident.common(&tokens(&[1, 2, 3, 4, 5])), 4);
        resident.truncate(1);
        assert_eq!((resident.common(&tokens(&[1, 2])), resident.len()), (1, 1));
    }
}
