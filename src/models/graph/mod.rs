//! Graphs: nodes embedded so that inner products of their codes tell which of them are joined.
//!
//! Data are a graph ([`crate::models::Data::graph`]): an undirected, perhaps weighted one, whose nodes may have features.
//! Some links are held out, and judge the embedding. The rooms share their networks, losses and what they end in:
//!
//! | what | where |
//! |---|---|
//! | what can be chosen | [`Plan`] |
//! | networks in closed form | [`Net`], [`Inputs`] |
//! | the loss and its gradient | [`Objective`] |
//! | a fit that goes on | [`InFit`] |
//! | the fitted model | [`Embedding`] |

pub mod arga;
mod attach;
pub mod eigenmaps;
mod embedding;
mod figures;
pub mod gae;
mod held_out;
mod inputs;
mod judged;
mod net;
mod objective;
mod params;
mod pass;
mod settings;
mod training;
pub mod vgae;

pub use attach::Attach;
pub use embedding::{Codes, Embedding, Predicted};
pub use figures::SEARCHED_NODES;
pub use held_out::{Found, load_split, visit_split};
pub use inputs::Inputs;
use inputs::project_rows;
pub use net::Net;
use net::product;
pub use objective::{Objective, Terms};
use params::graph_params;
pub use pass::{LinkPass, Pass};
pub use settings::{Decoder, Encoder, Link, Plan, check_shares};
use training::fit_as_described;
pub use training::{Described, InFit, Ready, the_split};
