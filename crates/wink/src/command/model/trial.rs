//! Reads a trial from a file: who got what, what came of it, and which half each person is in.

use anyhow::{Context, bail, ensure};
use wink_stats::propensity::{Base, Linear};
use wink_stats::uplift::{Folds, Learner, Propensities, Trial};
use wink_stats::{Moments, Rows, mean_difference, only};
use wink_trees::Trees;

use super::features::Features;
use crate::arguments::quoted::{name, names};
use crate::arguments::{BaseName, InputFile, LearnerName, TrialInput};
use crate::command::interval::plain;
use crate::table::{Header, Table};
use crate::terminal;

/// How rarely lots draw features that are said to tell who was treated.
const NO_LOTS: f64 = 0.001;

/// People of a trial.
pub(super) struct People {
    /// What each treatment is called, in the order of their numbers, which begin with 1.
    pub(super) treatments: Vec<String>,
    /// What each feature is called.
    pub(super) features: Vec<String>,
    pub(super) values: Vec<f64>,
    pub(super) given: Vec<usize>,
    pub(super) outcomes: Vec<f64>,
    /// Whether they are in the first half.
    pub(super) first_half: Vec<bool>,
    /// Their rows in the file, counted from 1.
    pub(super) rows_of_file: Vec<usize>,
}

/// `COL=VALUE|VALUE[:CONTROL|CONTROL]`
struct Arm {
    column: String,
    treated: Vec<String>,
    control: Option<Vec<String>>,
}

impl Arm {
    fn read(text: &str) -> anyhow::Result<Self> {
        let written = || format!("`{text}` is not a treatment; write it as COL=VALUE or COL=VALUE:CONTROL");
        let (column, rest) = name(text, &['=']).map_err(anyhow::Error::msg).with_context(written)?;
        let rest = rest.strip_prefix('=').with_context(written)?;
        let (treated, rest) = values(rest, &['|', ':']).with_context(written)?;
        let control = match rest.strip_prefix(':') {
            // A colon within the control's values is theirs.
            Some(control) => Some(values(control, &['|']).with_context(written)?.0),
            None => None,
        };
        ensure!(treated.iter().any(|value| !value.is_empty()), written());
        Ok(Self { column, treated, control })
    }
}

/// Values joined by `|`, and what follows them.
fn values<'a>(text: &'a str, ends: &[char]) -> anyhow::Result<(Vec<String>, &'a str)> {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        let (value, behind) = name(rest, ends).map_err(anyhow::Error::msg)?;
        values.push(value);
        match behind.strip_prefix('|') {
            Some(next) => rest = next,
            None => return Ok((values, behind)),
        }
    }
}

impl People {
    pub(super) fn read(table: &Table, asked: &TrialInput) -> anyhow::Result<Self> {
        let features = Features::read(table, &names(&asked.learned.features))?;
        let arms: Vec<Arm> = asked.treatment.iter().map(|text| Arm::read(text)).collect::<Result<_, _>>()?;
        features.refuse(&asked.outcome, "the outcome")?;
        arms.iter().try_for_each(|arm| features.refuse(&arm.column, "who was treated"))?;
        let given = given(table, &arms)?;
        let is_kept = |row: usize| matches!(given.get(row), Some(Some(_)));
        let outcomes = table.numbers_of(&asked.outcome, is_kept)?;
        let halves = first_halves(&asked.learned.split, table.rows())?;
        let kept: Vec<usize> = (0..table.rows()).filter(|row| is_kept(*row)).collect();
        let people = Self {
            treatments: arms.iter().map(|arm| arm.treated.join("|")).collect(),
            values: features.rows(&kept),
            features: features.names,
            given: given.iter().copied().flatten().collect(),
            outcomes: only(&outcomes, is_kept),
            first_half: only(&halves, is_kept),
            rows_of_file: kept.iter().map(|row| row + 1).collect(),
        };
        people.refuse_halves_of_one_arm()?;
        people.tell_what_no_lots_draw()?;
        Ok(people)
    }

    /// Refuses halves of which one has nobody of an arm that the other has.
    fn refuse_halves_of_one_arm(&self) -> anyhow::Result<()> {
        let names = std::iter::once("the control").chain(self.treatments.iter().map(String::as_str));
        for (arm, name) in names.enumerate() {
            let of = |half: bool| {
                let mut people = self.given.iter().zip(&self.first_half);
                people.any(|(given, first)| *given == arm && *first == half)
            };
            ensure!(
                of(true) == of(false),
                "everybody with {name} is in one half; draw the halves with --split random:1"
            );
        }
        Ok(())
    }

    /// Says which feature tells who was treated. Lots draw nothing so different but in one file of a thousand.
    fn tell_what_no_lots_draw(&self) -> anyhow::Result<()> {
        let columns = self.features.len();
        let comparisons = columns * self.treatments.len();
        let level = 1.0 - NO_LOTS / wink_stats::numeric::count(comparisons.max(1));
        let table = self.rows()?;
        for (arm, name) in (1..).zip(&self.treatments) {
            for (column, feature) in self.features.iter().enumerate() {
                let mut sides = [Moments::default(); 2];
                let [treated, control] = &mut sides;
                for (row, given) in table.iter().zip(&self.given) {
                    let side = if *given == arm { &mut *treated } else { &mut *control };
                    let compared = *given == arm || *given == 0;
                    row.get(column).filter(|_| compared).into_iter().for_each(|value| side.add(*value));
                }
                if mean_difference(treated, control, level).is_ok_and(|apart| !apart.holds_zero()) {
                    terminal::note(&format!(
                        "`{feature}` tells who got `{name}`: {} in the mean, and {} in the control, which lots hardly draw; what is told of effects below mixes in who was chosen",
                        plain(treated.mean().unwrap_or(f64::NAN)),
                        plain(control.mean().unwrap_or(f64::NAN))
                    ));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The people of one half.
    pub(super) fn half(&self, first: bool) -> anyhow::Result<Self> {
        let chosen = |person: usize| self.first_half.get(person) == Some(&first);
        let table = self.rows()?.only(chosen);
        Ok(Self {
            treatments: self.treatments.clone(),
            features: self.features.clone(),
            values: table.rows().iter().flatten().copied().collect(),
            given: only(&self.given, chosen),
            outcomes: only(&self.outcomes, chosen),
            first_half: only(&self.first_half, chosen),
            rows_of_file: only(&self.rows_of_file, chosen),
        })
    }

    pub(super) fn rows(&self) -> anyhow::Result<Rows<'_>> {
        Ok(Rows::new(&self.values, self.features.len())?)
    }

    pub(super) fn trial(&self) -> anyhow::Result<Trial<'_>> {
        Ok(Trial::new(self.rows()?, &self.given, &self.outcomes, self.treatments.len())?)
    }
}

/// Opens the table.
pub(super) fn open(file: &InputFile) -> anyhow::Result<Table> {
    Table::open(&file.input, if file.no_header { Header::None } else { Header::First })
}

/// What each row got: 0 for the control, the treatment's number, or nothing that was asked about.
fn given(table: &Table, arms: &[Arm]) -> anyhow::Result<Vec<Option<usize>>> {
    let mut given = vec![None; table.rows()];
    // Of how many treatments a row is the control.
    let mut controls = vec![0_usize; table.rows()];
    for (number, arm) in (1..).zip(arms) {
        let may_be_empty =
            arm.treated.iter().chain(arm.control.iter().flatten()).any(|value| value.is_empty());
        let texts = if may_be_empty { table.texts(&arm.column)? } else { table.names_of(&arm.column)? };
        for value in arm.treated.iter().chain(arm.control.iter().flatten()) {
            ensure!(texts.iter().any(|text| text == value), "column `{}` never is `{value}`", arm.column);
        }
        for ((given, controls), text) in given.iter_mut().zip(&mut controls).zip(&texts) {
            let is_treated = arm.treated.contains(text);
            let is_control = arm.control.as_ref().is_none_or(|control| control.contains(text)) && !is_treated;
            *controls += usize::from(is_control);
            match given {
                Some(0) | None if is_treated => *given = Some(number),
                Some(other) if is_treated => {
                    bail!("a row with `{text}` is of two treatments, number {other} and number {number}")
                }
                None if is_control => *given = Some(0),
                _ => {}
            }
        }
    }
    let is_of_some =
        |(given, controls): (&Option<usize>, &usize)| *given == Some(0) && *controls < arms.len();
    if let Some(row) = given.iter().zip(&controls).position(is_of_some) {
        bail!(
            "row {} is the control of one treatment and not of another; all treatments are compared with the same control, so name the same one with each, or ask once for each",
            row + 1
        );
    }
    Ok(given)
}

/// Which rows of the file are in the first half.
pub(super) fn first_halves(split: &str, rows: usize) -> anyhow::Result<Vec<bool>> {
    if split == "even-odd" {
        return Ok((0..rows).map(|row| row % 2 == 0).collect());
    }
    let seed = split.strip_prefix("random:").and_then(|seed| seed.parse().ok());
    let Some(seed) = seed else {
        bail!("`{split}` is not a split; write even-odd or random:SEED, like random:1")
    };
    Ok(wink_stats::random_half(rows, seed))
}

/// The base that was named.
pub(super) fn base(name: BaseName) -> Box<dyn Base> {
    match name {
        BaseName::Logistic => Box::new(Linear::default()),
        BaseName::Gbt => Box::new(Trees::default()),
    }
}

/// The learner that was named, for so many people.
pub(super) fn learner(name: LearnerName, people: usize) -> Learner<'static> {
    match name {
        LearnerName::S => Learner::S,
        LearnerName::T => Learner::T,
        LearnerName::Dr => Learner::Dr { folds: Folds::of(people), propensities: Propensities::Shares },
    }
}
