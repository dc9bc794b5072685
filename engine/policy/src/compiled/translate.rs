//! From Cedar's own tree of a policy to a compiled test.

use cedar_policy::pst::{self, BinaryOp, Clause, UnaryOp, Var};
use cedar_policy::{
    AuthorizationError, Authorizer, Context, Entities, EvalResult, Expression, Policy as CedarPolicy, PolicySet,
    Request, eval_expression,
};

use super::Use;
use super::expr::{Binary, Expr, Test};
use super::pattern::Pattern;
use super::source::{Shape, Source};
use super::time::TimeOp;
use super::value::{Kind, Literal};
use super::vocabulary::Vocabulary;
use crate::official::reason;

/// Levels of nesting beyond which a condition is left to the authorizer; long chains of `&&` and `||` are one level.
const DEEPEST: usize = 100;

/// Something that is not compiled.
#[derive(Debug)]
pub(crate) struct Beyond;

type Compiled<T> = Result<T, Beyond>;

/// Translates the policies of one program.
pub(crate) struct Translator<'v> {
    vocabulary: &'v mut Vocabulary,
    uses: Use,
    depth: usize,
}

impl<'v> Translator<'v> {
    /// The test of a policy, and how much of the person asked about it looks at.
    pub(crate) fn policy(policy: &CedarPolicy, vocabulary: &'v mut Vocabulary) -> Compiled<(Test, Use)> {
        let (clauses, uses) = Self::clauses(policy, vocabulary)?;
        Ok((all(clauses), uses))
    }

    /// The test of each clause of a policy.
    pub(crate) fn clauses(policy: &CedarPolicy, vocabulary: &'v mut Vocabulary) -> Compiled<(Vec<Test>, Use)> {
        let pst::Policy::Static(policy) = policy.to_pst().map_err(|_| Beyond)? else {
            return Err(Beyond);
        };
        let body = policy.body();
        if body.principal != pst::PrincipalConstraint::Any || body.resource != pst::ResourceConstraint::Any {
            return Err(Beyond);
        }
        let mut translator = Self {
            vocabulary,
            uses: Use::Message,
            depth: 0,
        };
        let clauses = body.clauses().iter().map(|clause| match clause {
            Clause::When(expr) => translator.test(expr),
            Clause::Unless(expr) => Ok(Test::Not(Box::new(translator.test(expr)?))),
        });
        let clauses = clauses.collect::<Compiled<Vec<_>>>()?;
        Ok((clauses, translator.uses))
    }

    fn test(&mut self, expr: &pst::Expr) -> Compiled<Test> {
        let depth = self.depth;
        if depth > DEEPEST {
            return Err(Beyond);
        }
        self.depth += 1;
        let test = match self.test_of(expr) {
            Err(Beyond) if is_constant(expr) => fold(expr),
            test => test,
        };
        self.depth = depth;
        test
    }

    fn test_of(&mut self, expr: &pst::Expr) -> Compiled<Test> {
        match expr {
            pst::Expr::Literal(pst::Literal::Bool(value)) => Ok(Test::Const(*value)),
            pst::Expr::UnaryOp { op: UnaryOp::Not, expr } => Ok(not(self.test(expr)?)),
            pst::Expr::IfThenElse {
                cond,
                then_expr,
                else_expr,
            } => Ok(Test::If(Box::new([
                self.test(cond)?,
                self.test(then_expr)?,
                self.test(else_expr)?,
            ]))),
            pst::Expr::Is {
                expr,
                entity_type,
                in_expr: Some(within),
            } => Ok(all(vec![
                Test::Value(Box::new(self.is(expr, entity_type)?)),
                self.binary_test(BinaryOp::In, expr, within)?,
            ])),
            pst::Expr::BinaryOp { op, left, right } => match op {
                BinaryOp::And => Ok(all(self.chain(BinaryOp::And, expr)?)),
                BinaryOp::Or => Ok(any(self.chain(BinaryOp::Or, expr)?)),
                _ => self.binary_test(*op, left, right),
            },
            _ => match Source::of(expr).filter(|source| source.shape() == Shape::Truth) {
                Some(source) => {
                    self.note(source);
                    Ok(Test::Atom(self.vocabulary.truth(source)))
                }
                None => Ok(value(self.expr(expr)?)),
            },
        }
    }

    /// The operands of a chain such as `a && b && c`, from left to right.
    fn chain(&mut self, operator: BinaryOp, expr: &pst::Expr) -> Compiled<Vec<Test>> {
        let mut rest = Vec::new();
        let mut first = expr;
        while let pst::Expr::BinaryOp { op, left, right } = first {
            if *op != operator {
                break;
            }
            rest.push(&**right);
            first = left;
        }
        let operands = std::iter::once(first).chain(rest.into_iter().rev());
        operands.map(|operand| self.test(operand)).collect()
    }

    fn binary_test(&mut self, op: BinaryOp, left: &pst::Expr, right: &pst::Expr) -> Compiled<Test> {
        if let Some(test) = self.words_test(op, left, right) {
            return Ok(test);
        }
        let compared = |operator, operands| value(Expr::Binary(operator, Box::new(operands)));
        let negated = match op {
            BinaryOp::NotEq => Some(Binary::Equal),
            BinaryOp::Greater => Some(Binary::LessOrEqual),
            BinaryOp::GreaterEq => Some(Binary::Less),
            _ => None,
        };
        if let Some(operator) = negated {
            return Ok(not(compared(operator, (self.expr(left)?, self.expr(right)?))));
        }
        let operator = match op {
            BinaryOp::Eq => Binary::Equal,
            BinaryOp::Less => Binary::Less,
            BinaryOp::LessEq => Binary::LessOrEqual,
            BinaryOp::In => Binary::In,
            BinaryOp::Contains => Binary::Contains,
            BinaryOp::ContainsAll => Binary::ContainsAll,
            BinaryOp::ContainsAny => Binary::ContainsAny,
            BinaryOp::And | BinaryOp::Or => return Err(Beyond),
            // Not a truth value: Cedar fails on it, as a compiled test does.
            _ => return Ok(value(self.binary_expr(op, left, right)?)),
        };
        Ok(compared(operator, (self.expr(left)?, self.expr(right)?)))
    }

    /// A comparison of an attribute with words, as bits.
    fn words_test(&mut self, op: BinaryOp, left: &pst::Expr, right: &pst::Expr) -> Option<Test> {
        let sides = (Source::of(left), Source::of(right));
        match (op, sides) {
            (BinaryOp::Eq, (Some(source), None)) => self.is_word(source, &literal(right)?),
            (BinaryOp::Eq, (None, Some(source))) => self.is_word(source, &literal(left)?),
            (BinaryOp::NotEq, (Some(source), None)) => self.is_word(source, &literal(right)?).map(not),
            (BinaryOp::NotEq, (None, Some(source))) => self.is_word(source, &literal(left)?).map(not),
            (BinaryOp::In, (Some(source), None)) => self.is_in(source, &literal(right)?),
            (BinaryOp::Contains, (Some(source), None)) => self.has_words(source, &[literal(right)?])?.pop(),
            (BinaryOp::Contains, (None, Some(source))) => {
                let words = elements(literal(left)?)?;
                let each: Option<Vec<_>> = words.iter().map(|word| self.is_word(source, word)).collect();
                each.map(any)
            }
            (BinaryOp::ContainsAll, (Some(source), None)) => {
                self.has_words(source, &elements(literal(right)?)?).map(all)
            }
            (BinaryOp::ContainsAny, (Some(source), None)) => {
                self.has_words(source, &elements(literal(right)?)?).map(any)
            }
            (BinaryOp::ContainsAny, (None, Some(source))) => {
                self.has_words(source, &elements(literal(left)?)?).map(any)
            }
            _ => None,
        }
    }

    fn is_word(&mut self, source: Source, word: &Literal) -> Option<Test> {
        if let (Shape::Truth, Literal::Bool(value)) = (source.shape(), word) {
            self.note(source);
            let atom = Test::Atom(self.vocabulary.truth(source));
            return Some(if *value { atom } else { not(atom) });
        }
        let Shape::Word(kind) = source.shape() else {
            return None;
        };
        self.atom(source, kind, word)
    }

    fn has_words(&mut self, source: Source, words: &[Literal]) -> Option<Vec<Test>> {
        let Shape::Words(kind) = source.shape() else {
            return None;
        };
        words.iter().map(|word| self.atom(source, kind, word)).collect()
    }

    /// An entity is in itself and in its groups.
    fn is_in(&mut self, source: Source, words: &Literal) -> Option<Test> {
        let Shape::Word(Some(own)) = source.shape() else {
            return None;
        };
        let words = match words {
            Literal::Set(words) => words.to_vec(),
            word => vec![word.clone()],
        };
        let each = words.iter().map(|word| match (word, source.groups()) {
            (Literal::Entity(Kind::Group, _), Some(groups)) => self.atom(groups, Some(Kind::Group), word),
            (Literal::Entity(kind, _), _) if *kind == own => self.atom(source, Some(own), word),
            (Literal::Entity(..), _) => Some(Test::Const(false)),
            _ => None,
        });
        each.collect::<Option<Vec<_>>>().map(any)
    }

    fn atom(&mut self, source: Source, kind: Option<Kind>, word: &Literal) -> Option<Test> {
        let word = match (kind, word) {
            (None, Literal::Text(text)) => text,
            (Some(kind), Literal::Entity(found, id)) if *found == kind => id,
            _ => return None,
        };
        self.note(source);
        Some(Test::Atom(self.vocabulary.word(source, word)))
    }

    fn note(&mut self, source: Source) {
        if source.is_of_principal() {
            let is_id = matches!(source.shape(), Shape::Word(Some(_)));
            self.uses = self.uses.max(if is_id { Use::Id } else { Use::Person });
        }
    }

    fn expr(&mut self, expr: &pst::Expr) -> Compiled<Expr> {
        let depth = self.depth;
        if depth > DEEPEST {
            return Err(Beyond);
        }
        self.depth += 1;
        let translated = self.expr_of(expr);
        self.depth = depth;
        translated
    }

    fn expr_of(&mut self, expr: &pst::Expr) -> Compiled<Expr> {
        if let Some(literal) = literal(expr) {
            return Ok(Expr::Literal(literal));
        }
        Ok(match expr {
            pst::Expr::Var(Var::Principal) => {
                self.uses = Use::Id;
                Expr::Principal
            }
            pst::Expr::Var(Var::Resource) => Expr::Resource,
            pst::Expr::GetAttr { expr, attr } => Expr::Attr(Box::new(self.looked_into(expr)?), attr.as_str().into()),
            pst::Expr::HasAttr { expr, attrs } => {
                let names = attrs.iter().map(|name| name.as_str().into()).collect();
                Expr::Has(Box::new(self.looked_into(expr)?), names)
            }
            pst::Expr::Like { expr, pattern } => Expr::Like(Box::new(self.expr(expr)?), Pattern::new(pattern)),
            pst::Expr::Is {
                expr,
                entity_type,
                in_expr: None,
            } => self.is(expr, entity_type)?,
            pst::Expr::IfThenElse {
                cond,
                then_expr,
                else_expr,
            } => Expr::If(Box::new((
                self.test(cond)?,
                self.expr(then_expr)?,
                self.expr(else_expr)?,
            ))),
            pst::Expr::Set(elements) => {
                let elements = elements.iter().map(|element| self.expr(element));
                Expr::Set(elements.collect::<Compiled<_>>()?)
            }
            pst::Expr::Record(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, of)| Ok((name.as_str().into(), self.expr(of)?)));
                Expr::Record(fields.collect::<Compiled<_>>()?)
            }
            pst::Expr::UnaryOp { op, expr: operand } => self.unary_expr(*op, expr, operand)?,
            pst::Expr::BinaryOp { op, left, right } => self.binary_expr_or_test(*op, expr, left, right)?,
            pst::Expr::Is { .. } => Expr::Test(Box::new(self.test(expr)?)),
            _ => return Err(Beyond),
        })
    }

    /// What an operator looks into; of the person asked about it needs the facts alone.
    fn looked_into(&mut self, expr: &pst::Expr) -> Compiled<Expr> {
        if matches!(expr, pst::Expr::Var(Var::Principal)) {
            self.uses = self.uses.max(Use::Person);
            return Ok(Expr::Principal);
        }
        self.expr(expr)
    }

    fn is(&mut self, expr: &pst::Expr, kind: &pst::EntityType) -> Compiled<Expr> {
        let kind = Kind::named(&kind.to_string()).ok_or(Beyond)?;
        Ok(Expr::Is(Box::new(self.looked_into(expr)?), kind))
    }

    fn unary_expr(&mut self, op: UnaryOp, whole: &pst::Expr, operand: &pst::Expr) -> Compiled<Expr> {
        let time = match op {
            UnaryOp::Not => return Ok(Expr::Test(Box::new(self.test(whole)?))),
            UnaryOp::Neg => return Ok(Expr::Negative(Box::new(self.expr(operand)?))),
            UnaryOp::IsEmpty => return Ok(Expr::IsEmpty(Box::new(self.expr(operand)?))),
            UnaryOp::ToDate => TimeOp::ToDate,
            UnaryOp::ToTime => TimeOp::ToTime,
            UnaryOp::ToMilliseconds => TimeOp::Units(1),
            UnaryOp::ToSeconds => TimeOp::Units(1000),
            UnaryOp::ToMinutes => TimeOp::Units(60_000),
            UnaryOp::ToHours => TimeOp::Units(3_600_000),
            UnaryOp::ToDays => TimeOp::Units(86_400_000),
            _ => return Err(Beyond),
        };
        Ok(Expr::Time(time, [self.expr(operand)?].into()))
    }

    fn binary_expr_or_test(
        &mut self,
        op: BinaryOp,
        whole: &pst::Expr,
        left: &pst::Expr,
        right: &pst::Expr,
    ) -> Compiled<Expr> {
        match op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Offset | BinaryOp::DurationSince => {
                self.binary_expr(op, left, right)
            }
            BinaryOp::Eq
            | BinaryOp::NotEq
            | BinaryOp::Less
            | BinaryOp::LessEq
            | BinaryOp::Greater
            | BinaryOp::GreaterEq
            | BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::In
            | BinaryOp::Contains
            | BinaryOp::ContainsAll
            | BinaryOp::ContainsAny => Ok(Expr::Test(Box::new(self.test(whole)?))),
            _ => Err(Beyond),
        }
    }

    fn binary_expr(&mut self, op: BinaryOp, left: &pst::Expr, right: &pst::Expr) -> Compiled<Expr> {
        let time = |operator, operands: (Expr, Expr)| Expr::Time(operator, [operands.0, operands.1].into());
        let plain = |operator, operands| Expr::Binary(operator, Box::new(operands));
        let operands = (self.expr(left)?, self.expr(right)?);
        Ok(match op {
            BinaryOp::Add => plain(Binary::Add, operands),
            BinaryOp::Sub => plain(Binary::Subtract, operands),
            BinaryOp::Mul => plain(Binary::Multiply, operands),
            BinaryOp::Offset => time(TimeOp::Offset, operands),
            BinaryOp::DurationSince => time(TimeOp::DurationSince, operands),
            _ => return Err(Beyond),
        })
    }
}

impl Source {
    /// The attribute that an expression reads, if it reads one.
    fn of(expr: &pst::Expr) -> Option<Self> {
        Self::at(&path(expr)?)
    }
}

fn path(expr: &pst::Expr) -> Option<String> {
    match expr {
        pst::Expr::Var(Var::Principal) => Some("principal".to_owned()),
        pst::Expr::Var(Var::Resource) => Some("resource".to_owned()),
        pst::Expr::GetAttr { expr, attr } => Some(format!("{}.{attr}", path(expr)?)),
        _ => None,
    }
}

/// All of these tests in turn, flattened.
fn all(tests: Vec<Test>) -> Test {
    let flat = tests.into_iter().flat_map(|test| match test {
        Test::All(inner) => inner.into_vec(),
        other => vec![other],
    });
    let mut flat: Vec<_> = flat.collect();
    match flat.len() {
        1 => flat.remove(0),
        _ => Test::All(flat.into()),
    }
}

/// Any of these tests in turn, flattened.
fn any(tests: Vec<Test>) -> Test {
    let flat = tests.into_iter().flat_map(|test| match test {
        Test::Any(inner) => inner.into_vec(),
        other => vec![other],
    });
    let mut flat: Vec<_> = flat.collect();
    match flat.len() {
        1 => flat.remove(0),
        _ => Test::Any(flat.into()),
    }
}

fn not(test: Test) -> Test {
    Test::Not(Box::new(test))
}

fn value(expr: Expr) -> Test {
    match expr {
        Expr::Test(test) => *test,
        expr => Test::Value(Box::new(expr)),
    }
}

/// The value of a literal, of a set of literals, or of a date or duration written out.
fn literal(expr: &pst::Expr) -> Option<Literal> {
    Some(match expr {
        pst::Expr::Literal(literal) => match literal {
            pst::Literal::Bool(value) => Literal::Bool(*value),
            pst::Literal::Long(value) => Literal::Long(*value),
            pst::Literal::String(text) => Literal::Text(text.as_str().into()),
            pst::Literal::EntityUID(uid) => Literal::Entity(Kind::named(&uid.ty.to_string())?, uid.eid.as_str().into()),
            _ => return None,
        },
        pst::Expr::Set(elements) => Literal::Set(elements.iter().map(|it| literal(it)).collect::<Option<_>>()?),
        pst::Expr::UnaryOp { op, expr } => {
            let pst::Expr::Literal(pst::Literal::String(text)) = &**expr else {
                return None;
            };
            match op {
                UnaryOp::Datetime => Literal::Instant(milliseconds(text, |text| {
                    format!("datetime(\"{text}\").durationSince(datetime(\"1970-01-01\")).toMilliseconds()")
                })?),
                UnaryOp::Duration => Literal::Span(milliseconds(text, |text| {
                    format!("duration(\"{text}\").toMilliseconds()")
                })?),
                _ => return None,
            }
        }
        _ => return None,
    })
}

fn elements(literal: Literal) -> Option<Box<[Literal]>> {
    match literal {
        Literal::Set(elements) => Some(elements),
        _ => None,
    }
}

/// What Cedar itself makes of a date or duration.
fn milliseconds(text: &str, question: impl Fn(&str) -> String) -> Option<i64> {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "+-:.".contains(c));
    let expression: Expression = question(text).parse().ok().filter(|_| plain)?;
    match eval_expression(&nobody_asking()?, &Entities::empty(), &expression) {
        Ok(EvalResult::Long(value)) => Some(value),
        _ => None,
    }
}

/// A request that no constant looks at.
fn nobody_asking() -> Option<Request> {
    let nobody = || r#"Nobody::"""#.parse().ok();
    Request::new(nobody()?, nobody()?, nobody()?, Context::empty(), None).ok()
}

/// Whether an expression has the same value for every message.
fn is_constant(expr: &pst::Expr) -> bool {
    match expr {
        pst::Expr::Literal(_) => true,
        pst::Expr::UnaryOp { expr, .. }
        | pst::Expr::GetAttr { expr, .. }
        | pst::Expr::HasAttr { expr, .. }
        | pst::Expr::Like { expr, .. } => is_constant(expr),
        pst::Expr::BinaryOp { left, right, .. } => is_constant(left) && is_constant(right),
        pst::Expr::IfThenElse {
            cond,
            then_expr,
            else_expr,
        } => [cond, then_expr, else_expr].into_iter().all(|it| is_constant(it)),
        pst::Expr::Set(elements) => elements.iter().all(|it| is_constant(it)),
        pst::Expr::Record(fields) => fields.values().all(|it| is_constant(it)),
        _ => false,
    }
}

/// The truth of a constant as Cedar's authorizer finds it: addresses and decimals occur nowhere else, because no
/// attribute of the schema has their types.
fn fold(expr: &pst::Expr) -> Compiled<Test> {
    let template = pst::Template::new(
        "constant",
        pst::Effect::Permit,
        pst::PrincipalConstraint::Any,
        pst::ActionConstraint::Any,
        pst::ResourceConstraint::Any,
    );
    let template = template
        .try_with_clauses([Clause::When(std::sync::Arc::new(expr.clone()))])
        .map_err(|_| Beyond)?;
    let policy = pst::StaticPolicy::try_from(template).map_err(|_| Beyond)?;
    let policy = CedarPolicy::from_pst(policy.into()).map_err(|_| Beyond)?;
    let policies = PolicySet::from_policies([policy]).map_err(|_| Beyond)?;
    let request = nobody_asking().ok_or(Beyond)?;
    let response = Authorizer::new().is_authorized(&request, &policies, &Entities::empty());
    let failed = response.diagnostics().errors().next();
    Ok(match failed {
        Some(AuthorizationError::PolicyEvaluationError(error)) => Test::Fails(reason(error.inner()).into()),
        None => Test::Const(response.diagnostics().reason().next().is_some()),
    })
}
