//! .npy against files that numpy wrote, and against itself.

use super::{golden, read_bytes, table, table_from_zero};
use diabolo::io::npy;
use diabolo::linalg::{Features, Matrix};
use diabolo::tensors::{TensorView, Values};
use proptest::prelude::*;

/// The bytes of an array as the writer makes them.
fn written(shape: &[usize], values: Values) -> Vec<u8> {
    let mut bytes = Vec::new();
    npy::write(&mut bytes, TensorView { shape, values }).expect("memory takes all");
    bytes
}

/// The file as samples x features in f64.
fn dense(name: &str) -> Matrix<f64> {
    golden(name).unwrap_or_else(|error| panic!("{name}: {error}")).features.to_dense()
}

#[test]
fn every_type_in_both_byte_orders() {
    let signed =
        ["f8", "f4", "f2", "i2", "i4", "i8"].map(|kind| [format!("little_{kind}"), format!("big_{kind}")]);
    for name in signed.as_flattened().iter().map(String::as_str).chain(["i1", "fortran"]) {
        assert_eq!(dense(&format!("npy_{name}.npy")), table(), "{name}");
    }
    let unsigned = ["u2", "u4", "u8"].map(|kind| [format!("little_{kind}"), format!("big_{kind}")]);
    for name in unsigned.as_flattened().iter().map(String::as_str).chain(["u1", "fortran_u1"]) {
        assert_eq!(dense(&format!("npy_{name}.npy")), table_from_zero(), "{name}");
    }
    for version in 1..=3 {
        assert_eq!(dense(&format!("npy_version_{version}.npy")), table(), "version {version}");
    }
}

#[test]
fn bytes_stay_bytes_and_singles_stay_singles() {
    let bytes = golden("npy_u1.npy").expect("a good file").features;
    assert!(matches!(bytes, Features::U8 { unit: 1.0, .. }), "{bytes:?}");
    let bools = golden("npy_bool.npy").expect("a good file").features;
    assert_eq!(bools.to_dense(), Matrix::from_fn(3, 4, |_, j| (j % 2) as f64));
    assert!(matches!(bools, Features::U8 { unit: 1.0, .. }), "{bools:?}");
    for name in ["npy_little_f4.npy", "npy_big_f2.npy"] {
        let singles = golden(name).expect("a good file").features;
        assert!(matches!(singles, Features::F32(_)), "{name}: {singles:?}");
    }
    assert!(matches!(golden("npy_i1.npy").expect("a good file").features, Features::F64(_)));
}

#[test]
fn every_number_of_axes() {
    assert_eq!(dense("npy_scalar.npy"), Matrix::from_vec(1, 1, vec![2.5]));
    assert_eq!(dense("npy_vector.npy"), Matrix::from_fn(5, 1, |i, _| i as f64));
    assert_eq!(dense("npy_no_rows.npy").shape(), [0, 4]);
    assert_eq!(dense("npy_no_columns.npy").shape(), [3, 0]);
    assert_eq!(dense("npy_nothing.npy").shape(), [0, 0]);
    assert_eq!(dense("npy_no_pictures.npy").shape(), [0, 12]);
    assert_eq!(dense("npy_fortran_no_rows.npy").shape(), [0, 4]);
    assert_eq!(dense("npy_fortran_scalar.npy"), dense("npy_scalar.npy"));
    assert_eq!(dense("npy_fortran_vector.npy"), dense("npy_vector.npy"));
    for name in ["npy_images.npy", "npy_images_fortran.npy"] {
        let images = golden(name).expect("a good file");
        assert_eq!(images.names.picture, Some((3, 4)), "{name}");
        assert_eq!(images.features.to_dense(), Matrix::from_fn(2, 12, |i, j| (12 * i + j) as f64), "{name}");
    }
}

#[test]
fn special_values_survive() {
    let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
    let file = |name: &str| std::fs::read(super::golden_path(name)).expect("a golden file");
    // The format's reader itself: `read` refuses values that are not finite.
    let dense = |name: &str| read_bytes(npy::read, &file(name)).expect("an array").features.to_dense();
    let special = dense("npy_special.npy");
    assert!(special.row(0)[0].is_nan());
    assert_eq!(bits(&special.row(0)[1..]), bits(&[f64::INFINITY, f64::NEG_INFINITY, -0.0, 5e-324, f64::MAX]));
    let halves = dense("npy_half_special.npy");
    let expected = [
        0.0,
        -0.0,
        2_f64.powi(-24),
        1023.0 * 2_f64.powi(-24),
        2_f64.powi(-14),
        1.0 + 2_f64.powi(-10),
        65504.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    assert_eq!(bits(&halves.row(0)[..9]), bits(&expected));
    assert!(halves.row(0)[9].is_nan());
}

#[test]
fn the_writer_writes_what_numpy_writes() {
    let file = |name: &str| std::fs::read(super::golden_path(name)).expect("a golden file");
    assert_eq!(written(&[3, 4], Values::F64(table().values())), file("npy_little_f8.npy"));
    assert_eq!(written(&[3, 4], Values::F32(table().cast::<f32>().values())), file("npy_little_f4.npy"));
    assert_eq!(written(&[5], Values::F64(&[0.0, 1.0, 2.0, 3.0, 4.0])), file("npy_vector.npy"));
    assert_eq!(written(&[], Values::F64(&[2.5])), file("npy_scalar.npy"));
}

#[test]
fn what_holds_no_numbers_is_refused_with_a_remedy() {
    for (name, remedy) in [
        ("bad_objects.npy", "never loaded"),
        ("bad_structured.npy", "structured"),
        ("bad_complex.npy", "complex"),
        ("bad_text.npy", "--labels"),
        ("bad_dates.npy", "dates"),
    ] {
        let error = golden(name).expect_err(name);
        assert_eq!(error.exit_code(), 65, "{name}");
        assert!(error.to_string().contains(name) && error.to_string().contains(remedy), "{error}");
    }
}

/// A shape and its values, as bits, so that NaN counts.
fn matrices() -> impl Strategy<Value = (usize, usize, Vec<u64>)> {
    (0_usize..20, 0_usize..20)
        .prop_flat_map(|(n, m)| (Just(n), Just(m), proptest::collection::vec(any::<u64>(), n * m)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read_bit_for_bit((n, m, bits) in matrices()) {
        let doubles: Vec<f64> = bits.iter().map(|&x| f64::from_bits(x)).collect();
        let read = read_bytes(npy::read, &written(&[n, m], Values::F64(&doubles))).expect("what was written");
        let Features::F64(x) = read.features else { panic!("f64 stays f64") };
        prop_assert_eq!(x.shape(), [n, m]);
        prop_assert_eq!(x.values().iter().map(|x| x.to_bits()).collect::<Vec<_>>(), bits.clone());

        // Signalling NaNs may become quiet on the way through f64: compare numbers.
        let singles: Vec<f32> = bits.iter().map(|&x| f32::from_bits(x as u32)).filter(|x| !x.is_nan()).collect();
        let read = read_bytes(npy::read, &written(&[singles.len()], Values::F32(&singles))).expect("what was written");
        let Features::F32(x) = read.features else { panic!("f32 stays f32") };
        prop_assert_eq!(x.values(), &singles[..]);
    }

    #[test]
    fn junk_after_the_magic_is_an_error_and_never_a_panic(junk in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut bytes = npy::MAGIC.to_vec();
        bytes.extend(&junk);
        prop_assert!(read_bytes(npy::read, &bytes).is_err());
    }

    #[test]
    fn a_cut_file_is_an_error(keep in 0_usize..224) {
        let whole = written(&[3, 4], Values::F64(table().values()));
        let error = read_bytes(npy::read, &whole[..keep]).expect_err("a cut file");
        prop_assert_eq!(error.exit_code(), 65);
    }
}
