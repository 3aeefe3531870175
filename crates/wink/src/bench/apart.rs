//! The server on some of the machine's processors and its clients on the others: what one takes is not missing to the other, as if they
//! were two machines.

use std::io;

/// Whose a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The server's: the first half of the processors.
    Server,
    /// The clients'.
    Clients,
}

/// The processors this process may use.
pub(crate) struct Processors(#[cfg(target_os = "linux")] rustix::thread::CpuSet);

#[cfg(target_os = "linux")]
impl Processors {
    /// Finds them.
    ///
    /// # Errors
    /// If the system does not say.
    pub(crate) fn find() -> io::Result<Self> {
        Ok(Self(rustix::thread::sched_getaffinity(None)?))
    }

    /// Keeps this thread, and those it starts from now on, to a side. With one processor both sides share it.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn keep_to(&self, side: Side) -> io::Result<()> {
        use rustix::thread::CpuSet;
        let all: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|number| self.0.is_set(*number)).collect();
        let (server, clients) = all.split_at(all.len() / 2);
        let own = match side {
            _ if server.is_empty() => &all,
            Side::Server => server,
            Side::Clients => clients,
        };
        let mut set = CpuSet::new();
        own.iter().for_each(|number| set.set(*number));
        Ok(rustix::thread::sched_setaffinity(None, &set)?)
    }
}

/// Elsewhere threads go where the system lets them.
#[cfg(not(target_os = "linux"))]
impl Processors {
    pub(crate) fn find() -> io::Result<Self> {
        Ok(Self())
    }

    pub(crate) fn keep_to(&self, _: Side) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Processors {
    fn drop(&mut self) {
        // What is measured next may use all of them again; if not, it says less.
        #[cfg(target_os = "linux")]
        let _kept = rustix::thread::sched_setaffinity(None, &self.0);
    }
}
