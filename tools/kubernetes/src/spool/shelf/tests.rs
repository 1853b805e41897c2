use domain::{ContainerRole, Dropped, Incarnation, LogExcerpt, Side};
use tempfile::TempDir;

use super::*;
use crate::api::RawLine;

const KIB: u64 = 1024;

struct Place {
    dir: TempDir,
    usage: Arc<Usage>,
    limits: Limits,
}

impl Place {
    fn new(per_container: u64, total: u64) -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            usage: Arc::new(Usage::new(total)),
            limits: Limits::new(per_container),
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    fn shelf(&self) -> Shelf {
        Shelf::new(self.path(), self.limits, Arc::clone(&self.usage))
    }

    fn load(&self) -> Shelf {
        Shelf::load(self.path(), self.limits, Arc::new(Usage::new(u64::MAX))).unwrap()
    }

    /// Bytes of segments that are really there.
    fn on_disk(&self) -> u64 {
        let files = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap());
        files.filter(|file| file.file_name() != SOURCE).map(|file| file.metadata().unwrap().len()).sum()
    }
}

fn source() -> LogSource {
    LogSource {
        namespace: "shop".parse().unwrap(),
        pod: "shop-1".parse().unwrap(),
        pod_uid: "u-1".parse().unwrap(),
        container: "shop".parse().unwrap(),
        role: ContainerRole::App,
        side: Side::Canary,
        which: Incarnation::Current,
    }
}

/// Lines that do not pack well, so that limits are felt.
fn line(number: u64) -> StoredLine {
    let noise = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(number.to_le_bytes()));
    let text = format!("2026-11-24T02:29:28.{number:09}Z {number} {noise}");
    StoredLine::new(&RawLine { bytes: text.into_bytes(), cut: 0 })
}

fn lines(range: std::ops::Range<u64>) -> Vec<StoredLine> {
    range.map(line).collect()
}

fn fill(shelf: &mut Shelf, range: std::ops::Range<u64>) {
    for batch in lines(range).chunks(17) {
        assert!(matches!(shelf.append(&source(), batch), Kept::AsAllowed));
    }
}

fn excerpt(shelf: &Shelf, limit: u64) -> LogExcerpt {
    let (head, tail, dropped) = shelf.excerpt(limit);
    let LogSource { pod, container, role, side, which, .. } = source();
    LogExcerpt { pod, container, role, side, which, head, tail, dropped }
}

/// The numbers of the lines of an excerpt.
fn numbers(text: &str) -> Vec<u64> {
    text.lines().map(|line| line.split(' ').nth(1).unwrap().parse().unwrap()).collect()
}

#[test]
fn what_fits_comes_back_whole_also_in_a_later_process() {
    let place = Place::new(1024 * KIB, u64::MAX);
    let mut shelf = place.shelf();
    fill(&mut shelf, 0..2000);
    let kept = excerpt(&shelf, 1024 * KIB);
    assert_eq!(numbers(&kept.head), (0..2000).collect::<Vec<_>>());
    assert_eq!((kept.tail.as_str(), kept.dropped), ("", Dropped::default()));
    drop(shelf);
    let mut later = place.load();
    assert_eq!(excerpt(&later, 1024 * KIB), kept);
    fill(&mut later, 2000..2100);
    assert_eq!(numbers(&excerpt(&later, 1024 * KIB).head), (0..2100).collect::<Vec<_>>());
}

#[test]
fn however_much_is_written_the_limit_holds_and_beginning_and_end_stay() {
    let place = Place::new(64 * KIB, u64::MAX);
    let mut shelf = place.shelf();
    for from in (0..20_000).step_by(500) {
        fill(&mut shelf, from..from + 500);
        assert!(place.on_disk() <= 64 * KIB, "{} bytes are on disk", place.on_disk());
        assert_eq!(place.on_disk(), place.usage.used());
    }
    let kept = excerpt(&shelf, u64::MAX / 4);
    let (head, tail) = (numbers(&kept.head), numbers(&kept.tail));
    let all: Vec<u64> = head.iter().chain(&tail).copied().collect();
    assert_eq!((head[0], *all.last().unwrap()), (0, 19_999));
    assert!(all.len() > 500, "{} lines are kept", all.len());
    assert_eq!(kept.dropped.lines, 20_000 - all.len() as u64);
    let total: u64 = lines(0..20_000).iter().map(StoredLine::len).sum();
    assert_eq!(kept.dropped.bytes, total - (kept.head.len() + kept.tail.len()) as u64);
    drop(shelf);
    assert_eq!(excerpt(&place.load(), u64::MAX / 4), kept, "a later process counts the same");
}

#[test]
fn an_excerpt_keeps_its_own_limit_and_counts_what_it_leaves_out() {
    let place = Place::new(1024 * KIB, u64::MAX);
    let mut shelf = place.shelf();
    fill(&mut shelf, 0..5000);
    let kept = excerpt(&shelf, 8 * KIB);
    assert!(kept.head.len() as u64 <= 2 * KIB && kept.tail.len() as u64 <= 6 * KIB);
    assert_eq!((numbers(&kept.head)[0], *numbers(&kept.tail).last().unwrap()), (0, 4999));
    assert_eq!(kept.line_count(), 5000);
}

#[test]
fn a_line_that_was_cut_is_counted_with_the_bytes_it_lost() {
    let place = Place::new(64 * KIB, u64::MAX);
    let mut shelf = place.shelf();
    let long = StoredLine::new(&RawLine { bytes: b"2026-11-24T02:29:28Z long".to_vec(), cut: 99_000 });
    assert!(matches!(shelf.append(&source(), &[long]), Kept::AsAllowed));
    assert_eq!(excerpt(&shelf, KIB).dropped, Dropped { lines: 0, bytes: 99_000 });
}

#[test]
fn a_batch_larger_than_the_whole_limit_is_dropped_and_counted_and_costs_nothing_else() {
    let place = Place::new(8 * KIB, u64::MAX);
    let mut shelf = place.shelf();
    fill(&mut shelf, 0..30);
    let giant = StoredLine::new(&RawLine { bytes: vec![b'x'; 60_000], cut: 0 });
    assert!(matches!(shelf.append(&source(), &[giant]), Kept::AsAllowed));
    fill(&mut shelf, 30..40);
    let kept = excerpt(&shelf, 64 * KIB);
    assert_eq!(
        numbers(&kept.head).into_iter().chain(numbers(&kept.tail)).collect::<Vec<_>>(),
        (0..40).collect::<Vec<_>>()
    );
    assert_eq!(kept.dropped, Dropped { lines: 1, bytes: 60_001 });
}

#[test]
fn the_limit_over_all_logs_drops_and_counts_what_has_no_room() {
    let place = Place::new(64 * KIB, 4 * KIB);
    let mut shelf = place.shelf();
    fill(&mut shelf, 0..500);
    assert!(place.on_disk() <= 4 * KIB);
    assert_eq!(excerpt(&shelf, u64::MAX / 4).line_count(), 500);
}

#[test]
fn a_full_disk_drops_and_counts_and_is_tried_again() {
    let place = Place::new(64 * KIB, u64::MAX);
    let mut shelf = place.shelf();
    fill(&mut shelf, 0..10);
    shelf.close();
    let sum: u64 = lines(0..10).iter().map(StoredLine::len).sum();
    let next = place.path().join(format!("00000001-10-{sum}-0.log"));
    std::os::unix::fs::symlink("/dev/full", &next).unwrap();
    let Kept::Refused(error) = shelf.append(&source(), &lines(10..20)) else { panic!("the disk took it") };
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(excerpt(&shelf, 64 * KIB).dropped.lines, 10);
    fill(&mut shelf, 20..30);
    let kept = excerpt(&shelf, 64 * KIB);
    let seen: Vec<u64> = numbers(&kept.head).into_iter().chain(numbers(&kept.tail)).collect();
    assert_eq!(seen, (0..10).chain(20..30).collect::<Vec<_>>());
    assert_eq!(kept.dropped.lines, 10);
    assert_eq!(excerpt(&place.load(), 64 * KIB), kept, "a later process knows of the gap");
}

#[test]
fn a_crash_at_any_byte_of_the_last_write_loses_no_earlier_line() {
    let place = Place::new(64 * KIB, u64::MAX);
    let mut shelf = place.shelf();
    fill(&mut shelf, 0..20);
    drop(shelf);
    let file = place.path().join("00000000-0-0-0.log");
    let whole = fs::read(&file).unwrap();
    let last = line(19).text.len();
    for length in whole.len() - last..whole.len() {
        fs::write(&file, &whole[..length]).unwrap();
        let mut later = place.load();
        assert_eq!(later.resume().unwrap(), (line(18).at.unwrap(), 1));
        fill(&mut later, 19..21);
        assert_eq!(numbers(&excerpt(&later, 64 * KIB).head), (0..21).collect::<Vec<_>>(), "cut at {length}");
    }
}

#[test]
fn a_crash_between_packing_and_removing_keeps_the_segment_once() {
    let place = Place::new(64 * KIB, u64::MAX);
    let mut shelf = place.shelf();
    fill(&mut shelf, 0..40);
    let plain = place.path().join("00000000-0-0-0.log");
    let bytes = fs::read(&plain).unwrap();
    shelf.close();
    fs::write(&plain, bytes).unwrap();
    assert_eq!(numbers(&excerpt(&place.load(), 64 * KIB).head), (0..40).collect::<Vec<_>>());
}

#[test]
fn the_place_to_go_on_from_counts_the_lines_of_the_last_moment() {
    let place = Place::new(64 * KIB, u64::MAX);
    let mut shelf = place.shelf();
    assert_eq!(shelf.resume(), None);
    fill(&mut shelf, 0..3);
    shelf.close();
    fill(&mut shelf, 7..8);
    let again = [line(7), line(7)];
    assert!(matches!(shelf.append(&source(), &again), Kept::AsAllowed));
    assert_eq!(shelf.resume(), Some((line(7).at.unwrap(), 3)));
}
