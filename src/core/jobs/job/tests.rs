use super::*;
use proptest::prelude::*;

fn progress(value: f64) -> Fields<'static> {
    Fields::of(Status::Running, Some(value), None)
}

fn state(status: Status) -> Fields<'static> {
    Fields::of(status, None, None)
}

fn attempt(number: u32, status: Status) -> Fields<'static> {
    Fields::of(status, None, Some(number))
}

fn push(job: &mut Job, news: &Fields<'_>, at: u64) -> Applied {
    job.apply(news, Time::NEVER, Time(at), at)
}

#[test]
fn progress_never_runs_backwards_within_an_attempt() {
    let mut job = Job::new("j".into());
    assert_eq!(push(&mut job, &progress(40.0), 1), Applied::Changed);
    assert_eq!(push(&mut job, &progress(30.0), 2), Applied::Late);
    assert_eq!(push(&mut job, &progress(40.0), 3), Applied::Same);
    assert_eq!(push(&mut job, &state(Status::Queued), 4), Applied::Late);
    assert_eq!((job.progress, job.updated_at), (40.0, 1));
}

#[test]
fn an_end_is_final_and_a_failure_holds_the_bar() {
    let mut job = Job::new("j".into());
    push(&mut job, &progress(60.0), 1);
    assert_eq!(
        push(&mut job, &Fields::of(Status::Failed, Some(0.0), None), 2),
        Applied::Ended
    );
    assert_eq!(job.progress, 60.0);
    assert_eq!(push(&mut job, &state(Status::Failed), 3), Applied::Same);
    assert_eq!(
        push(&mut job, &state(Status::Completed), 4),
        Applied::AfterEnd
    );
    assert_eq!(push(&mut job, &progress(99.0), 5), Applied::AfterEnd);
    assert_eq!((job.status, job.progress), (Status::Failed, 60.0));
}

#[test]
fn a_higher_attempt_begins_anew_and_a_lower_one_is_late() {
    let mut job = Job::new("j".into());
    push(
        &mut job,
        &Fields::of(Status::Running, Some(80.0), Some(1)),
        1,
    );
    push(&mut job, &attempt(1, Status::Failed), 2);
    assert_eq!(
        push(
            &mut job,
            &Fields::of(Status::Running, Some(5.0), Some(2)),
            3
        ),
        Applied::Changed
    );
    assert_eq!(
        (job.attempt, job.progress, job.status),
        (2.0, 5.0, Status::Running)
    );
    assert_eq!(
        push(&mut job, &attempt(1, Status::Failed), 4),
        Applied::Late
    );
}

#[test]
fn a_local_retry_is_the_attempt_the_server_counts_next() {
    let mut job = Job::new("j".into());
    push(&mut job, &attempt(1, Status::Failed), 1);
    assert!(job.retry(Time(2), 2));
    assert_eq!((job.attempt, job.status), (2.0, Status::Queued));
    let old_end = attempt(1, Status::Failed);
    assert_eq!(job.apply(&old_end, Time(2), Time(3), 3), Applied::Late);
    assert_eq!(
        push(
            &mut job,
            &Fields::of(Status::Running, Some(1.0), Some(2)),
            4
        ),
        Applied::Changed
    );
    assert_eq!(job.attempt, 2.0);
    assert!(!job.retry(Time(5), 5));
}

#[test]
fn a_read_sent_before_the_last_news_cannot_take_it_back() {
    let mut job = Job::new("j".into());
    push(&mut job, &progress(50.0), 10);
    let read = progress(50.0);
    assert_eq!(job.apply(&read, Time(5), Time(12), 12), Applied::Late);
    assert_eq!(job.apply(&read, Time(11), Time(12), 12), Applied::Same);
}

#[test]
fn time_left_follows_the_rate() {
    let mut job = Job::new("j".into());
    for step in 0..=10u32 {
        push(
            &mut job,
            &progress(f64::from(step) * 5.0),
            u64::from(step) * 1000,
        );
    }
    assert_eq!(job.eta_ms(), 10_000.0);
    push(&mut job, &state(Status::Completed), 11_000);
    assert!(job.eta_ms().is_nan());
}

#[test]
fn a_snapshot_is_a_list_with_null_for_what_is_unknown() {
    let mut job = Job::new("a\"b".into());
    push(&mut job, &progress(12.5), 7);
    let mut out = String::new();
    job.write(&mut out);
    assert_eq!(out, r#""a\"b",2,12.5,1,7,0,0,null,null,null,null,null"#);
}

fn any_news() -> impl Strategy<Value = (Status, Option<f64>, Option<u32>)> {
    let status = prop_oneof![
        Just(Status::Queued),
        Just(Status::Running),
        Just(Status::Completed),
        Just(Status::Failed),
        Just(Status::Cancelled)
    ];
    (
        status,
        proptest::option::of(0.0..100.0f64),
        proptest::option::of(0u32..4),
    )
}

proptest! {
    #[test]
    fn whatever_comes_the_rules_hold(all in proptest::collection::vec((any_news(), any::<bool>()), 1..60)) {
        let mut job = Job::new("j".into());
        let mut ended = std::collections::HashMap::<u32, Status>::new();
        for (at, ((status, progress, attempt), polled)) in all.iter().enumerate() {
            let before = job.clone();
            let (now, news) = (Time(at as u64), Fields::of(*status, *progress, *attempt));
            let asked = if *polled { now } else { Time::NEVER };
            let applied = job.apply(&news, asked, now, at as u64);
            prop_assert!(job.attempt >= before.attempt);
            if job.attempt == before.attempt {
                prop_assert!(before.progress.is_nan() || job.progress >= before.progress);
                prop_assert!(job.status >= before.status);
            }
            if applied == Applied::Ended {
                prop_assert!(ended.insert(job.attempt as u32, job.status).is_none());
            }
            if let Some(end) = ended.get(&(job.attempt as u32)) {
                prop_assert_eq!(*end, job.status);
            }
        }
    }
}
