//! Reads tokens into a tree (precedence climbing, after Pratt). Knows the grammar; knows neither names nor types.

use super::lexer::{self, Token, TokenKind};
use super::node::{Arithmetic, Comparison, Span, TextTest};
use super::{DEPTH_MAX, Problem, SOURCE_BYTES_MAX};

/// A part of the source, as it was written.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) at: Span,
    pub(super) kind: TreeKind,
    depth: usize,
}

/// What a part is.
#[derive(Debug)]
pub(super) enum TreeKind {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Name(String),
    Entry(Box<Tree>, Box<Tree>),
    Has(Box<Tree>),
    Not(Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Choose(Box<[Tree; 3]>),
    Compare(Comparison, Box<[Tree; 2]>),
    Among(Box<Tree>, Vec<Tree>),
    Negate(Box<Tree>),
    Calculate(Arithmetic, Box<[Tree; 2]>),
    Size(Box<Tree>),
    Test(TextTest, Box<[Tree; 2]>),
}

/// Parses a whole source.
pub(super) fn parse(source: &str) -> Result<Tree, Problem> {
    if SOURCE_BYTES_MAX < source.len() {
        let message = format!("the rule is {} bytes long; at most {SOURCE_BYTES_MAX} are read", source.len());
        return Err(Problem::new(0..source.len(), message).fix("split it over the three stages"));
    }
    let token = lexer::next(source, 0)?;
    let mut parser = Parser { source, token, end: 0, levels: 0 };
    if parser.token.kind == TokenKind::End {
        return Err(
            Problem::new(0..source.len(), "the rule is empty").fix("leave it out, then it always holds")
        );
    }
    let tree = parser.expression(Power::Choose)?;
    if parser.token.kind != TokenKind::End {
        return Err(parser.unexpected("an operator"));
    }
    Ok(tree)
}

/// How strongly an operator binds; later ones bind more strongly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Power {
    Choose,
    Any,
    All,
    Relation,
    Sum,
    Product,
    Prefix,
}

/// An operator between two operands.
#[derive(Clone, Copy)]
enum Infix {
    Choose,
    Any,
    All,
    Among,
    Compare(Comparison),
    Calculate(Arithmetic),
}

impl Infix {
    fn power(self) -> Power {
        match self {
            Self::Choose => Power::Choose,
            Self::Any => Power::Any,
            Self::All => Power::All,
            Self::Among | Self::Compare(_) => Power::Relation,
            Self::Calculate(Arithmetic::Add | Arithmetic::Subtract) => Power::Sum,
            Self::Calculate(_) => Power::Product,
        }
    }

    /// What its right operand binds at least: one level more, as all of them group to the left.
    fn right_power(self) -> Power {
        match self.power() {
            Power::Choose => Power::Any,
            Power::Any => Power::All,
            Power::All => Power::Relation,
            Power::Relation => Power::Sum,
            Power::Sum => Power::Product,
            Power::Product | Power::Prefix => Power::Prefix,
        }
    }
}

struct Parser<'a> {
    source: &'a str,
    token: Token,
    /// Where the token before ended.
    end: usize,
    levels: usize,
}

impl Parser<'_> {
    fn expression(&mut self, weakest: Power) -> Result<Tree, Problem> {
        let mut left = self.operand()?;
        while let Some(infix) = self.infix() {
            if infix.power() < weakest {
                break;
            }
            left = match infix {
                Infix::Choose => self.choose(left)?,
                Infix::All => {
                    let parts = self.chain(left, "&&", infix.right_power())?;
                    self.tree_over(parts, TreeKind::All)?
                }
                Infix::Any => {
                    let parts = self.chain(left, "||", infix.right_power())?;
                    self.tree_over(parts, TreeKind::Any)?
                }
                Infix::Among => self.among(left)?,
                Infix::Compare(comparison) => {
                    self.advance()?;
                    let right = self.expression(infix.right_power())?;
                    let at = left.at.to(right.at);
                    let depth = left.depth.max(right.depth);
                    self.tree(at, depth, TreeKind::Compare(comparison, Box::new([left, right])))?
                }
                Infix::Calculate(arithmetic) => {
                    self.advance()?;
                    let right = self.expression(infix.right_power())?;
                    let at = left.at.to(right.at);
                    let depth = left.depth.max(right.depth);
                    self.tree(at, depth, TreeKind::Calculate(arithmetic, Box::new([left, right])))?
                }
            };
        }
        Ok(left)
    }

    fn infix(&self) -> Option<Infix> {
        let symbol = match self.token.kind {
            TokenKind::Symbol(symbol) => symbol,
            TokenKind::Name if self.text(self.token.at) == "in" => return Some(Infix::Among),
            _ => return None,
        };
        Some(match symbol {
            "?" => Infix::Choose,
            "||" => Infix::Any,
            "&&" => Infix::All,
            "==" => Infix::Compare(Comparison::Equal),
            "!=" => Infix::Compare(Comparison::NotEqual),
            "<" => Infix::Compare(Comparison::Less),
            "<=" => Infix::Compare(Comparison::AtMost),
            ">" => Infix::Compare(Comparison::Greater),
            ">=" => Infix::Compare(Comparison::AtLeast),
            "+" => Infix::Calculate(Arithmetic::Add),
            "-" => Infix::Calculate(Arithmetic::Subtract),
            "*" => Infix::Calculate(Arithmetic::Multiply),
            "/" => Infix::Calculate(Arithmetic::Divide),
            "%" => Infix::Calculate(Arithmetic::Remainder),
            _ => return None,
        })
    }

    /// Gathers `a && b && c` as one chain, so that a long list of conditions is not a deep tree.
    fn chain(&mut self, first: Tree, symbol: &'static str, power: Power) -> Result<Vec<Tree>, Problem> {
        let mut parts = vec![first];
        while self.token.kind == TokenKind::Symbol(symbol) {
            self.advance()?;
            parts.push(self.expression(power)?);
        }
        Ok(parts)
    }

    fn tree_over(&self, parts: Vec<Tree>, kind: fn(Vec<Tree>) -> TreeKind) -> Result<Tree, Problem> {
        let depth = parts.iter().map(|part| part.depth).max().unwrap_or(0);
        let at = match (parts.first(), parts.last()) {
            (Some(first), Some(last)) => first.at.to(last.at),
            _ => self.token.at,
        };
        self.tree(at, depth, kind(parts))
    }

    fn choose(&mut self, condition: Tree) -> Result<Tree, Problem> {
        self.advance()?;
        let (then, otherwise) = self.nested(|parser| {
            let then = parser.expression(Power::Any)?;
            parser.expect(":")?;
            Ok((then, parser.expression(Power::Choose)?))
        })?;
        let at = condition.at.to(otherwise.at);
        let depth = condition.depth.max(then.depth).max(otherwise.depth);
        self.tree(at, depth, TreeKind::Choose(Box::new([condition, then, otherwise])))
    }

    fn among(&mut self, left: Tree) -> Result<Tree, Problem> {
        let word = self.token.at;
        self.advance()?;
        if self.token.kind != TokenKind::Symbol("[") {
            return Err(Problem::new(word, "`in` needs a list of values on its right")
                .fix("write the values, such as `[\"web\", \"till\"]`"));
        }
        let start = self.token.at;
        self.advance()?;
        let mut values = Vec::new();
        while self.token.kind != TokenKind::Symbol("]") {
            values.push(self.nested(|parser| parser.expression(Power::Choose))?);
            if self.token.kind == TokenKind::Symbol("]") {
                break;
            }
            self.expect(",")?;
        }
        let at = left.at.to(self.token.at);
        if values.is_empty() {
            return Err(Problem::new(start.to(self.token.at), "the list is empty, so nothing is ever in it"));
        }
        self.advance()?;
        let depth = values.iter().map(|value| value.depth).max().unwrap_or(0).max(left.depth);
        self.tree(at, depth, TreeKind::Among(Box::new(left), values))
    }

    fn operand(&mut self) -> Result<Tree, Problem> {
        let token = self.token.clone();
        let tree = match token.kind {
            TokenKind::Int => {
                self.advance()?;
                self.int(token.at, "")?
            }
            TokenKind::Double(value) => {
                self.advance()?;
                self.tree(token.at, 0, TreeKind::Double(value))?
            }
            TokenKind::Text(value) => {
                self.advance()?;
                self.tree(token.at, 0, TreeKind::Text(value))?
            }
            TokenKind::Name => self.name()?,
            TokenKind::Symbol("(") => {
                self.advance()?;
                let inner = self.nested(|parser| parser.expression(Power::Choose))?;
                self.expect(")")?;
                inner
            }
            TokenKind::Symbol("!") => return self.prefix(token.at, TreeKind::Not),
            TokenKind::Symbol("-") => {
                self.advance()?;
                if self.token.kind == TokenKind::Int {
                    let digits = self.token.at;
                    self.advance()?;
                    let value = self.int(digits, "-")?;
                    return self.postfix(Tree { at: token.at.to(digits), ..value });
                }
                return self.prefixed(token.at, TreeKind::Negate);
            }
            TokenKind::Symbol("[") => {
                return Err(Problem::new(token.at, "a list stands only on the right of `in`"));
            }
            TokenKind::Symbol("{") => return Err(Problem::new(token.at, "maps are not part of rules")),
            TokenKind::Symbol(_) | TokenKind::End => return Err(self.unexpected("a value")),
        };
        self.postfix(tree)
    }

    fn prefix(&mut self, at: Span, kind: fn(Box<Tree>) -> TreeKind) -> Result<Tree, Problem> {
        self.advance()?;
        self.prefixed(at, kind)
    }

    fn prefixed(&mut self, at: Span, kind: fn(Box<Tree>) -> TreeKind) -> Result<Tree, Problem> {
        let operand = self.nested(|parser| parser.expression(Power::Prefix))?;
        self.tree(Span::to(at, self.before()), operand.depth, kind(Box::new(operand)))
    }

    fn int(&self, digits: Span, sign: &str) -> Result<Tree, Problem> {
        let literal = format!("{sign}{}", self.text(digits));
        match literal.parse() {
            Ok(value) => self.tree(digits, 0, TreeKind::Int(value)),
            Err(_) => Err(Problem::new(digits, format!("`{literal}` is too large for an int"))
                .fix(format!("write a double: `{literal}.0`"))),
        }
    }

    fn name(&mut self) -> Result<Tree, Problem> {
        let at = self.token.at;
        let mut name = self.text(at).to_owned();
        self.advance()?;
        match name.as_str() {
            "true" => return self.tree(at, 0, TreeKind::Bool(true)),
            "false" => return self.tree(at, 0, TreeKind::Bool(false)),
            "null" => {
                return Err(Problem::new(at, "`null` is not a value here")
                    .fix("ask `has(name)` whether a fact is known"));
            }
            "not" => return Err(Problem::new(at, "`not` has no meaning here").fix("write `!`")),
            "as" | "break" | "const" | "continue" | "else" | "for" | "function" | "if" | "import" | "in"
            | "let" | "loop" | "package" | "namespace" | "return" | "var" | "void" | "while" => {
                return Err(Problem::new(at, format!("`{name}` is a reserved word")));
            }
            _ => {}
        }
        if self.token.kind == TokenKind::Symbol("(") {
            return self.function(at, &name);
        }
        while self.token.kind == TokenKind::Symbol(".") {
            let upto = self.before();
            self.advance()?;
            let part = self.token.at;
            if self.token.kind != TokenKind::Name {
                return Err(self.unexpected("a name after the dot"));
            }
            self.advance()?;
            if self.token.kind == TokenKind::Symbol("(") {
                let receiver = self.tree(at.to(upto), 0, TreeKind::Name(name))?;
                return self.method(receiver, part);
            }
            name.push('.');
            name.push_str(self.text(part));
        }
        self.tree(at.to(self.before()), 0, TreeKind::Name(name))
    }

    /// Reads what may follow a value: `["key"]` and text methods.
    fn postfix(&mut self, mut tree: Tree) -> Result<Tree, Problem> {
        loop {
            match self.token.kind {
                TokenKind::Symbol("[") => {
                    self.advance()?;
                    let key = self.nested(|parser| parser.expression(Power::Choose))?;
                    let at = tree.at.to(self.token.at);
                    self.expect("]")?;
                    let depth = tree.depth.max(key.depth);
                    tree = self.tree(at, depth, TreeKind::Entry(Box::new(tree), Box::new(key)))?;
                }
                TokenKind::Symbol(".") => {
                    self.advance()?;
                    let part = self.token.at;
                    if self.token.kind != TokenKind::Name {
                        return Err(self.unexpected("a name after the dot"));
                    }
                    self.advance()?;
                    if self.token.kind != TokenKind::Symbol("(") {
                        let message = format!("`.{}` does not follow a name", self.text(part));
                        return Err(Problem::new(part, message));
                    }
                    tree = self.method(tree, part)?;
                }
                _ => return Ok(tree),
            }
        }
    }

    /// Reads `size(text)` or `has(name)`; the current token is the bracket.
    fn function(&mut self, at: Span, name: &str) -> Result<Tree, Problem> {
        let kind: fn(Box<Tree>) -> TreeKind = match name {
            "size" => TreeKind::Size,
            "has" => TreeKind::Has,
            _ => return Err(no_function(at, name)),
        };
        let argument = self.argument(name)?;
        self.tree(at.to(self.before()), argument.depth, kind(Box::new(argument)))
    }

    /// Reads `.startsWith(text)` and the like; the current token is the bracket.
    fn method(&mut self, receiver: Tree, name_at: Span) -> Result<Tree, Problem> {
        let name = self.text(name_at).to_owned();
        let test = match name.as_str() {
            "startsWith" => TextTest::StartsWith,
            "endsWith" => TextTest::EndsWith,
            "contains" => TextTest::Contains,
            _ => return Err(no_function(name_at, &name)),
        };
        let argument = self.argument(&name)?;
        let at = receiver.at.to(self.before());
        let depth = receiver.depth.max(argument.depth);
        self.tree(at, depth, TreeKind::Test(test, Box::new([receiver, argument])))
    }

    fn argument(&mut self, of: &str) -> Result<Tree, Problem> {
        self.advance()?;
        if self.token.kind == TokenKind::Symbol(")") {
            return Err(Problem::new(self.token.at, format!("`{of}` needs one value between its brackets")));
        }
        let argument = self.nested(|parser| parser.expression(Power::Choose))?;
        if self.token.kind == TokenKind::Symbol(",") {
            return Err(Problem::new(self.token.at, format!("`{of}` takes one value only")));
        }
        self.expect(")")?;
        Ok(argument)
    }

    /// Goes one level deeper, as far as that is allowed.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        if DEPTH_MAX <= self.levels {
            return Err(too_deep(self.token.at));
        }
        self.levels += 1;
        let result = read(self);
        self.levels -= 1;
        result
    }

    /// Makes a tree over parts of the given depth.
    fn tree(&self, at: Span, depth_of_parts: usize, kind: TreeKind) -> Result<Tree, Problem> {
        let depth = depth_of_parts + 1;
        if DEPTH_MAX < depth {
            return Err(too_deep(at));
        }
        Ok(Tree { at, kind, depth })
    }

    fn advance(&mut self) -> Result<(), Problem> {
        self.end = std::ops::Range::from(self.token.at).end;
        self.token = lexer::next(self.source, self.end)?;
        Ok(())
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), Problem> {
        if self.token.kind != TokenKind::Symbol(symbol) {
            return Err(self.unexpected(&format!("`{symbol}`")));
        }
        self.advance()
    }

    /// The place where the token before ended.
    fn before(&self) -> Span {
        Span::new(self.end, self.end)
    }

    fn text(&self, at: Span) -> &str {
        self.source.get(std::ops::Range::from(at)).unwrap_or("")
    }

    fn unexpected(&self, wanted: &str) -> Problem {
        let at = self.token.at;
        if self.token.kind == TokenKind::End {
            return Problem::new(at, format!("expected {wanted}, found the end"));
        }
        let found = self.text(at);
        let problem = Problem::new(at, format!("expected {wanted}, found `{found}`"));
        match found {
            "and" | "AND" => problem.fix("write `&&`"),
            "or" | "OR" => problem.fix("write `||`"),
            "is" | "IS" => problem.fix("write `==`"),
            _ => problem,
        }
    }
}

fn too_deep(at: Span) -> Problem {
    Problem::new(at, format!("nested more than {DEPTH_MAX} levels deep"))
}

fn no_function(at: Span, name: &str) -> Problem {
    match name {
        "all" | "exists" | "exists_one" | "existsOne" | "map" | "filter" | "transformList"
        | "transformMap" => Problem::new(at, format!("`{name}` is a loop, and rules have no loops")),
        _ => Problem::new(at, format!("there is no function `{name}`"))
            .fix("rules know `size`, `has`, `startsWith`, `endsWith` and `contains`"),
    }
}
