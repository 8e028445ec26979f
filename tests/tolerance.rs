//! Every tolerance of the test suite, each with its reason.

/// A sum of products in another order: relative to the sum of the absolute products, times the length.
pub const SUM_F32: f64 = 1.2e-7;

/// The same in f64.
pub const SUM_F64: f64 = 2.3e-16;

/// The regularised incomplete gamma functions: absolute; the densities they scale carry some 10 roundings.
pub const GAMMAINC: f64 = 4e-15;

/// digamma where it crosses zero, absolute: one rounding of the argument's distance from the zero, times
/// the slope 0.97, and of the terms below 1 it is made of.
pub const DIGAMMA_NEAR_ZERO: f64 = 2e-15;

/// ln B relative to max(1, |value|): differences of logarithms of up to 15, each within 2 ulp.
pub const BETALN: f64 = 1e-14;

/// Softmax and its kin, in epsilon of the numbers involved: a sum of some 40 exponentials, each within
/// 1 ulp, in partial sums of 5; a logarithm; two differences.
pub const SOFTMAX: f64 = 8.0;

/// A squared distance by way of products, in epsilon of |x|^2 + |c|^2: each of the d products and squares is
/// rounded once, and so are two sums.
pub const GRAM_DISTANCE: f64 = 2.0;

/// Scaled and unscaled again: one rounding each of a difference, a quotient, a product and a sum.
pub const ROUND_TRIP_F64: f64 = 1e-14;

/// Scaled to about 1 and stored in f32: one rounding of the data and one of the result.
pub const SCALED_F32: f64 = 1e-6;

/// A vector normal against the formula with the library's ln, sin and cos: a few roundings, relative to
/// the radius, which is below 9.
pub const NORMAL_F32: f64 = 9.0 * 4.0 * 6.0e-8;

/// The same in f64.
pub const NORMAL_F64: f64 = 9.0 * 4.0 * 1.2e-16;

/// The probability below which a test of fit with a fixed seed is called a failure. Seeds are fixed, so
/// a test either always passes or never; a wrong sampler is below 1e-12 at these sample sizes.
pub const FIT_PROBABILITY: f64 = 1.0e-4;

/// An exponential number of a fill against the formula with the library's ln: 2 ulp of numbers below 32.
pub const EXPONENTIAL_F32: f64 = 2.0 * 16.0 * 1.2e-7;

/// The same in f64, for numbers below 64.
pub const EXPONENTIAL_F64: f64 = 2.0 * 32.0 * 2.3e-16;

/// The sum of up to 30 shares, each rounded once in its division.
pub const SIMPLEX_SUM: f64 = 30.0 * 2.3e-16;

/// A golden draw on another platform, whose exp and ln may round otherwise.
pub const GOLDEN_DRAW: f64 = 1e-12;

/// How far an objective computed through Gram matrices may seem to rise: it is a difference of numbers of the
/// size of ||X||^2, each rounded some hundred times; relative to 1 + ||X||^2.
pub const MONOTONE: f64 = 1e-12;

/// A row encoded alone and among others: the same formula through products of other shapes, whose sums are
/// taken in another order; iterative encoders stop at a part in 10^9.
pub const ALONE_OR_IN_COMPANY: f64 = 1e-7;

/// Sums of at most a few dozen products of numbers of size about 1 to 10.
pub const EXACT_SUM: f64 = 1e-12;

/// Standard errors a mean of simulated numbers may be off: chance exceeds 5 once in 1.7 million draws, and
/// the seeds are fixed.
pub const SIGMAS: f64 = 5.0;

/// A Cholesky factor and its solutions against plain loops, for orders up to 200 and condition numbers
/// near 2: sums in another order, relative to the largest element.
pub const SMALL_F32: f64 = 2e-5;

/// The same in f64.
pub const SMALL_F64: f64 = 4e-14;

/// Backward error of a decomposition: relative to the largest element, for each row or column.
pub const DECOMP_F32: f64 = 4e-6;

/// The same in f64.
pub const DECOMP_F64: f64 = 8e-15;

/// Singular values by different ways, relative to the first: the Gram way squares the condition, which costs
/// half the digits only for values below 1e-8 of the first; these are above 1e-3.
pub const SINGULAR_VALUES: f64 = 1e-9;

/// The squared error of a low-rank approximation against the tail of the spectrum: sums of some hundred
/// squares, each rounded; relative to ||X||^2.
pub const LOW_RANK_ERROR: f64 = 1e-11;

/// A matrix that its entries determine, found by iteration until nothing moves: some hundred roundings of
/// numbers below 10, and the condition of the problem.
pub const FIT_OF_DETERMINED: f64 = 1e-8;

/// A gradient against central differences of step 1e-5 in f64: relative to 1 + |gradient|.
pub const GRADIENT: f64 = 1e-6;

/// Values that were scaled and scaled back, and means of equal values: a few roundings, relative.
pub const SCALED_AND_BACK: f64 = 1e-12;

/// Solutions of five unknowns against scipy's: both solve exactly on the same support.
pub const NNLS_AGAINST_SCIPY: f64 = 1e-10;

/// The optimality conditions of a constrained least squares, in units of the right-hand side: rounding times
/// the condition of the scaled Gram matrix, and the ridge of 1e-10 where it is singular.
pub const KKT: f64 = 1e-8;

/// A factorisation against another program's, both from one start and iterated until nothing moves: what is
/// left is how flat the objective is there.
pub const NMF_PEER: f64 = 1e-6;

/// Sweeps of coordinate descent against plain loops: sums in another order, relative to the largest entry.
/// Where an entry of y is small its reciprocal carries the error of y many times over.
pub const SWEEP_F64: f64 = 1e-9;

/// The same in f32.
pub const SWEEP_F32: f64 = 2e-3;

/// How far the share of entries within 95 % intervals may be from 95 %: 6,000 entries have a binomial standard
/// error of 0.3 %, entries of one row share its error, and a short chain has its own.
pub const COVERAGE_95: f64 = 0.02;

/// The held-out error of Bayesian factorisation relative to the noise: a posterior of some 9 numbers a user from
/// 60 ratings, and 9 an item from 100, adds about 5 % to the noise; nothing else does.
pub const BPMF_ABOVE_FLOOR: f64 = 1.09;

/// Factors of six users and five items after three iterations, against another program's in f64, given to ten
/// decimals.
pub const IMPLICIT_PEER: f64 = 1e-9;

/// The log likelihood of a count in f32: relative, or absolute below a tenth (some ten roundings of terms that
/// have one sign, and of the small rest of Stirling's formula).
pub const COUNT_VALUE: f64 = 1e-5;

/// t times its gradient, and m times that of the mean, in f32: relative above 1, absolute below.
pub const COUNT_GRADIENT: f64 = 1e-5;

/// The same in f64, values above and below 1 alike.
pub const COUNTS_F64: f64 = 1e-13;

/// A log likelihood that R printed with six decimals.
pub const R_LOG_LIKELIHOOD: f64 = 1e-6;

/// The gradient of a log likelihood of 915 samples at the maximum R stopped at, 8e-5 in double precision: its
/// coefficients are good to 1e-8, and the steepest of them multiplies counts up to 77.
pub const R_GRADIENT: f64 = 1e-4;

/// Twenty-five steps of an optimiser against PyTorch's in f64, whose sums are grouped otherwise: some rounding a
/// step, relative to 1 + the number.
pub const TORCH: f64 = 1e-13;

/// Figures of samples against numpy, scipy and scikit-learn: sums of some thousand terms in another order, and a
/// matrix square root.
pub const GOLDEN_METRIC: f64 = 1e-12;

/// Probabilities of a logistic regression that both iterate until the gradient is some 1e-8.
pub const LOGISTIC: f64 = 1e-6;

/// Two fits of a network in f32 whose sums are taken in another order (sparse against dense rows), relative to the
/// largest code after some 60 steps: 6e-8 a rounding, which every step carries on and Adam's division by small roots
/// makes larger.
pub const NETWORK_F32: f64 = 2e-2;

/// ln of a dispersion found from 600 cells a gene, averaged over genes: a standard error of a few parts in a hundred,
/// and what a network of 60 codes takes for a mean that was noise.
pub const ZINB_DISPERSION: f64 = 0.5;

/// The probability of a dropout, averaged over genes whose own zeros are few.
pub const ZINB_DROPOUT: f64 = 0.06;

/// The loss of a network after two short epochs on sparse and on dense counts: sums in another order, which
/// RMSprop's division by small gradients carries on.
pub const SPARSE_OR_DENSE_NET: f64 = 1e-3;

/// The divergence of a factorisation of 30 x 12 numbers beside scikit-learn's after 20,000 multiplicative updates,
/// which creep towards the same minimum.
pub const FASTTOPICS_PEER: f64 = 1e-6;

/// Singular values and projections by gensim's randomised decomposition with fifty power iterations, whose vectors
/// are good to some nine digits.
pub const LSI_PEER: f64 = 1e-8;

/// How often a topic is drawn by evenly spaced numbers, beside its share: weights and running sums in f32, of up to
/// 200 terms.
pub const TOPICS_DRAW: f64 = 1e-4;

/// gamma after up to a dozen iterations in f32, relative to 1 + gamma: some ten roundings an iteration, of sums of up
/// to 200 topics and 40 words.
pub const TOPICS_GAMMA: f64 = 2e-5;

/// Shares of topics after a sweep in f32, whose counts are differences of the document's sums.
pub const TOPICS_COLLAPSED: f64 = 1e-4;

/// The evidence lower bound against scikit-learn's, both from the same topics and iterated until documents stand
/// still: documents are inferred in f32 here.
pub const LDA_BOUND: f64 = 1e-4;

/// How far a bound may seem to fall by rounding, relative to it: documents are inferred in f32.
pub const LDA_MONOTONE: f64 = 1e-6;

/// A probability from 200,000 dependent draws against enumeration: some ten standard errors of 1e-3.
pub const LDA_ENUMERATED: f64 = 0.01;

/// ln p(w) from 20,000 particles: a relative standard error below 1 % a token.
pub const LEFT_TO_RIGHT: f64 = 0.02;

/// The largest |z| of a Geweke test's statistics: 1e-4 each by chance.
pub const GEWEKE_Z: f64 = 3.9;

/// A corpus drawn by a fitted model: means over thousands of documents of words' shares.
pub const LDA_SAMPLED: f64 = 0.02;

/// Heights of merges: means of up to a few hundred distances, summed in another order.
pub const LINKAGE: f64 = 1e-12;

/// The duality gap of support vector regression that stops at a complementarity of 1e-9: what rounding adds where the
/// tube is not determined.
pub const NU_SVR_GAP: f64 = 1e-7;

/// Weights by LIBSVM at its tolerance of 1e-10, and by an interior point at a gap of 1e-9 whose root an error of the
/// weights may be.
pub const NU_SVR_PEER: f64 = 1e-4;

/// Fractions by solvers that stop at a relative gap of 1e-9, from the same values in another order.
pub const FRACTIONS: f64 = 1e-4;

/// How far r on real blood may be below the figure of the original, which is rounded to three digits.
pub const ABIS: f64 = 6e-4;

/// Joint factorisation beside that of the concatenation: the same sums in another order, over a few steps.
pub const JOINT_IDENTITY: f64 = 1e-10;

/// Probabilities by the incomplete beta function against scipy's: some ulps of its continued fraction and of ln B.
pub const BETAINC: f64 = 1e-12;
/// A rank-sum test against scipy's: a z-score of a dozen roundings, its erfc within 2 ulp, times the slope of erfc's logarithm.
pub const RANK_SUM: f64 = 1e-12;

/// What a mixture or an archetype could still gain to first order where a sweep gained less than 1e-11 of the objective: its root,
/// relative to ||X||^2, for gains go by the square of a slope.
pub const HULL_GAP: f64 = 3e-5;
/// A loss over pairs of rows and its gradient in f32 against plain loops in f64, relative to the largest: inner products
/// of up to 40 numbers below 3, whose rounding the exponential passes on.
pub const PAIRS_F32: f64 = 2e-5;

/// The same in f64.
pub const PAIRS_F64: f64 = 4e-14;

/// Losses and gradients of graph autoencoders against PyTorch's and the tape's in f64: sums of some million terms in
/// another order.
pub const GOLDEN_GRAPH: f64 = 1e-10;

/// Eigenvectors of some dozen nodes by way of a decomposition of I + A, whose leading values lie within a few parts in a
/// hundred of each other.
pub const EIGENMAPS: f64 = 1e-8;
/// Steps of flows against the plain formulas in f64, in epsilons of 1 + |value|: some thirty roundings, of which those of
/// a spline's knots are divided by the width of a bin, a hundredth of the box or more.
pub const FLOW_STEP: f64 = 3e3;

/// An inverse spline, in epsilons times the inverse slope: roundings of knots, shared by narrow bins.
pub const FLOW_INVERSE: f64 = 4e3;

/// decode(encode(x)) of a fitted flow in f32, in units of the data's spread.
pub const FLOW_THERE_AND_BACK_F32: f64 = 1e-5;

/// The same in f64.
pub const FLOW_THERE_AND_BACK_F64: f64 = 1e-10;

/// The log-determinant of some ten steps against that of a Jacobian by central differences.
pub const FLOW_JACOBIAN: f64 = 1e-6;

/// What a density adds up to over a fine grid of the plane: the cells' size, and what lies outside, of logistic codes more
/// than half of a hundredth.
pub const FLOW_INTEGRAL: f64 = 1e-2;
/// Sums of up to 64 products in f32 whose terms lie between 0 and the square of the brightest pixel, relative to all of
/// them at their largest; also 16 weighed bytes: 2^-24 a rounding, 16 in a row.
pub const MOTION: f64 = 1e-6;

/// Reads between four pixels: the weights are products of two numbers below 1, three sums; relative to 1 + |value|, of
/// values about 1.
pub const WARP_F32: f64 = 2e-6;

/// The same in f64.
pub const WARP_F64: f64 = 1e-14;

/// FILM's output against another program's in f32, some seventy convolutions deep, flows of up to 196 pixels among them.
pub const FILM_GOLDEN: f64 = 1e-5;

/// XVFI's the same: an evaluation in f64 is up to 7.9e-6 away. The mean tells a forgotten 1e-5, which the largest does not.
pub const XVFI_GOLDEN: f64 = 3e-5;

/// See there.
pub const XVFI_GOLDEN_MEAN: f64 = 1.5e-6;

/// A network in pieces against the same as a whole, relative to the largest value: convolutions by transformed tiles begin at
/// other pixels and round otherwise (1e-6 a layer), and flows that differ by as little read pictures there.
pub const PIECES: f64 = 2e-4;

/// Convolutions, in units of the machine epsilon times the number of products of a sum, each at most 1: a chain of
/// n rounded multiply-adds is off by n epsilon / 2 times its largest partial sum, which of random signs is a few
/// times the square root of n. Of transformed tiles too, whose errors are some ten times as large, as long as signs are
/// random.
pub const CONV: f64 = 2.0;

/// Convolutions by transformed tiles in f32, relative to the largest value that is made: the transforms multiply rounding
/// errors by about 10, and the measured error of layers of 64 to 1920 channels is 1.6e-6 to 2.5e-6.
pub const WINOGRAD: f64 = 1e-5;
/// Distances of features some fourteen convolutions deep in f32 against PyTorch in f64, relative.
pub const VGG_LOSS: f64 = 1e-4;
