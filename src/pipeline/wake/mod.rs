//! Is it us who is meant? Either by a name at the start of what was said, or by a phrase without which nothing is heard.
//!
//! | file | turns |
//! |---|---|
//! | `name` | a transcript into what was said after a name, or a phrase |
//! | `spotter` | the microphone's sound into the moments when the phrase was spoken |
//! | `queue` | sound as it is captured into what the spotter takes when it can |
//! | `choice` | the settings into one of these ways |

mod choice;
mod name;
mod queue;
mod spotter;

pub use choice::{Choice, Phrase, choose, examine};
pub use name::{after, called};
pub use spotter::{Report, Spotted, Spotter};
