//! What the simulated store promises, what its faults do, and that its mutants are caught.

#[cfg(test)]
mod accepted;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod fault;
#[cfg(test)]
mod hesitation;
#[cfg(test)]
mod promise;
