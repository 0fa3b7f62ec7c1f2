//! Is everything there? One line a check, with the remedy.
