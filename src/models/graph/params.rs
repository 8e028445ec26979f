//! The parameters of a fit of a network on a graph, which its rooms share.

/// `Params` of a room: what all networks on graphs are asked, with a description for the command line, around its `own`
/// fields; what of [`Plan`](crate::models::graph::Plan) the room says by itself; and where its defaults differ from the plan's.
macro_rules! graph_params {
    (
        $(#[$meta:meta])*
        own { $($(#[$own_meta:meta])* $own:ident: $own_type:ty = $own_default:expr,)* }
        plan { $($planned:ident: $value:expr),* $(,)? }
        defaults { $($default:ident: $default_value:expr),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "cli", derive(clap::Args))]
        #[serde(default, deny_unknown_fields)]
        pub struct Params {
            /// Length of a code
            #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
            pub n_latent: usize,
            /// Width of the hidden layer
            #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
            pub n_hidden: usize,
            /// How nodes become codes
            #[cfg_attr(feature = "cli", arg(long, value_enum))]
            pub encoder: crate::models::graph::Encoder,
            /// Which pairs the loss goes over
            #[cfg_attr(feature = "cli", arg(long, value_enum))]
            pub decoder: crate::models::graph::Decoder,
            /// What comes between codes and the inner products that are logits
            #[cfg_attr(feature = "cli", arg(long, value_enum))]
            pub link: crate::models::graph::Link,
            /// The length that --encoder vgnae scales rows to
            #[cfg_attr(feature = "cli", arg(long, value_name = "S"))]
            pub scaling: f64,
            /// Pairs without a link that --decoder sampled draws for each link
            #[cfg_attr(feature = "cli", arg(long, value_name = "RATIO"))]
            pub negatives: f64,
            /// Nodes that --decoder subgraph draws in a step
            #[cfg_attr(feature = "cli", arg(long, value_name = "NODES"))]
            pub subgraph: usize,
            /// The power of their degree they are drawn by; 0 draws them evenly
            #[cfg_attr(feature = "cli", arg(long, value_name = "P"))]
            pub degree_power: f64,
            /// The weight of tr(Z' L Z), which draws joined nodes together
            #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
            pub laplacian: f64,
            $($(#[$own_meta])* pub $own: $own_type,)*
            /// Epochs, each of a step over the whole graph, or of several where codes are played for
            #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
            pub epochs: u64,
            /// The step size of Adam
            #[cfg_attr(feature = "cli", arg(long, value_name = "LR"))]
            pub learning_rate: f64,
            /// The share of links held out to watch the fit
            #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
            pub validation: f64,
            /// The share of links held out to judge it
            #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
            pub test: f64,
        }

        impl Default for Params {
            fn default() -> Self {
                #[allow(clippy::needless_update, reason = "a room may keep all defaults of the plan")]
                let plan = crate::models::graph::Plan { $($default: $default_value,)* ..Default::default() };
                Params {
                    n_latent: plan.n_latent,
                    n_hidden: plan.n_hidden,
                    encoder: plan.encoder,
                    decoder: plan.decoder,
                    link: plan.link,
                    scaling: plan.scaling,
                    negatives: plan.negatives,
                    subgraph: plan.subgraph,
                    degree_power: plan.degree_power,
                    laplacian: plan.laplacian,
                    $($own: $own_default,)*
                    epochs: plan.epochs,
                    learning_rate: plan.learning_rate,
                    validation: plan.validation,
                    test: plan.test,
                }
            }
        }

        impl crate::models::graph::Described for Params {
            fn plan(&self) -> crate::models::graph::Plan {
                crate::models::graph::Plan {
                    n_latent: self.n_latent,
                    n_hidden: self.n_hidden,
                    encoder: self.encoder,
                    decoder: self.decoder,
                    link: self.link,
                    scaling: self.scaling,
                    negatives: self.negatives,
                    subgraph: self.subgraph,
                    degree_power: self.degree_power,
                    laplacian: self.laplacian,
                    $($planned: ($value)(self),)*
                    epochs: self.epochs,
                    learning_rate: self.learning_rate,
                    validation: self.validation,
                    test: self.test,
                }
            }
        }
    };
}
pub(in crate::models::graph) use graph_params;
