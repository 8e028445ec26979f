//! Kernels against their peers: `cargo bench --bench kernels` by criterion, and
//! `cargo bench --bench kernels -- table KERNEL` as a table of interleaved rounds.

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let [table, kernel, filter @ ..] = &words[..]
        && table == "table"
    {
        match &kernel[..] {
            "gemm" => gemm::table(filter),
            "loss" => loss::table(),
            "pairs" => pairs::table(),
            "rng" => rng::table(filter),
            "vector" => vector::table(),
            "sparse" => sparse::table(),
            _ => eprintln!("no table of {kernel}; there are: gemm, loss, pairs, rng, sparse, vector"),
        }
        return;
    }
    let mut criterion = criterion::Criterion::default().configure_from_args();
    parallel::bench(&mut criterion);
    conv::bench(&mut criterion);
    gemm::bench(&mut criterion);
    loss::bench(&mut criterion);
    pairs::bench(&mut criterion);
    rng::bench(&mut criterion);
    sparse::bench(&mut criterion);
    vector::bench(&mut criterion);
    criterion.final_summary();
}

mod conv;
mod gemm;
mod loss;
mod pairs;
mod parallel;
mod rng;
mod rounds;
mod sparse;
mod vector;
