//! The embedded store: its promises, what survives a crash, what it refuses, and what a scrub leaves.

#[cfg(test)]
mod full;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod promise;
#[cfg(test)]
mod refuse;
#[cfg(test)]
mod reopen;
#[cfg(test)]
mod rot;
#[cfg(test)]
mod scrub;
#[cfg(test)]
mod work;
