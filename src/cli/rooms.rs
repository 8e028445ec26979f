//! The table of models. Adding a model is one line here: help, `diabolo models`, the README's table, the
//! common tests and the bench list derive from it.

use super::room::{Room, room};
use crate::applications::starfysh::generative;
use crate::applications::{deconvolution, joint_nmf, metagene};
use crate::error::{Error, Result};
use crate::io::run::Manifest;
use crate::models::Model;
use crate::models::adversarial::gan;
use crate::models::autoencoder::{ae, vae, zinb};
use crate::models::density::{glow, iaf, maf, nice, realnvp, spline};
use crate::models::factorization::{
    als, archetype, bpmf, completion, gradient, implicit, kmeans, nmf, pca, svd,
};
use crate::models::graph::{arga, eigenmaps, gae, vgae};
use crate::models::interpolation::{film, xvfi};
use crate::models::topic::{countclust, fasttopics, lda, lsi, plsi, prodlda, unigram};
use crate::tensors::Named;

/// Every model there is.
pub const ROOMS: &[Room] = &[
    room::<nmf::Params>(
        "factorization",
        "parts that add up: non-negative X ~ W H",
        "Lee & Seung 1999; Cichocki & Phan 2009",
        "digits",
    ),
    room::<als::Params>(
        "factorization",
        "alternating least squares: R ~ U V on the observed entries",
        "Young, de Leeuw & Takane 1976; Zhou et al. 2008",
        "low_rank",
    ),
    room::<gradient::Params>(
        "factorization",
        "gradient descent: R ~ U V by descent with exact line search, Adam or SGD",
        "Polyak 1964; Kingma & Ba 2015; Gemulla et al. 2011",
        "low_rank",
    ),
    room::<completion::Params>(
        "factorization",
        "ratings completed: mean, biases and U V from the known ones; new users, top-n",
        "Zhou et al. 2008; Koren, Bell & Volinsky 2009",
        "ratings",
    ),
    room::<bpmf::Params>(
        "factorization",
        "ratings completed with intervals: Bayesian factorisation by Gibbs sampling",
        "Salakhutdinov & Mnih 2008; Rendle, Zhang & Koren 2019",
        "ratings",
    ),
    room::<implicit::Params>(
        "factorization",
        "what users did, weighted by confidence: X Y' ranks what they have not met; new users, top-n, similar items",
        "Hu, Koren & Volinsky 2008; Takács, Pilászy & Tikk 2011; Rendle et al. 2021",
        "interactions",
    ),
    room::<kmeans::Params>(
        "factorization",
        "clusters around their means: X ~ W H with one-hot W",
        "Lloyd 1982; Arthur & Vassilvitskii 2007; Elkan 2003",
        "digits",
    ),
    room::<archetype::Params>(
        "factorization",
        "samples as mixtures of extremes, and those of samples: X ~ W B X on simplices",
        "Cutler & Breiman 1994; Mørup & Hansen 2012",
        "digits",
    ),
    room::<svd::Params>(
        "factorization",
        "the nearest matrix of low rank: X ~ U diag(s) V'",
        "Eckart & Young 1936; Wu & Simon 2000",
        "digits",
    ),
    room::<pca::Params>(
        "factorization",
        "directions of largest variance: X ~ 1 mean' + Z C, all rows at once or in blocks",
        "Pearson 1901; Tipping & Bishop 1999; Ross et al. 2008",
        "digits",
    ),
    room::<ae::Params>(
        "autoencoder",
        "networks x -> z -> x^ of least error: linear, deep, denoising, sparse",
        "Hinton & Salakhutdinov 2006; Vincent et al. 2008",
        "digits",
    ),
    room::<vae::Params>(
        "autoencoder",
        "codes with a prior: the bound on ln p(x), weighed by beta or led to a capacity; samples",
        "Kingma & Welling 2014; Higgins et al. 2017; Burda et al. 2016",
        "digits",
    ),
    room::<zinb::Params>(
        "autoencoder",
        "counts of genes in cells, over-dispersed and with dropouts: codes, normalised and imputed expression",
        "Eraslan et al. 2019; Lopez et al. 2018",
        "zinb",
    ),
    room::<prodlda::Params>(
        "topic",
        "topics as a product of experts, by a variational autoencoder; embeddings beside the words",
        "Srivastava & Sutton 2017; Bianchi, Terragni & Hovy 2021",
        "topics",
    ),
    room::<gae::Params>(
        "graph",
        "nodes of a graph embedded so that inner products of their codes tell links; new nodes, new links",
        "Kipf & Welling 2016; Salha et al. 2019, 2021; Ahn & Kim 2021",
        "karate",
    ),
    room::<vgae::Params>(
        "graph",
        "graph autoencoders whose codes have a spread and a prior: links, new nodes, samples",
        "Kipf & Welling 2016; Salha et al. 2019; Ahn & Kim 2021",
        "karate",
    ),
    room::<arga::Params>(
        "graph",
        "graph autoencoders whose codes a critic cannot tell from draws of the prior",
        "Pan et al. 2018",
        "karate",
    ),
    room::<eigenmaps::Params>(
        "graph",
        "Laplacian eigenmaps: the smoothest codes on a graph, by its eigenvectors; the baseline of the others",
        "Belkin & Niyogi 2003; Bengio et al. 2004",
        "karate",
    ),
    room::<gan::Params>(
        "adversarial",
        "a generator that learns to please a critic, of linear layers or convolutions (DCGAN); samples",
        "Goodfellow et al. 2014; Radford et al. 2016",
        "digits",
    ),
    room::<fasttopics::Params>(
        "topic",
        "topics of counts, as of genes in cells: Poisson X ~ L F', read as memberships and topics",
        "Carbonetto et al. 2022; Hsieh & Dhillon 2011; Ang & Gillis 2019",
        "topics",
    ),
    room::<plsi::Params>(
        "topic",
        "topics of documents by maximum likelihood, or tempered; new documents by folding in",
        "Hofmann 1999; Gaussier & Goutte 2005",
        "topics",
    ),
    room::<lsi::Params>(
        "topic",
        "weighted counts by singular vectors: tf-idf or log-entropy, new documents folded in",
        "Deerwester et al. 1990; Dumais 1991",
        "topics",
    ),
    room::<countclust::Params>(
        "topic",
        "grades of membership with priors; the number of clusters by Bayes factors",
        "Taddy 2012; Dey, Hsiao & Stephens 2017",
        "topics",
    ),
    room::<unigram::Params>(
        "topic",
        "one distribution over words, or a mixture in which every document has a topic of its own",
        "Nigam, McCallum, Thrun & Mitchell 2000",
        "topics",
    ),
    room::<lda::Params>(
        "topic",
        "documents that mix topics: latent Dirichlet allocation, variational, online, by Gibbs sampling or collapsed",
        "Blei, Ng & Jordan 2003; Griffiths & Steyvers 2004; Asuncion et al. 2009",
        "topics",
    ),
    room::<deconvolution::Params>(
        "applications",
        "profiles of labelled cells, by which mixtures are told apart: NNLS, simplex, weighted, CIBERSORT",
        "Newman et al. 2015; Racle et al. 2017; Finotello et al. 2019",
        "digits",
    ),
    room::<joint_nmf::Params>(
        "applications",
        "several views of the same samples at once: what they share, and what each has of its own (iNMF)",
        "Zhang et al. 2012; Yang & Michailidis 2016; Welch et al. 2019",
        "digits",
    ),
    room::<metagene::Params>(
        "applications",
        "metagenes and clusters of samples that many factorisations agree on, over a range of ranks",
        "Brunet et al. 2004; Kim & Park 2007; Kotliar et al. 2019",
        "zinb",
    ),
    room::<realnvp::Params>(
        "density",
        "exact densities by couplings that scale and shift; samples",
        "Dinh, Sohl-Dickstein & Bengio 2017",
        "moons",
    ),
    room::<spline::Params>(
        "density",
        "exact densities by monotone rational-quadratic splines; samples",
        "Durkan, Bekasov, Murray & Papamakarios 2019",
        "moons",
    ),
    room::<nice::Params>(
        "density",
        "exact densities by couplings that shift; samples",
        "Dinh, Krueger & Bengio 2014",
        "moons",
    ),
    room::<maf::Params>(
        "density",
        "exact densities feature after feature by masked networks; likelihoods fast, samples slow",
        "Papamakarios, Pavlakou & Murray 2017; Germain et al. 2015",
        "moons",
    ),
    room::<iaf::Params>(
        "density",
        "exact densities feature after feature from the codes; samples fast, likelihoods slow",
        "Kingma, Salimans, Jozefowicz, Chen, Sutskever & Welling 2016",
        "moons",
    ),
    room::<glow::Params>(
        "density",
        "exact densities of pictures by invertible convolutions at several scales; samples",
        "Kingma & Dhariwal 2018",
        "digits",
    ),
    room::<film::Params>(
        "interpolation",
        "frames between frames for large motion, trained on a clip: features read along flows found from coarse to fine",
        "Reda, Kontkanen, Tabellion, Sun, Pantofaru & Curless 2022",
        "shapes",
    ),
    room::<xvfi::Params>(
        "interpolation",
        "frames at any time between frames, trained on a clip: flows turned around to start from it",
        "Sim, Oh & Kim 2021",
        "shapes",
    ),
];

/// Models that a verb of their own fits, because they take more than data: what it leaves is a run like any other.
const OF_VERBS: &[Room] = &[room::<generative::Stage>(
    "applications",
    "what the spots of a tissue are made of: archetypes, their communities and marker genes, proportions",
    "He, Jin, Nazaret et al. 2024",
    "",
)];

/// The room, or the model of a verb, of that name.
/// # Errors
/// [`Error::Parameter`] with the names of the rooms.
pub fn of_run(name: &str) -> Result<&'static Room> {
    OF_VERBS.iter().find(|room| room.name == name).map_or_else(|| find(name), Ok)
}

/// The room of that name.
/// # Errors
/// [`Error::Parameter`] with the names there are.
pub fn find(name: &str) -> Result<&'static Room> {
    ROOMS.iter().find(|room| room.name == name).ok_or_else(|| {
        let names: Vec<&str> = ROOMS.iter().map(|room| room.name).collect();
        Error::parameter("model", format!("there is no `{name}`; there are {}", names.join(", ")))
    })
}

/// The model of a run folder.
/// # Errors
/// An unknown model, another version of it, damaged arrays.
pub fn load(named: &Named, manifest: &Manifest) -> Result<Box<dyn Model>> {
    let room = of_run(&manifest.model)?;
    if manifest.version != room.version {
        return Err(Error::shape(
            format!("version {} of a saved {}", room.version, room.name),
            format!("version {} (diabolo {}); fit again", manifest.version, manifest.diabolo),
        ));
    }
    (room.load)(&manifest.params, named)
}
