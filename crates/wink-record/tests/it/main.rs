//! Every stored type is read back as it was written, and reads what the first version wrote, for ever.
#![cfg(test)]

mod golden;
mod samples;
