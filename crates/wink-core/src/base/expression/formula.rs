//! A number calculated from facts: the same language as a rule, with a number at its root.

use std::fmt;
use std::sync::Arc;

use super::evaluate::Scalar;
use super::{Declarations, Facts, Problem, Type, check, node, parser};

/// A compiled, type-checked numeric expression. Two are equal if their sources are.
#[derive(Clone)]
pub struct Formula {
    source: Arc<str>,
    root: node::Node,
    reads: Vec<usize>,
}

impl Formula {
    /// Compiles `source` over the declared names, within the limits of a rule.
    ///
    /// # Errors
    /// Says where and why it is not a number.
    pub fn compile(source: &str, declarations: &Declarations) -> Result<Self, Problem> {
        let tree = parser::parse(source)?;
        let (checked, value_type) = check::check_any(&tree, declarations)?;
        if !matches!(value_type, Type::Int | Type::Double) {
            let message = format!("a formula must be a number, this is {value_type}");
            return Err(Problem::new(tree.at, message));
        }
        Ok(Self { source: source.into(), root: checked.root, reads: checked.reads })
    }

    /// Gives the source it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Lists the slots it reads, ascending.
    pub fn reads(&self) -> &[usize] {
        &self.reads
    }

    /// Calculates it; `None` where a fact is not known or the result is none, as after a division by zero.
    pub fn evaluate(&self, facts: &(impl Facts + ?Sized)) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a feature of more than 53 bits means nothing else")]
        let number = match self.root.value(facts).ok()? {
            Scalar::Int(whole) => whole as f64,
            Scalar::Double(number) => number,
            Scalar::Bool(_) | Scalar::Text(_) => return None,
        };
        number.is_finite().then_some(number)
    }
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Formula {}

impl fmt::Debug for Formula {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Formula").field(&self.source).finish()
    }
}
