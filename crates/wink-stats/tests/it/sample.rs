//! Numbers to try estimators on: simulated from a seed, or from a data set that is not committed.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the fence is for what is tested: a test reads data sets"
)]

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A seeded stream.
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform from 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.share(), self.share());
        libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(std::f64::consts::TAU * angle)
    }

    /// 1 as often as this, else 0.
    pub(crate) fn hit(&mut self, probability: f64) -> f64 {
        f64::from(u8::from(self.share() < probability))
    }
}

/// A data set's file.
pub(crate) fn reference(path: &str) -> Box<dyn Read> {
    let home = std::env::var_os("WINK_REFERENCE_DATA").expect(
        "this test needs the data sets that no package carries: `cargo xtask test --reference`, or set WINK_REFERENCE_DATA",
    );
    let path = PathBuf::from(home).join(path);
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_some_and(|end| end == "gz") {
        Box::new(GzDecoder::new(file))
    } else {
        Box::new(file)
    }
}

/// A table with a head.
pub(crate) struct Csv {
    names: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Csv {
    pub(crate) fn reference(path: &str) -> Self {
        let mut reader = csv::Reader::from_reader(reference(path));
        let names = reader.headers().unwrap().iter().map(str::to_owned).collect();
        Self { names, rows: reader.records().map(Result::unwrap).collect() }
    }

    pub(crate) fn text(&self, name: &str) -> Vec<&str> {
        let place =
            self.names.iter().position(|one| one == name).unwrap_or_else(|| panic!("no column {name}"));
        self.rows.iter().map(|row| &row[place]).collect()
    }

    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        self.text(name).iter().map(|text| text.parse().unwrap()).collect()
    }

    /// 1 where a column has a value.
    pub(crate) fn is(&self, name: &str, value: &str) -> Vec<f64> {
        self.text(name).iter().map(|text| f64::from(u8::from(*text == value))).collect()
    }
}

/// Columns beside each other as rows.
pub(crate) fn rows(columns: &[Vec<f64>]) -> Vec<f64> {
    (0..columns[0].len()).flat_map(|row| columns.iter().map(move |column| column[row])).collect()
}

/// Asserts that two numbers are as near as this.
#[track_caller]
pub(crate) fn near(found: f64, wanted: f64, apart: f64) {
    assert!((found - wanted).abs() <= apart, "{found} is not {wanted} ± {apart}");
}
