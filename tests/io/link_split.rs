//! Splits of links: what is read, and what is refused.

use super::Scratch;
use diabolo::io::link_split::{NodeNames, read};
use diabolo::io::loaded::IndexBase;
use diabolo::monitor::Budget;

#[test]
fn numbers_names_headers_and_comments() {
    let folder = Scratch::new();
    let tabs = folder.file(
        "tabs.tsv",
        b"kind\ti\tj\n# all of them\ntrain\t3\t1\nval\t1\t2\ntest\t4\t2\nval_neg\t1\t4\ntest_neg\t3\t4\n",
    );
    let split = read(&tabs, 4, &NodeNames::Numbers(IndexBase::One), &Budget::unlimited()).unwrap();
    assert_eq!(split.training, [(0, 2)]);
    assert_eq!((&split.validation[..], &split.test[..]), (&[(0, 1)][..], &[(1, 3)][..]));
    assert_eq!((&split.validation_none[..], &split.test_none[..]), (&[(0, 3)][..], &[(2, 3)][..]));
    let named = folder.file("named.csv", b"train,kind,bob\ntrain,bob,ann\n");
    let names = ["ann", "bob", "kind"].map(str::to_owned);
    let split = read(&named, 3, &NodeNames::Names(&names), &Budget::unlimited()).unwrap();
    assert_eq!(split.training, [(1, 2), (0, 1)]);
}

#[test]
fn what_is_no_split_is_refused_in_one_line() {
    let folder = Scratch::new();
    for (content, why) in [
        (&b""[..], "it leaves no link to fit"),
        (b"kind i j\n", "it leaves no link to fit"),
        (b"val 0 1\n", "it leaves no link to fit"),
        (b"train 0\n", ":1: the line is not a kind and two nodes"),
        (b"train 0 1 2\n", ":1: the line is not a kind and two nodes"),
        (b"train 0 1\nkind 0 1\n", ":2: `kind` is none of train, val, test, val_neg, test_neg"),
        (b"train 0 3\n", ":1: `3` is none of the 3 nodes"),
        (b"train x 1\n", ":1: `x` is none of the 3 nodes"),
        (b"train -1 1\n", ":1: `-1` is none of the 3 nodes"),
        (b"train 1 1\n", ":1: a node paired with itself"),
    ] {
        let path = folder.file("split.tsv", content);
        let refused = read(&path, 3, &NodeNames::Numbers(IndexBase::Zero), &Budget::unlimited());
        let error = refused.expect_err(why);
        assert!(error.exit_code() == 65 && error.to_string().contains(why), "{error}");
        assert_eq!(error.to_string().lines().count(), 1);
    }
    let path = folder.file("split.tsv", b"train 0 1\n");
    let little = Budget::limited(4);
    let refused = read(&path, 3, &NodeNames::Numbers(IndexBase::Zero), &little).expect_err("no memory");
    assert_eq!(refused.exit_code(), 75);
}
