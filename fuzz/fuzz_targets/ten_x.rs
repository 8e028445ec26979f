#![no_main]
//! Any bytes in the three files of a 10x folder: cut at the first two bytes 0xff, or all of it the matrix.

use diabolo::io::read::{ReadOptions, read};
use diabolo::monitor::Budget;
use diabolo_fuzz::{MEMORY, judge, within_memory};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = std::env::temp_dir().join(format!("diabolo-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    let mut parts = bytes.splitn(3, |&byte| byte == 0xff);
    for name in ["matrix.mtx", "genes.tsv", "barcodes.tsv"] {
        std::fs::write(folder.join(name), parts.next().unwrap_or(b"one\n"))
            .expect("room for temporary files");
    }
    let budget = Budget::limited(MEMORY);
    within_memory(|| {
        let outcome = read(&folder, &ReadOptions::default(), &budget);
        assert!(outcome.is_ok() || budget.used() == 0, "a refusal gives its memory back");
        judge(outcome);
    });
});
