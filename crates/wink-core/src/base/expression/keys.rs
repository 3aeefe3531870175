//! Which shares an expression asks for, so that a reader fetches and stores no others.

use super::Expression;
use super::node::{Kind, Node};

impl Expression {
    /// Lists the keys of the shares it reads, in the order of the source, repeated ones repeated.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let mut keys = Vec::new();
        collect(&self.root, &mut keys);
        keys.into_iter()
    }
}

fn collect<'a>(node: &'a Node, keys: &mut Vec<&'a str>) {
    let mut visit = |nodes: &'a [Node]| nodes.iter().for_each(|node| collect(node, keys));
    match &node.kind {
        Kind::Share { key, .. } => keys.push(key),
        Kind::Constant(_) | Kind::Fact { .. } | Kind::Known { .. } => {}
        Kind::Not(part) | Kind::Negate(part) | Kind::Size(part) | Kind::Among(part, _) => collect(part, keys),
        Kind::All(parts) | Kind::Any(parts) => visit(parts),
        Kind::Choose(parts) => visit(parts.as_slice()),
        Kind::Compare(_, sides) | Kind::Calculate(_, sides) | Kind::Test(_, sides) => visit(sides.as_slice()),
    }
}
