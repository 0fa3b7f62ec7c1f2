//! Linux CPU lists ("0-3,8") into numbers and back.

/// Reads a list as the kernel prints it. Anything that is not a list of numbers reads as empty.
pub fn parse(list: &str) -> Vec<usize> {
    let mut cpus: Vec<usize> = list.trim().split(',').filter_map(range).flatten().collect();
    cpus.sort_unstable();
    cpus.dedup();
    cpus
}

/// "4" or "0-3". Longer than any machine is nonsense, not a reason to fill the memory.
fn range(text: &str) -> Option<std::ops::RangeInclusive<usize>> {
    const MOST_CPUS: usize = 8192; // the largest NR_CPUS that Linux is built with
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last && last < MOST_CPUS).then_some(first..=last)
}

/// Prints sorted numbers the way the kernel does: runs as ranges.
pub fn print(cpus: &[usize]) -> String {
    let runs = cpus.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [one] => one.to_string(),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    });
    runs.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_and_print_alike() {
        for list in ["0", "0-3", "0-1,8-9", "2,5,7-11"] {
            assert_eq!(print(&parse(list)), list);
        }
    }

    #[test]
    fn nonsense_reads_as_empty() {
        for text in ["", "x", "3-1", "0-99999999999", "-"] {
            assert_eq!(parse(text), Vec::<usize>::new(), "{text}");
        }
    }
}
