//! What can go wrong, by number: the facade has the words (`pkg-template/src/wire/problems.ts`), where a text costs least.
//! No error ever holds a token: the core is never given one.

use serde::{Deserialize, Serialize};

/// Why a link has no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// An open connection broke.
    Network,
    /// None was opened.
    Handshake,
    /// Nothing was heard in time.
    Timeout,
    /// The server asked the client to come back later.
    RateLimited,
    /// The server refused the token, or there is none.
    Auth,
    /// The server knows no such job, at least not yet.
    NoSuchJob,
}

/// An error on its way to JavaScript, where each becomes a `JobsError` with code, sentence and remedy. The order is
/// that of the facade's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Problem {
    /// The client was closed by its owner.
    Closed = 1,
    /// Nothing is sent: the client has given up connecting.
    GivenUp,
    /// The outgoing queue is full.
    QueueFull,
    /// It is not clear to which job's socket a message goes.
    NoAddressee,
    /// `disconnect()` was called.
    Disconnected,
    /// The server refused the token, and the refreshed one too.
    TokenRefused,
    /// The server wants a token and there is none.
    TokenMissing,
    /// HTTP answers, the WebSocket does not open.
    OnlyHttp,
    /// Neither answers.
    Unreachable,
    /// The WebSocket was not opened.
    NotOpened,
    /// The server fell silent.
    Silent,
    /// The server asked the client to come back later.
    ComeBackLater,
    /// The token was refused or could not be had; it is asked for again.
    TokenTrouble,
    /// The connection was lost.
    Lost,
    /// A read was given up: disconnected or closed.
    ReadGivenUp,
    /// A read was not answered in time.
    ReadTimeout,
    /// A read did not reach the server.
    ReadUnreachable,
    /// A read was answered with 404 or 410. Detail: the status.
    ReadNotFound,
    /// A read was answered with 429. Detail: the status.
    ReadRateLimited,
    /// A read was answered with a status that trying again does not change. Detail: the status.
    ReadRejected,
    /// A read was answered with a status that may pass. Detail: the status.
    ReadFailed,
    /// The answer to a read is not that of a job. Detail: why.
    ReadInvalid,
    /// The token that a read needs could not be had.
    ReadWithoutToken,
    /// There is nothing to read: polling is off.
    PollingOff,
    /// The table of jobs is full.
    TooManyJobs,
    /// The server knows no such job.
    NoSuchJob,
    /// The server answered with a redirect, which is not followed.
    Redirected,
    /// The server's answer was above the limit, and was not taken in.
    AnswerTooLarge,
    /// The server speaks an older revision of Engine.IO or Socket.IO.
    OldServer,
    /// What answers is no Socket.IO server. Detail: what it said.
    NotSocketIo,
    /// The server does not let the client into a namespace. Detail: why.
    Refused,
    /// The same, since it does not know who asks, or knows too well. Detail: why.
    RefusedAuth,
    /// The server put the client out of a namespace.
    Kicked,
    /// A request was not answered in time.
    RequestTimeout,
    /// The connection was lost before a request was answered.
    RequestLost,
    /// None of the transports works. Detail: what the server said.
    TransportUnavailable,
    /// The server broke the protocol. Detail: how.
    ProtocolBroken,
    /// A message is larger than what the server takes.
    TooLarge,
    /// An event cannot be sent: its name is reserved, or its data is none.
    BadMessage,
}

/// What a log entry tells; level, code and sentence are in the facade's table, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Log {
    /// An open socket closed. Detail: code and reason.
    ConnectionClosed,
    /// A socket closed before it opened. Detail: code and reason.
    ConnectionRefused,
    /// A socket was replaced: nothing was heard.
    ConnectionSilent,
    /// The token could not be had. Detail: why.
    Token,
    /// A job was refused: the table is full. Detail: its id.
    TooManyJobs,
    /// A message waited too long.
    QueueExpired,
    /// A read failed. With its problem.
    ReadFailed,
    /// A message did not fit. Detail: code, a space, and a sentence.
    Invalid,
    /// The client gave up. With its problem.
    Failed,
    /// Something was cut, forgotten or dropped for a bound. Detail: the counter of `inspect()`, and how many since the
    /// last entry about it.
    Bounded,
    /// A session went over to WebSocket.
    Upgraded,
    /// WebSocket could not be had: HTTP polling is tried. Or the other way round.
    FellBack,
    /// A namespace refused the client, or put it out. With its problem. Detail: why.
    ChannelRefused,
    /// A message was larger than what the server takes.
    TooLarge,
}
