//! A coupon's person is told that it will run out: once, some days before, if they want to hear from the shop and have not heard too much of it.

use super::life::Coupon;
use crate::base::Timestamp;
use crate::decision::missing_consent;
use crate::offer::{Channel, ContactPolicy};
use crate::profile::Grants;

/// Whether somebody is told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// They are.
    Tell,
    /// They have been contacted as often as the policy allows; it is looked again at this instant.
    Later(Timestamp),
    /// They are not.
    Never,
}

impl Coupon {
    /// Tells when its person is to be told that it will run out, so many days before it does. `None` if it is not valid for longer: its date
    /// was named just now.
    pub fn notice_at(&self, days: u16) -> Option<Timestamp> {
        let at = self.valid_until.plus_days(-i64::from(days));
        (0 < days && self.issued_at < at).then_some(at)
    }
}

/// Decides whether a coupon's person is told now. They must have granted what a newsletter needs, and every cap of the policy must hold after
/// the contacts they already had. Somebody who is kept waiting by a cap is looked at again a day later, as long as the coupon is valid.
pub fn notice(
    coupon: &Coupon,
    grants: &Grants,
    contacts: &[Timestamp],
    policy: &ContactPolicy,
    now: Timestamp,
) -> Notice {
    let is_valid = coupon.is_in_circulation() && now < coupon.valid_until;
    if !is_valid || policy.expiring_days.is_none() || missing_consent(Channel::Newsletter, grants).is_some() {
        return Notice::Never;
    }
    let tomorrow = now.plus_days(1);
    match policy.reached(contacts, now) {
        None => Notice::Tell,
        Some(_) if tomorrow < coupon.valid_until => Notice::Later(tomorrow),
        Some(_) => Notice::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::coupon;
    use super::*;
    use crate::base::Cents;
    use crate::offer::{Benefit, FrequencyCap};
    use crate::profile::Purpose;

    fn day(day: i64) -> Timestamp {
        Timestamp(0).plus_days(day)
    }

    fn valid_for(days: i64) -> Coupon {
        let coupon = coupon(Benefit::Amount(Cents(100)), 0, 0);
        Coupon { issued_at: day(0), valid_until: day(days), ..coupon }
    }

    fn policy(expiring_days: Option<u16>) -> ContactPolicy {
        let caps = vec![FrequencyCap { at_most: 2, within_days: 7 }];
        ContactPolicy { caps, reissue_days: 14, expiring_days }
    }

    #[test]
    fn it_is_said_so_many_days_before_and_not_of_what_lasts_no_longer() {
        assert_eq!(valid_for(28).notice_at(3), Some(day(25)));
        assert_eq!([valid_for(3), valid_for(2)].map(|coupon| coupon.notice_at(3)), [None, None]);
        assert_eq!(valid_for(28).notice_at(0), None);
    }

    #[test]
    fn only_who_wants_to_hear_is_told_and_no_more_often_than_the_policy_allows() {
        let check = |grants: &[Purpose], contacts: &[i64], days: i64, expected: Notice| {
            let contacts: Vec<Timestamp> = contacts.iter().copied().map(day).collect();
            let grants = Grants::new(grants.iter().copied());
            assert_eq!(notice(&valid_for(28), &grants, &contacts, &policy(Some(3)), day(days)), expected);
        };
        let both = [Purpose::Personalisation, Purpose::Newsletter];
        check(&both, &[], 25, Notice::Tell);
        check(&both, &[1, 2, 18, 24], 25, Notice::Tell);
        check(&both, &[19, 24], 25, Notice::Later(day(26)));
        check(&both, &[21, 24], 27, Notice::Never);
        check(&both, &[], 28, Notice::Never);
        for one in both {
            check(&[one], &[], 25, Notice::Never);
        }
        let grants = Grants::new(both);
        assert_eq!(notice(&valid_for(28), &grants, &[], &policy(None), day(25)), Notice::Never);
        let revoked = crate::coupon::revoke(&valid_for(28), day(1)).unwrap().coupon;
        assert_eq!(notice(&revoked, &grants, &[], &policy(Some(3)), day(25)), Notice::Never);
    }
}
