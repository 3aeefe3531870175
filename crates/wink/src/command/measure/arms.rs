//! Who was treated and who was not, as the command line says it: `COL=VALUE[:CONTROL]`.

use anyhow::{Context, bail};

use crate::arguments::quoted::name;
use crate::table::Table;

/// A column with the arm, and the two values that are compared.
pub(super) struct Arms {
    pub(super) column: String,
    pub(super) treated: String,
    pub(super) control: Option<String>,
}

/// Tells whether a row is of either arm.
pub(super) fn is_compared(arms: &[Option<bool>], row: usize) -> bool {
    arms.get(row).is_some_and(Option::is_some)
}

impl Arms {
    pub(super) fn read(text: &str) -> anyhow::Result<Self> {
        let written =
            || format!("`{text}` names no arm; write it as COLUMN=TREATED or COLUMN=TREATED:CONTROL");
        let name = |text, ends: &[char]| name(text, ends).map_err(anyhow::Error::msg).with_context(written);
        let (column, rest) = name(text, &['='])?;
        let (treated, rest) = name(rest.strip_prefix('=').with_context(written)?, &[':'])?;
        let control = rest.strip_prefix(':').map(|control| name(control, &[])).transpose()?;
        if control.as_ref().is_some_and(|(control, _)| *control == treated) {
            bail!("`{text}` compares `{treated}` with itself; name the value of the control after the colon");
        }
        Ok(Self { column, treated, control: control.map(|(control, _)| control) })
    }

    /// Tells for each row whether it was treated, or not, or is in neither arm.
    pub(super) fn of(&self, table: &Table) -> anyhow::Result<Vec<Option<bool>>> {
        // Whoever writes `arm=new:` says that the others have nothing there.
        let may_be_empty = self.treated.is_empty() || self.control.as_ref().is_some_and(String::is_empty);
        let values = if may_be_empty { table.texts(&self.column)? } else { table.names_of(&self.column)? };
        let arm = |value: &String| match &self.control {
            _ if *value == self.treated => Some(true),
            Some(control) => (value == control).then_some(false),
            None => Some(false),
        };
        let arms: Vec<Option<bool>> = values.iter().map(arm).collect();
        for (wanted, value) in [(true, Some(&self.treated)), (false, self.control.as_ref())] {
            if arms.contains(&Some(wanted)) {
                continue;
            }
            let mut known = values;
            known.sort();
            known.dedup();
            known.truncate(10);
            match value {
                Some(value) => {
                    bail!("nobody has `{value}` in column `{}`; it has `{}`", self.column, known.join("`, `"))
                }
                None => {
                    bail!("everybody has `{}` in column `{}`: there is no control", self.treated, self.column)
                }
            }
        }
        Ok(arms)
    }
}
