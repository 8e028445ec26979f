//! The loss of a network on a graph, and its gradient.

use super::{Decoder, Inputs, Link, LinkPass, Net, Pass, Plan};
use crate::error::Result;
use crate::linalg::{Csr, Graph, Matrix};
use crate::monitor::Budget;
use crate::random::fill_normal;
use crate::solve::links::{Exact, LinkLoss, Sampled, Subgraph};
use diabolo_kernels::Real;
use diabolo_kernels::loss::Prior;

/// The word of the key of the noise of codes.
const NOISE: u64 = 0x6ae1;

/// The parts of a loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// The loss of the links.
    pub links: f64,
    /// KL(q || N(0, I)) / n², as published: the mean over nodes, over their number.
    pub divergence: f64,
    /// tr(Z' L Z)
    pub roughness: f64,
    /// links + beta divergence + laplacian roughness
    pub total: f64,
}

/// Everything of a fit that follows from the data and the plan: nothing of it is saved.
pub struct Objective<T> {
    /// A^ and X.
    pub inputs: Inputs<T>,
    loss: LinkLoss<T>,
    /// L, where it weighs something.
    laplacian: Option<Csr<T>>,
    link: Option<LinkPass<T>>,
    eps: Matrix<T>,
    z: Matrix<T>,
    dz: Matrix<T>,
    dy: Matrix<T>,
    d_mu: Matrix<T>,
    d_log_var: Matrix<T>,
    l_z: Matrix<T>,
}

impl<T: Real> Objective<T> {
    /// The objective for the links of a graph.
    /// # Errors
    /// [`crate::Error::Limit`].
    pub fn new(plan: &Plan, graph: &Graph, budget: &Budget) -> Result<Objective<T>> {
        let (n, k, n_links) = (graph.n_nodes(), plan.n_latent, graph.n_edges());
        let bytes = match plan.decoder {
            Decoder::Exact => Exact::<T>::bytes(n, n_links, k),
            Decoder::Sampled => Sampled::<T>::bytes(n, n_links, plan.negatives),
            Decoder::Subgraph => Subgraph::<T>::bytes(n, n_links, plan.subgraph, k),
        };
        budget.charge(bytes, "the loss of the links")?;
        budget.charge_array(
            n as u64 * size_of::<T>() as u64,
            Pass::<T>::numbers_a_node(plan),
            "the layers of all nodes",
        )?;
        let (zeros, nothing) = (Matrix::zeros(n, k), Matrix::zeros(0, 0));
        let only_if = |is: bool| if is { zeros.clone() } else { nothing.clone() };
        Ok(Objective {
            inputs: Inputs::of(graph, plan.encoder == super::Encoder::Vgnae, budget)?,
            loss: match plan.decoder {
                Decoder::Exact => LinkLoss::Exact(Exact::new(graph)),
                Decoder::Sampled => LinkLoss::Sampled(Sampled::new(graph, plan.negatives)),
                Decoder::Subgraph => {
                    LinkLoss::Subgraph(Subgraph::new(graph, plan.subgraph, plan.degree_power))
                }
            },
            laplacian: (plan.laplacian > 0.0).then(|| graph.laplacian()),
            link: (plan.link == Link::Gcn).then(|| LinkPass::new(plan, n)),
            eps: only_if(plan.variational && plan.noise),
            dy: only_if(plan.link == Link::Gcn),
            d_mu: only_if(plan.variational),
            d_log_var: only_if(plan.variational),
            l_z: only_if(plan.laplacian > 0.0),
            dz: zeros.clone(),
            z: zeros,
        })
    }

    /// Noise for the codes, keyed by the seed and the step.
    pub fn draw_noise(&mut self, seed: u64, step: u64) {
        fill_normal(seed, &[NOISE, step], self.eps.values_mut());
    }

    /// The noise, to be set.
    pub fn noise_mut(&mut self) -> &mut Matrix<T> {
        &mut self.eps
    }

    /// The codes of the last loss.
    pub fn z(&self) -> &Matrix<T> {
        &self.z
    }

    /// Codes from what the way forward left: mu, or mu + sigma eps.
    pub fn draw_codes(&mut self, plan: &Plan, pass: &Pass<T>) {
        if plan.variational && plan.noise {
            let (mu, log_var) = (pass.mu.values(), pass.log_var.values());
            T::reparameterise(mu, log_var, self.eps.values(), self.z.values_mut());
        } else {
            self.z.values_mut().copy_from_slice(pass.mu.values());
        }
    }

    /// What flows back from codes to the parameters; `pass` is as forward left it.
    pub fn codes_back(&mut self, net: &Net<T>, pass: &mut Pass<T>, scale: f64, gradient: &mut [T]) -> f64 {
        let plan = &net.plan;
        if !plan.variational {
            net.backward(&self.inputs, pass, &self.dz, None, gradient);
            return 0.0;
        }
        let (mu, log_var) = (pass.mu.values(), pass.log_var.values());
        let (d_mu, d_log_var) = (self.d_mu.values_mut(), self.d_log_var.values_mut());
        let divergence = T::gaussian_kl(
            mu,
            log_var,
            plan.n_latent,
            Prior::Standard,
            T::from_f64(scale),
            [Some(&mut *d_mu), Some(&mut *d_log_var)],
            None,
        );
        if plan.noise {
            T::reparameterise_backward(log_var, self.eps.values(), self.dz.values(), d_mu, d_log_var);
        } else {
            T::add_in_place(self.dz.values(), d_mu);
        }
        net.backward(&self.inputs, pass, &self.d_mu, Some(&self.d_log_var), gradient);
        divergence
    }

    /// The gradient by the codes, to be set before [`Objective::codes_back`].
    pub fn dz_mut(&mut self) -> &mut Matrix<T> {
        &mut self.dz
    }

    /// The loss at a network whose way forward left `pass`, and its gradient, which is overwritten; what is drawn
    /// besides noise is keyed by the seed and the step.
    pub fn loss(
        &mut self,
        net: &Net<T>,
        pass: &mut Pass<T>,
        gradient: &mut [T],
        seed: u64,
        step: u64,
    ) -> Terms {
        let plan = &net.plan;
        self.draw_codes(plan, pass);
        let links = match &mut self.link {
            None => self.loss.loss(&self.z, &mut self.dz, seed, step),
            Some(link) => {
                net.link_forward(&self.inputs, &self.z, link);
                let links = self.loss.loss(&link.y, &mut self.dy, seed, step);
                net.link_backward(&self.inputs, &self.z, link, &self.dy, &mut self.dz, gradient);
                links
            }
        };
        let mut roughness = 0.0;
        if let Some(laplacian) = &self.laplacian {
            // tr(Z' L Z) and its derivative 2 L Z.
            T::spmm(T::ONE, laplacian.view(), self.z.view(), T::ZERO, self.l_z.view_mut());
            roughness = T::dot(self.z.values(), self.l_z.values()).to_f64();
            T::axpy(T::from_f64(2.0 * plan.laplacian), self.l_z.values(), self.dz.values_mut());
        }
        let share = 1.0 / (pass.mu.n_rows() as f64).powi(2);
        let divergence = share * self.codes_back(net, pass, plan.beta * share, gradient);
        let total = links + plan.beta * divergence + plan.laplacian * roughness;
        Terms { links, divergence, roughness, total }
    }

    /// The rows whose inner products are logits, of the means of codes: themselves, or what the link makes of them.
    pub fn logit_rows<'a>(&'a mut self, net: &Net<T>, pass: &'a Pass<T>) -> &'a Matrix<T> {
        match &mut self.link {
            None => &pass.mu,
            Some(link) => {
                net.link_forward(&self.inputs, &pass.mu, link);
                &link.y
            }
        }
    }
}
