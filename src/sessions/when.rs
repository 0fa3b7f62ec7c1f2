//! A moment as people of this computer's time zone read it.

use jiff::{
    Timestamp, Zoned,
    tz::{Offset, TimeZone},
};
use nix::libc;

/// `2026-03-01 14:05`, local time.
pub fn minute(at: Timestamp) -> String {
    local(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `14:05:22`, local time.
pub fn clock(at: Timestamp) -> String {
    local(at).strftime("%H:%M:%S").to_string()
}

fn local(at: Timestamp) -> Zoned {
    let offset = Offset::from_seconds(offset_s(at)).unwrap_or(Offset::UTC);
    at.to_zoned(TimeZone::fixed(offset))
}

/// Seconds that local time is ahead of UTC at that moment; 0 where the C library does not know.
fn offset_s(at: Timestamp) -> i32 {
    let seconds: libc::time_t = at.as_second();
    let mut parts = std::mem::MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are to values that live during the call, and `localtime_r` writes only the second. It reads
    // the environment, which nothing in this program changes. A zeroed `tm` is a valid one (its pointer is null).
    let parts = unsafe {
        if libc::localtime_r(&seconds, parts.as_mut_ptr()).is_null() {
            return 0;
        }
        parts.assume_init()
    };
    i32::try_from(parts.tm_gmtoff).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_time_is_the_moment_and_an_offset() {
        let at: Timestamp = "2026-03-01T14:05:22Z".parse().unwrap();
        let local = local(at);
        assert_eq!(local.timestamp(), at);
        assert_eq!((minute(at).len(), clock(at).len()), (16, 8));
        assert_eq!(offset_s(at), local.offset().seconds());
    }
}
