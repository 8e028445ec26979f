//! What entering the thread pool costs: the figure behind the grain sizes of `kernels::parallel`.

use criterion::Criterion;
use diabolo_kernels::parallel;

/// An empty two-chunk map: pure overhead.
pub fn bench(c: &mut Criterion) {
    c.bench_function("parallel/map_chunks/two empty chunks", |b| {
        b.iter(|| parallel::map_chunks(2, 1, |range| range.start))
    });
}
