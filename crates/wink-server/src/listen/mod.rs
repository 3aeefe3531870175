//! Where connections come in, and how much of anything they may take. Knows no route and no shop.

pub mod body;
pub mod pace;

mod unpack;
