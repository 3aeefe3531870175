//! Choosing while learning: what is known about each arm becomes the probability of choosing it, and an outcome becomes
//! knowledge.
//!
//! [`Thompson`] keeps a [`Posterior`] with its whole covariance for each arm; [`Softmax`] is the fast one. Both tell probabilities;
//! [`draw`] draws from them once, so that the probability that is logged is exactly the one that was drawn from, as
//! [`offpolicy`](crate::offpolicy) needs it. No chance of its own: the draw is an argument.

mod best;
mod beta;
mod draw;
mod evidence;
mod posterior;
mod softmax;
mod thompson;

pub use best::{Score, probabilities_of_best};
pub use beta::{Beta, rank_probabilities};
pub use draw::{Choice, bound_loss, draw, keep_floor};
pub use evidence::Evidence;
pub use posterior::{Family, Posterior, Prior};
pub use softmax::{Softmax, SoftmaxSettings};
pub use thompson::Thompson;
