//! Webhooks against receivers that are kind, unkind and not there; and against the library that receivers use.

#[cfg(test)]
mod malicious;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod sent;
#[cfg(test)]
mod verified;
