//! Points: earned by orders that are told of, used on others, run out, taken back. Every step is one commit with what caused it.

pub mod back;
pub mod expire;
pub mod pay;
pub mod read;

pub(super) mod earn;
pub(super) mod erase;
pub(super) mod sweep;

mod purses;

use purses::Purses;
