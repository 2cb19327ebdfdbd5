//! Servers that speak older revisions, or something else.

use crate::rig::{Rig, open, with};
use jobwire::core::Problem;
use jobwire::core::io::config::Transports;

fn is_told_apart(rig: &mut Rig) {
    assert_eq!(rig.page.status.state, "failed");
    assert_eq!(rig.page.status.problem, Problem::OldServer as u8);
    rig.asked();
    rig.pass(600_000);
    assert!(rig.asked().is_empty(), "it will not become another one");
}

#[test]
fn a_server_of_engine_io_3_is_told_apart_by_its_body() {
    let mut rig = Rig::new(with(Transports::PollingFirst));
    rig.listen("*");
    let get = rig.get();
    let handshake = open("s");
    let body = format!("{}:{handshake}2:40", handshake.len());
    rig.answer(get, 200, &body);
    is_told_apart(&mut rig);
}

#[test]
fn over_websocket_by_a_namespace_that_nobody_asked_for() {
    let mut rig = Rig::new(with(Transports::SocketOnly));
    rig.listen("*");
    let socket = rig.socket();
    rig.opened(socket);
    rig.frame(socket, &open("s"));
    rig.frame(socket, "40");
    is_told_apart(&mut rig);
}

#[test]
fn what_is_no_socket_io_server_is_said_to_be_none() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    rig.listen("*");
    let get = rig.get();
    rig.answer(get, 200, "<!doctype html><title>Welcome</title>");
    assert_eq!(rig.page.status.problem, Problem::NotSocketIo as u8);
    assert_eq!(
        rig.page.status.state, "waiting",
        "it may be a hotel's network"
    );
}

#[test]
fn a_page_in_the_place_of_ok_is_no_ok() {
    let mut rig = Rig::new(with(Transports::PollingOnly));
    rig.serve_by_polling();
    rig.send("a", "1");
    let (post, _) = rig.post();
    rig.answer(post, 200, "<!doctype html><title>Welcome</title>");
    assert_eq!(rig.page.status.state, "waiting");
}
