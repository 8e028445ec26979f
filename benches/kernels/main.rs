//! Kernels against their peers, by criterion: `cargo bench --bench kernels`.

fn main() {
    let mut criterion = criterion::Criterion::default().configure_from_args();
    parallel::bench(&mut criterion);
    criterion.final_summary();
}

mod parallel;
