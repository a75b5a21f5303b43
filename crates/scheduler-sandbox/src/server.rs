//! Front two: the same sandbox over loopback HTTP/1.1, for programs that are not this one.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::control;
use crate::sandbox::{ConnectionLost, Sandbox};

/// A sandbox listening on 127.0.0.1. It stops, and drops its connections, when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    listening: AbortHandle,
}

impl Server {
    /// Listens on a port; 0 lets the system choose one. Fails if the port is taken.
    ///
    /// Must be called within a tokio runtime, which then serves.
    pub async fn bind(sandbox: Sandbox, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let listening = tokio::spawn(listen(listener, sandbox)).abort_handle();
        Ok(Self { address, listening })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a client is given as its endpoint: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Runs until it is aborted, which drops the set and with it every connection.
async fn listen(listener: TcpListener, sandbox: Sandbox) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        // A connection that failed before it was accepted is the client's loss; the next one may be better.
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream, sandbox.clone()));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, sandbox: Sandbox) {
    let service = service_fn(|request| answer(&sandbox, request));
    // Whatever ends a connection, a fault included, ends only that connection.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// An error here makes hyper close the connection without an answer: what a lost answer looks like to a client.
async fn answer(
    sandbox: &Sandbox,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, ConnectionLost> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| ConnectionLost)?.to_bytes();
    let request = Request::from_parts(parts, body);
    let response = match control::answer(sandbox, &request).await {
        Some(response) => response,
        None => sandbox.handle(request).await?,
    };
    Ok(response.map(Full::new))
}

#[cfg(test)]
mod tests;
