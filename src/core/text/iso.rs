//! ISO-8601 instants, as heartbeats are answered with.

/// `2025-01-15T10:30:00.000Z` for milliseconds since 1970.
#[must_use]
pub(crate) fn format(epoch_ms: u64) -> String {
    let (days, ms) = (epoch_ms / 86_400_000, epoch_ms % 86_400_000);
    // Days to a date in the proleptic Gregorian calendar, years starting in March.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);

    let mut out = String::with_capacity(24);
    pad(&mut out, year, 4);
    for (mark, number) in [
        ('-', month),
        ('-', day),
        ('T', ms / 3_600_000),
        (':', ms / 60_000 % 60),
        (':', ms / 1000 % 60),
    ] {
        out.push(mark);
        pad(&mut out, number, 2);
    }
    out.push('.');
    pad(&mut out, ms % 1000, 3);
    out.push('Z');
    out
}

fn pad(out: &mut String, number: u64, width: u32) {
    for place in (0..width).rev() {
        out.push(char::from(b'0' + (number / 10u64.pow(place) % 10) as u8));
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::format;

    #[test]
    fn known_instants() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_736_937_000_123, "2025-01-15T10:30:00.123Z"),
            (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(format(ms), text);
        }
    }
}
