//! Good binary files with something changed at random: data or a clear refusal, never a panic. A small,
//! repeatable fuzzing beside the coverage-guided one in fuzz/.

use super::archive::{Entry, zip};
use super::{golden_path, read_file};
use diabolo::io::npy;
use diabolo::io::read::ReadOptions;
use diabolo::tensors::{TensorView, Values};

/// Changed copies of every file.
const ROUNDS: u64 = 60;

/// Bytes at which sizes and signs turn over, and those that mean something in headers.
const TELLING_BYTES: &[u8] =
    &[0, 1, 2, 0x7f, 0x80, 0xff, b'0', b'9', b'(', b')', b'{', b'}', b'\'', b',', b'-'];

/// The random numbers of SplitMix64 (Steele, Lea, Flood 2014).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// Changes bytes in one to four places.
fn mutate(bytes: &mut Vec<u8>, draws: &mut Draws) {
    for _ in 0..=draws.below(4) {
        let at = draws.below(bytes.len());
        match draws.below(6) {
            _ if bytes.is_empty() => bytes.push(draws.next() as u8),
            0 => bytes[at] ^= 1 << draws.below(8),
            1 | 2 => bytes[at] = TELLING_BYTES[draws.below(TELLING_BYTES.len())],
            3 => bytes.truncate(at),
            4 => {
                let piece = bytes[at..(at + 1 + draws.below(16)).min(bytes.len())].to_vec();
                let place = draws.below(bytes.len());
                bytes.splice(place..place, piece);
            }
            _ => {
                bytes.drain(at..(at + 1 + draws.below(8)).min(bytes.len()));
            }
        }
    }
}

/// Reads changed bytes; a refusal must be of the file or of memory.
fn read_any(bytes: &[u8], name: &str) {
    if let Err(error) = read_file(bytes, &ReadOptions::default()) {
        assert!(matches!(error.exit_code(), 65 | 75), "{name}: {error}");
        assert!(!error.to_string().contains('\n'), "{name}: {error}");
    }
}

#[test]
fn changed_golden_files() {
    let mut draws = Draws(1);
    let files = std::fs::read_dir(golden_path("")).expect("the golden files");
    let mut paths: Vec<_> = files.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths.retain(|path| !path.extension().is_some_and(|ending| ending == "py" || ending == "md"));
    assert!(paths.len() > 60, "golden files are missing");
    for path in paths {
        let whole = std::fs::read(&path).expect("a readable file");
        for _ in 0..ROUNDS {
            let mut changed = whole.clone();
            mutate(&mut changed, &mut draws);
            read_any(&changed, &path.display().to_string());
        }
    }
}

/// The bytes of an array of one axis.
fn list(values: Values) -> Vec<u8> {
    let mut bytes = Vec::new();
    npy::write(&mut bytes, TensorView { shape: &[values.len()], values }).expect("memory takes all");
    bytes
}

/// Changes below the check sums of the archive, where those of whole files rarely come.
#[test]
fn changed_parts_of_sparse_matrices() {
    let mut draws = Draws(2);
    let format = |name: &str| {
        let header = "{'descr': '|S3', 'fortran_order': False, 'shape': (), }\n";
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.as_bytes());
        file.extend(name.as_bytes());
        file
    };
    for kind in ["csr", "csc", "coo"] {
        let parts = [
            ("format.npy", format(kind)),
            ("shape.npy", list(Values::U64(&[3, 3]))),
            ("indptr.npy", list(Values::U32(&[0, 2, 2, 4]))),
            ("indices.npy", list(Values::U32(&[2, 0, 1, 1]))),
            ("row.npy", list(Values::U32(&[0, 2, 2, 1]))),
            ("col.npy", list(Values::U32(&[2, 0, 1, 1]))),
            ("data.npy", list(Values::F64(&[1.0, 2.0, 3.0, 4.0]))),
        ];
        for _ in 0..20 * ROUNDS {
            let changed = draws.below(parts.len());
            let entries = parts.iter().enumerate().map(|(at, (name, bytes))| {
                let mut bytes = bytes.clone();
                if at == changed {
                    mutate(&mut bytes, &mut draws);
                }
                Entry::stored(name, &bytes)
            });
            read_any(&zip(&entries.collect::<Vec<_>>()), kind);
        }
    }
}
