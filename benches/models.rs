//! Every model of ROOMS with its defaults on the data set its line names: `cargo bench --bench models`.
//!
//! A fit and, where the model has them, codes of all samples and data from these codes; samples a second are
//! criterion's throughput. How the same models stand beside other programs is in `benches/peers`.

use criterion::{BenchmarkId, Criterion, Throughput};
use diabolo::cli::room::Room;
use diabolo::cli::rooms::ROOMS;
use diabolo::data;
use diabolo::models::{Dataset, Model};
use diabolo::monitor::{Budget, Env, Monitor, Progress, Signal, Silent};
use diabolo::tensors::Tensors;
use std::time::Duration;

/// The most steps of a fit that is timed: models whose defaults take thousands do not hold up the others.
const STEPS: u64 = 50;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for room in ROOMS {
        bench(&mut criterion, room);
    }
    criterion.final_summary();
}

/// Stops a fit after some steps.
struct StopAfter(u64);

impl Monitor for StopAfter {
    fn at(&mut self, progress: &Progress, _: &dyn Tensors) -> diabolo::Result<Signal> {
        Ok(if progress.iteration >= self.0 { Signal::Stop } else { Signal::Go })
    }
}

/// The defaults; networks that count steps in an epoch take two.
fn params(room: &Room) -> serde_json::Value {
    let mut params = (room.defaults)();
    if params.get("steps").is_some() {
        (params["steps"], params["epochs"]) = (2.into(), STEPS.into());
    }
    params
}

fn fitted(room: &Room, set: &Dataset, monitor: &mut dyn Monitor) -> Box<dyn Model> {
    let fit = (room.fit)(&params(room), &set.data(), None, &Env::seeded(1), monitor);
    fit.unwrap_or_else(|e| panic!("{}: {e}", room.name)).0
}

fn bench(criterion: &mut Criterion, room: &Room) {
    let set = data::by_name(room.example, &Budget::unlimited()).expect("a set of that name");
    let set = set.expect("an example that can be made");
    let env = Env::seeded(1);
    let mut group = criterion.benchmark_group(room.name);
    group.throughput(Throughput::Elements(set.features.n_samples() as u64));
    group.bench_function(BenchmarkId::new("fit", room.example), |bencher| {
        bencher.iter(|| fitted(room, &set, &mut StopAfter(STEPS)));
    });
    let model = fitted(room, &set, &mut Silent);
    let mut codes = None;
    if let Some(encoder) = model.encoder() {
        group.bench_function(BenchmarkId::new("encode", room.example), |bencher| {
            bencher.iter(|| encoder.encode(&set.features, &env).expect("codes"));
        });
        codes = Some(encoder.encode(&set.features, &env).expect("codes").to_f64());
    }
    if let (Some(decoder), Some(z)) = (model.decoder(), codes) {
        group.bench_function(BenchmarkId::new("decode", room.example), |bencher| {
            bencher.iter(|| decoder.decode(&z, &env).expect("data"));
        });
    }
    group.finish();
}
