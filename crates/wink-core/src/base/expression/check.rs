//! Checks types, finds slots, folds constants and adds up the cost: a tree becomes nodes that cannot go wrong in type.

use std::sync::Arc;

use super::evaluate::{Nothing, Scalar, Stop, order};
use super::node::{Arithmetic, Comparison, Constant, Kind, Node, Span};
use super::parser::{Tree, TreeKind};
use super::{COST_MAX, Declarations, Problem, Type, nearest};

/// A step of plain work: a fact, a comparison of numbers, a sum.
const STEP: u32 = 1;
/// Looking up a share walks a map of texts.
const LOOKUP: u32 = 5;
/// Comparing two texts, or looking into one, reads them.
const TEXT: u32 = 10;

/// What comes out of checking.
pub(super) struct Checked {
    pub(super) root: Node,
    pub(super) reads: Vec<usize>,
    pub(super) names: Vec<Arc<str>>,
    pub(super) cost: u32,
}

/// Checks a whole rule.
pub(super) fn check(tree: &Tree, declarations: &Declarations) -> Result<Checked, Problem> {
    let (checked, value_type) = check_any(tree, declarations)?;
    if value_type != Type::Bool {
        let message = format!("a rule must be bool, this is {value_type}");
        return Err(Problem::new(tree.at, message).fix("compare it with a value"));
    }
    Ok(checked)
}

/// Checks something of any type, and tells which.
pub(super) fn check_any(tree: &Tree, declarations: &Declarations) -> Result<(Checked, Type), Problem> {
    let mut checker = Checker { declarations, reads: Vec::new(), cost: 0 };
    let (root, value_type) = checker.node(tree)?;
    let Checker { mut reads, cost, .. } = checker;
    reads.sort_unstable();
    reads.dedup();
    let names = reads
        .iter()
        .map(|slot| declarations.names().nth(*slot).map_or("?", |(name, _)| name).into())
        .collect();
    Ok((Checked { root, reads, names, cost }, value_type))
}

struct Checker<'a> {
    declarations: &'a Declarations,
    reads: Vec<usize>,
    cost: u32,
}

impl Checker<'_> {
    fn node(&mut self, tree: &Tree) -> Result<(Node, Type), Problem> {
        let at = tree.at;
        self.spend(STEP, at)?;
        let (kind, value_type) = match &tree.kind {
            TreeKind::Bool(value) => (Kind::Constant(Constant::Bool(*value)), Type::Bool),
            TreeKind::Int(value) => (Kind::Constant(Constant::Int(*value)), Type::Int),
            TreeKind::Double(value) => (Kind::Constant(Constant::Double(*value)), Type::Double),
            TreeKind::Text(value) => (Kind::Constant(Constant::Text(value.as_str().into())), Type::Text),
            TreeKind::Name(name) => {
                let (slot, declared) = self.find(name, at)?;
                if declared == Type::Shares {
                    return Err(Problem::new(at, format!("`{name}` is shares, not one value"))
                        .fix(format!("read one of them: `{name}[\"…\"]`")));
                }
                (Kind::Fact { slot, declared }, declared)
            }
            TreeKind::Entry(holder, key) => (self.share(holder, key)?, Type::Double),
            TreeKind::Has(name) => (self.known(name)?, Type::Bool),
            TreeKind::Not(operand) => {
                let operand = self.bool_for("!", operand)?;
                (Kind::Not(Box::new(operand)), Type::Bool)
            }
            TreeKind::All(parts) => (Kind::All(self.bools_for("&&", parts)?), Type::Bool),
            TreeKind::Any(parts) => (Kind::Any(self.bools_for("||", parts)?), Type::Bool),
            TreeKind::Choose(parts) => self.choose(at, parts)?,
            TreeKind::Compare(comparison, sides) => (self.compare(at, *comparison, sides)?, Type::Bool),
            TreeKind::Among(left, values) => (self.among(at, left, values)?, Type::Bool),
            TreeKind::Negate(operand) => {
                let (node, value_type) = self.node(operand)?;
                if !matches!(value_type, Type::Int | Type::Double) {
                    return Err(Problem::new(
                        operand.at,
                        format!("`-` needs int or double, this is {value_type}"),
                    ));
                }
                (Kind::Negate(Box::new(node)), value_type)
            }
            TreeKind::Calculate(arithmetic, sides) => self.calculate(at, *arithmetic, sides)?,
            TreeKind::Size(operand) => {
                self.spend(TEXT, at)?;
                let operand = self.text_for("size", operand)?;
                (Kind::Size(Box::new(operand)), Type::Int)
            }
            TreeKind::Test(test, sides) => {
                self.spend(TEXT, at)?;
                let [text, part] = sides.as_ref();
                let sides = [self.text_for(test.name(), text)?, self.text_for(test.name(), part)?];
                (Kind::Test(*test, Box::new(sides)), Type::Bool)
            }
        };
        Ok((folded(Node { at, kind })?, value_type))
    }

    fn find(&mut self, name: &str, at: Span) -> Result<(usize, Type), Problem> {
        if let Some((slot, value_type)) = self.declarations.find(name) {
            self.reads.push(slot);
            return Ok((slot, value_type));
        }
        let problem = Problem::new(at, format!("`{name}` is not known here"));
        Err(match nearest(name, self.declarations.names().map(|(name, _)| name)) {
            Some(meant) => problem.fix(format!("write `{meant}`")),
            None => problem,
        })
    }

    fn share(&mut self, holder: &Tree, key: &Tree) -> Result<Kind, Problem> {
        self.spend(LOOKUP, holder.at)?;
        let TreeKind::Name(name) = &holder.kind else {
            return Err(Problem::new(holder.at, "only a name can be followed by `[…]`"));
        };
        let (slot, declared) = self.find(name, holder.at)?;
        if declared != Type::Shares {
            return Err(Problem::new(holder.at, format!("`{name}` is {declared}, not shares"))
                .fix(format!("write `{name}` without the brackets")));
        }
        let TreeKind::Text(key) = &key.kind else {
            return Err(Problem::new(key.at, "a share is named by a text in quotes")
                .fix(format!("write `{name}[\"…\"]`")));
        };
        Ok(Kind::Share { slot, key: key.as_str().into() })
    }

    fn known(&mut self, argument: &Tree) -> Result<Kind, Problem> {
        match &argument.kind {
            TreeKind::Name(name) => {
                let (slot, _) = self.find(name, argument.at)?;
                Ok(Kind::Known { slot })
            }
            TreeKind::Entry(holder, _) => {
                let problem =
                    Problem::new(argument.at, "a share that is not there is 0.0, so it is always known");
                Err(match &holder.kind {
                    TreeKind::Name(name) => problem.fix(format!("write `has({name})`")),
                    _ => problem,
                })
            }
            _ => Err(Problem::new(argument.at, "`has` needs a name").fix("write `has(name)`")),
        }
    }

    fn bools_for(&mut self, operator: &str, parts: &[Tree]) -> Result<Box<[Node]>, Problem> {
        parts.iter().map(|part| self.bool_for(operator, part)).collect()
    }

    fn bool_for(&mut self, operator: &str, operand: &Tree) -> Result<Node, Problem> {
        let (node, value_type) = self.node(operand)?;
        if value_type == Type::Bool {
            return Ok(node);
        }
        Err(Problem::new(operand.at, format!("`{operator}` needs bool, this is {value_type}"))
            .fix("compare it with a value"))
    }

    fn text_for(&mut self, function: &str, operand: &Tree) -> Result<Node, Problem> {
        let (node, value_type) = self.node(operand)?;
        if value_type == Type::Text {
            return Ok(node);
        }
        let problem = Problem::new(operand.at, format!("`{function}` needs text, this is {value_type}"));
        Err(match literal(operand) {
            Some(literal) => problem.fix(format!("write `\"{literal}\"`")),
            None => problem,
        })
    }

    fn choose(&mut self, at: Span, parts: &[Tree; 3]) -> Result<(Kind, Type), Problem> {
        let [condition, then, otherwise] = parts;
        let condition = self.bool_for("?", condition)?;
        let (then, then_type) = self.node(then)?;
        let (otherwise, otherwise_type) = self.node(otherwise)?;
        if then_type != otherwise_type {
            let message =
                format!("both branches of `?` need one type, these are {then_type} and {otherwise_type}");
            return Err(Problem::new(at, message));
        }
        Ok((Kind::Choose(Box::new([condition, then, otherwise])), then_type))
    }

    fn compare(&mut self, at: Span, comparison: Comparison, sides: &[Tree; 2]) -> Result<Kind, Problem> {
        let [left_tree, right_tree] = sides;
        let (left, left_type) = self.node(left_tree)?;
        let (right, right_type) = self.node(right_tree)?;
        let symbol = comparison.symbol();
        if !comparable(left_type, right_type) {
            let problem =
                Problem::new(at, format!("`{symbol}` cannot compare {left_type} with {right_type}"));
            let is_chain = matches!(left_tree.kind, TreeKind::Compare(..));
            return Err(match (literal(left_tree), literal(right_tree)) {
                _ if is_chain => problem.fix("write both comparisons and join them with `&&`"),
                (_, Some(literal)) if left_type == Type::Text => {
                    problem.fix(format!("write `\"{literal}\"`"))
                }
                (Some(literal), _) if right_type == Type::Text => {
                    problem.fix(format!("write `\"{literal}\"`"))
                }
                _ => problem,
            });
        }
        let is_order = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if left_type == Type::Bool && is_order {
            return Err(Problem::new(at, format!("`{symbol}` cannot order bool and bool")));
        }
        if left_type == Type::Text {
            self.spend(TEXT, at)?;
        }
        let sides = match (left_type, right_type) {
            (Type::Double, Type::Int) => [left, widened(right)],
            (Type::Int, Type::Double) => [widened(left), right],
            _ => [left, right],
        };
        Ok(Kind::Compare(comparison, Box::new(sides)))
    }

    fn among(&mut self, at: Span, left: &Tree, values: &[Tree]) -> Result<Kind, Problem> {
        let (left, left_type) = self.node(left)?;
        let mut constants = Vec::with_capacity(values.len());
        for value in values {
            let (node, value_type) = self.node(value)?;
            let Kind::Constant(constant) = node.kind else {
                return Err(Problem::new(value.at, "a list holds plain values only")
                    .fix("compare with `==` and join with `||`"));
            };
            if !comparable(left_type, value_type) {
                return Err(Problem::new(
                    value.at,
                    format!("`in` cannot find {left_type} among {value_type}"),
                ));
            }
            if value_type == Type::Text {
                self.spend(TEXT, at)?;
            }
            constants.push(constant);
        }
        Ok(Kind::Among(Box::new(left), constants.into()))
    }

    fn calculate(
        &mut self,
        at: Span,
        arithmetic: Arithmetic,
        sides: &[Tree; 2],
    ) -> Result<(Kind, Type), Problem> {
        let [left_tree, right_tree] = sides;
        let (left, left_type) = self.node(left_tree)?;
        let (right, right_type) = self.node(right_tree)?;
        let symbol = arithmetic.symbol();
        let value_type = match (left_type, right_type) {
            (Type::Int, Type::Int) => Type::Int,
            (Type::Double, Type::Double) if arithmetic != Arithmetic::Remainder => Type::Double,
            (Type::Double, Type::Double) => {
                return Err(Problem::new(at, "`%` needs int and int, these are double and double"));
            }
            _ => {
                let message = format!(
                    "`{symbol}` needs two numbers of one type, these are {left_type} and {right_type}"
                );
                let problem = Problem::new(at, message);
                let int = match (left_type, right_type) {
                    (Type::Int, Type::Double) => literal(left_tree),
                    (Type::Double, Type::Int) => literal(right_tree),
                    _ => None,
                };
                return Err(match int {
                    Some(int) => problem.fix(format!("write `{int}.0`")),
                    None => problem,
                });
            }
        };
        Ok((Kind::Calculate(arithmetic, Box::new([left, right])), value_type))
    }

    fn spend(&mut self, cost: u32, at: Span) -> Result<(), Problem> {
        self.cost = self.cost.saturating_add(cost);
        if self.cost <= COST_MAX {
            return Ok(());
        }
        Err(Problem::new(at, format!("the rule costs more than {COST_MAX} steps from here on"))
            .fix("ask fewer questions, or split it over the three stages"))
    }
}

fn comparable(left: Type, right: Type) -> bool {
    let is_number = |value_type| matches!(value_type, Type::Int | Type::Double);
    left == right || (is_number(left) && is_number(right))
}

/// Makes a whole constant a double where that changes nothing, so that two doubles are compared and not two types.
fn widened(node: Node) -> Node {
    let Kind::Constant(Constant::Int(int)) = node.kind else { return node };
    #[expect(clippy::cast_precision_loss, reason = "compared with the original below")]
    let double = int as f64;
    let is_exact = order(Scalar::Int(int), Scalar::Double(double)) == Some(std::cmp::Ordering::Equal);
    if is_exact { Node { at: node.at, kind: Kind::Constant(Constant::Double(double)) } } else { node }
}

/// Spells a whole number as it was written, for a fix.
fn literal(tree: &Tree) -> Option<String> {
    match tree.kind {
        TreeKind::Int(value) => Some(value.to_string()),
        TreeKind::Double(value) => Some(value.to_string()),
        _ => None,
    }
}

/// Replaces a node by its value where that is known now. What always fails is a problem of the rule, not of a person.
fn folded(node: Node) -> Result<Node, Problem> {
    let is_constant = |part: &Node| matches!(part.kind, Kind::Constant(_));
    let folds = match &node.kind {
        Kind::Constant(_) | Kind::Fact { .. } | Kind::Share { .. } | Kind::Known { .. } => false,
        Kind::Not(part) | Kind::Negate(part) | Kind::Size(part) | Kind::Among(part, _) => is_constant(part),
        Kind::All(parts) | Kind::Any(parts) => parts.iter().all(is_constant),
        Kind::Choose(parts) => parts.iter().all(is_constant),
        Kind::Compare(_, sides) | Kind::Calculate(_, sides) | Kind::Test(_, sides) => {
            sides.iter().all(is_constant)
        }
    };
    if !folds {
        return Ok(node);
    }
    let kind = match node.value(&Nothing) {
        Ok(Scalar::Bool(value)) => Constant::Bool(value),
        Ok(Scalar::Int(value)) => Constant::Int(value),
        Ok(Scalar::Double(value)) => Constant::Double(value),
        Ok(Scalar::Text(value)) => Constant::Text(value.into()),
        Err(Stop::DivisionByZero { .. }) => return Err(Problem::new(node.at, "this always divides by zero")),
        Err(Stop::Overflow { .. }) => return Err(Problem::new(node.at, "this is always too large")),
        Err(Stop::NotKnown { .. } | Stop::WrongType { .. }) => return Ok(node),
    };
    Ok(Node { at: node.at, kind: Kind::Constant(kind) })
}
