//! Statistics beside Python's libraries: the same tables, the same questions, processor time on both sides. A part whose packages do not
//! install or run here is said to be missing, and is no part of the answer.

use std::path::Path;

use anyhow::{Result, bail};
use serde_json::Value;

use super::{is_wanted, python};
use crate::args::Args;
use crate::{shell, test};

/// The parts: what `--only` names, and the packages it needs.
const PARTS: [(&str, &str); 5] = [
    ("clv", "statistics/clv.txt"),
    ("uplift", "statistics/causal.txt"),
    ("forest", "statistics/causal.txt"),
    ("effects", "statistics/causal.txt"),
    ("bandit", "statistics/bandit.txt"),
];

pub(super) fn run(args: &Args) -> Result<Vec<Value>> {
    eprintln!("building Wink's side as it is released");
    let build = ["build", "--release", "--quiet", "--locked", "-p", "wink-trees", "--example", "statistics"];
    shell::run(&mut shell::cargo(build))?;
    let target = shell::target_directory()?;
    let program = target.join("release").join("examples").join("statistics");
    let mut rows = Vec::new();
    let mut ran = 0;
    for (part, list) in PARTS.iter().filter(|(part, _)| is_wanted(args, part)) {
        eprintln!("comparing {part}");
        let directory = target.join("compare").join("statistics").join(part);
        match ask(part, list, &directory, &program) {
            Ok(found) => {
                ran += 1;
                rows.extend(found);
            }
            Err(why) => eprintln!("`{part}` is missing: {why:#}"),
        }
    }
    if ran == 0 {
        bail!("nothing could be compared");
    }
    Ok(rows)
}

/// Has Python run a part: over data it makes, or over Hillstrom's, which no package carries.
fn ask(part: &str, list: &str, directory: &Path, program: &Path) -> Result<Vec<Value>> {
    let (directory, program) = (directory.to_string_lossy(), program.to_string_lossy());
    let python = python::with(list)?;
    if !matches!(part, "uplift" | "forest") {
        return python::script(&python, &format!("statistics/{part}.py"), &[&directory, &program]);
    }
    let data = test::reference_data()?;
    python::script(&python, "statistics/uplift.py", &[&directory, &program, &data.to_string_lossy(), part])
}
