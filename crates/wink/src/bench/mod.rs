//! The cases `wink bench` measures, each beside the least work that would give the same numbers.

pub(crate) mod coupons;
pub(crate) mod decide;
pub(crate) mod features;
pub(crate) mod fold;
pub(crate) mod growth;
pub(crate) mod heap;
pub(crate) mod http;
pub(crate) mod import;
pub(crate) mod moments;
pub(crate) mod segments;
pub(crate) mod stand;

mod apart;
mod bare_file;
mod flood;
mod load;
mod shop;
