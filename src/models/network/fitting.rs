//! The fit of a room whose model is a network that descends by epochs.

use super::{Descent, Network, TrainState};
use crate::autodiff::Store;
use crate::error::Result;
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Model, Settings, Step};
use crate::monitor::Env;
use crate::tensors::{Named, TensorView, Tensors};

/// What a room says of its network; its [`Fit`] follows from that.
pub trait Descends: Settings {
    /// The score that rows held out are judged by, the lower the better.
    const SCORE: &'static str;
    /// How data become what the network takes, found once from the data of the fit.
    type Reading: Tensors;
    /// The network and its loss.
    type Net: Network;
    /// The fitted model.
    type Model: Model + 'static;

    /// How the network descends.
    fn descent(&self) -> Descent;

    /// Bytes of the network's parameters for data of a width.
    fn bytes(&self, n_features: usize) -> u64;

    /// What suits some data, whose values are finite.
    /// # Errors
    /// Values the model cannot take.
    fn read(&self, x: &Data) -> Result<Self::Reading>;

    /// The reading of a saved model.
    /// # Errors
    /// Arrays that are missing or of another shape.
    fn load_reading(&self, named: &Named) -> Result<Self::Reading>;

    /// The network of a reading; its initial parameters are added to `store`.
    fn net(&self, store: &mut Store<f32>, reading: &Self::Reading, seed: u64) -> Self::Net;

    /// Sets what parameters start from, where that is found from the data.
    /// # Errors
    /// Memory over the limit.
    fn prepare(&self, _net: &Self::Net, _store: &mut Store<f32>, _x: &Data, _env: &Env) -> Result<()> {
        Ok(())
    }

    /// Tells the network what it needs of the data besides the rows.
    /// # Errors
    /// Where the data have not what the data of the start had.
    fn accompany(&self, _net: &mut Self::Net, _reading: &Self::Reading, _x: &Data) -> Result<()> {
        Ok(())
    }

    /// The model of fitted parameters.
    fn model(&self, reading: Self::Reading, net: Self::Net, store: Store<f32>) -> Self::Model;
}

/// A network in mid-fit, with how it reads its data.
pub struct InFit<P: Descends> {
    reading: P::Reading,
    net: P::Net,
    train: TrainState,
}

impl<P: Descends> Tensors for InFit<P> {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.reading.visit(each);
        self.train.visit(each);
    }
}

impl<P: Descends> InFit<P>
where
    P::Reading: Clone,
{
    /// The model as it would be now, the fit going on.
    pub fn model(&self, params: &P) -> P::Model {
        let net = params.net(&mut Store::default(), &self.reading, 0);
        params.model(self.reading.clone(), net, self.train.store.clone())
    }
}

impl<P: Descends> Fit for P {
    type State = InFit<P>;
    type Model = P::Model;
    /// Epochs are asked for; a watch on held-out rows may end them sooner.
    const TAKES_ALL_STEPS: bool = true;
    const HELD_OUT: HeldOut = HeldOut::Scored(P::SCORE);

    fn max_iterations(&self) -> u64 {
        self.descent().epochs
    }

    fn start(&self, x: &Data, env: &Env) -> Result<InFit<P>> {
        let features = x.finite_features()?;
        env.budget.charge(self.bytes(features.n_features()), "the parameters of a network")?;
        let (reading, mut store) = (self.read(x)?, Store::default());
        let net = self.net(&mut store, &reading, env.seed);
        self.prepare(&net, &mut store, x, env)?;
        let train = TrainState::start(store, &net, &self.descent(), features, env)?;
        Ok(InFit { reading, net, train })
    }

    /// One epoch.
    fn step(&self, x: &Data, state: &mut InFit<P>, env: &Env) -> Result<Step> {
        self.accompany(&mut state.net, &state.reading, x)?;
        state.train.epoch(&state.net, &self.descent(), x.features()?, env)
    }

    fn finish(&self, state: InFit<P>) -> Result<P::Model> {
        Ok(self.model(state.reading, state.net, state.train.finish()))
    }

    fn load_state(&self, named: &Named) -> Result<InFit<P>> {
        let (reading, mut store) = (self.load_reading(named)?, Store::default());
        let net = self.net(&mut store, &reading, 0);
        Ok(InFit { reading, net, train: TrainState::load(store, &self.descent(), named)? })
    }

    fn load_model(&self, named: &Named) -> Result<P::Model> {
        let (reading, mut store) = (self.load_reading(named)?, Store::default());
        let net = self.net(&mut store, &reading, 0);
        store.load(named)?;
        Ok(self.model(reading, net, store))
    }
}
