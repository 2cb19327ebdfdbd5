//! Binary attachments. Their bytes stay with the driver; the core knows them by number.

use crate::core::json::push_u64;

/// Bytes that stay with the driver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attachment {
    /// The number that the driver knows them by.
    pub(crate) id: u32,
    /// How many bytes.
    pub(crate) size: u64,
}

/// Appends the numbers of attachments as an element of a record: a list behind a comma.
pub(crate) fn push_ids(out: &mut String, attachments: &[Attachment]) {
    out.push_str(",[");
    let before = out.len();
    for attachment in attachments {
        if out.len() > before {
            out.push(',');
        }
        push_u64(out, u64::from(attachment.id));
    }
    out.push(']');
}
