//! A network in mid-fit.

use super::{
    Attach, Codes, Embedding, Encoder, Found, Net, Objective, Pass, Plan, Terms, load_split, visit_split,
};
use crate::error::{Error, Result};
use crate::linalg::{Graph, LinkSplit, Matrix};
use crate::models::{Data, Step};
use crate::monitor::Env;
use crate::optim::{Adam, Optimizer, Rule};
use crate::solve::links::{draw_split, pos_weight};
use crate::tensors::{Named, TensorView, Tensors, visit_u64};

/// Everything a resume needs; what the data tell again is found again.
pub struct InFit {
    /// The network.
    pub net: Net<f32>,
    /// Where it is and what lies on the way there: codes after the last step.
    pub pass: Pass<f32>,
    /// Rows whose inner products are logits, where these are not the codes.
    pub linked: Option<Matrix<f32>>,
    /// How it descends.
    pub optimizer: Optimizer<f32>,
    /// Steps taken.
    pub n_epochs: u64,
    /// Which links are fitted.
    pub split: LinkSplit,
    /// Sums of the weights of each node's fitted edges, and 1.
    pub degrees: Vec<f64>,
    has_features: bool,
    ready: Option<Ready>,
}

/// What is not saved.
pub struct Ready {
    /// The loss.
    pub objective: Objective<f32>,
    /// The gradient of the parameters.
    pub gradient: Vec<f32>,
}

impl InFit {
    /// Splits the links, draws a network and goes once over the graph.
    /// # Errors
    /// Data that are no graph or have no edge, [`Error::Limit`].
    pub fn start(plan: &Plan, x: &Data, env: &Env) -> Result<InFit> {
        let graph = x.graph()?;
        let split = the_split(&graph, plan.validation, plan.test, env)?;
        let n_inputs = graph.features().map_or(graph.n_nodes(), |x| x.n_features());
        let n_params = Net::<f32>::n_params(plan, n_inputs);
        env.budget.charge_array(n_params as u64, 16, "the parameters of a network")?;
        let rule: Rule = Adam::default().into();
        let mut state = InFit {
            net: Net::glorot(plan, n_inputs, env.seed),
            pass: Pass::default(),
            linked: None,
            optimizer: Optimizer::new(rule, n_params),
            n_epochs: 0,
            split,
            degrees: Vec::new(),
            has_features: graph.features().is_some(),
            ready: None,
        };
        state.prepare(x, env)?;
        Ok(state)
    }

    /// What the data tell, found once: at the start, and when a resumed fit goes on.
    fn prepare(&mut self, x: &Data, env: &Env) -> Result<()> {
        if self.ready.is_some() {
            return Ok(());
        }
        let graph = x.graph()?;
        let n_inputs = graph.features().map_or(graph.n_nodes(), |x| x.n_features());
        if n_inputs != self.net.n_inputs() {
            let expected = format!("{} features of nodes, as at the start", self.net.n_inputs());
            return Err(Error::shape(expected, format!("{n_inputs}")));
        }
        let fitted = graph.with_links(&self.split.training)?;
        self.degrees = fitted.degrees().iter().map(|degree| degree + 1.0).collect();
        let objective = Objective::new(&self.net.plan, &fitted, &env.budget)?;
        let gradient = vec![0.0; self.net.params.len()];
        self.pass = Pass::new(&self.net.plan, graph.n_nodes());
        self.ready = Some(Ready { objective, gradient });
        self.forward();
        Ok(())
    }

    /// Goes over the graph with the parameters as they are.
    fn forward(&mut self) {
        let ready = self.ready.as_mut().expect("prepared before it goes over the graph");
        self.net.forward(&ready.objective.inputs, &mut self.pass);
        if self.net.plan.link == super::Link::Gcn {
            self.linked = Some(ready.objective.logit_rows(&self.net, &self.pass).clone());
        }
    }

    /// The parts of a state that is prepared for the data.
    /// # Errors
    /// As [`InFit::start`].
    pub fn parts(&mut self, x: &Data, env: &Env) -> Result<(&mut Net<f32>, &mut Pass<f32>, &mut Ready)> {
        self.prepare(x, env)?;
        let ready = self.ready.as_mut().expect("prepared just now");
        Ok((&mut self.net, &mut self.pass, ready))
    }

    /// One step down the loss; `draw` keys what is drawn in it.
    /// # Errors
    /// As [`InFit::start`], and [`Error::Numerical`] where a parameter is no number any more.
    pub fn descend(&mut self, x: &Data, draw: u64, env: &Env) -> Result<Terms> {
        let (net, pass, ready) = self.parts(x, env)?;
        let Ready { objective, gradient } = ready;
        objective.draw_noise(env.seed, draw);
        let terms = objective.loss(net, pass, gradient, env.seed, draw);
        self.move_by(|state| state.net.plan.learning_rate, None)?;
        Ok(terms)
    }

    /// Moves the parameters along the gradient, by the state's optimiser or another, and goes over the graph again.
    /// # Errors
    /// [`Error::Numerical`].
    pub fn move_by(
        &mut self,
        rate: impl Fn(&InFit) -> f64,
        other: Option<&mut Optimizer<f32>>,
    ) -> Result<()> {
        let rate = rate(self) as f32;
        let ready = self.ready.as_ref().expect("a gradient was found");
        other.unwrap_or(&mut self.optimizer).step(&mut self.net.params, &ready.gradient, rate);
        if !self.net.params.iter().all(|x| x.is_finite()) {
            let why = "a parameter is no number any more; lower --learning-rate";
            return Err(Error::numerical(format!("epoch {}", self.n_epochs + 1), why));
        }
        self.forward();
        Ok(())
    }

    /// What a step tells: the parts of its loss, and how well the codes after it find held-out links.
    pub fn told(&self, terms: Terms) -> Step {
        let mut metrics = vec![("links", terms.links)];
        if self.net.plan.variational {
            metrics.push(("divergence", terms.divergence));
        }
        if self.net.plan.laplacian > 0.0 {
            metrics.push(("roughness", terms.roughness));
        }
        let rows = self.linked.as_ref().unwrap_or(&self.pass.mu);
        if let Some(found) = Found::of(rows, &self.split.validation, &self.split.validation_none) {
            metrics.push(("validation_auc", found.auc()));
        }
        Step { objective: terms.total, converged: false, metrics }
    }

    /// One epoch: a step down the loss.
    /// # Errors
    /// As [`InFit::descend`].
    pub fn epoch(&mut self, x: &Data, env: &Env) -> Result<Step> {
        let terms = self.descend(x, self.n_epochs, env)?;
        self.n_epochs += 1;
        Ok(self.told(terms))
    }

    /// The model.
    pub fn finish(self) -> Embedding {
        let InFit { net, pass, linked, split, degrees, has_features, .. } = self;
        let n = pass.mu.n_rows();
        let pos_weight = pos_weight(n, split.training.len());
        let is_variational = net.plan.variational;
        let first = if net.plan.encoder == Encoder::Gcn { Some(pass.projected) } else { None };
        Embedding {
            codes: Codes(pass.mu.cast()),
            linked: linked.map(|rows| rows.cast()),
            split,
            pos_weight,
            samples: is_variational,
            attach: Attach::Network { net, first, second: pass.before_mu, degrees, has_features },
        }
    }

    /// The state of a checkpoint.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or of another shape.
    pub fn load(plan: &Plan, named: &Named) -> Result<InFit> {
        let net = Net::load(plan, named)?;
        let matrix = |name: &str| -> Result<Matrix<f32>> {
            let (rows, cols, values) = named.matrix_f32(name)?;
            Ok(Matrix::from_vec(rows, cols, values))
        };
        let some = |name: &str| if named.contains(name) { matrix(name).map(Some) } else { Ok(None) };
        let pass = Pass {
            projected: some("projected")?.unwrap_or_default(),
            before_mu: matrix("before_mu")?,
            mu: matrix("mu")?,
            ..Pass::default()
        };
        let rule: Rule = Adam::default().into();
        Ok(InFit {
            optimizer: Optimizer::load(rule, net.params.len(), &named.under("adam/"))?,
            net,
            pass,
            linked: some("linked")?,
            n_epochs: named.scalar_u64("n_epochs")?,
            split: load_split(named)?,
            degrees: named.vector_f64("degrees")?,
            has_features: named.scalar_u64("has_features")? == 1,
            ready: None,
        })
    }
}

/// The split that came with the graph, else one drawn by the seed.
/// # Errors
/// As [`draw_split`].
pub fn the_split(graph: &Graph, validation: f64, test: f64, env: &Env) -> Result<LinkSplit> {
    // Links twice while they are shuffled, and the edges of the fitted graph.
    env.budget.charge_array(graph.adjacency().nnz() as u64, 48, "the links")?;
    match graph.split() {
        Some(split) => Ok(split.clone()),
        None => draw_split(graph, validation, test, env.seed),
    }
}

impl Tensors for InFit {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.net.visit(each);
        if self.net.plan.encoder == Encoder::Gcn {
            self.pass.projected.visit_as("projected", each);
        }
        self.pass.before_mu.visit_as("before_mu", each);
        self.pass.mu.visit_as("mu", each);
        if let Some(linked) = &self.linked {
            linked.visit_as("linked", each);
        }
        self.optimizer.visit(&mut |name, view| each(&format!("adam/{name}"), view));
        visit_u64(each, "n_epochs", self.n_epochs);
        visit_split(&self.split, each);
        crate::tensors::visit_vector(each, "degrees", self.degrees.as_slice());
        visit_u64(each, "has_features", u64::from(self.has_features));
    }
}

/// A room whose fit goes by a plan.
pub trait Described {
    /// The fit as all rooms of the family describe it.
    fn plan(&self) -> Plan;
}

/// The [`Fit`](crate::models::Fit) of a room that is [`Described`], and whose fit is descent on the loss of its plan alone.
macro_rules! fit_as_described {
    ($params:ty) => {
        impl $crate::models::Fit for $params {
            type State = $crate::models::graph::InFit;
            type Model = $crate::models::graph::Embedding;
            const TAKES_ALL_STEPS: bool = true;
            const HELD_OUT: $crate::models::validation::HeldOut = $crate::models::validation::HeldOut::Links;

            fn max_iterations(&self) -> u64 {
                self.epochs
            }

            fn start(&self, x: &$crate::models::Data, env: &$crate::monitor::Env) -> Result<Self::State> {
                Self::State::start(&self.plan(), x, env)
            }

            fn step(
                &self,
                x: &$crate::models::Data,
                state: &mut Self::State,
                env: &$crate::monitor::Env,
            ) -> Result<$crate::models::Step> {
                state.epoch(x, env)
            }

            fn finish(&self, state: Self::State) -> Result<Self::Model> {
                Ok(state.finish())
            }

            fn load_state(&self, named: &$crate::tensors::Named) -> Result<Self::State> {
                Self::State::load(&self.plan(), named)
            }

            fn load_model(&self, named: &$crate::tensors::Named) -> Result<Self::Model> {
                Self::Model::load_network(&self.plan(), named)
            }
        }
    };
}
pub(super) use fit_as_described;
