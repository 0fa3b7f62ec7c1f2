//! Sound between the stages through shared memory on tmpfs, where other programs of the same user may listen in.
