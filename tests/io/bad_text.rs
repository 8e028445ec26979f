//! Bad text files: every one is refused in one line that names file, place, reason and remedy.

use super::{gzip, read_file};
use diabolo::io::input::Input;
use diabolo::io::read::{ReadOptions, read_from};
use diabolo::monitor::Budget;
use std::io::Read;
use std::path::Path;

/// Malformed data.
pub const DATA: u8 = 65;
/// Over the memory limit.
pub const LIMIT: u8 = 75;

/// A bad file: its text, the exit code, the line told to the user without the file's name.
pub type Bad = (&'static str, u8, &'static str);

fn check(table: &[Bad]) {
    check_as(&ReadOptions::default(), table);
}

/// Every file of the table is refused as it says.
pub fn check_as(options: &ReadOptions, table: &[Bad]) {
    for (text, exit_code, expected) in table {
        for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
            let error = match read_file(&bytes, options) {
                Err(error) => error,
                Ok(data) => panic!("{text:?} was read: {data:?}"),
            };
            let line = error.to_string();
            assert_eq!(error.exit_code(), *exit_code, "{text:?}: {line}");
            assert!(line.starts_with(expected), "{text:?}: {line}\n expected {expected}");
            assert!(!line.contains('\n') && line.len() < 250, "{text:?}: {line}");
        }
    }
}

#[test]
fn delimited() {
    check(&[
        ("", DATA, "file: the file is empty; give a table of numbers"),
        ("\n\n  \n", DATA, "file: the file is empty"),
        ("# only\n# comments\n", DATA, "file: the file is empty"),
        ("a,b,c\n", DATA, "file: there is a header and no data; give at least one row of numbers"),
        ("1,2\n3\n", DATA, "file:2: the row has 1 cells where the first has 2; give all rows the same"),
        ("1,2\n3,4\n\n5,6,7\n", DATA, "file:4: the row has 3 cells where the first has 2"),
        ("1,2\n3,4,x\n", DATA, "file:2: the row has 3 cells where the first has 2"),
        ("id,a,b\nr,1,2\ns,3\n", DATA, "file:3: the row has 2 cells where the first has 3"),
        ("a,b\n1,2,3,4\n", DATA, "file:2: the row has 4 cells where the header has 2"),
        ("1,2\n3,x\n", DATA, "file:2: column 2: `x` is not a number; remove or encode what is text"),
        ("a,b\n1,2\n3,x\n", DATA, "file:3: column 2: `x` is not a number"),
        ("id,a\nr,1\ns,1e\n", DATA, "file:3: column 2: `1e` is not a number"),
        ("setosa\nversicolor\n", DATA, "file:1: column 1: `setosa` is not a number"),
        (
            "1,2\n3,\n",
            DATA,
            "file:2: column 2: the value is missing; read such values with --missing nan or zero",
        ),
        ("1,2\n3,NA\n", DATA, "file:2: column 2: the value is missing"),
        ("1,nan\n3,4\n", DATA, "file:1: column 2: the value is missing"),
        ("1,2,\n3,4,\n", DATA, "file:1: column 3: the value is missing"),
        ("1,2\n3,inf\n", DATA, "file:2: column 2: `inf` is not finite; write a finite number or NA"),
        ("1,2\n-Infinity,4\n", DATA, "file:2: column 1: `-Infinity` is not finite"),
        ("1,2\n3,1e999\n", DATA, "file:2: column 2: `1e999` is not finite"),
        ("1,5;2,5\n3,5;4,5\n", DATA, "file:2: column 2: `4,5` has a decimal comma; write decimal points"),
        ("1,\"2\n3,4\n", DATA, "file:1: a quote is opened and not closed on this line; close it"),
        ("1,2\n3,\"4\n", DATA, "file:2: a quote is opened and not closed on this line"),
        ("1,\"2\"3\n", DATA, "file:1: text follows a closing quote; double the quotes that belong to a name"),
        ("\"a\"b\t1\n\"c\"d\t2\n", DATA, "file:1: text follows a closing quote"),
        ("1 2\n3 0x10\n", DATA, "file:2: column 2: `0x10` is not a number"),
        ("1 2\n3 --4\n", DATA, "file:2: column 2: `--4` is not a number"),
        ("1 2\n3 4\u{0}\n", DATA, "file:2: column 2: the line holds binary zeros; is this a text file?"),
        ("\u{0}\u{0}\u{0}\u{1}junk", DATA, "file: neither text nor a known binary format"),
        ("{\"a\": [1, 2]}\n{\"a\": [3, 4]}\n", DATA, "file:2: column 2: `4]}` is not a number"),
        ("<html>\n<body>Not found</body>\n", DATA, "file:2: column 2: `found</body>` is not a number"),
    ]);
}

#[test]
fn matrix_market() {
    macro_rules! mtx {
        ($kind:literal, $body:literal) => {
            concat!("%%MatrixMarket matrix ", $kind, "\n", $body)
        };
    }
    check(&[
        (
            "%%MatrixMarket",
            DATA,
            "file:1: the first line has 1 words; it must read like `%%MatrixMarket matrix",
        ),
        (
            "%%MatrixMarket vector coordinate real general\n",
            DATA,
            "file:1: it holds a `vector`; give a `matrix`",
        ),
        (mtx!("list real general", ""), DATA, "file:1: `list` must be `coordinate` or `array`"),
        (
            mtx!("coordinate complex general", ""),
            DATA,
            "file:1: complex values are not taken; write their moduli",
        ),
        (mtx!("coordinate words general", ""), DATA, "file:1: `words` must be `real`, `integer` or"),
        (mtx!("array pattern general", ""), DATA, "file:1: `pattern` must be"),
        (
            mtx!("coordinate real hermitian", ""),
            DATA,
            "file:1: hermitian means complex values; write real ones as",
        ),
        (mtx!("coordinate real upper", ""), DATA, "file:1: `upper` must be `general`, `symmetric` or"),
        (mtx!("coordinate pattern skew-symmetric", ""), DATA, "file:1: `skew-symmetric` must be `general`"),
        (
            mtx!("coordinate real general", "% nothing\n"),
            DATA,
            "file: the file ends before its sizes; is it cut off?",
        ),
        (
            mtx!("coordinate real general", "2 2\n"),
            DATA,
            "file:2: `2 2` must hold the numbers of rows, columns and",
        ),
        (mtx!("array real general", "2\n"), DATA, "file:2: `2` must hold the numbers of rows and columns"),
        (mtx!("coordinate real general", "2 2 1 1\n"), DATA, "file:2: `2 2 1 1` holds more than 3 sizes"),
        (mtx!("coordinate real general", "2 -2 1\n"), DATA, "file:2: `2 -2 1` must hold the numbers"),
        (mtx!("coordinate real general", "2 2.5 1\n"), DATA, "file:2: `2 2.5 1` must hold the numbers"),
        (
            mtx!("coordinate real general", "99999999999999999999 2 1\n"),
            DATA,
            "file:2: `99999999999999999999 2 1` must",
        ),
        (
            mtx!("coordinate real general", "5000000000 2 1\n"),
            DATA,
            "file:2: 5000000000 x 2 is more than 2^32 - 1 rows",
        ),
        (
            mtx!("coordinate real general", "0 5 0\n"),
            DATA,
            "file:2: 0 x 5 holds nothing; give at least one row and",
        ),
        (
            mtx!("coordinate real symmetric", "2 3 1\n"),
            DATA,
            "file:2: a symmetric matrix of 2 x 3; write `general`",
        ),
        (
            mtx!("coordinate real general", "2 2 2\n1 1 1\n"),
            DATA,
            "file: the file ends after 1 of the 2 entries its",
        ),
        (
            mtx!("coordinate real general", "2 2 1\n1 1 1\n2 2 1\n"),
            DATA,
            "file:4: there are more than the 1 entries the",
        ),
        (
            mtx!("coordinate real general", "2 2 1\n3 1 1\n"),
            DATA,
            "file:3: row 3 is not within 1 to 2; correct the",
        ),
        (mtx!("coordinate real general", "2 2 1\n1 0 1\n"), DATA, "file:3: column 0 is not within 1 to 2"),
        (mtx!("coordinate real general", "2 2 1\n-1 1 1\n"), DATA, "file:3: `-1` is not the number of a row"),
        (
            mtx!("coordinate real general", "2 2 1\n1.0 1 1\n"),
            DATA,
            "file:3: `1.0` is not the number of a row",
        ),
        (mtx!("coordinate real general", "2 2 1\n1\n"), DATA, "file:3: `` is not the number of a column"),
        (
            mtx!("coordinate real general", "2 2 1\n1 1\n"),
            DATA,
            "file:3: the entry has no value; write one, or `pattern`",
        ),
        (
            mtx!("coordinate real general", "2 2 1\n1 1 1 1\n"),
            DATA,
            "file:3: `1` follows the entry; give one entry a",
        ),
        (mtx!("coordinate pattern general", "2 2 1\n1 1 1\n"), DATA, "file:3: `1` follows the entry"),
        (mtx!("coordinate real general", "2 2 1\n1 1 x\n"), DATA, "file:3: `x` is not a number"),
        (
            mtx!("coordinate real general", "2 2 1\n1 1 nan\n"),
            DATA,
            "file:3: the value is missing; read such values",
        ),
        (mtx!("coordinate real general", "2 2 1\n1 1 inf\n"), DATA, "file:3: `inf` is not finite"),
        (
            mtx!("coordinate integer general", "2 2 1\n1 1 1.5\n"),
            DATA,
            "file:3: `1.5` is not an integer; write `real` in",
        ),
        (
            mtx!("coordinate real symmetric", "2 2 1\n1 2 1\n"),
            DATA,
            "file:3: (1, 2) is above the diagonal of a symmetric",
        ),
        (
            mtx!("coordinate real skew-symmetric", "2 2 1\n1 1 1\n"),
            DATA,
            "file:3: (1, 1) is not below the diagonal of a",
        ),
        (
            mtx!("coordinate real general", "1 1 2\n1 1 1e308\n1 1 1e308\n"),
            DATA,
            "file: the entries at row 1, column 1: their",
        ),
        (
            mtx!("array real general", "2 2\n1\n2\n3\n"),
            DATA,
            "file: the file ends before row 2, column 2; is it cut off?",
        ),
        (
            mtx!("array real general", "1 2\n1\n2\n3\n"),
            DATA,
            "file:5: there are more values than 1 x 2; correct the header",
        ),
        (
            mtx!("array real general", "2 2\n1 2\n3 4\n"),
            DATA,
            "file:3: `2` follows the value; give one value a line",
        ),
        (mtx!("array real symmetric", "2 3\n1\n"), DATA, "file:2: a symmetric matrix of 2 x 3"),
        (
            mtx!("coordinate real general", "4000000000 4000000000 1\n1 1 1\n"),
            LIMIT,
            "the rows of the matrix needs 32.0 GB",
        ),
        (
            mtx!("coordinate real general", "4000000000 4 1\n3999999999 1 1\n"),
            LIMIT,
            "the rows of the matrix needs 32.0 GB",
        ),
        (mtx!("array real general", "4000000000 4000000000\n1\n"), LIMIT, "the values of the matrix needs"),
        (
            mtx!("array real general", "10000 10000\n1\n"),
            LIMIT,
            "the values of the matrix needs 800.0 MB but only",
        ),
    ]);
}

#[test]
fn other_encodings() {
    let utf16: Vec<u8> = "\u{feff}1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error = read_file(&utf16, &ReadOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "file: the text is UTF-16; save it as UTF-8");
    let latin = read_file(b"caf\xe9,th\xe9\n1,2\n", &ReadOptions::default()).unwrap();
    assert_eq!(latin.names.features.unwrap(), ["caf\u{fffd}", "th\u{fffd}"]);
    let hdf5 = read_file(b"\x89HDF\r\n\x1a\n", &ReadOptions::default()).unwrap_err();
    assert_eq!(hdf5.exit_code(), DATA);
    assert!(hdf5.to_string().contains("HDF5"), "{hdf5}");
}

#[test]
fn a_name_is_shown_short_and_printable() {
    let text = format!("1\n{}\u{1b}[31m\n", "x".repeat(100));
    let line = read_file(text.as_bytes(), &ReadOptions::default()).unwrap_err().to_string();
    assert_eq!(
        line,
        format!("file:2: column 1: `{}...` is not a number; remove or encode what is text", "x".repeat(40))
    );
    let line = read_file(b"1\n\x1b[31mred\xff\n", &ReadOptions::default()).unwrap_err().to_string();
    assert!(line.starts_with("file:2: column 1: `\u{fffd}[31mred\u{fffd}` is not a number"), "{line}");
}

/// Files without an end, which only their reader can end.
#[test]
fn endless_files() {
    let row = b"1 2 3 4 5 6 7 8\n";
    let sources: [(&[u8], &[u8], u8); 9] = [
        (b"", row, LIMIT),
        (b"a,b,c\n", b"1", LIMIT),
        (b"", b"\0", LIMIT),
        (b"%%MatrixMarket matrix coordinate real general\n4 4 4000000000\n", b"1 1 1\n", LIMIT),
        (b"%%MatrixMarket matrix array real general\n2 2\n", b"1 ", LIMIT),
        (b"1 1:1\n", b"1 1:1\n", LIMIT),
        (b"9\n9\n4000000000\n1 1 1\n", b"1 1 1\n", LIMIT),
        (b"1::2::3\n", b"1::2::3\n", LIMIT),
        (b"source,target\n", b"1,2\n", LIMIT),
    ];
    for (start, repeated, exit_code) in sources {
        let endless = start.chain(Endless { repeated, at: 0 });
        let budget = Budget::limited(1 << 20);
        let input = Input::over(Path::new("file"), endless, &budget);
        let error = input.and_then(|mut input| read_from(&mut input, &ReadOptions::default())).unwrap_err();
        assert_eq!(error.exit_code(), exit_code, "{error}");
        assert_eq!(budget.used(), 0, "everything is given back");
    }
}

/// Bytes that come again and again.
pub struct Endless<'a> {
    pub repeated: &'a [u8],
    pub at: usize,
}

impl Read for Endless<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        for byte in bytes.iter_mut() {
            *byte = self.repeated[self.at];
            self.at = (self.at + 1) % self.repeated.len();
        }
        Ok(bytes.len())
    }
}

/// 20 MB of text in some kilobytes.
#[test]
fn a_bomb_of_text() {
    let bomb = gzip(&b"1\n".repeat(10 << 20));
    let budget = Budget::limited(1 << 20);
    let mut input = Input::over(Path::new("file"), &bomb[..], &budget).unwrap();
    let error = read_from(&mut input, &ReadOptions::default()).unwrap_err();
    assert_eq!(error.exit_code(), LIMIT);
    assert!(error.to_string().contains("raise --memory-limit"), "{error}");
}
