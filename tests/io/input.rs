//! The open file: lines, bytes, gzip, bounds.

use super::gzip;
use diabolo::Error;
use diabolo::io::input::Input;
use diabolo::monitor::Budget;
use std::io::Read;
use std::path::Path;

fn over<'a>(bytes: &'a [u8], budget: &'a Budget) -> Input<'a> {
    Input::over(Path::new("file"), bytes, budget).unwrap()
}

fn lines_of(bytes: &[u8]) -> Vec<String> {
    let budget = Budget::unlimited();
    let mut input = over(bytes, &budget);
    let mut lines = Vec::new();
    while let Some(line) = input.next_line().unwrap() {
        lines.push(String::from_utf8(line.to_vec()).unwrap());
    }
    assert_eq!(input.line(), lines.len() as u64);
    assert_eq!(input.next_line().unwrap(), None);
    lines
}

#[test]
fn lines_end_in_every_way() {
    assert_eq!(lines_of(b""), Vec::<String>::new());
    assert_eq!(lines_of(b"\n"), [""]);
    assert_eq!(lines_of(b"a\nb"), ["a", "b"]);
    assert_eq!(lines_of(b"a\r\n\r\nb\r\n"), ["a", "", "b"]);
    assert_eq!(lines_of(b"\xef\xbb\xbfa\n\n"), ["a", ""]);
}

#[test]
fn lines_longer_than_the_buffer_are_whole() {
    let long = "x".repeat(300_000);
    let text = format!("short\n{long}\nend");
    assert_eq!(lines_of(text.as_bytes()), ["short", &long, "end"]);
    assert_eq!(lines_of(&gzip(text.as_bytes())), ["short", &long, "end"]);
}

#[test]
fn gzip_members_follow_each_other() {
    let members = [gzip(b"first\nsec"), gzip(b"ond\n"), gzip(b""), gzip(b"third")].concat();
    assert_eq!(lines_of(&members), ["first", "second", "third"]);
}

#[test]
fn peeking_takes_nothing() {
    let budget = Budget::unlimited();
    let mut input = over(b"abc\ndef", &budget);
    assert_eq!(input.peek(2).unwrap(), b"ab");
    assert_eq!(input.peek(100).unwrap(), b"abc\ndef");
    assert_eq!(input.position(), 0);
    assert_eq!(input.next_line().unwrap(), Some(&b"abc"[..]));
    assert_eq!(input.position(), 4);
    let mut rest = [0; 3];
    input.read_exact(&mut rest, "the rest").unwrap();
    assert_eq!(&rest, b"def");
    let error = input.read_exact(&mut rest, "a header").unwrap_err();
    assert_eq!(error.to_string(), "file: the file ends at byte 7, within a header; is it cut off?");
}

#[test]
fn cut_gzip_is_named() {
    let whole = gzip(&b"1 2 3\n".repeat(10_000));
    let budget = Budget::unlimited();
    for length in [2, 9, 15, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        let mut input = over(&whole[..length], &budget);
        let error = input.read_rest("the file").err().unwrap();
        assert_eq!(error.exit_code(), 65, "{error}");
        assert!(error.to_string().contains("gzip data is cut off"), "{error}");
    }
}

#[test]
fn broken_gzip_is_named() {
    let mut broken = gzip(&b"1 2 3\n".repeat(10_000));
    let last = broken.len() - 6; // within the checksum
    broken[last] ^= 1;
    let budget = Budget::unlimited();
    let error = over(&broken, &budget).read_rest("the file").err().unwrap();
    assert!(error.to_string().contains("gzip data is broken"), "{error}");
    let mut followed = gzip(b"1 2 3\n");
    followed.extend_from_slice(b"no further member");
    let error = over(&followed, &budget).read_rest("the file").err().unwrap();
    assert!(error.to_string().contains("gzip data is broken"), "{error}");
}

#[test]
fn an_endless_line_is_refused_before_it_fills_the_memory() {
    let budget = Budget::unlimited();
    let mut input = Input::over(Path::new("file"), std::io::repeat(b'7'), &budget).unwrap();
    let error = input.next_line().unwrap_err();
    assert_eq!(error.to_string(), "file:1: the line is longer than 64 MiB; is this text?");

    let small = Budget::limited(1 << 20);
    let mut input = Input::over(Path::new("file"), std::io::repeat(b'7'), &small).unwrap();
    assert!(matches!(input.next_line(), Err(Error::Limit { .. })));
}

#[test]
fn a_bomb_is_refused_where_it_is_kept() {
    let bomb = gzip(&vec![0; 20 << 20]);
    let budget = Budget::limited(4 << 20);
    let mut input = over(&bomb, &budget);
    let error = input.read_rest("the file").err().unwrap();
    assert_eq!(error.exit_code(), 75);
    drop(input);
    assert_eq!(budget.used(), 0, "everything is given back");
}

#[test]
fn errors_of_the_system_stay_its_own() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from_raw_os_error(5))
        }
    }
    let budget = Budget::unlimited();
    let packed = gzip(b"abc");
    let input = Input::over(Path::new("file"), packed[..5].chain(Failing), &budget);
    let error = input.and_then(|mut input| input.next_line().map(|_| ())).unwrap_err();
    assert_eq!(error.exit_code(), 74, "{error}");
    let missing = Input::open(Path::new("no/such/file"), &budget).err().unwrap();
    assert_eq!(missing.exit_code(), 74);
}
