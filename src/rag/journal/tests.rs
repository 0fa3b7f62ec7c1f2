//! The journal: what is appended is read again, whatever is cut off or damaged.

use super::*;

fn doc(id: u32, source: &str) -> Doc {
    Doc { id, source: source.into(), chunks: 1, ..Doc::default() }
}

fn journal(folder: &Path) -> Journal {
    let header = Header { schema: 1, chunker: "1/800".into(), table: "user-1".into(), embedder: None };
    Journal::start(&folder.join("user.journal"), header, vec![Commit { version: 2, ..Commit::default() }]).unwrap()
}

#[test]
fn what_was_appended_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    journal.append(Commit { version: 3, put: vec![doc(1, "/a"), doc(2, "/b")], gone: vec![] }).unwrap();
    journal.append(Commit { version: 4, put: vec![doc(3, "/a")], gone: vec![1] }).unwrap();
    let read = Catalogue::read(&journal.path).unwrap().unwrap();
    assert_eq!(read, journal.catalogue);
    assert_eq!((read.version, read.docs.len(), read.by_source("/a").unwrap().id), (4, 2, 3));
}

#[test]
fn a_line_cut_anywhere_loses_that_line_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    journal.append(Commit { version: 3, put: vec![doc(1, "/a")], gone: vec![] }).unwrap();
    let whole = journal.catalogue.clone();
    journal.append(Commit { version: 4, put: vec![doc(2, "/b")], gone: vec![] }).unwrap();
    let bytes = fs::read(&journal.path).unwrap();
    for cut in whole.length as usize..bytes.len() {
        fs::write(&journal.path, &bytes[..cut]).unwrap();
        let mut opened = Journal::open(&journal.path).unwrap().unwrap();
        assert_eq!(opened.catalogue, whole);
        opened.append(Commit { version: 4, put: vec![doc(2, "/b")], gone: vec![] }).unwrap();
        assert_eq!(Catalogue::read(&journal.path).unwrap().unwrap(), journal.catalogue);
    }
}

#[test]
fn a_damaged_line_loses_itself_and_a_copy_of_the_file_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    for (version, id) in [(3, 1), (4, 2), (5, 3)] {
        journal.append(Commit { version, put: vec![doc(id, &format!("/{id}"))], gone: vec![] }).unwrap();
    }
    let text = fs::read_to_string(&journal.path).unwrap();
    for (number, expected) in [(0, vec![1, 2, 3]), (1, vec![1, 2, 3]), (2, vec![2, 3]), (3, vec![1, 3]), (4, vec![1, 2])] {
        let lines: Vec<&str> = text.lines().enumerate().map(|(n, line)| if n == number { "{\"com" } else { line }).collect();
        let damaged = lines.join("\n") + "\n";
        fs::write(&journal.path, &damaged).unwrap();
        let mut opened = Journal::open(&journal.path).unwrap().unwrap();
        assert_eq!((opened.catalogue.damaged, opened.catalogue.docs.keys().copied().collect::<Vec<_>>()), (1, expected));
        assert_eq!(opened.catalogue.header.table.is_empty(), number == 0);
        let copy = opened.mend(journal.catalogue.header.clone()).unwrap();
        assert!(copy.to_string_lossy().ends_with(&format!("user.journal.damaged-{}", number + 1)));
        assert_eq!(fs::read_to_string(&copy).unwrap(), damaged);
        let read = Catalogue::read(&journal.path).unwrap().unwrap();
        assert_eq!((read.damaged, &read.docs, read.version), (0, &opened.catalogue.docs, opened.catalogue.version));
    }
}

#[test]
fn a_document_whose_removal_is_lost_still_gives_way_to_its_successor() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    for id in [1, 2] {
        journal.append(Commit { version: 3, put: vec![doc(id, "/a")], gone: vec![] }).unwrap();
    }
    let read = Catalogue::read(&journal.path).unwrap().unwrap();
    assert_eq!((read.docs.len(), read.by_source("/a").unwrap().id), (1, 2));
    journal.append(Commit { version: 4, put: vec![doc(2, "/a").hollow()], gone: vec![] }).unwrap();
    assert!(Catalogue::read(&journal.path).unwrap().unwrap().by_source("/a").unwrap().is_hollow());
}

#[test]
fn a_file_without_any_line_is_a_damaged_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("user.journal");
    assert!(Catalogue::read(&path).unwrap().is_none());
    for bytes in [&b""[..], b"\0\0\0"] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(Catalogue::read(&path).unwrap().unwrap().damaged, 1);
    }
}

#[test]
fn numbers_are_never_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    for n in 0..200 {
        let id = journal.catalogue.fresh_id();
        let gone = if id > 1 { vec![id - 1] } else { vec![] };
        journal.append(Commit { version: n, put: vec![doc(id, "/a")], gone }).unwrap();
    }
    journal.compact().unwrap();
    let lines = fs::read_to_string(&journal.path).unwrap().lines().count();
    assert_eq!((lines, journal.catalogue.fresh_id()), (2, 201));
    assert_eq!(Journal::open(&journal.path).unwrap().unwrap().catalogue.fresh_id(), 201);
}

#[test]
fn a_path_that_is_no_text_comes_back_as_it_was() {
    use std::os::unix::ffi::OsStrExt;
    let path = Path::new(std::ffi::OsStr::from_bytes(b"/caf\xe9.md"));
    let doc = Doc { raw: Some(hex(path.as_os_str().as_bytes())), ..doc(1, "/caf\\xe9.md") };
    assert_eq!(doc.path(), path);
}
