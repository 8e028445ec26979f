//! A matrix in a safetensors file.

use super::{golden, read_bytes, table};
use diabolo::io::safetensors;
use diabolo::linalg::Features;

#[test]
fn the_matrix_is_found() {
    let one = golden("safetensors_one.safetensors").expect("a good file").features;
    assert_eq!(one, Features::F64(table()));
    let among_vectors = golden("safetensors_matrix_and_vectors.safetensors").expect("a good file").features;
    assert_eq!(among_vectors, Features::F32(table().cast()));
    let named = golden("safetensors_x.safetensors").expect("a good file").features;
    assert_eq!(named, Features::F32(table().cast()));
}

#[test]
fn an_unclear_choice_is_refused_with_the_names() {
    let error = golden("bad_two_matrices.safetensors").expect_err("two matrices");
    assert_eq!(error.exit_code(), 65);
    assert!(error.to_string().contains("(a, b)"), "{error}");
}

#[test]
fn a_cut_file_is_an_error() {
    let whole = std::fs::read(super::golden_path("safetensors_x.safetensors")).expect("a golden file");
    for keep in 0..whole.len() {
        let error = read_bytes(safetensors::read, &whole[..keep]).expect_err("a cut file");
        assert_eq!(error.exit_code(), 65, "{error}");
    }
}
