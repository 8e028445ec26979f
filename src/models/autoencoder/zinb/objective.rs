//! The loss of the networks, as recorded.

use super::Form;
use super::net::{Inputs, Net};
use crate::autodiff::op::CountOutputs;
use crate::autodiff::{Graph, Program, Store};
use crate::models::network::{Batch, Moment, Network, Recorded};

impl Network for Net {
    fn record(&self, graph: &mut Graph<f32>, store: &Store<f32>, rows: usize, train: bool) -> Recorded {
        let inputs = self.inputs(graph, rows);
        let mut masks = Vec::new();
        let codes = self.encode(graph, store, inputs.x, train.then_some(&mut masks));
        let mut noise = Vec::new();
        let z = match codes.log_var {
            None => codes.mu,
            Some(log_var) => {
                let eps = graph.input(rows, self.params.n_latent());
                noise.push(eps);
                graph.normal(codes.mu, log_var, eps)
            }
        };
        let outputs = CountOutputs {
            size_factors: Some(inputs.size_factors),
            ..self.decode(graph, store, z, inputs.batch, train)
        };
        // The denoising form minimises a mean over all entries, as its program does; the variational one a bound.
        let per_row = match self.params.form {
            Form::Dca => 1.0 / self.reading.n_features as f64,
            Form::Scvi => 1.0,
        };
        let scale = per_row / rows as f64;
        let nll = graph.count_nll(inputs.counts, outputs, self.links(), scale);
        let (mut loss, mut terms, mut weights) = (nll, Vec::new(), None);
        if let Some(log_var) = codes.log_var {
            let elements = graph.normal_kl(codes.mu, log_var);
            let kl = graph.scaled_sum(elements, 1.0 / rows as f64);
            let both = graph.input(1, 2);
            loss = graph.weighted_total(&[nll, kl], both);
            terms = vec![("reconstruction", nll), ("kl", kl)];
            weights = Some(both);
        }
        // Not recorded where it is free: a second reader of the logits would take their gradient a pass of its own.
        let priced = if self.params.ridge > 0.0 { self.dropouts(graph, &outputs) } else { None };
        if let Some(pi) = priced {
            let squares = graph.square(pi);
            let ridge = graph.scaled_sum(squares, self.params.ridge * scale);
            loss = graph.total(&[loss, ridge]);
            terms.push(("ridge", ridge));
        }
        let further = [inputs.counts, inputs.size_factors].into_iter().chain(inputs.batch).collect();
        Recorded { x: inputs.x, loss, terms, noise, masks, weights, further }
    }

    /// (1, the weight of the divergence), which rises over `kl_warm_up` epochs (Bowman et al. 2016).
    fn weights(&self, at: Moment) -> Vec<f32> {
        let steps = self.params.kl_warm_up * at.steps_per_epoch;
        let weight = if at.train && at.step < steps { at.step as f64 / steps as f64 } else { 1.0 };
        vec![1.0, weight as f32]
    }

    fn fill(
        &self,
        program: &mut Program<f32>,
        recorded: &Recorded,
        batch: &Batch,
        _: Moment,
        _: &[u64],
        _: u64,
    ) {
        let &[counts, size_factors, ref batches @ ..] = &recorded.further[..] else { return };
        let inputs = Inputs { x: recorded.x, counts, size_factors, batch: batches.first().copied() };
        self.fill_inputs(program, &inputs, batch, &self.batches);
    }

    /// Batch normalisation needs a variance.
    fn least_rows(&self) -> usize {
        2
    }
}
