//! That a backup gives back what was stored, from any store into any other, and that no damaged one passes for whole.

#[cfg(test)]
mod carry;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod shelf;
