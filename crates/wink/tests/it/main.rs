//! The `wink` binary from outside: asked, misused, fed real data, killed, traced, and held to what it acknowledged.

#[cfg(test)]
mod backup;
#[cfg(test)]
mod chance;
#[cfg(test)]
mod client;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod crash_kill;
#[cfg(test)]
mod crash_strace;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod erase;
#[cfg(test)]
mod hasty;
#[cfg(test)]
mod history;
#[cfg(test)]
mod http;
#[cfg(test)]
mod import;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod refuse;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod stand;
#[cfg(test)]
mod stored;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod timing_year;
#[cfg(test)]
mod trace;
#[cfg(test)]
mod traced;
#[cfg(test)]
mod webhooks;
#[cfg(test)]
mod wink;
