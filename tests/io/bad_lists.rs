//! Bad lists (SVMlight, docword, ratings, edges): every one is refused in one line that names file, place,
//! reason and remedy.

use super::bad_text::{Bad, DATA, LIMIT, check_as};
use diabolo::io::loaded::IndexBase;
use diabolo::io::read::{Format, ReadOptions};

fn check(format: Format, table: &[Bad]) {
    check_as(&ReadOptions { format: Some(format), ..ReadOptions::default() }, table);
}

#[test]
fn svmlight() {
    check(
        Format::SvmLight,
        &[
            ("", DATA, "file: the file is empty; give a line `label index:value ...` for each sample"),
            ("# nothing\n\n", DATA, "file: the file is empty"),
            ("1\n2\n", DATA, "file: no line has a value; write them as index:value behind the label"),
            (
                "1 2:3\n4:5 6:7\n",
                DATA,
                "file:2: the line begins with `4:5` and has no label; write 0 before it",
            ),
            ("1 2:3\n1 2\n", DATA, "file:2: `2` is not an index and a value, like 3:0.5"),
            ("1 a:3\n", DATA, "file:1: `a:3` is not an index and a value"),
            ("1 -2:3\n", DATA, "file:1: `-2:3` is not an index and a value"),
            ("1 2:\n", DATA, "file:1: the value is missing; read such values with --missing nan or zero"),
            ("1 2:x\n", DATA, "file:1: `x` is not a number"),
            ("1 2:inf\n", DATA, "file:1: `inf` is not finite"),
            ("1 2:3 2:4\n", DATA, "file:1: the index 2 comes twice in the line; give it once"),
            ("1 5:3 2:4 5:1\n", DATA, "file:1: the index 5 comes twice"),
            ("1 qid:x 2:3\n", DATA, "file:1: `qid:x` is not a query id; write qid:7"),
            ("1 2:3 qid:4\n", DATA, "file:1: `qid:4` is not an index and a value"),
            ("1 4294967295:1\n", DATA, "file:1: the index 4294967295 is above 2^32 - 2"),
            ("1 99999999999999999999999:1\n", DATA, "file:1: `99999999999999999999999:1` is not an index"),
        ],
    );
    let from_1 = ReadOptions {
        format: Some(Format::SvmLight),
        index_base: Some(IndexBase::One),
        ..ReadOptions::default()
    };
    let told = "file:2: there is an index 0 although indices are to count from 1; use --index-base 0";
    check_as(&from_1, &[("1 1:2\n1 0:2\n", DATA, told)]);
}

#[test]
fn docword() {
    check(
        Format::Docword,
        &[
            ("", DATA, "file: the file ends before its number of documents; is it cut off?"),
            ("3\n4\n", DATA, "file: the file ends before its number of entries; is it cut off?"),
            ("3\nx\n5\n", DATA, "file:2: `x` must be the number of words, alone on its line"),
            ("3 4 5\n", DATA, "file:1: `3 4 5` must be the number of documents, alone on its line"),
            ("3\n-4\n5\n", DATA, "file:2: `-4` must be the number of words"),
            ("0\n4\n5\n", DATA, "file:3: 0 x 4 holds nothing; give at least one row and column"),
            ("5000000000\n4\n5\n", DATA, "file:3: 5000000000 x 4 is more than 2^32 - 1 rows or columns"),
            ("3\n4\n2\n1 1 1\n", DATA, "file: the file ends after 1 of the 2 entries its header promises"),
            ("3\n4\n1\n1 1 1\n2 2 2\n", DATA, "file:5: there are more than the 1 entries the header"),
            ("3\n4\n1\n4 1 1\n", DATA, "file:4: row 4 is not within 1 to 3; correct the entry or the header"),
            ("3\n4\n1\n1 0 1\n", DATA, "file:4: column 0 is not within 1 to 4"),
            ("3\n4\n1\n1 1 -1\n", DATA, "file:4: `-1` is not a count; write a whole number of 0 or more"),
            ("3\n4\n1\n1 1 1.5\n", DATA, "file:4: `1.5` is not a count"),
            ("3\n4\n1\n1 1\n", DATA, "file:4: the entry has no value"),
            ("3\n4\n1\n1 1 1 1\n", DATA, "file:4: `1` follows the entry; give one entry a line"),
            ("4000000000\n4\n1\n3999999999 1 1\n", LIMIT, "the rows of the matrix needs 32.0 GB"),
        ],
    );
}

#[test]
fn ratings() {
    check(
        Format::Ratings,
        &[
            ("", DATA, "file: the file is empty; give a line `user item rating` for each rating"),
            ("# nothing\n\n", DATA, "file: the file is empty"),
            (
                "1 2\n",
                DATA,
                "file:1: the line has 2 cells; a rating is user, item, rating and perhaps the time",
            ),
            ("user,item,rating\n", DATA, "file: there is a header and no rating; give a line"),
            (
                "1 2 3\n1 2\n",
                DATA,
                "file:2: the line has 2 cells where the first has 3; give all lines the same",
            ),
            ("1 2 3\n1 2 3 4\n", DATA, "file:2: the line has 4 cells where the first has 3"),
            ("1 2 3\n1 3 x\n", DATA, "file:2: column 3: `x` is not a number"),
            ("1,2,3\n1,3,\n", DATA, "file:2: column 3: the value is missing; read such values with"),
            ("1,2,3\n,3,4\n", DATA, "file:2: column 1: the user has no name; remove the line"),
            ("1::2::3\n1::::4\n", DATA, "file:2: column 2: the item has no name; remove the line"),
            ("1,2,3\n1,3,inf\n", DATA, "file:2: column 3: `inf` is not finite"),
            ("1,\"2,3\n", DATA, "file:1: a quote is opened and not closed on this line; close it"),
            ("1,2,3\n1,\"2,3\n", DATA, "file:2: a quote is opened and not closed"),
            ("rating,user,item\n4,a,b\nx,a,c\n", DATA, "file:3: column 1: `x` is not a number"),
            ("\u{0}\u{1}\u{2}", DATA, "file: neither text nor a known binary format"),
        ],
    );
}

#[test]
fn edges() {
    check(
        Format::Edges,
        &[
            ("", DATA, "file: the file is empty; give a line `source target` for each edge"),
            ("source target\n", DATA, "file: there is a header and no edge; give a line `source target`"),
            ("1\n", DATA, "file:1: the line has 1 cells; an edge is source, target and perhaps a weight"),
            ("1 2 3 4\n", DATA, "file:1: the line has 4 cells; an edge is"),
            ("1 2\n3\n", DATA, "file:2: the edge has no second node; give two"),
            ("1,2\n,3\n", DATA, "file:2: the edge has no first node; give two"),
            ("1 2\n3 4 5\n", DATA, "file:2: there is more behind two nodes; give one edge a line, all with"),
            (
                "1 2 3\n3 4\n",
                DATA,
                "file:2: the edge has no weight where the first has one; give all or none",
            ),
            ("1 2 3\n3 4 x\n", DATA, "file:2: `x` is not a number"),
            ("1 2 3\n3 4 inf\n", DATA, "file:2: `inf` is not finite"),
            ("1 2 3\n3 4 NA\n", DATA, "file:2: the value is missing"),
            ("1 2 {'weight': 3}\n3 4 {}\n", DATA, "file:2: the edge has no weight where the first has one"),
            ("1::2\n", DATA, "file:1: double colons separate ratings; put tabs, commas or blanks"),
            ("0 1\n2 4294967295\n", DATA, "file:2: node 4294967295 is above 2^32 - 2; number the nodes"),
            ("0 1 1e308\n0 1 1e308\n", DATA, "file: the entries at row 1, column 2: their sum is not finite"),
            ("0 1 1e308\n1 0 1.5e308\n", DATA, "file: the weights of an edge have no finite sum"),
            ("0 4000000000\n", LIMIT, "the rows of the matrix needs 32.0 GB"),
            ("\u{0}\u{1}\u{2}", DATA, "file: neither text nor a known binary format"),
        ],
    );
    let from_1 = ReadOptions {
        format: Some(Format::Edges),
        index_base: Some(IndexBase::One),
        ..ReadOptions::default()
    };
    let told = "file:2: there is a node 0 although nodes are to count from 1; use --index-base 0";
    check_as(&from_1, &[("1 2\n1 0\n", DATA, told)]);
}

/// A format that is told and is another one.
#[test]
fn told_formats_that_are_wrong() {
    for (format, expected) in [
        (Format::Npy, "file: "),
        (Format::Npz, "file: "),
        (Format::Png, "file: "),
        (Format::Idx, "file: "),
        (Format::MatrixMarket, "file:1: the first line has 1 words"),
        (Format::Safetensors, "file: "),
        (Format::TenX, "file: a 10x folder is no file; give the folder"),
    ] {
        check(format, &[("1,2,3\n4,5,6\n", DATA, expected)]);
    }
}
