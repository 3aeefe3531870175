//! What can be wrong with a backup, in sentences that say what to do.

/// Why a backup cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// It does not begin as one.
    #[error("this is not a backup of Wink; name the file that `wink backup` wrote")]
    NotABackup,
    /// It has another format.
    #[error(
        "the backup has format {found:?}, and this Wink reads format \"01\"; use the Wink that made it, or a newer one"
    )]
    OtherFormat {
        /// The two characters that name it.
        found: String,
    },
    /// It ends before its seal.
    #[error(
        "the backup is not whole: it ends at byte {at}, before its seal; take another copy of it, or an older backup"
    )]
    CutOff {
        /// Where.
        at: u64,
    },
    /// It is not what was written.
    #[error("the backup is damaged at byte {at}: {what}; take another copy of it, or an older backup")]
    Damaged {
        /// Where the frame begins.
        at: u64,
        /// What is wrong there.
        what: String,
    },
    /// The disk or the pipe failed.
    #[error("the backup could not be read: {0}")]
    Read(#[from] std::io::Error),
}
