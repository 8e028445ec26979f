//! Fitted normalizing flows: what the rooms of that kind end in.
//!
//! A room says which steps x -> z its network is made of ([`Flows`]); this module standardises data (and, where values
//! are whole numbers, adds uniform noise to them), maximises
//!
//! ln p(x) = ln p_0(z) + ln |det dz/dx|,
//!
//! and makes of the fitted steps a [`Density`]: exact log likelihoods, codes z, data from codes, samples. With
//! `conditional` the steps are told the class of a sample and the density is p(x | class); a code then ends with the
//! number of its class, and data without labels are taken to be of the class that is most probable for them (Bayes).

mod chains;
mod figures;
mod model;
mod net;
mod reading;
mod sampling;
mod settings;

pub use chains::{alternating, autoregressive};
pub use model::Density;
pub use net::Net;
pub use reading::Reading;
pub(in crate::models) use settings::flow_params;
pub use settings::{Common, Flows, Size};

pub use net::Likelihoods;

use net::{Chained, fill_classes};
use reading::Noise;
